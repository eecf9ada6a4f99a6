// The configuration of one server as the rest of the program sees it: read once, frozen, every value in its unit.
// Which zoo.cfg key or system property each field comes from, and what was decided about all the other keys,
// is written in `config-keys.ts`. A field exists only if the server obeys it.

import type { EnsembleConfig } from './ensemble-config.ts';
import type { Secret } from './secret.ts';

/** Where a server listens. */
export interface ListenAddress {
  /** Name or address to bind to; undefined binds to every address of the machine. */
  readonly host: string | undefined;
  /** 0 lets the system choose a free port. */
  readonly port: number;
}

/** The client port and its connections. */
export interface NetworkConfig {
  /** `clientPort`, `clientPortAddress`. */
  readonly client: ListenAddress;
  /** `clientPortListenBacklog`. Connections that may wait to be accepted; undefined leaves it to the system. */
  readonly listenBacklog: number | undefined;
  /** `maxClientCnxns`. Connections from one address; 0 is no limit. */
  readonly connectionCountPerAddressMax: number;
  /** `maxCnxns`. Connections in all; 0 is no limit. */
  readonly connectionCountMax: number;
  /** `nio.sessionlessCnxnTimeout`. A socket that has no session after this long is closed. */
  readonly sessionlessTimeoutMs: number;
  /** `clientTcpKeepAlive`. */
  readonly isTcpKeepAliveOn: boolean;
  /** `jute.maxbuffer`. The longest frame taken from a client; a longer one ends the connection. */
  readonly frameBytesMax: number;
}

/** Time and sessions. */
export interface SessionConfig {
  /** `tickTime`. The unit in which sessions expire. */
  readonly tickTimeMs: number;
  /** `minSessionTimeout`; two ticks unless set. */
  readonly timeoutMsMin: number;
  /** `maxSessionTimeout`; twenty ticks unless set. */
  readonly timeoutMsMax: number;
}

/** What is turned away or slowed down when there is too much of it. */
export interface ThrottleConfig {
  /** `globalOutstandingLimit`. At more requests in work than this, no more are read from the sockets. */
  readonly outstandingRequestCountMax: number;
  /** `throttled_op_wait_time`. A request that waited longer is answered with ThrottledOp; 0 switches it off. */
  readonly throttledOpWaitMs: number;
  /** `largeRequestThreshold`. Requests longer than this count as large; undefined switches it off. */
  readonly largeRequestThresholdBytes: number | undefined;
  /** `largeRequestMaxBytes`. Sum of the large requests in work; a connection that would exceed it is closed. */
  readonly largeRequestBytesMax: number;
  readonly connection: ConnectionThrottleConfig;
  readonly request: RequestThrottleConfig;
}

/** `connection_throttle_*`: a token bucket for new connections. */
export interface ConnectionThrottleConfig {
  /** `_tokens`, times `globalSessionWeight` if weighted. Size of the bucket; 0 switches the throttle off. */
  readonly tokenCount: number;
  /** `_fill_time`. */
  readonly fillTimeMs: number;
  /** `_fill_count`, times `globalSessionWeight` if weighted. Tokens that are added every `fillTimeMs`. */
  readonly fillCount: number;
  /** `_freeze_time`. The drop probability changes at most this often; -1 keeps it at 0. */
  readonly freezeTimeMs: number;
  /** `_drop_increase`. 0 to 1. */
  readonly dropIncrease: number;
  /** `_drop_decrease`. 0 to 1. */
  readonly dropDecrease: number;
  /** `_decrease_ratio`. 0 to 1. */
  readonly decreaseRatio: number;
  /** `_weight_enabled`. Without it every connection takes one token. */
  readonly isWeighted: boolean;
  /** `_global_session_weight`: tokens for a new session. */
  readonly globalSessionWeight: number;
  /** `_local_session_weight`: tokens for a new local session. */
  readonly localSessionWeight: number;
  /** `_renew_session_weight`: tokens for a session that comes back. */
  readonly renewSessionWeight: number;
}

