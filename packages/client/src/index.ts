export {
  type Acl,
  creatorAcl,
  openAcl,
  Permission,
  readAcl,
} from '@zooid/protocol';
export { connect } from './connect.ts';
export {
  AuthFailedError,
  BadArgumentsError,
  BadVersionError,
  ClosedError,
  ConnectionLossError,
  ConnectTimeoutError,
  EphemeralOnLocalSessionError,
  type ErrorKind,
  InvalidAclError,
  NoAuthError,
  NoChildrenForEphemeralsError,
  NodeExistsError,
  NoNodeError,
  NotEmptyError,
  NotReadOnlyError,
  NoWatcherError,
  OperationTimeoutError,
  type Outcome,
  ProtocolError,
  QuotaExceededError,
  ReconfigError,
  RequestTooLargeError,
  ServerError,
  SessionExpiredError,
  ThrottledError,
  TooManyPendingError,
  TransactionError,
  UnimplementedError,
  WatchOverflowError,
  ZooKeeperError,
} from './errors.ts';
export type { EnsurePathOptions } from './helpers/tree.ts';
export type { UpdateOptions } from './helpers/update.ts';
export { NodeData } from './node-data.ts';
export type { Watched } from './one-shot.ts';
export type {
  ConnectOptions,
  CreateModeName,
  CreateOptions,
  Credentials,
  DataInput,
  ReadOptions,
  ReconfigOptions,
  WatchedReadOptions,
  WatchOptions,
  WriteOptions,
} from './options.ts';
export type { ReadBatch } from './read-batch.ts';
export type { Children, Created, NodeAcl } from './replies.ts';
export type { CallOptions } from './session/call.ts';
export type { SaslExchange, SaslMechanism } from './session/sasl.ts';
export type { SessionState, SessionTicket } from './session/session-core.ts';
export type { Stat } from './stat.ts';
export type { CreatedInTransaction, Transaction } from './transaction.ts';
export {
  type ConnectString,
  ConnectStringError,
  parseConnectString,
  type ServerAddress,
} from './transport/connect-string.ts';
export type { TlsOptions } from './transport/tcp-transport.ts';
export type { Connection, ConnectionHandlers, Transport } from './transport/transport.ts';
export type { WatchEvent } from './watch-event.ts';
export type { WatchSelection } from './watch-removal.ts';
export type { WatchStream } from './watch-stream.ts';
export type { SessionInfo, WatchedExistence, ZooKeeper } from './zookeeper.ts';
