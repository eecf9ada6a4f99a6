/**
 * The running server as its administration sees it: `AdminView` over the core, the client port and the configuration.
 * Reads only, except for the few deeds that the interface names.
 */
import { readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import type { Member, ServerCore, Session } from '@zooid/core';
import type { Clock } from '../clock.ts';
import type { ServerConfig } from '../config/config.ts';
import { listSnapshots } from '../disk/disk-names.ts';
import type { ClientConnection } from '../net/client-connection.ts';
import type { ListenPlace } from '../net/movable-port.ts';
import type { ServerStats } from '../report/server-stats.ts';
import { versionText } from '../version.ts';
import type {
  AdminView,
  ConfigView,
  ConnectionView,
  DigestEntry,
  IdView,
  QuotaView,
  ServerState,
  SessionBucket,
  WatchSummary,
} from './admin-view.ts';
import { type EnsembleView, MemberView } from './ensemble-view.ts';
import { javaAddress } from './java-text.ts';
import { quotasOf } from './quota-view.ts';

/** What the server is at, as the shell that starts and stops it says. */
export interface ServicePhase {
  /** Requests are taken. */
  isServing: boolean;
  /** One sentence while it should get no traffic, e.g. `recovering the data`; undefined = ready. */
  notReadyReason: string | undefined;
  /** One sentence when it must be replaced, e.g. `the transaction log failed`; undefined = alive. */
  notAliveReason: string | undefined;
}

/** What the view needs of the client port; the port itself is made later, as it answers words by this view. */
export interface ConnectionSource {
  readonly connections: ReadonlySet<ClientConnection>;
  shed(percentage: number, random: () => number): number;
}

/** Everything that is looked at. */
export interface ServerViewParts {
  readonly config: ServerConfig;
  readonly core: ServerCore;
  readonly stats: ServerStats;
  readonly clock: Clock;
  readonly phase: ServicePhase;
  /** `version-2` of `dataDir` and of `dataLogDir`. */
  readonly snapshotDir: string;
  readonly logDir: string;
  /** The client port; undefined until it listens. */
  readonly connectionSource: () => ConnectionSource | undefined;
  /** The port in use, which the configuration may have left open. */
  readonly clientPlace: () => ListenPlace;
  /** Chance that the connection throttle refuses, 0 to 1. */
  readonly connectionDropProbability?: () => number;
  /** Why a member of an ensemble does not serve; undefined when it does. */
  readonly memberReason?: () => string | undefined;
  readonly takeSnapshot?: AdminView['takeSnapshot'];
  readonly restore?: AdminView['restore'];
}

/** DigestCalculator.DIGEST_VERSION of Apache's server. */
const DIGEST_VERSION = 2;
const ALL_PERMISSION_BITS = [1, 2, 4, 8, 16];
const NO_CONNECTIONS: ReadonlySet<ClientConnection> = new Set();

/** The one real implementation of `AdminView`. */
export class ServerView implements AdminView {
  readonly stats: ServerStats;
  readonly version: string = versionText();
  readonly outstandingTlsHandshakes = 0;
  readonly takeSnapshot?: NonNullable<AdminView['takeSnapshot']>;
  readonly restore?: NonNullable<AdminView['restore']>;
  readonly ensemble: EnsembleView | undefined;
  readonly #parts: ServerViewParts;
  readonly #startedMs: number;

  constructor(parts: ServerViewParts) {
    this.#parts = parts;
    this.stats = parts.stats;
    this.#startedMs = parts.clock.nowMs();
    const { core, clock, stats } = parts;
    const { ensemble } = parts.config;
    if (ensemble !== undefined) {
      const { proposalSizes } = stats;
      this.ensemble = new MemberView({ ensemble, core, clock, proposalSizes });
    }
    if (parts.takeSnapshot !== undefined) this.takeSnapshot = parts.takeSnapshot;
    if (parts.restore !== undefined) this.restore = parts.restore;
  }

  get state(): ServerState {
    if (this.ensemble === undefined) return 'standalone';
    return stateOf(this.#parts.core.member);
  }

  get isReadOnly(): boolean {
    return this.#parts.core.member?.isReadOnly === true;
  }

  get isServing(): boolean {
    const { phase, core } = this.#parts;
    return phase.isServing && core.member?.isServing !== false;
  }

  get notReadyReason(): string | undefined {
    const { phase, memberReason } = this.#parts;
    return phase.notReadyReason ?? memberReason?.();
  }

  get notAliveReason(): string | undefined {
    return this.#parts.phase.notAliveReason;
  }

  get config(): ConfigView {
    const { config, snapshotDir, logDir } = this.#parts;
    const client = this.#parts.clientPlace();
    const { network, session, origin } = config;
    return {
      clientPort: client.port,
      clientHost: client.host,
      secureClientPort: -1,
      dataDir: snapshotDir,
      dataLogDir: logDir,
      tickTimeMs: session.tickTimeMs,
      maxClientCnxns: network.connectionCountPerAddressMax,
      minSessionTimeoutMs: session.timeoutMsMin,
      maxSessionTimeoutMs: session.timeoutMsMax,
      clientPortListenBacklog: network.listenBacklog ?? -1,
      serverId: this.ensemble?.serverId ?? 0,
      initialConfiguration: origin.text,
    };
  }

  systemProperties(): Iterable<readonly [name: string, value: string]> {
    return this.#parts.config.origin.properties;
  }

  get wallNowMs(): number {
    return this.#parts.clock.wallMs();
  }

  get elapsedNowMs(): number {
    return this.#parts.clock.nowMs();
  }

  get uptimeMs(): number {
    return this.#parts.clock.nowMs() - this.#startedMs;
  }

  get lastProcessedZxid(): number {
    return this.#parts.core.lastAppliedZxid;
  }

  get nodeCount(): number {
    return this.#parts.core.tree.nodeCount;
  }

  get approximateDataBytes(): number {
    return this.#parts.core.tree.dataBytes;
  }

  get ephemeralCount(): number {
    return this.#parts.core.tree.ephemeralCount;
  }

  get sessionCount(): number {
    const { core } = this.#parts;
    if (this.ensemble === undefined) return core.sessions.size;
    return core.member?.isReadOnly === true ? 0 : core.globalSessions.size;
  }

  get localSessionCount(): number {
    return this.#parts.core.localSessions?.size ?? 0;
  }

  get outstandingRequests(): number {
    return this.#parts.core.outstandingCount;
  }

  get watchSummary(): WatchSummary {
    // `wchs` sees the table of data watches only, as in Apache's server.
    const { dataWatchCount, pathCount, watcherCount } = this.#parts.core.watches;
    return { watchCount: dataWatchCount, pathCount, watcherCount };
  }

  get watchCount(): number {
    return this.#parts.core.watches.watchCount;
  }

  get connectionCount(): number {
    return this.#connections.size;
  }

  *connections(): Generator<ConnectionView> {
    for (const connection of this.#connections) {
      const { session, socket, address, remotePort, stats } = connection;
      yield {
        remoteAddress: address,
        remotePort,
        isSecure: false,
        isReading: !connection.hasAskedWord && !socket.isPaused(),
        isWriting: socket.writableLength > 0,
        outstandingRequests: connection.outstanding,
        sessionId: session?.id ?? 0n,
        sessionTimeoutMs: connection.sessionTimeoutMs,
        establishedMs: connection.establishedMs,
        expiresMs: session === undefined ? connection.sessionDueMs : this.#expiryMsOf(session),
        stats,
      };
    }
  }

  #expiryMsOf(session: Session): number {
    const { sessions, localSessions } = this.#parts.core;
    const tracker = session.scope === 'local' ? localSessions : sessions;
    return tracker?.expiryMsOf(session) ?? session.expiryMs;
  }

  *sessionBuckets(): Generator<SessionBucket> {
    // Only a leader watches over sessions; the others know which there are.
    if (this.ensemble !== undefined && this.ensemble.leading === undefined) return;
    for (const [expiresMs, sessions] of this.#parts.core.sessions.buckets()) {
      yield { expiresMs, sessions };
    }
  }

  localSessionBuckets(): readonly SessionBucket[] | undefined {
    const { localSessions } = this.#parts.core;
    if (localSessions === undefined) return undefined;
    return Array.from(localSessions.buckets(), ([expiresMs, sessions]) => ({
      expiresMs,
      sessions,
    }));
  }

  *ephemerals(): Generator<readonly [bigint, Iterable<string>]> {
    const { tree } = this.#parts.core;
    for (const [sessionId, rows] of tree.ephemeralSessions()) {
      yield [sessionId, Array.from(rows, (row) => tree.path(row))];
    }
  }

  *watchesBySession(): Generator<readonly [bigint, Iterable<string>]> {
    for (const [client, paths] of this.#parts.core.watches.byWatcher()) {
      yield [idOf(client.session), paths];
    }
  }

  *watchesByPath(): Generator<readonly [string, Iterable<bigint>]> {
    for (const [path, clients] of this.#parts.core.watches.byPath()) {
      yield [path, Array.from(clients, (client) => idOf(client.session))];
    }
  }

  digestLog(): Iterable<DigestEntry> {
    return this.#parts.core.digestLog
      .entries()
      .map(({ zxid, digest }) => ({ zxid, digest, digestVersion: DIGEST_VERSION }));
  }

  quotas(): Iterable<QuotaView> {
    return quotasOf(this.#parts.core.tree);
  }

  dataDirBytes(): number {
    return directoryBytes(this.#parts.snapshotDir);
  }

  dataLogDirBytes(): number {
    return directoryBytes(this.#parts.logDir);
  }

  get lastSnapshot(): AdminView['lastSnapshot'] {
    const newest = listSnapshots(this.#parts.snapshotDir)[0];
    if (newest === undefined) return undefined;
    const { mtimeMs } = statSync(newest.path);
    return { zxid: newest.zxid, timestampS: Math.floor(mtimeMs / 1000) };
  }

  resetConnectionStats(): void {
    for (const { stats } of this.#connections) stats.reset();
  }

  get connectionDropProbability(): number {
    return this.#parts.connectionDropProbability?.() ?? 0;
  }

  shedConnections(percentage: number): number {
    return this.#parts.connectionSource()?.shed(percentage, Math.random) ?? 0;
  }

  authenticate(scheme: string, auth: string | undefined, remoteAddress: string): readonly IdView[] {
    const proof = auth === undefined ? null : new TextEncoder().encode(auth);
    const address = javaAddress(remoteAddress);
    const outcome = this.#parts.core.access.authenticate(scheme, proof, { address });
    return outcome.kind === 'ok' ? outcome.ids : [];
  }

  hasAllPermissionsOnRoot(ids: readonly IdView[]): boolean {
    const { tree, access } = this.#parts.core;
    const acls = tree.acls.get(tree.aclId(tree.findPath('/')));
    return ALL_PERMISSION_BITS.every((bit) => access.allows(acls, bit, ids));
  }

  get isLastZxidSerialized(): boolean {
    return this.#parts.config.storage.isLastZxidInSnapshot;
  }

  get #connections(): ReadonlySet<ClientConnection> {
    return this.#parts.connectionSource()?.connections ?? NO_CONNECTIONS;
  }
}

/** Of a member. Source: ServerStats.Provider.getState. */
function stateOf(member: Member | undefined): ServerState {
  if (member?.isReadOnly === true) return 'read-only';
  switch (member?.role) {
    case 'leading':
      return 'leader';
    case 'observing':
      return 'observer';
    case 'following':
      return 'follower';
    default:
      return 'looking';
  }
}

function idOf(session: Session | undefined): bigint {
  return session?.id ?? 0n;
}

/** Sum of the sizes of all files at and below a directory; a file that goes meanwhile counts nothing. */
function directoryBytes(directory: string): number {
  let bytes = 0;
  for (const entry of readdirSync(directory, { withFileTypes: true })) {
    const path = join(directory, entry.name);
    if (entry.isDirectory()) bytes += directoryBytes(path);
    else bytes += statSync(path, { throwIfNoEntry: false })?.size ?? 0;
  }
  return bytes;
}
