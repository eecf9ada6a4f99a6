/**
 * `@zooid/server/files`: what the file tools need of the data directory's code, without the server around it. Reads
 * only, but for what its name says.
 */

export { mayFollow } from '@zooid/core';
export { javaDate, javaHex } from './admin/java-text.ts';
export { inspectLock, type LockFacts } from './disk/directory-lock.ts';
export {
  type LogName,
  listLogs,
  listSnapshots,
  logsAfter,
  parseLogName,
  parseSnapshotName,
  type SnapshotCompression,
  type SnapshotName,
  TEMPORARY_SNAPSHOT_PREFIX,
  TORN_TAIL_PREFIX,
} from './disk/disk-names.ts';
export {
  isUnreadRequest,
  type LogFlaw,
  type ReplayResult,
  replayLogs,
} from './disk/log-replay.ts';
export { LogScan, type ScannedRecord } from './disk/log-scan.ts';
export type { LogTail } from './disk/log-tail.ts';
export { KEPT_SNAPSHOTS_MIN, type PurgePlan, planPurge } from './disk/purge.ts';
export { RecoveryError } from './disk/recovery-error.ts';
export { SnapshotDamage, SnapshotScan } from './disk/snapshot-scan.ts';
export { isRestoreName } from './disk/state-swap.ts';
export { znodeDigest } from './disk/znode-digest.ts';
