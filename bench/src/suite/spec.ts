import { type WorkloadName, workloadNames } from 'zooid/load';
import type { Bar } from './bar.ts';
import type { LoadCase } from './measure-load.ts';

/** One throughput row of the table. */
export interface LoadSpec extends LoadCase {
  /** As `--only` matches it: `get 32x16 100B`. */
  readonly id: string;
  readonly bar: Bar | undefined;
  /** Part of the run when no `--only` is given. */
  readonly isDefault: boolean;
  /** Part of a `--quick` run. */
  readonly isQuick: boolean;
}

const shapes = [
  { connections: 32, outstanding: 16 },
  { connections: 100, outstanding: 1 },
  { connections: 1, outstanding: 1 },
  { connections: 5_000, outstanding: 1 },
] as const;

/** What the default run leaves to `--only`: combinations that no bar speaks of. */
const defaultRows: readonly RegExp[] = [
  /32x16/,
  /^(get|exists|getChildren|set|create|mixed-90-10) 100x1 100B$/,
  /^(get|exists|getChildren|set) 5000x1 100B$/,
  /^(get|set|create) 1x1 100B$/,
];

const quickRows: readonly RegExp[] = [
  /32x16 100B$/,
  /^(get|set|create) 100x1 100B$/,
  /^get 5000x1 100B$/,
  /^(get|set) 1x1 100B$/,
];

/** What a row has to reach, by workload and shape. */
const bars: readonly (readonly [RegExp, Bar])[] = [
  [/^(get|exists|getChildren) 32x16/, { kind: 'ratio-at-least', value: 5 }],
  [/^(get|exists|getChildren) (100|5000)x1 /, { kind: 'ratio-at-least', value: 1.5 }],
  [/^set 32x16/, { kind: 'ratio-at-least', value: 2.5 }],
  [/^create 32x16/, { kind: 'ratio-at-least', value: 4 }],
  [/^mixed-90-10 32x16/, { kind: 'ratio-at-least', value: 4 }],
  [/^set 100x1 /, { kind: 'ratio-at-least', value: 1.4 }],
];

/** Every combination of workload, shape and size. Creates come last: they leave garbage behind. */
export const loadSpecs: readonly LoadSpec[] = ordered(workloadNames).flatMap((workload) =>
  shapes.flatMap((shape) =>
    [100, 1_024].map((valueBytes) => {
      const size = valueBytes === 100 ? '100B' : '1KB';
      const id = `${workload} ${shape.connections}x${shape.outstanding} ${size}`;
      return {
        id,
        workload,
        shape,
        valueBytes,
        bar: bars.find(([row]) => row.test(id))?.[1],
        isDefault: defaultRows.some((row) => row.test(id)),
        isQuick: quickRows.some((row) => row.test(id)),
      };
    }),
  ),
);

function ordered(names: readonly WorkloadName[]): readonly WorkloadName[] {
  return [...names.filter((name) => name !== 'create'), 'create'];
}
