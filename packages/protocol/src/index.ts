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
