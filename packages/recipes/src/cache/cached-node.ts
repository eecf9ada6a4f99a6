import type { Stat } from '@zooid/client';

const decoder = new TextDecoder();

/** A znode as a cache knows it. */
export class CachedNode {
  readonly path: string;
  readonly stat: Stat;
  /** Shared by all who ask: not to be changed. Empty when the cache keeps paths only, or the znode's data is null. */
  readonly data: Uint8Array;

  constructor(path: string, stat: Stat, data: Uint8Array) {
    this.path = path;
    this.stat = stat;
    this.data = data;
  }

  /** The data as UTF-8. */
  text(): string {
    return decoder.decode(this.data);
  }

  /** The data as JSON. @throws SyntaxError when it is none. The type is the caller's word: nothing is checked. */
  json<T = unknown>(): T {
    return JSON.parse(this.text()) as T;
  }
}

/**
 * What has happened to the contents of a cache. Several changes that follow each other fast may be told as one; the last state is
 * always told.
 */
export type CacheChange =
  | { readonly type: 'created'; readonly node: CachedNode }
  | { readonly type: 'changed'; readonly node: CachedNode; readonly before: CachedNode }
  | { readonly type: 'deleted'; readonly before: CachedNode }
  /** Once, when everything that was there at the beginning has been told. */
  | { readonly type: 'initialized' };
