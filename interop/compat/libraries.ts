/** node-zookeeper-client and what replaces it, as one type: what a scenario may use of either. */
import { createRequire } from 'node:module';
import compat from '@zooid/client/compat';

export const ORIGINAL_NAME = 'node-zookeeper-client';
export const COMPAT_NAME = '@zooid/client/compat';

/** The API, as it is used here: the original comes without types. */
export type Library = typeof compat;
export type Client = ReturnType<Library['createClient']>;

const require = createRequire(import.meta.url);

/** Where the original lies. */
export const ORIGINAL_DIRECTORY: string = require
  .resolve(`${ORIGINAL_NAME}/package.json`)
  .replace(/package\.json$/, '');

export const original: Library = require(ORIGINAL_NAME) as Library;
export { compat };
