/**
 * How a watch was registered. One connection may hold several modes on one path: they are the bits
 * of one number, 0 is no watch. Source: WatcherMode, WatchStats (3.9; before, the last one replaced
 * the others).
 */
export const WatchMode = {
  none: 0,
  /** Fires once. From getData, exists, getChildren. */
  standard: 1,
  /** Stays. From addWatch. */
  persistent: 2,
  /** Stays, and sees everything below its path. From addWatch. */
  persistentRecursive: 4,
  /** Every mode at once. */
  any: 7,
} as const;
