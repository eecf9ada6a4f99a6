import { readFileSync } from 'node:fs';

/** Version of this package, which is the version of all of Zooid's packages. */
export function zooidVersion(): string {
  const file = new URL('../package.json', import.meta.url);
  return (JSON.parse(readFileSync(file, 'utf8')) as { readonly version: string }).version;
}
