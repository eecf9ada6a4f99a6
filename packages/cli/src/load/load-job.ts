import type { LoadExtent } from './load-meter.ts';
import type { Load, LoadShape } from './run-load.ts';
import type { Tape } from './tape.ts';
import type { ServerAddress } from './wire/session-socket.ts';
import {
  bulkCreateTape,
  bulkSetTape,
  deleteCreatedTape,
  Layout,
  type WorkloadName,
  workloadTape,
} from './workload.ts';

/** What a load sends, in a form that can be handed to a thread. */
export type LoadContent =
  | { readonly kind: 'workload'; readonly name: WorkloadName; readonly uniqueStart: number }
  | { readonly kind: 'bulk-create' }
  | { readonly kind: 'bulk-set'; readonly znodes: number }
  | { readonly kind: 'delete-created'; readonly uniqueStart: number };

/** All that a thread needs to know to drive its share of a load. */
export interface LoadJob {
  /** Servers; connections go to them in turn. */
  readonly addresses: readonly ServerAddress[];
  readonly content: LoadContent;
  readonly root: string;
  readonly valueBytes: number;
  readonly shape: LoadShape;
  readonly extent: LoadExtent;
  /** Processes of the servers, to tell how busy they are. */
  readonly serverPids?: readonly number[] | undefined;
}

/** The load that a job describes. */
export function loadOfJob(job: LoadJob): Load {
  const { addresses, shape, extent, serverPids } = job;
  return { addresses, shape, extent, serverPids, tape: tapeOfJob(job) };
}

function tapeOfJob(job: LoadJob): Tape {
  const layout = new Layout(job.root, job.valueBytes);
  const batchFramesMax = job.shape.outstanding;
  switch (job.content.kind) {
    case 'workload':
      return workloadTape(job.content.name, layout, batchFramesMax, job.content.uniqueStart);
    case 'bulk-create':
      return bulkCreateTape(layout, batchFramesMax);
    case 'bulk-set':
      return bulkSetTape(layout, batchFramesMax, job.content.znodes);
    case 'delete-created':
      return deleteCreatedTape(layout, batchFramesMax, job.content.uniqueStart);
  }
}
