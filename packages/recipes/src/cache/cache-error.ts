/** What a cache was allowed to hold is not enough: it holds nothing now, and has ended. */
export class CacheLimitError extends Error {
  readonly code = 'CACHE_LIMIT';
  /** The cache's path. */
  readonly path: string;
  /** The option that was reached. */
  readonly option: 'maxNodes' | 'maxBytes';
  readonly limit: number;

  constructor(path: string, option: 'maxNodes' | 'maxBytes', limit: number) {
    super(`the cache of ${path} is full: ${option} of ${limit.toLocaleString('en')} is reached`);
    this.name = 'CacheLimitError';
    this.path = path;
    this.option = option;
    this.limit = limit;
  }
}

/** Changes came faster than they were taken: some are missing, the iteration has ended. The cache itself goes on. */
export class ChangesOverflowError extends Error {
  readonly code = 'CHANGES_OVERFLOW';
  readonly path: string;

  constructor(path: string) {
    super(`changes of ${path} came faster than they were taken; the iteration has ended`);
    this.name = 'ChangesOverflowError';
    this.path = path;
  }
}

/** A znode's data is not compressed as the cache was told, or too long when unpacked (`cause`). */
export class CacheDataError extends Error {
  readonly code = 'CACHE_DATA';
  /** Of the znode. */
  readonly path: string;

  constructor(path: string, cause: unknown) {
    super(`the data of ${path} cannot be unpacked`, { cause });
    this.name = 'CacheDataError';
    this.path = path;
  }
}
