import { describe, expect, test } from 'vitest';
import {
  configKeys,
  findFileKey,
  findPropertyKey,
  isSecretName,
  propertiesOf,
} from '../../src/config/config-keys.ts';

/** Every key that Apache ZooKeeper 3.8 to 3.10 knows, as it is written in zoo.cfg; without families. */
const apacheFileKeys: readonly string[] = [
  // Basic
  ...[
    'clientPort',
    'clientPortAddress',
    'secureClientPort',
    'secureClientPortAddress',
    'clientPortListenBacklog',
  ],
  ...[
    'dataDir',
    'dataLogDir',
    'tickTime',
    'minSessionTimeout',
    'maxSessionTimeout',
    'db.autocreate',
  ],
  ...[
    'datadir.autocreate',
    'extendedTypesEnabled',
    'emulate353TTLNodes',
    'tcpKeepAlive',
    'clientTcpKeepAlive',
  ],
  // Cluster
  ...[
    'initLimit',
    'syncLimit',
    'connectToLearnerMasterLimit',
    'electionAlg',
    'peerType',
    'standaloneEnabled',
  ],
  ...[
    'reconfigEnabled',
    'dynamicConfigFile',
    'syncEnabled',
    'observerMasterPort',
    'observerMaster.sizeLimit',
  ],
  ...['observer.reconnectDelayMs', 'observer.election.DelayMs', 'leaderServes', 'cnxTimeout'],
  ...[
    'quorumCnxnTimeoutMs',
    'electionPortBindRetry',
    'quorumListenOnAllIPs',
    'multiAddress.enabled',
  ],
  ...['multiAddress.reachabilityCheckTimeoutMs', 'multiAddress.reachabilityCheckEnabled'],
  ...['fastleader.minNotificationInterval', 'fastleader.maxNotificationInterval'],
  ...[
    'leader.maxTimeToWaitForEpoch',
    'leaderConnectDelayDuringRetryMs',
    'oraclePath',
    'localSessionsEnabled',
  ],
  ...['localSessionsUpgradingEnabled', 'leader.ackLoggingFrequency'],
  // Storage
  ...['preAllocSize', 'snapCount', 'snapSizeLimitInKb', 'txnLogSizeLimitInKb', 'commitLogCount'],
  ...['snapshotSizeFactor', 'forceSync', 'fsync.warningthresholdms', 'autopurge.snapRetainCount'],
  ...[
    'autopurge.purgeInterval',
    'snapshot.compression.method',
    'snapshot.trust.empty',
    'digest.enabled',
  ],
  ...['serializeLastProcessedZxid.enabled', 'closeSessionTxn.enabled', 'forceSnapshotSync'],
  ...['testingonly.initialZxid', 'flushDelay', 'maxWriteQueuePollTime', 'maxBatchSize'],
  // Sessions and connections
  ...['maxClientCnxns', 'maxCnxns', 'globalOutstandingLimit', 'nio.sessionlessCnxnTimeout'],
  ...[
    'connection_throttle_tokens',
    'connection_throttle_fill_time',
    'connection_throttle_fill_count',
  ],
  ...['connection_throttle_freeze_time', 'connection_throttle_drop_increase'],
  ...['connection_throttle_drop_decrease', 'connection_throttle_decrease_ratio'],
  ...['connection_throttle_weight_enabled', 'connection_throttle_global_session_weight'],
  ...['connection_throttle_local_session_weight', 'connection_throttle_renew_session_weight'],
  ...[
    'request_throttle_max_requests',
    'request_throttle_stall_time',
    'request_throttle_drop_stale',
  ],
  ...[
    'request_stale_latency_check',
    'request_stale_connection_check',
    'request_throttler.shutdownTimeout',
  ],
  ...[
    'throttled_op_wait_time',
    'largeRequestThreshold',
    'largeRequestMaxBytes',
    'intBufferStartingSizeBytes',
  ],
  ...['messageTracker.Enabled', 'messageTracker.BufferSize', 'allowSaslFailedClients'],
  ...['sessionRequireClientSASLAuth', 'netty.advancedFlowControl.enabled'],
  ...[
    'netty.server.outstandingHandshake.limit',
    'netty.server.earlyDropSecureConnectionHandshakes',
  ],
  // Security
  ...['ssl.', 'ssl.quorum.'].flatMap((prefix) =>
    [
      ...['keyStore.location', 'keyStore.password', 'keyStore.passwordPath', 'keyStore.type'],
      ...[
        'trustStore.location',
        'trustStore.password',
        'trustStore.passwordPath',
        'trustStore.type',
      ],
      ...[
        'protocol',
        'enabledProtocols',
        'ciphersuites',
        'context.supplier.class',
        'hostnameVerification',
      ],
      ...['clientHostnameVerification', 'allowReverseDnsLookup', 'crl', 'ocsp', 'clientAuth'],
      ...['handshakeDetectionTimeoutMillis', 'authProvider', 'sslProvider'],
    ].map((name) => prefix + name),
  ),
  ...['sslQuorum', 'portUnification', 'sslQuorumReloadCertFiles', 'client.portUnification'],
  ...[
    'client.certReload',
    'serverCnxnFactory',
    'fips-mode',
    'DigestAuthenticationProvider.enabled',
  ],
  ...['DigestAuthenticationProvider.digestAlg', 'DigestAuthenticationProvider.superDigest'],
  ...[
    'X509AuthenticationProvider.superUser',
    'IPAuthenticationProvider.usexforwardedfor',
    'superUser',
  ],
  ...['skipACL', 'enforce.auth.enabled', 'enforce.auth.schemes', 'ensembleAuthName'],
  // SASL
  ...['sasl.serverconfig', 'letAnySaslUserDoX', 'SASLAuthenticationProvider.superPassword'],
  ...['kerberos.removeHostFromPrincipal', 'kerberos.removeRealmFromPrincipal'],
  ...['kerberos.canonicalizeHostNames', 'kerberos.minReLoginTimeMs', 'security.auth_to_local'],
  ...['requireKerberosConfig', 'kinit', 'sasl.client', 'sasl.clientconfig', 'sasl.client.username'],
  ...['sasl.client.canonicalize.hostname', 'sasl.client.allowReverseDnsLookup'],
  // Quorum authentication
  ...['quorum.auth.enableSasl', 'quorum.auth.learnerRequireSasl', 'quorum.auth.serverRequireSasl'],
  ...['quorum.auth.kerberos.servicePrincipal', 'quorum.auth.learner.saslLoginContext'],
  ...['quorum.auth.server.saslLoginContext', 'quorum.cnxn.threads.size'],
  // Performance
  ...[
    'nio.numSelectorThreads',
    'nio.numWorkerThreads',
    'nio.directBufferBytes',
    'nio.shutdownTimeout',
  ],
  ...['commitProcessor.numWorkerThreads', 'commitProcessor.maxReadBatchSize'],
  ...[
    'commitProcessor.maxCommitBatchSize',
    'commitProcessor.shutdownTimeout',
    'maxResponseCacheSize',
  ],
  ...['maxGetChildrenResponseCacheSize', 'watchManagerName', 'watcherCleanThreadsNum'],
  ...['watcherCleanThreshold', 'watcherCleanIntervalInSeconds', 'maxInProcessingDeadWatchers'],
  ...['bitHashCacheSize', 'enableEagerACLCheck', 'enforceQuota', 'leader.maxConcurrentSnapSyncs'],
  ...['leader.maxConcurrentDiffSyncs', 'learner.asyncSending', 'learner.closeSocketAsync'],
  ...['leader.closeSocketAsync', 'forward_learner_requests_to_commit_processor_disabled'],
  ...[
    'follower.skipLearnerRequestToNextProcessor',
    'jvm.pause.monitor',
    'jvm.pause.info-threshold.ms',
  ],
  ...['jvm.pause.warn-threshold.ms', 'jvm.pause.sleep.time.ms', 'pathStats.enabled'],
  ...[
    'pathStats.slotCapacity',
    'pathStats.slotDuration',
    'pathStats.maxDepth',
    'pathStats.sampleRate',
  ],
  ...[
    'pathStats.initialDelay',
    'pathStats.delay',
    'pathStats.topPathMax',
    'jute.maxbuffer.extrasize',
  ],
  // Administration
  ...['admin.enableServer', 'admin.serverAddress', 'admin.serverPort', 'admin.commandURL'],
  ...['admin.idleTimeout', 'admin.httpVersion', 'admin.portUnification', 'admin.forceHttps'],
  ...['admin.needClientAuth', 'admin.snapshot.enabled', 'admin.restore.enabled'],
  ...[
    'admin.rateLimiterIntervalInMS',
    '4lw.commands.whitelist',
    'audit.enable',
    'audit.impl.class',
  ],
  ...['jmx.log4j.disable', 'jmx.log4j.mbean', 'controllerPort'],
  // Metrics
  ...['metricsProvider.className', 'metricsProvider.httpHost', 'metricsProvider.httpPort'],
  ...[
    'metricsProvider.httpsPort',
    'metricsProvider.exportJvmInfo',
    'metricsProvider.numWorkerThreads',
  ],
  ...['metricsProvider.maxQueueSize', 'metricsProvider.workerShutdownTimeoutMs'],
  'metricsProvider.prometheusMetricsSummaryRotateIntervalSeconds',
  'test.allowDiscontinuousProposals',
];