/** `request_throttle_*`: a queue in front of the request processing. */
export interface RequestThrottleConfig {
  /** `_max_requests`. Requests in work at which others begin to wait; 0 switches the throttle off. */
  readonly requestCountMax: number;
  /** `_stall_time`. */
  readonly stallTimeMs: number;
  /** `_drop_stale`. */
  readonly isStaleDropped: boolean;
  /** `request_stale_latency_check`. A request older than its session's timeout is stale. */
  readonly isLatencyChecked: boolean;
  /** `request_stale_connection_check`. A request of a closed connection is stale. */
  readonly isConnectionChecked: boolean;
}

/** Znodes that end by themselves, quotas, digests: what the tree does beyond storing. */
export interface TreeConfig {
  /** `extendedTypesEnabled`. Allows TTL znodes. */
  readonly isExtendedTypesOn: boolean;
  /** `emulate353TTLNodes`. Stored owners are read as ZooKeeper 3.5.3 wrote them. */
  readonly isTtl353Emulated: boolean;
  /** `znode.container.checkIntervalMs`. */
  readonly containerCheckIntervalMs: number;
  /** `znode.container.maxPerMinute`. Container and TTL znodes that are deleted in a minute at most. */
  readonly containerDeleteCountPerMinuteMax: number;
  /** `znode.container.maxNeverUsedIntervalMs`. A container that never had a child is deleted after this; 0 keeps it. */
  readonly containerNeverUsedMs: number;
  /** `enforceQuota`. Hard quotas refuse. */
  readonly isQuotaEnforced: boolean;
  /** `digest.enabled`. The digest of the tree is kept and written into log and snapshots. */
  readonly isDigestOn: boolean;
  /** `reconfigEnabled`. A single server refuses `reconfig` in either case, but for another reason. */
  readonly isReconfigOn: boolean;
  /** `closeSessionTxn.enabled`. A closeSession transaction carries the paths of its ephemerals. */
  readonly isCloseSessionTxnOn: boolean;
}

/** `snapshot.compression.method`. */
export type SnapshotCompression = 'none' | 'gz' | 'snappy';

/** The data directories, the log and the snapshots. */
export interface StorageConfig {
  /** `dataDir`. Absolute. Snapshots are in its `version-2`. */
  readonly dataDir: string;
  /** `dataLogDir`. Absolute; the same as `dataDir` unless set. */
  readonly dataLogDir: string;
  /** `zookeeper.datadir.autocreate`. Missing directories are made. */
  readonly isDirCreated: boolean;
  /** `preAllocSize`, there in KB. The log file grows in steps of this. */
  readonly preallocateBytes: number;
  /** `snapCount`. A snapshot is taken after half of it and a random part of the other half. At least 2. */
  readonly snapshotTxnCount: number;
  /** `snapSizeLimitInKb`. The same by the size of the log; undefined switches it off. */
  readonly snapshotLogBytes: number | undefined;
  /** `txnLogSizeLimitInKb`. A log file longer than this is followed by a new one; undefined switches it off. */
  readonly logFileBytesMax: number | undefined;
  /** `forceSync`. False acknowledges writes that a power cut can lose. */
  readonly isSyncForced: boolean;
  /** `fsync.warningthresholdms`. A slower sync is reported. */
  readonly syncWarningMs: number;
  readonly snapshotCompression: SnapshotCompression;
  /** `snapshot.trust.empty`. Accepts a log without any snapshot. */
  readonly isEmptySnapshotTrusted: boolean;
  /** `serializeLastProcessedZxid.enabled`. Snapshots end with the last zxid, as from ZooKeeper 3.9 on. */
  readonly isLastZxidInSnapshot: boolean;
  /** `autopurge.snapRetainCount`. At least 3. */
  readonly purgeRetainCount: number;
  /** `autopurge.purgeInterval`, there in hours; 0 never purges. May be longer than one timer of Node can wait. */
  readonly purgeIntervalMs: number;
}

