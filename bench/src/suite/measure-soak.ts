import { UnexpectedReplyError } from 'zooid/load';
import type { EnsembleProcess } from '../servers/ensemble-process.ts';
import { existsRoot, firstAnswer } from '../servers/first-answer.ts';
import { type LoadFigures, type LoadSettings, measureLoad } from './measure-load.ts';

/** Each part of the load opens its connections anew. */
const PART_MS_MAX = 60_000;
const SET = {
  workload: 'set',
  shape: { connections: 33, outstanding: 16 },
  valueBytes: 100,
} as const;

/** What happened in a long load under which nothing should happen. */
export interface SoakFigures {
  /** New epochs: the ensemble changed its leader, or elected the same again. */
  readonly elections: number;
  /** How often a server hung up on a client, as it does when it loses its leader, or said nothing for too long. */
  readonly interruptions: number;
}

/**
 * Sets by 33 connections x 16 for so long, in parts of a minute. No server is touched meanwhile.
 *
 * @param onPart - is told of each part that came to its end.
 */
export async function measureSoak(
  ensemble: EnsembleProcess,
  settings: LoadSettings,
  soakMs: number,
  onPart: (figures: LoadFigures) => void,
): Promise<SoakFigures> {
  const epochBefore = ensemble.epoch();
  let interruptions = 0;
  const end = performance.now() + soakMs;
  for (let leftMs = soakMs; leftMs > 0; leftMs = end - performance.now()) {
    const timing = { warmUpMs: 0, measureMs: Math.min(leftMs, PART_MS_MAX) };
    try {
      onPart(await measureLoad(ensemble.addresses, SET, { ...settings, ...timing }));
    } catch (error) {
      // A wrong answer is no interruption, nor is a server that ended.
      if (error instanceof UnexpectedReplyError) throw error;
      if (ensemble.servers.some(({ isOver }) => isOver)) throw error;
      interruptions++;
      await Promise.all(
        ensemble.servers.map((server) =>
          firstAnswer(server.address, existsRoot, () => server.isOver),
        ),
      );
    }
  }
  return { elections: ensemble.epoch() - epochBefore, interruptions };
}
