import { RunningHash } from './hash.ts';

/** The chain of a history is the hash of its last transaction and of the chain before it: equal chains are equal histories. */
export function chainAfter(chain: number, bytes: Uint8Array, start: number, end: number): number {
  const hash = new RunningHash(chain);
  hash.bytes(bytes, start, end);
  return hash.value;
}
