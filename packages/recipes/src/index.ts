export { defaultData } from './data-local.ts';
export type { WaitOptions } from './deadline.ts';
export {
  deleteInBackground,
  type GuaranteedDeleteOptions,
  guaranteedDelete,
} from './guaranteed-delete.ts';
export { createProtected, type ProtectedCreateOptions } from './protected-create.ts';
export {
  compareSequences,
  type SequencedName,
  sequenceOf,
  sortBySequence,
  trySequenceOf,
} from './sequence.ts';
export { type ErrorPolicy, SessionGuard, type SessionGuardOptions } from './session-guard.ts';
