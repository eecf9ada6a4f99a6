import type { Bar } from './bar.ts';
import type { LoadCase } from './measure-load.ts';

/** One row of an ensemble under load. */
export interface EnsembleLoadSpec extends LoadCase {
  /** As `--only` matches it: `set 33x16 100B`. */
  readonly id: string;
  /** Whom the connections go to: all servers evenly, or one of that role. */
  readonly servers: 'all' | 'leader' | 'follower';
  /** The figure is the median latency, not the rate. */
  readonly isTimed: boolean;
  readonly bar: Bar;
}

/** Rows of a leader that is taken away, by how. */
export const failoverIds = {
  SIGKILL: 'failover, kill -9 of the leader',
  SIGSTOP: 'failover, SIGSTOP of the leader',
} as const;

const valueBytes = 100;
const many = { connections: 33, outstanding: 16 } as const;
const single = { connections: 99, outstanding: 1 } as const;
const alone = { connections: 1, outstanding: 1 } as const;

/** In the order in which they are measured. Creates come last: they leave garbage behind. */
export const ensembleLoadSpecs: readonly EnsembleLoadSpec[] = [
  {
    id: 'set 33x16 100B',
    workload: 'set',
    shape: many,
    servers: 'all',
    isTimed: false,
    bar: { kind: 'ratio-at-least', value: 3 },
    valueBytes,
  },
  {
    id: 'mixed-90-10 33x16 100B',
    workload: 'mixed-90-10',
    shape: many,
    servers: 'all',
    isTimed: false,
    bar: { kind: 'ratio-at-least', value: 5 },
    valueBytes,
  },
  {
    id: 'set 99x1 100B',
    workload: 'set',
    shape: single,
    servers: 'all',
    isTimed: false,
    bar: { kind: 'ratio-at-least', value: 1.5 },
    valueBytes,
  },
  ...(['leader', 'follower'] as const).map(
    (servers): EnsembleLoadSpec => ({
      id: `set 1x1 100B at ${servers === 'leader' ? 'the leader' : 'a follower'} p50`,
      workload: 'set',
      shape: alone,
      servers,
      isTimed: true,
      bar: { kind: 'ratio-at-most', value: 0.8 },
      valueBytes,
    }),
  ),
  {
    id: 'create 33x16 100B',
    workload: 'create',
    shape: many,
    servers: 'all',
    isTimed: false,
    bar: { kind: 'ratio-at-least', value: 4 },
    valueBytes,
  },
];
