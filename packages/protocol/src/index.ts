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
  type ConnectRequest,
  type ConnectResponse,
  decodeConnectRequest,
  decodeConnectResponse,
  encodeConnectRequest,
  encodeConnectResponse,
  SESSION_PASSWORD_BYTES,
} from './connect.ts';
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
export {
  type FourLetterWord,
  fourLetterWordCode,
  fourLetterWordOf,
  fourLetterWords,
  TELNET_CLOSE,
} from './four-letter-word.ts';
export {
  FRAME_BYTES_MAX_DEFAULT,
  FRAME_LENGTH_BYTES,
  FrameSplitter,
  splitFrames,
} from './frame.ts';
export {
  decodeReplyHeader,
  decodeRequestHeader,
  encodeReplyHeader,
  encodeRequestHeader,
  REPLY_HEADER_BYTES,
  REQUEST_HEADER_BYTES,
  type ReplyHeader,
  type RequestHeader,
} from './header.ts';
export { JuteReader } from './jute-reader.ts';
export { JuteWriter } from './jute-writer.ts';
export { MalformedError } from './malformed-error.ts';
export {
  decodeMultiHeader,
  encodeMultiHeader,
  MULTI_HEADER_BYTES,
  type MultiHeader,
  writeMultiEnd,
  writeMultiHeader,
} from './multi-header.ts';
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
  decodeInitialMessage,
  encodeInitialMessage,
  findInitialMessageEnd,
  INITIAL_MESSAGE_ADDRESS_BYTES_MAX,
  INITIAL_MESSAGE_V1,
  INITIAL_MESSAGE_V2,
  type InitialMessage,
  OBSERVER_ID,
} from './quorum/initial-message.ts';
export {
  formatMembership,
  type Membership,
  type MembershipFault,
  type MembershipReading,
  parseMembership,
  participantsOf,
  readMembership,
} from './quorum/membership.ts';
export {
  decodeNotification,
  encodeNotification,
  isServerState,
  NO_VOTE,
  NOTIFICATION_BYTES_MAX,
  NOTIFICATION_VERSION,
  type Notification,
  ServerState,
} from './quorum/notification.ts';
export {
  type AckEpoch,
  type CommitAndActivate,
  decodeAckEpoch,
  decodeCommitAndActivate,
  decodeForwardedRequest,
  decodeInformAndActivate,
  decodeLeaderInfo,
  decodeLearnerInfo,
  decodePingSessions,
  decodeRevalidateAnswer,
  decodeRevalidateRequest,
  EPOCH_TAKEN_BEFORE,
  encodeAckEpoch,
  encodeCommitAndActivate,
  encodeForwardedRequest,
  encodeInformAndActivate,
  encodeLeaderInfo,
  encodeLearnerInfo,
  encodePingSessions,
  encodeRevalidateAnswer,
  encodeRevalidateRequest,
  type ForwardedRequest,
  type InformAndActivate,
  type LeaderInfo,
  type LearnerInfo,
  QUORUM_PROTOCOL_VERSION,
  type RevalidateAnswer,
  type SessionTimeout,
  SNAP_SIGNATURE,
} from './quorum/packet-data.ts';
export {
  PacketSplitter,
  QUORUM_PACKET_DATA_BYTES_MAX_DEFAULT,
} from './quorum/packet-splitter.ts';
export {
  decodeQuorumAuthPacket,
  encodeQuorumAuthPacket,
  QUORUM_AUTH_MAGIC,
  type QuorumAuthPacket,
  QuorumAuthStatus,
} from './quorum/quorum-auth-packet.ts';
export {
  decodeQuorumPacket,
  encodeQuorumPacket,
  type QuorumPacket,
  QuorumPacketType,
  quorumPacketTypeName,
} from './quorum/quorum-packet.ts';
export {
  ANY_HOST,
  type ClientAddress,
  formatServerLine,
  type PeerAddress,
  readServerId,
  readServerLine,
  type ServerLine,
  type ServerLineFault,
  type ServerRole,
} from './quorum/server-line.ts';
export {
  type AuthRequest,
  decodeAuthRequest,
  decodeSaslToken,
  encodeAuthRequest,
  encodeSaslToken,
  type SaslToken,
} from './requests/auth.ts';
export {
  type CreateRequest,
  type CreateTtlRequest,
  decodeCreateRequest,
  decodeCreateTtlRequest,
  encodeCreateRequest,
  encodeCreateTtlRequest,
} from './requests/create.ts';
export {
  decodeGetEphemeralsRequest,
  encodeGetEphemeralsRequest,
  type GetEphemeralsRequest,
} from './requests/get-ephemerals.ts';
export {
  decodeMultiRequest,
  encodeMultiRequest,
  type MultiOp,
  type MultiReadOp,
  type MultiWriteOp,
} from './requests/multi.ts';
export {
  decodeDeleteContainerRequest,
  decodePathRequest,
  decodePathVersionRequest,
  decodePathWatchRequest,
  encodePathRequest,
  encodePathVersionRequest,
  encodePathWatchRequest,
  type PathRequest,
  type PathVersionRequest,
  type PathWatchRequest,
} from './requests/path.ts';
export {
  decodeReconfigRequest,
  encodeReconfigRequest,
  type ReconfigRequest,
} from './requests/reconfig.ts';
export { decodeRequest, encodeRequest, type Request } from './requests/request.ts';
export {
  decodeSetAclRequest,
  encodeSetAclRequest,
  type SetAclRequest,
} from './requests/set-acl.ts';
export {
  decodeSetDataRequest,
  encodeSetDataRequest,
  type SetDataRequest,
} from './requests/set-data.ts';
export {
  type AddWatchRequest,
  decodeAddWatchRequest,
  decodeSetWatches2Request,
  decodeSetWatchesRequest,
  decodeWatchesRequest,
  encodeAddWatchRequest,
  encodeSetWatches2Request,
  encodeSetWatchesRequest,
  encodeWatchesRequest,
  type SetWatches2Request,
  type SetWatchesRequest,
  type WatchesRequest,
} from './requests/watches.ts';
export {
  decodeGetAllChildrenNumberResponse,
  decodeGetChildren2Response,
  decodeGetChildrenResponse,
  decodeGetEphemeralsResponse,
  encodeGetAllChildrenNumberResponse,
  encodeGetChildren2Response,
  encodeGetChildrenResponse,
  encodeGetEphemeralsResponse,
  type GetAllChildrenNumberResponse,
  type GetChildren2Response,
  type GetChildrenResponse,
  type GetEphemeralsResponse,
} from './responses/children.ts';
export {
  type Create2Response,
  decodeCreate2Response,
  decodePathResponse,
  encodeCreate2Response,
  encodePathResponse,
  type PathResponse,
} from './responses/create.ts';
export {
  decodeGetDataResponse,
  decodeStatResponse,
  encodeGetDataResponse,
  encodeStatResponse,
  type GetDataResponse,
  type StatResponse,
} from './responses/data.ts';
export {
  decodeErrorResponse,
  type ErrorResponse,
  encodeErrorResponse,
} from './responses/error.ts';
export {
  decodeGetAclResponse,
  encodeGetAclResponse,
  type GetAclResponse,
} from './responses/get-acl.ts';
export { decodeMultiResponse, encodeMultiResponse, type MultiResult } from './responses/multi.ts';
export { decodeResponse, encodeResponse, type Response } from './responses/response.ts';
export {
  type ClientInfo,
  decodeClientInfo,
  decodeWhoAmIResponse,
  encodeClientInfo,
  encodeWhoAmIResponse,
  type WhoAmIResponse,
} from './responses/who-am-i.ts';
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
export {
  decodeFileHeader,
  encodeFileHeader,
  FILE_HEADER_BYTES,
  FILE_VERSION,
  type FileHeader,
  LOG_DBID,
  LOG_MAGIC,
  SNAPSHOT_DBID,
  SNAPSHOT_MAGIC,
} from './storage/file-header.ts';
export {
  decodeLogEntry,
  encodeLogEntry,
  LOG_ENTRY_END,
  LOG_ENTRY_OVERHEAD_BYTES,
  type LogEntry,
} from './storage/log-entry.ts';
export {
  decodeSnapshotAcl,
  decodeSnapshotSeal,
  decodeSnapshotSession,
  decodeSnapshotZnode,
  decodeZxidDigest,
  encodeSnapshotAcl,
  encodeSnapshotSeal,
  encodeSnapshotSession,
  encodeSnapshotZnode,
  encodeZxidDigest,
  OPEN_ACL_ID,
  SNAPSHOT_SEAL_BYTES,
  SNAPSHOT_TERMINATOR,
  type SnapshotAcl,
  type SnapshotSeal,
  type SnapshotSession,
  type SnapshotZnode,
  ZXID_DIGEST_VERSION,
  type ZxidDigest,
} from './storage/snapshot.ts';
export { decodeAscii, decodeUtf8, encodeUtf8, encodeUtf8Into } from './text.ts';
export {
  type CreateContainerTxn,
  type CreateTtlTxn,
  type CreateTxn,
  type CreateTxnV0,
  decodeCreateContainerTxn,
  decodeCreateTtlTxn,
  decodeCreateTxn,
  decodeCreateTxnV0,
  encodeCreateContainerTxn,
  encodeCreateTtlTxn,
  encodeCreateTxn,
  encodeCreateTxnV0,
} from './txn/create-txn.ts';
export { decodeMultiTxn, encodeMultiTxn, type MultiTxn, type SubTxn } from './txn/multi-txn.ts';
export {
  type CloseSessionTxn,
  type CreateSessionTxn,
  decodeCloseSessionTxn,
  decodeCreateSessionTxn,
  decodeErrorTxn,
  type ErrorTxn,
  encodeCloseSessionTxn,
  encodeCreateSessionTxn,
  encodeErrorTxn,
} from './txn/session-txn.ts';
export {
  decodeSubTxn,
  decodeTxn,
  decodeTxnRecord,
  encodeTxn,
  encodeTxnRecord,
  type Txn,
  type TxnRecord,
} from './txn/txn.ts';
export {
  decodeTxnDigest,
  encodeTxnDigest,
  TXN_DIGEST_BYTES,
  TXN_DIGEST_VERSION,
  type TxnDigest,
} from './txn/txn-digest.ts';
export {
  decodeTxnHeader,
  encodeTxnHeader,
  TXN_HEADER_BYTES,
  type TxnHeader,
} from './txn/txn-header.ts';
export {
  type CheckVersionTxn,
  type DeleteTxn,
  decodeCheckVersionTxn,
  decodeDeleteTxn,
  decodeSetAclTxn,
  decodeSetDataTxn,
  encodeCheckVersionTxn,
  encodeDeleteTxn,
  encodeSetAclTxn,
  encodeSetDataTxn,
  type SetAclTxn,
  type SetDataTxn,
} from './txn/znode-txn.ts';
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