/** Read as system properties of exactly these names. */
const apacheBareProperties: readonly string[] = [
  ...['jute.maxbuffer', 'readonlymode.enabled', 'follower.nodelay', 'leader.nodelay'],
  ...[
    'znode.container.checkIntervalMs',
    'znode.container.maxPerMinute',
    'znode.container.maxNeverUsedIntervalMs',
  ],
  ...['fsync.warningthresholdms', 'java.security.auth.login.config', 'java.security.krb5.conf'],
];

const apacheFamilies: readonly string[] = [
  ...['server.1', 'group.1', 'weight.1', 'authProvider.1', 'authProvider.sasl', 'superUser.1'],
  'metricsProvider.ssl.keyStore.location',
];

describe('the table of keys', () => {
  test.each(apacheFileKeys)('has %s', (name) => {
    expect(findFileKey(name)?.name).toBe(name);
  });

  test.each(apacheFamilies)('has the family of %s', (name) => {
    expect(findFileKey(name)?.pattern?.test(name)).toBe(true);
  });

  test.each(apacheBareProperties)('has the property %s', (name) => {
    expect(findPropertyKey(name)).toBeDefined();
  });

  test('finds every key by each of its properties', () => {
    for (const key of configKeys) {
      for (const property of propertiesOf(key)) {
        const name = property.replace(/\.N$/, '.1');
        expect([name, findPropertyKey(name)?.name]).toEqual([name, key.name]);
      }
    }
  });

  test('names every key once', () => {
    const names = configKeys.map((key) => key.name);
    expect(names.filter((name, index) => names.indexOf(name) !== index)).toEqual([]);
  });

  test('says of every key what it means, and of every one that does nothing what stands in its place', () => {
    for (const key of configKeys) {
      expect(key.meaning).toMatch(/[.`]$/);
      if (key.fate === 'accepted') expect(key.instead).toMatch(/\.$/);
      if (key.fate === 'refused') expect(key.remedy).toMatch(/\.$/);
    }
  });

  test('knows which values are secret, misspelt ones included', () => {
    for (const name of [
      'DigestAuthenticationProvider.superDigest',
      'zookeeper.DigestAuthenticationProvider.superDigest',
      'SASLAuthenticationProvider.superPassword',
      'ssl.keyStore.password',
      'zookeeper.ssl.quorum.trustStore.password',
      'metricsProvider.ssl.keyStore.password',
      'ssl.keystore.Password',
      'digestauthenticationprovider.superdigest',
      'my.clientSecret',
    ]) {
      expect([name, isSecretName(name)]).toEqual([name, true]);
    }
    for (const name of [
      'dataDir',
      'ssl.keyStore.passwordPath',
      'ssl.keyStore.location',
      'tickTime',
    ]) {
      expect([name, isSecretName(name)]).toEqual([name, false]);
    }
  });
});
