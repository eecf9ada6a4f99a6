/**
 * Who queues for a lock, and who waits for whom: all that tells the kinds of locks apart.
 *
 * Sources: Curator's StandardLockInternalsDriver and InterProcessReadWriteLock; kazoo/recipe/lock.py.
 */

import type { LockLayout, LockOptions } from './lock.ts';

export interface QueueRule {
  readonly layout: LockLayout;
  /** The text before the number in the names of new znodes, without what makes each unique. */
  readonly marker: string;
  /** Whoever has one of these before the number queues. */
  readonly markers: readonly string[];
  /** Those of `markers` that a new znode waits for when they have a lower number. */
  readonly blockers: readonly string[];
  /** Whether one with a lower number may still appear: not, as long as servers number all. */
  readonly admitsEarlier: boolean;
}

const MARKERS = {
  curator: { mutex: 'lock-', read: '__READ__', write: '__WRIT__' },
  kazoo: { mutex: '__lock__', read: '__rlock__', write: '__lock__' },
} as const;

type RuleOptions = Pick<LockOptions, 'layout' | 'extraPatterns'>;

/** Everybody waits for everybody. */
export function mutexRule({ layout = 'curator', extraPatterns = [] }: RuleOptions): QueueRule {
  const marker = MARKERS[layout].mutex;
  const markers = [marker, ...extraPatterns];
  return { layout, marker, markers, blockers: markers, admitsEarlier: false };
}

/** Readers wait for writers. */
export function readRule({ layout = 'curator', extraPatterns = [] }: RuleOptions): QueueRule {
  const { read, write } = MARKERS[layout];
  const blockers = [write, ...extraPatterns];
  return { layout, marker: read, markers: [read, ...blockers], blockers, admitsEarlier: false };
}

/** Writers wait for everybody; a writer that reads, too, reads under its own number. */
export function writeRule({ layout = 'curator', extraPatterns = [] }: RuleOptions): QueueRule {
  const { read, write } = MARKERS[layout];
  const markers = [write, read, ...extraPatterns];
  return { layout, marker: write, markers, blockers: markers, admitsEarlier: true };
}

/** What a new znode of this rule is called, number aside, and by which beginning it can be found. */
export function newName(rule: QueueRule): { readonly name: string; readonly prefix: string } {
  const id = crypto.randomUUID();
  const prefix = rule.layout === 'curator' ? `_c_${id}-` : id.replaceAll('-', '');
  return { name: prefix + rule.marker, prefix };
}
