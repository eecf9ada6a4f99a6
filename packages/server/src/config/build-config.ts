// From the draft to the frozen configuration: defaults before, derived values after.

import type { LocalSessionMode } from '@zooid/core';
import type { Draft } from './config-key.ts';
import { configKeys } from './config-keys.ts';
import type { EnsembleConfig } from './ensemble-config.ts';
import type { ConfigOrigin, ServerConfig } from './server-config.ts';

/** Two and twenty ticks. Source: ZooKeeperServer.setMinSessionTimeout and setMaxSessionTimeout. */
const TIMEOUT_TICKS_MIN = 2;
const TIMEOUT_TICKS_MAX = 20;

/** A draft in which every key has its default. */
export function createDraft(): Draft {
  const draft: Draft = {
    clientPort: undefined,
    clientHost: undefined,
    timeoutMsMin: -1,
    timeoutMsMax: -1,
    dataDir: undefined,
    dataLogDir: undefined,
    isAuthEnforced: false,
    isEnsembleSchemeOn: false,
    isReadOnlyModeOn: false,
    areLocalSessionsOn: false,
    areLocalSessionsUpgraded: false,
    isStandaloneAllowed: true,
    dynamicConfigFile: undefined,
    metricsProvider: 'default',
    prometheusListen: { host: undefined, port: 0 },
    adminListen: { host: undefined, port: 0 },
    fourLetterWords: new Set(),
    isAuditOn: false,
    network: {
      listenBacklog: undefined,
      connectionCountPerAddressMax: 0,
      connectionCountMax: 0,
      sessionlessTimeoutMs: 0,
      isTcpKeepAliveOn: false,
      frameBytesMax: 0,
    },
    session: { tickTimeMs: 0 },
    throttle: {
      outstandingRequestCountMax: 0,
      throttledOpWaitMs: 0,
      largeRequestThresholdBytes: undefined,
      largeRequestBytesMax: 0,
    },
    connectionThrottle: {
      tokenCount: 0,
      fillTimeMs: 0,
      fillCount: 0,
      freezeTimeMs: 0,
      dropIncrease: 0,
      dropDecrease: 0,
      decreaseRatio: 0,
      isWeighted: false,
      globalSessionWeight: 0,
      localSessionWeight: 0,
      renewSessionWeight: 0,
    },
    requestThrottle: {
      requestCountMax: 0,
      stallTimeMs: 0,
      isStaleDropped: false,
      isLatencyChecked: false,
      isConnectionChecked: false,
    },
    tree: {
      isExtendedTypesOn: false,
      isTtl353Emulated: false,
      containerCheckIntervalMs: 0,
      containerDeleteCountPerMinuteMax: 0,
      containerNeverUsedMs: 0,
      isQuotaEnforced: false,
      isReconfigOn: false,
      isDigestOn: false,
      isCloseSessionTxnOn: false,
    },
    storage: {
      isDirCreated: false,
      preallocateBytes: 0,
      snapshotTxnCount: 0,
      snapshotLogBytes: undefined,
      logFileBytesMax: undefined,
      isSyncForced: true,
      syncWarningMs: 0,
      snapshotCompression: 'none',
      isEmptySnapshotTrusted: false,
      isLastZxidInSnapshot: false,
      purgeRetainCount: 0,
      purgeIntervalMs: 0,
    },
    security: {
      isAclSkipped: false,
      isDigestSchemeOn: false,
      digestAlgorithm: 'sha1',
      superDigest: undefined,
      enforcedSchemes: [],
      isForwardedForTrusted: false,
      ensembleNames: undefined,
    },
    admin: {
      isOn: false,
      commandPath: '',
      idleTimeoutMs: 0,
      isSnapshotOn: false,
      isRestoreOn: false,
      rateLimitIntervalMs: 0,
    },
    metrics: { isProcessInfoExported: false, summaryWindowMs: 0 },
    ensemble: {
      initLimitTicks: undefined,
      syncLimitTicks: undefined,
      connectLimitTicks: 0,
      peerType: 'participant',
      isMultiAddressOn: false,
      connectRetryDelayMs: 0,
      isListeningOnAllAddresses: false,
      isEmptyDatabaseTrusted: true,
      election: {
        connectTimeoutMs: 0,
        greetingTimeoutMs: -1,
        notificationIntervalMsMin: 0,
        notificationIntervalMsMax: 0,
        bindAttemptCountMax: 0,
      },
      leader: {
        isServingClients: true,
        epochWaitMsMax: undefined,
        commitLogCount: 0,
        logShareMax: undefined,
        isSnapshotForced: false,
      },
    },
  };
  // The defaults stand in the table, as text, so that the reference page and the server cannot differ.
  for (const key of configKeys) {
    const isObeyed = key.fate === 'honoured' || key.fate === 'ensemble';
    if (isObeyed && key.default !== undefined) key.apply(draft, key.default);
  }
  return draft;
}

