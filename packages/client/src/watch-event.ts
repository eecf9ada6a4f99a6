import type { WatchEventType } from './session/watch-registry.ts';

/** What a watch tells. */
export interface WatchEvent {
  /**
   * What happened to the znode. `children-changed` is not told by recursive watches, to which the children's own `created` and
   * `deleted` come. `gap` is told by lasting watches after the connection was lost for a while: something may have
   * changed that no event tells of, so look again.
   */
  readonly type: WatchEventType | 'gap';
  /** The znode that it happened to; of a `gap` the watched one. */
  readonly path: string;
}
