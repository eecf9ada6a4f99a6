import type { PathMap } from './path-map.ts';

/**
 * What one connection watches. Made with its first watch.
 *
 * A map is undefined until the connection's first watch in that table. It stays when the last watch
 * fired, as in Apache, where `wchs` goes on counting such a connection; it goes when the connection
 * itself takes its last watch away.
 */
export interface WatcherRecord<W> {
  readonly watcher: W;
  /** Path to modes, never 0. Where every mode of a watch is known; the path tables only say who. */
  data: PathMap<number> | undefined;
  child: PathMap<number> | undefined;
  /** The firing that this connection was last collected for: one event each, whatever it holds. */
  firing: number;
}

/** Which of the two tables of a tree, and so which map of a record. */
export type WatchKind = 'data' | 'child';
