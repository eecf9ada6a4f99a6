/** How this server names itself to tools that ask for a version of ZooKeeper. */
import { readFileSync, statSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

/** The release whose behaviour this server follows. */
const ZOOKEEPER_RELEASE = '3.9.4';

/**
 * For `Zookeeper version:`, in the shape of Apache's: release, hyphen, build, the date of the build. Tools cut it at
 * the hyphen and the comma, e.g. `3.9.4-zooid-0.1.0, built on 2026-01-31 12:00 UTC`.
 */
export function versionText(): string {
  const here = fileURLToPath(import.meta.url);
  const built = statSync(here).mtime.toISOString().slice(0, 16).replace('T', ' ');
  return `${ZOOKEEPER_RELEASE}-zooid-${packageVersion()}, built on ${built} UTC`;
}

/** Version of this package, or of the command whose bundle this is: all have the same. */
function packageVersion(): string {
  const text = readFileSync(new URL('../package.json', import.meta.url), 'utf8');
  const { version } = JSON.parse(text) as { readonly version: string };
  return version;
}
