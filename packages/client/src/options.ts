import type { Acl } from '@zooid/protocol';
import type { CallOptions } from './session/call.ts';
import type { SaslMechanism } from './session/sasl.ts';
import type { SessionTicket } from './session/session-core.ts';
import type { TlsOptions } from './transport/tcp-transport.ts';
import type { Transport } from './transport/transport.ts';

/** Credentials of one scheme. */
export interface Credentials {
  /** `digest`, or whatever else the servers know. */
  readonly scheme: string;
  /** For `digest` the text `user:password`. */
  readonly auth: string | Uint8Array;
}

/** How to connect, and how the session behaves. */
export interface ConnectOptions {
  /** Session timeout to ask for, in ms; the server may grant another (`session.timeoutMs`). Default 30,000. */
  readonly sessionTimeoutMs?: number | undefined;
  /** Longest wait for the first session, in ms. Default: as long as `sessionTimeoutMs`. */
  readonly timeoutMs?: number | undefined;
  /** Gives up the wait for the first session. */
  readonly signal?: AbortSignal | undefined;
  /** Shown to every server before anything else is asked of it. */
  readonly auth?: readonly Credentials[] | undefined;
  /** TLS, when given. */
  readonly tls?: TlsOptions | undefined;
  /** Authenticates each connection by SASL. */
  readonly sasl?: SaslMechanism | undefined;
  /** Whether a server that is read-only for now will do until one is found that can write. Default false. */
  readonly readOnly?: boolean | undefined;
  /** A session of an earlier client, to take up instead of beginning one. */
  readonly session?: SessionTicket | undefined;
  /** Longest pause before an attempt to connect, in ms; each is drawn at random below a bound that doubles. Default 2,000. */
  readonly maxReconnectDelayMs?: number | undefined;
  /** Longest time from opening a connection to the session on it, in ms. Default: the session's timeout shared out among the servers, a quarter of it at most, at least 1,000. */
  readonly handshakeTimeoutMs?: number | undefined;
  /** Whether a read whose answer was lost with the connection is sent again. Default true. */
  readonly retryReads?: boolean | undefined;
  /** Most calls that may wait for an answer. Default 65,536. */
  readonly maxPending?: number | undefined;
  /** Longest request, in bytes: the servers' `jute.maxbuffer`. Default 1,048,575. */
  readonly maxRequestBytes?: number | undefined;
  /** Longest reply, in bytes: a list of many children can be long. Default 64 MiB. */
  readonly maxReplyBytes?: number | undefined;
  /** Whether errors show where the call was made; costs some microseconds for each call. Default false. */
  readonly callSites?: boolean | undefined;
  /** The way to the servers, in place of TCP or TLS. */
  readonly transport?: Transport | undefined;
}

/** Data for a znode: text is sent as UTF-8, null is no data at all. */
export type DataInput = string | Uint8Array | null;

/** What becomes of a new znode. The sequential modes append ten digits to the name. */
export type CreateModeName =
  | 'persistent'
  | 'persistent-sequential'
  | 'ephemeral'
  | 'ephemeral-sequential'
  | 'container';

/** How to make a znode. */
export interface CreateOptions extends CallOptions {
  /** Default `persistent`. */
  readonly mode?: CreateModeName | undefined;
  /** Who may do what. Default: everybody everything. */
  readonly acl?: readonly Acl[] | undefined;
  /** Goes when it has no children and was not changed for so long, in ms; only of persistent modes, and only where servers allow it. */
  readonly ttlMs?: number | undefined;
  /** The caller's word that twice is as good as once: then it is sent again when its answer was lost. Default false. */
  readonly idempotent?: boolean | undefined;
}

/** On what condition to write. */
export interface WriteOptions extends CallOptions {
  /** The version that the znode must have. Default: any. */
  readonly version?: number | undefined;
  /** The caller's word that twice is as good as once: then it is sent again when its answer was lost. Default false. */
  readonly idempotent?: boolean | undefined;
}

/** Whether to hear of the next change as well. */
export interface ReadOptions extends CallOptions {
  /** Whether to leave a watch that fires once; the result then has `changed`. */
  readonly watch?: boolean | undefined;
}

/** Options of a read that leaves a watch. */
export interface WatchedReadOptions extends ReadOptions {
  readonly watch: true;
}

/** What to watch, and until when. */
export interface WatchOptions {
  /** Whether to hear of everything below the path, too. Default false. */
  readonly recursive?: boolean | undefined;
  /** Ends the watch. */
  readonly signal?: AbortSignal | undefined;
  /** Most events that may wait to be taken; one more ends the watch with `WatchOverflowError`. Default 65,536. */
  readonly maxQueued?: number | undefined;
}

/** What to change in the ensemble. */
export interface ReconfigOptions extends CallOptions {
  /** `server.N=...` entries to add or change. */
  readonly joining?: readonly string[] | undefined;
  /** Ids of servers that leave. */
  readonly leaving?: readonly string[] | undefined;
  /** All members from now on, in place of `joining` and `leaving`. */
  readonly members?: readonly string[] | undefined;
  /** Version that the present configuration must have (its `mzxid`). Default: any. */
  readonly version?: bigint | undefined;
}
