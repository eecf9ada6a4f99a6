export { defaultData } from './data-local.ts';
export type { WaitOptions } from './deadline.ts';
export {
  deleteInBackground,
  type GuaranteedDeleteOptions,
  guaranteedDelete,
} from './guaranteed-delete.ts';
export type { LeaseCount } from './locks/lease-pool.ts';
export type {
  AcquireOptions,
  Contender,
  Held,
  HeldLock,
  HeldZnode,
  HoldOptions,
  Lock,
  LockLayout,
  LockOptions,
} from './locks/lock.ts';
export { MultiLock } from './locks/multi-lock.ts';
export { Mutex } from './locks/mutex.ts';
export { type HeldWriteLock, ReadWriteLock } from './locks/read-write-lock.ts';
export { revoke } from './locks/revocation.ts';
export { type LeaseHolder, Semaphore } from './locks/semaphore.ts';
export { SemaphoreMutex } from './locks/semaphore-mutex.ts';
export { createProtected, type ProtectedCreateOptions } from './protected-create.ts';
export {
  compareSequences,
  type SequencedName,
  sequenceOf,
  sortBySequence,
  trySequenceOf,
} from './sequence.ts';
export { type ErrorPolicy, SessionGuard, type SessionGuardOptions } from './session-guard.ts';
