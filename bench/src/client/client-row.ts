import type { Bar } from '../suite/bar.ts';

/** The client libraries that are compared, in the order of the table. */
export const clientNames = ['node-zookeeper-client', 'compat', 'client'] as const;

export type ClientName = (typeof clientNames)[number];

/** As the table heads their columns. */
export const clientTitles: Readonly<Record<ClientName, string>> = {
  'node-zookeeper-client': 'node-zookeeper-client',
  compat: '@zooid/client/compat',
  client: '@zooid/client',
};

/** One row of the comparison of clients. */
export interface ClientRow {
  /** As `--only` matches it. */
  readonly id: string;
  readonly operation: 'get' | 'set';
  /** Loops in one session, each with one call in flight. */
  readonly loops: number;
  /** Whether the time of each call is taken, and not how many there are in a second. */
  readonly isTimed: boolean;
  readonly bar: Bar | undefined;
}

/** All of them. */
export const clientRows: readonly ClientRow[] = [
  {
    id: 'client get 1x256 100B',
    operation: 'get',
    loops: 256,
    isTimed: false,
    bar: { kind: 'ratio-at-least', value: 5, oursAtLeast: 200_000 },
  },
  {
    id: 'client set 1x256 100B',
    operation: 'set',
    loops: 256,
    isTimed: false,
    bar: undefined,
  },
  { id: 'client get 1x1 100B p50', operation: 'get', loops: 1, isTimed: true, bar: undefined },
];
