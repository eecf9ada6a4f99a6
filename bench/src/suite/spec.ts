import { type WorkloadName, workloadNames } from '../load/workload.ts';
import type { LoadShape } from '../load/run-load.ts';

/** One throughput row: what is asked, by how many, with values of which size. */
export interface LoadSpec {
  /** As `--only` matches it: `get 32x16 100B`. */
  readonly id: string;
  readonly workload: WorkloadName;
  readonly shape: LoadShape;
  readonly valueBytes: number;
  /** Part of the run when no `--only` is given. */
  readonly isDefault: boolean;
  /** Part of a `--quick` run. */
  readonly isQuick: boolean;
}

const shapes: readonly LoadShape[] = [
  { connections: 32, outstanding: 16 },
  { connections: 100, outstanding: 1 },
  { connections: 1, outstanding: 1 },
  { connections: 5_000, outstanding: 1 },
];

/** What the default run leaves to `--only`: combinations that no bar speaks of. */
const defaultRows: readonly RegExp[] = [
  /32x16/,
  /^(get|exists|set|create|mixed-90-10) 100x1 100B$/,
  /^(get|exists|set) 5000x1 100B$/,
  /^(get|set|create) 1x1 100B$/,
];

const quickRows: readonly RegExp[] = [
  /32x16 100B$/,
  /^(get|set|create) 100x1 100B$/,
  /^get 5000x1 100B$/,
  /^(get|set) 1x1 100B$/,
];

/** Every combination of workload, shape and size. Creates come last: they leave znodes behind. */
export const loadSpecs: readonly LoadSpec[] = [
  ...workloadNames.filter((name) => name !== 'create'),
  'create' as const,
].flatMap((workload) =>
  shapes.flatMap((shape) =>
    [100, 1_024].map((valueBytes) => {
      const size = valueBytes === 100 ? '100B' : '1KB';
      const id = `${workload} ${shape.connections}x${shape.outstanding} ${size}`;
      return {
        id,
        workload,
        shape,
        valueBytes,
        isDefault: defaultRows.some((row) => row.test(id)),
        isQuick: quickRows.some((row) => row.test(id)),
      };
    }),
  ),
);
