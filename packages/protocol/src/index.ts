export {
  type Acl,
  creatorAcl,
  decodeAcl,
  decodeAcls,
  decodeId,
  decodeIds,
  encodeAcl,
  encodeAcls,
  encodeId,
  encodeIds,
  type Id,
  isOpenAcl,
  openAcl,
  Permission,
  readAcl,
  sameAcl,
} from './acl.ts';
export { ADLER32_INITIAL, adler32 } from './adler32.ts';
export {
  CreateMode,
  type CreateModeTraits,
  createModeTraits,
  isCreateMode,
} from './create-mode.ts';
export {
  CONTAINER_OWNER,
  EphemeralType,
  EXTENDED_SERVER_ID_MAX,
  type ExtendedTypes,
  ephemeralTypeOf,
  isValidTtl,
  ownerToTtl,
  TTL_MS_MAX,
  ttlToOwner,
} from './ephemeral-type.ts';
export { ErrorCode, errorName, errorSentence } from './error-code.ts';
export { JuteReader } from './jute-reader.ts';
export { JuteWriter } from './jute-writer.ts';
export { MalformedError } from './malformed-error.ts';
export { isOpCode, OpCode, opName, ReservedXid } from './op-code.ts';
export {
  isAtOrBelow,
  isValidPath,
  joinPath,
  nameOf,
  parentOf,
  pathProblem,
  prependChroot,
  sequentialSuffix,
  stripChroot,
  validatePathBytes,
} from './path.ts';
export {
  decodeStat,
  decodeStatPersisted,
  encodeStat,
  encodeStatPersisted,
  STAT_BYTES,
  STAT_PERSISTED_BYTES,
  type Stat,
  type StatPersisted,
} from './stat.ts';
export { decodeAscii, decodeUtf8, encodeUtf8, encodeUtf8Into } from './text.ts';
export {
  AddWatchMode,
  decodeWatcherEvent,
  EventType,
  encodeWatcherEvent,
  isAddWatchMode,
  isWatcherType,
  KeeperState,
  type WatcherEvent,
  WatcherType,
} from './watch-event.ts';
