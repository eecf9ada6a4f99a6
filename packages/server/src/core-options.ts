import { randomInt } from 'node:crypto';
import type { CoreOptions } from '@zooid/core';
import type { ServerConfig } from './config/config.ts';

/** The core's part of the configuration. */
export function coreOptionsOf(config: ServerConfig): CoreOptions {
  const { session, tree } = config;
  return {
    // Apache counts the sessions of a standalone server from id 1. Source: createSessionTrackerServerId.
    serverId: config.ensemble?.serverId ?? 1,
    tickTimeMs: session.tickTimeMs,
    sessionTimeoutMsMin: session.timeoutMsMin,
    sessionTimeoutMsMax: session.timeoutMsMax,
    extendedTypes: extendedTypesOf(tree),
    digestEnabled: tree.isDigestOn,
    hashSeed: randomInt(2 ** 31),
    enforceQuota: tree.isQuotaEnforced,
    closeSessionTxnEnabled: tree.isCloseSessionTxnOn,
    reconfigEnabled: tree.isReconfigOn,
    isAudited: config.isAuditOn,
    connectionThrottle: config.throttle.connection,
    requestThrottle: {
      ...config.throttle.request,
      throttledOpWaitMs: config.throttle.throttledOpWaitMs,
    },
    largeRequests: {
      thresholdBytes: config.throttle.largeRequestThresholdBytes,
      bytesMax: config.throttle.largeRequestBytesMax,
    },
    cleaner: {
      checkIntervalMs: tree.containerCheckIntervalMs,
      deletesPerMinuteMax: tree.containerDeleteCountPerMinuteMax,
      neverUsedMsMax: tree.containerNeverUsedMs,
    },
  };
}

function extendedTypesOf(tree: ServerConfig['tree']): CoreOptions['extendedTypes'] {
  if (!tree.isExtendedTypesOn) return 'off';
  return tree.isTtl353Emulated ? 'extended353' : 'extended';
}
