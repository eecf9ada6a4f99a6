/** Every bound of the core in one place; what an operator may change comes in through CoreOptions. */
export const limits: {
  readonly pooledOutputBytesMax: number;
  readonly pooledOutputsBytesMax: number;
  readonly multiReadBytesMax: number;
  readonly cleanerDeletesPerTickMax: number;
  readonly digestLogLength: number;
  readonly digestLogInterval: number;
  readonly committedLogBytesMax: number;
} = {
  /** Reply buffers larger than this are given back to the engine instead of being used again. */
  pooledOutputBytesMax: 1024 * 1024,
  /** Bytes of reply buffers kept for the next turn, in all. */
  pooledOutputsBytesMax: 16 * 1024 * 1024,
  /** Bytes that one multiRead may answer with: a small request can name a large znode many times. */
  multiReadBytesMax: 64 * 1024 * 1024,
  /** Znodes that the container and TTL cleaner may ask to delete in one tick. */
  cleanerDeletesPerTickMax: 1000,
  /** Zxids whose tree digest is remembered for comparison; source: DataTree.DIGEST_LOG_LIMIT. */
  digestLogLength: 1024,
  /** A digest is remembered every so many transactions; source: DataTree.DIGEST_LOG_INTERVAL. */
  digestLogInterval: 128,
  /** Memory for transactions that learners may lack when they come back. */
  committedLogBytesMax: 64 * 1024 * 1024,
};
