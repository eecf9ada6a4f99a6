// `npm run docs`: writes the reference pages that are made from the sources.

import { writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { referencePages } from './reference/pages.ts';

for (const { path, make } of referencePages) {
  writeFileSync(fileURLToPath(new URL(`../${path}`, import.meta.url)), make());
  console.log(path);
}
