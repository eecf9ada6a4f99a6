// `npm run docs`, first half: writes the reference pages that are made from the sources. The other half is docs-site.

import { writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { referencePages } from './reference/pages.ts';

for (const { path, make } of referencePages) {
  writeFileSync(fileURLToPath(new URL(`../${path}`, import.meta.url)), make());
  console.log(path);
}
