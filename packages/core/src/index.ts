export { AssertionError, assert, unreachable } from './assert.ts';
export { type AccessOptions, AccessRules, type ClientInfo, withIds } from './auth/access-rules.ts';
export type { AuthId } from './auth/auth-id.ts';
export type { AuthFacts, AuthOutcome, AuthProvider } from './auth/auth-provider.ts';
export { DigestProvider } from './auth/digest-provider.ts';
export { EnsembleProvider, type EnsembleVerdict } from './auth/ensemble-provider.ts';
export { hostAddress } from './auth/ip-address.ts';
export { ipProvider } from './auth/ip-provider.ts';
export { Client, type ClientFacts } from './client.ts';
export type { DigestLogEntry } from './digest-log.ts';
export {
  type ElectionOptions,
  type ElectionOutbox,
  type ElectionResult,
  FastLeaderElection,
  type OwnNotification,
  type PeerNotification,
} from './election/fast-leader-election.ts';
export { isBetter, isSameVote, type Vote } from './election/vote.ts';
export { NewState, type SnapshotHead } from './new-state.ts';
export type { CloseReason, Fact, Meter, Outbox, ReplyFacts } from './outbox.ts';
export {
  GroupQuorum,
  MajorityQuorum,
  type Quorum,
  type QuorumGroup,
  type ServerId,
} from './quorum/quorum.ts';
export type { QuotaExceeded } from './quota/quota.ts';
export type { LocalSessionMode } from './request/local-session-submitter.ts';
export { type CoreOptions, type MembershipParts, ServerCore } from './server-core.ts';
export type { Session } from './session/session.ts';
export {
  checkLogHeader,
  checkLogRecord,
  findLogRecord,
  isPayloadWhole,
  LOG_HEADER_BYTES,
  LOG_MAGIC,
  LOG_PREFIX_BYTES,
  LOG_RECORD_OVERHEAD_BYTES,
  type LogHeaderState,
  LogRecordState,
  logRecordLength,
  mayFollow,
  TXN_HEADER_BYTES,
  txnZxid,
  writeLogHeader,
  writeLogRecord,
} from './storage/log-format.ts';
export {
  aclEntryBytes,
  aclTableBytesMin,
  DIGEST_VERSION,
  hasSealEnd,
  nodeRecordBytes,
  readAclEntry,
  readSeal,
  readSession,
  readSnapshotHeader,
  readSnapshotTail,
  SEAL_BYTES,
  SNAPSHOT_BYTES_MIN,
  SNAPSHOT_HEADER_BYTES,
  SNAPSHOT_MAGIC,
  type SnapshotSession,
  type SnapshotTail,
  sessionsBytes,
  writeSeal,
  writeSessionsAndAcls,
  writeSnapshotHead,
  writeZxidDigest,
  type ZxidDigest,
} from './storage/snapshot-format.ts';
export { wordAdler32 } from './storage/word-adler32.ts';
export { crc32 } from './tree/crc32.ts';
export { type CreateZnode, DataTree, newCreateZnode } from './tree/data-tree.ts';
export { hasDigest, statDigest } from './tree/digest.ts';
export { MEMORY_BLOCK_BYTES } from './tree/spare-memory.ts';
export type { TreeImage } from './tree/tree-image.ts';
export { Turn, type TurnLog, type TurnShell } from './turn.ts';
export type { SavedEpochs } from './zab/epochs.ts';
export type { LearnerState } from './zab/learner-state.ts';
export type { Member, MemberRole } from './zab/member.ts';
export { EPOCH_TXN_COUNT_MAX, type MemberOptions } from './zab/member-options.ts';
export type { MemberFact, MemberOutbox } from './zab/member-outbox.ts';
export { type PeerCloseReason, PeerLink } from './zab/peer-link.ts';
export type { ZabMeter } from './zab/zab-meter.ts';
export { epochOf } from './zab/zxid.ts';