/** What a draft gets besides its values. The directories are absolute. */
export interface DraftSurroundings {
  readonly clientPort: number;
  readonly dataDir: string;
  readonly dataLogDir: string;
  /** Undefined: the server is standalone. */
  readonly ensemble: EnsembleSurroundings | undefined;
  readonly origin: ConfigOrigin;
}

/** What makes the server a member. */
export type EnsembleSurroundings = Pick<
  EnsembleConfig,
  'serverId' | 'membership' | 'lastSeenMembership' | 'staticFile' | 'dynamicFile'
>;

/** What the limits are in Apache's sample file, for a member whose file does not say it. */
const INIT_LIMIT_TICKS = 10;
const SYNC_LIMIT_TICKS = 5;

/** Adds what follows from the rest, and freezes it. Relations between values must have been checked. */
export function buildConfig(draft: Draft, surroundings: DraftSurroundings): ServerConfig {
  const { tickTimeMs } = draft.session;
  const { isWeighted, globalSessionWeight } = draft.connectionThrottle;
  const weight = isWeighted ? globalSessionWeight : 1;
  const words = new Set([...draft.fourLetterWords, 'srvr']);
  if (draft.isReadOnlyModeOn) words.add('isro');
  return freezeDeep({
    network: {
      ...draft.network,
      client: { host: draft.clientHost, port: surroundings.clientPort },
    },
    session: {
      tickTimeMs,
      timeoutMsMin: sessionTimeoutMsMin(draft),
      timeoutMsMax: sessionTimeoutMsMax(draft),
    },
    throttle: {
      ...draft.throttle,
      connection: {
        ...draft.connectionThrottle,
        tokenCount: draft.connectionThrottle.tokenCount * weight,
        fillCount: draft.connectionThrottle.fillCount * weight,
      },
      request: { ...draft.requestThrottle },
    },
    tree: { ...draft.tree },
    storage: {
      ...draft.storage,
      dataDir: surroundings.dataDir,
      dataLogDir: surroundings.dataLogDir,
    },
    security: {
      ...draft.security,
      enforcedSchemes: draft.isAuthEnforced ? [...draft.security.enforcedSchemes] : [],
      ensembleNames: draft.isEnsembleSchemeOn ? (draft.security.ensembleNames ?? '') : undefined,
    },
    fourLetterWords: words,
    admin: { ...draft.admin, listen: { ...draft.adminListen } },
    metrics: {
      ...draft.metrics,
      isOn: draft.metricsProvider !== 'null',
      prometheus:
        draft.metricsProvider === 'prometheus' ? { ...draft.prometheusListen } : undefined,
    },
    isAuditOn: draft.isAuditOn,
    ensemble:
      surroundings.ensemble === undefined ? undefined : buildEnsemble(draft, surroundings.ensemble),
    origin: surroundings.origin,
  });
}

function localSessionModeOf(draft: Draft): LocalSessionMode {
  if (!draft.areLocalSessionsOn) return 'off';
  return draft.areLocalSessionsUpgraded ? 'upgrading' : 'without-ephemerals';
}

function buildEnsemble(draft: Draft, surroundings: EnsembleSurroundings): EnsembleConfig {
  const { peerType: _, isMultiAddressOn: __, ...options } = draft.ensemble;
  const initLimitTicks = options.initLimitTicks ?? INIT_LIMIT_TICKS;
  const syncLimitTicks = options.syncLimitTicks ?? SYNC_LIMIT_TICKS;
  const { greetingTimeoutMs } = options.election;
  return {
    ...options,
    ...surroundings,
    role: surroundings.membership.servers.get(surroundings.serverId)?.role ?? 'participant',
    isStandaloneAllowed: draft.isStandaloneAllowed,
    isReadOnlyModeOn: draft.isReadOnlyModeOn,
    localSessions: localSessionModeOf(draft),
    initLimitTicks,
    syncLimitTicks,
    connectLimitTicks: options.connectLimitTicks > 0 ? options.connectLimitTicks : undefined,
    election: {
      ...options.election,
      greetingTimeoutMs:
        greetingTimeoutMs > 0 ? greetingTimeoutMs : syncLimitTicks * draft.session.tickTimeMs,
    },
    leader: { ...options.leader },
  };
}

/** What a client gets at least, once the tick is known. */
export function sessionTimeoutMsMin(draft: Draft): number {
  return draft.timeoutMsMin === -1
    ? draft.session.tickTimeMs * TIMEOUT_TICKS_MIN
    : draft.timeoutMsMin;
}

/** What a client gets at most, once the tick is known. */
export function sessionTimeoutMsMax(draft: Draft): number {
  return draft.timeoutMsMax === -1
    ? draft.session.tickTimeMs * TIMEOUT_TICKS_MAX
    : draft.timeoutMsMax;
}

/** Freezes plain objects and lists; the members of sets and maps are texts. */
export function freezeDeep<T extends object>(value: T): T {
  for (const member of Object.values(value)) {
    if (typeof member === 'object' && member !== null && !Object.isFrozen(member))
      freezeDeep(member);
  }
  return Object.freeze(value);
}