/** A message digest that `DigestAuthenticationProvider.digestAlg` can name, in the spelling of `node:crypto`. */
export type DigestAlgorithm =
  | 'md5'
  | 'sha1'
  | 'sha224'
  | 'sha256'
  | 'sha384'
  | 'sha512'
  | 'sha512-224'
  | 'sha512-256'
  | 'sha3-224'
  | 'sha3-256'
  | 'sha3-384'
  | 'sha3-512';

/** Who may do what. */
export interface SecurityConfig {
  /** `skipACL`. True checks no ACL at all. */
  readonly isAclSkipped: boolean;
  /** `DigestAuthenticationProvider.enabled`. False takes the scheme `digest` away. */
  readonly isDigestSchemeOn: boolean;
  /** `DigestAuthenticationProvider.digestAlg`. */
  readonly digestAlgorithm: DigestAlgorithm;
  /** `DigestAuthenticationProvider.superDigest`: `super:<base64 of the digest>`; undefined has no super user. */
  readonly superDigest: Secret | undefined;
  /** `enforce.auth.schemes` while `enforce.auth.enabled`: one of these is needed before any request; empty needs none. */
  readonly enforcedSchemes: readonly string[];
  /** `ensembleAuthName`: the names, separated by commas; an empty text takes every name; undefined has no scheme `ensemble`. */
  readonly ensembleNames: string | undefined;
  /** `IPAuthenticationProvider.usexforwardedfor`. The admin server takes the caller's address from the header. */
  readonly isForwardedForTrusted: boolean;
}

/** The HTTP server for administration. */
export interface AdminConfig {
  /** `admin.enableServer`. */
  readonly isOn: boolean;
  /** `admin.serverAddress`, `admin.serverPort`. */
  readonly listen: ListenAddress;
  /** `admin.commandURL`. Starts with `/` and does not end with one. */
  readonly commandPath: string;
  /** `admin.idleTimeout`. */
  readonly idleTimeoutMs: number;
  /** `admin.snapshot.enabled`. */
  readonly isSnapshotOn: boolean;
  /** `admin.restore.enabled`. */
  readonly isRestoreOn: boolean;
  /** `admin.rateLimiterIntervalInMS`. One snapshot and one restore in this time. */
  readonly rateLimitIntervalMs: number;
}

/** The metrics endpoint. */
export interface MetricsConfig {
  /** `metricsProvider.className`: false for the null provider, which reports nothing. */
  readonly isOn: boolean;
  /** Address of the Prometheus endpoint; undefined unless `metricsProvider.className` names that provider. */
  readonly prometheus: ListenAddress | undefined;
  /** `metricsProvider.exportJvmInfo`. Here: the numbers of the Node process. */
  readonly isProcessInfoExported: boolean;
  /** `metricsProvider.prometheusMetricsSummaryRotateIntervalSeconds`: time window of the quantiles. */
  readonly summaryWindowMs: number;
}

/** Where the configuration came from, for `/commands/initial_configuration` and `system_properties`. */
export interface ConfigOrigin {
  /** Undefined if there was no file. */
  readonly file: string | undefined;
  /** The file's text; in the place of each secret stands `***`. */
  readonly text: string;
  /** Every system property that Apache's server would have now, sorted by name; secrets are `***`. */
  readonly properties: ReadonlyMap<string, string>;
}

/** The whole configuration of a server. Deeply frozen. */
export interface ServerConfig {
  readonly network: NetworkConfig;
  readonly session: SessionConfig;
  readonly throttle: ThrottleConfig;
  readonly tree: TreeConfig;
  readonly storage: StorageConfig;
  readonly security: SecurityConfig;
  /** `4lw.commands.whitelist`: the words that are answered; `*` in the file stands for all of them. */
  readonly fourLetterWords: ReadonlySet<string>;
  readonly admin: AdminConfig;
  readonly metrics: MetricsConfig;
  /** `audit.enable`. */
  readonly isAuditOn: boolean;
  /** Undefined: the server is standalone. */
  readonly ensemble: EnsembleConfig | undefined;
  readonly origin: ConfigOrigin;
}
