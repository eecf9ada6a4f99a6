/**
 * A server that is not there: every field of AdminView as a plain value that a test may set. The defaults are those of
 * the Apache server whose answers are in `apache-3.8.0/`, so that a test can compare texts byte by byte.
 */
import { OpCode } from '@zooid/protocol';
import type {
  AdminView,
  ConnectionView,
  DigestEntry,
  IdView,
  QuotaView,
  SessionBucket,
  SnapshotResult,
} from '../../src/admin/admin-view.ts';
import { ConnectionStats } from '../../src/report/connection-stats.ts';
import { ServerStats } from '../../src/report/server-stats.ts';

type Mutable<T> = { -readonly [K in keyof T]: T[K] };

export const SESSION_A = 0x100000f25f20000n;
export const SESSION_B = 0x100000f25f20001n;

export class FakeAdminView implements Mutable<AdminView> {
  stats: ServerStats = new ServerStats();
  // biome-ignore lint/suspicious/noTemplateCurlyInString: Debian's package really prints this.
  version = '3.8.0-${mvngit.commit.id}, built on 2024-12-29 17:54 UTC';
  state: AdminView['state'] = 'standalone';
  isReadOnly = false;
  isServing = true;
  notReadyReason: string | undefined = undefined;
  notAliveReason: string | undefined = undefined;
  config: AdminView['config'] = {
    clientPort: 31811,
    clientHost: '127.0.0.1',
    secureClientPort: -1,
    dataDir: '/var/lib/zookeeper/version-2',
    dataLogDir: '/var/lib/zookeeper/version-2',
    tickTimeMs: 2000,
    maxClientCnxns: 60,
    minSessionTimeoutMs: 4000,
    maxSessionTimeoutMs: 40000,
    clientPortListenBacklog: -1,
    serverId: 0,
    initialConfiguration:
      'tickTime=2000\ndataDir=/var/lib/zookeeper\nclientPort=31811\nclientPortAddress=127.0.0.1\n' +
      '4lw.commands.whitelist=*\nadmin.enableServer=true\nadmin.serverPort=31812\n' +
      'admin.serverAddress=127.0.0.1\naudit.enable=true\n',
  };
  ensemble: AdminView['ensemble'] = undefined;
  properties: [string, string][] = [];
  wallNowMs = 0;
  elapsedNowMs = 0;
  uptimeMs = 55776;
  lastProcessedZxid = 8;
  nodeCount = 10;
  approximateDataBytes = 70;
  ephemeralCount = 3;
  sessionCount = 2;
  localSessionCount = 0;
  localBuckets: readonly SessionBucket[] | undefined;
  outstandingRequests = 0;
  watchSummary: AdminView['watchSummary'] = { watcherCount: 2, pathCount: 2, watchCount: 3 };
  watchCount = 4;
  connectionCount = 3;
  connectionList: ConnectionView[] = [];
  buckets: SessionBucket[] = [];
  ephemeralPaths: [bigint, string[]][] = [];
  sessionWatches: [bigint, Iterable<string>][] = [];
  pathWatches: [string, bigint[]][] = [];
  digests: DigestEntry[] = [];
  quotaList: QuotaView[] = [];
  lastSnapshot: AdminView['lastSnapshot'] = { zxid: 0, timestampS: 1795191395 };
  connectionDropProbability = 0;
  outstandingTlsHandshakes = 0;
  isLastZxidSerialized = true;
  connectionStatResets = 0;
  shedPercentages: number[] = [];
  /** Secret of the one user that `digest` knows, `root:secret`, who has all permissions. */
  rootIds: readonly IdView[] = [{ scheme: 'digest', id: 'root:xyz' }];
  authenticated: [string, string | undefined, string][] = [];
  declare takeSnapshot?: () => Promise<SnapshotResult>;
  declare restore?: NonNullable<AdminView['restore']>;

  systemProperties(): Iterable<[string, string]> {
    return this.properties;
  }
  connections(): Iterable<ConnectionView> {
    return this.connectionList;
  }
  sessionBuckets(): Iterable<SessionBucket> {
    return this.buckets;
  }
  localSessionBuckets(): readonly SessionBucket[] | undefined {
    return this.localBuckets;
  }
  ephemerals(): Iterable<[bigint, string[]]> {
    return this.ephemeralPaths;
  }
  watchesBySession(): Iterable<[bigint, Iterable<string>]> {
    return this.sessionWatches;
  }
  watchesByPath(): Iterable<[string, bigint[]]> {
    return this.pathWatches;
  }
  digestLog(): Iterable<DigestEntry> {
    return this.digests;
  }
  quotas(): Iterable<QuotaView> {
    return this.quotaList;
  }
  dataDirBytes(): number {
    return 67109337;
  }
  dataLogDirBytes(): number {
    return 67109337;
  }
  resetConnectionStats(): void {
    this.connectionStatResets += 1;
  }
  shedConnections(percentage: number): number {
    this.shedPercentages.push(percentage);
    return 2;
  }
  authenticate(scheme: string, auth: string | undefined, remoteAddress: string): readonly IdView[] {
    this.authenticated.push([scheme, auth, remoteAddress]);
    if (scheme === 'ip') return [{ scheme, id: remoteAddress }];
    return scheme === 'digest' && auth === 'root:secret' ? this.rootIds : [];
  }
  hasAllPermissionsOnRoot(ids: readonly IdView[]): boolean {
    return ids.some(({ scheme }) => scheme === 'digest');
  }
}

/** One connection that answered requests of these latencies; what is not given is as on a new connection. */
export function connection(
  given: Partial<Omit<ConnectionView, 'stats'>>,
  answered: Partial<Mutable<ConnectionStats>> & { readonly latenciesMs?: readonly number[] } = {},
): ConnectionView {
  const { latenciesMs = [], ...fields } = answered;
  const stats = new ConnectionStats();
  for (const latencyMs of latenciesMs) stats.recordResponse(0, 0, 0, 0, latencyMs);
  Object.assign(stats, fields);
  return {
    remoteAddress: '127.0.0.1',
    remotePort: 1,
    isSecure: false,
    isReading: true,
    isWriting: false,
    outstandingRequests: 0,
    sessionId: 0n,
    sessionTimeoutMs: 0,
    establishedMs: 0,
    expiresMs: undefined,
    ...given,
    stats,
  };
}

/** The two sessions and the connection that asked, as they were when Apache printed `cons.txt`. */
export function capturedConnections(): ConnectionView[] {
  return [
    connection(
      {
        remotePort: 52448,
        sessionId: SESSION_B,
        sessionTimeoutMs: 30000,
        establishedMs: 1795191450659,
      },
      {
        packetsReceived: 5,
        packetsSent: 5,
        latenciesMs: [0, 0, 0, 0, 2],
        lastOp: OpCode.setData,
        lastCxid: 4,
        lastZxid: 7,
        lastResponseMs: 1048285,
      },
    ),
    connection({ remotePort: 52456, isReading: false }, { packetsReceived: 1 }),
    connection(
      {
        remotePort: 52442,
        sessionId: SESSION_A,
        sessionTimeoutMs: 8000,
        establishedMs: 1795191450644,
      },
      {
        packetsReceived: 8,
        packetsSent: 8,
        latenciesMs: [0, 8, 2, 4],
        lastOp: OpCode.multi,
        lastCxid: 7,
        lastZxid: 8,
        lastResponseMs: 1048290,
      },
    ),
  ];
}
