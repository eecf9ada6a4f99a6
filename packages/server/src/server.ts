import type { Readable } from 'node:stream';
import { type MembershipParts, ServerCore, Turn } from '@zooid/core';
import { accessRulesOf } from './access.ts';
import { DisklessView } from './admin/diskless-view.ts';
import { userName } from './admin/environment.ts';
import { FourLetterWords } from './admin/four-letter.ts';
import { ServerView, type ServicePhase } from './admin/server-view.ts';
import { TraceMask } from './admin/trace-mask.ts';
import { systemClock } from './clock.ts';
import type { ServerConfig } from './config/config.ts';
import { coreOptionsOf } from './core-options.ts';
import type { LogWriteError } from './disk/log-write-error.ts';
import { MemoryDisk } from './disk/memory-disk.ts';
import type { MemberShell } from './ensemble/member-shell.ts';
import type { HttpServers } from './http-servers.ts';
import { MemoryStorage } from './memory-storage.ts';
import { ClientListener } from './net/client-listener.ts';
import type { ListenPlace } from './net/movable-port.ts';
import { AuditLog } from './report/audit.ts';
import { createLogger } from './report/logger.ts';
import { Reporter } from './report/reporter.ts';
import { ServerMeter } from './report/server-meter.ts';
import { ServerStats } from './report/server-stats.ts';
import type { ShellFact } from './report/shell-fact.ts';
import { RequestGate } from './request-gate.ts';
import type { MemberState, RunningServer, ServerOptions, SessionState } from './running-server.ts';
import { StateRestorer } from './state-restorer.ts';
import { Storage } from './storage.ts';
import { Ticker } from './ticker.ts';
import { versionText } from './version.ts';

/**
 * Starts a server: when this resolves, what was on disk is restored and clients may connect. A member of an ensemble serves them when it
 * has found a leader.
 *
 * @throws DataDirError when the directories cannot be used, RecoveryError when what is in them cannot be
 *   trusted, or what the system says of a port. Nothing is left running then.
 */
export async function startServer(
  config: ServerConfig,
  options: ServerOptions = {},
): Promise<RunningServer> {
  const server = new Server(config, options);
  try {
    await server.start();
  } catch (error) {
    await server.close();
    throw error;
  }
  return server;
}

/** Builds every part of a server and connects them: the one place that knows them all. */
class Server implements RunningServer {
  adminPort: number | undefined;
  readonly closed: Promise<void>;

  readonly #config: ServerConfig;
  readonly #clock = systemClock;
  readonly #stats = new ServerStats();
  readonly #reporter: Reporter;
  readonly #audit: AuditLog | undefined;
  readonly #phase: ServicePhase = {
    isServing: false,
    notReadyReason: 'the server is starting',
    notAliveReason: undefined,
  };
  readonly #startedMs: number;
  readonly #options: ServerOptions;

  #storage: Storage | MemoryStorage | undefined;
  #core: ServerCore | undefined;
  #turn: Turn | undefined;
  #listener: ClientListener | undefined;
  #clientPlace: ListenPlace = { port: 0 };
  #ticker: Ticker | undefined;
  /** Undefined for a server that is alone. */
  #memberShell: MemberShell | undefined;
  #http: HttpServers | undefined;
  readonly #traceMask = new TraceMask();
  /** A turn has ended that may have applied transactions and answered clients. */
  #afterTurn = (): void => {};

  /** Undefined while the server starts, and for one that keeps everything in memory. */
  #restorer: StateRestorer | undefined;
  /** Ends what waits for others. */
  readonly #stopping = new AbortController();
  #fatal: Error | undefined;
  #closing: Promise<void> | undefined;
  #resolveClosed: () => void = () => {};
  #rejectClosed: (error: Error) => void = () => {};

  constructor(config: ServerConfig, options: ServerOptions) {
    this.#config = config;
    this.#options = options;
    this.#startedMs = this.#clock.nowMs();
    if (config.isAuditOn) {
      this.#audit = new AuditLog({
        write: (line) => process.stdout.write(line),
        serverUser: userName(),
        nowMs: this.#clock.wallMs,
      });
    }
    this.#reporter = new Reporter({
      log: options.logger ?? createLogger({ level: 'info' }),
      stats: this.#stats,
      audit: this.#audit,
      nowMs: this.#clock.nowMs,
    });
    this.closed = new Promise((resolve, reject) => {
      this.#resolveClosed = resolve;
      this.#rejectClosed = reject;
    });
    // Whoever does not look at it must not be ended by it.
    this.closed.catch(() => {});
  }

  async start(): Promise<void> {
    const config = this.#config;
    const clock = this.#clock;
    const stats = this.#stats;
    const reporter = this.#reporter;
    const { storage: medium = 'disk' } = this.#options;
    const storage =
      medium === 'disk'
        ? Storage.open({
            config: config.storage,
            digest: config.tree.isDigestOn ? 'compared' : 'ignored',
            report: (fact) => reporter.report(fact),
            random: Math.random,
            disk: this.#options.disk,
          })
        : new MemoryStorage(medium === 'memory' ? new MemoryDisk() : medium);
    this.#storage = storage;
    const meter = new ServerMeter(stats);
    const membership = await this.#membership(storage);
    const core = new ServerCore({
      options: coreOptionsOf(config),
      outbox: {
        appendTxn: (zxid, bytes, start, end) => storage.log.append(zxid, bytes, start, end),
        report: (fact) => reporter.report(fact),
      },
      meter,
      access: accessRulesOf(config.security, stats),
      wallMs: clock.wallMs(),
      nowMs: clock.nowMs(),
      random: { next: Math.random },
      membership,
    });
    this.#core = core;
    const View = storage instanceof Storage ? ServerView : DisklessView;
    const view = new View({
      config,
      core,
      stats,
      clock,
      phase: this.#phase,
      snapshotDir: storage.snapshotDirectory,
      logDir: storage.logDirectory,
      connectionSource: () => this.#listener,
      clientPlace: () => this.#clientPlace,
      connectionDropProbability: () => core.connectionThrottle.dropChance,
      memberReason: () => this.#memberShell?.notReadyReason,
      ...(storage instanceof Storage
        ? { takeSnapshot: snapshotTaker(storage), restore: (body) => this.#restore(body) }
        : {}),
    });
    // Before the restore, which may take long: who asks whether the server is ready gets an answer.
    await this.#startHttp(view);
    await storage.restore(
      core,
      {
        onSynced: (zxid, durationMs) => {
          stats.fsyncTimeMs.add(durationMs);
          // What was synced before is applied.
          stats.logBatchTxns.add(zxid - core.lastAppliedZxid);
          turn.onLogSynced(zxid);
          this.#memberShell?.arm();
          this.#afterTurn();
        },
        onFailed: (error) => this.#onLogFailed(error),
        onSlowSync: ({ durationMs, file }) => {
          const thresholdMs = config.storage.syncWarningMs;
          reporter.report({ kind: 'slow-sync', durationMs, thresholdMs, file });
        },
      },
      clock.nowMs(),
    );
    const turn = new Turn(core, {
      // Another one after a restore.
      get log() {
        return storage.log;
      },
      wallMs: clock.wallMs,
      nowMs: clock.nowMs,
      send: (client, out) => listener.send(client, out),
      sendToPeer: (link, out) => this.#memberShell?.send(link, out),
      flushPeersSoon: () => this.#memberShell?.flushSoon(),
    });
    this.#turn = turn;
    const listener = new ClientListener({
      config: config.network,
      outstandingMax: config.throttle.outstandingRequestCountMax,
      core,
      turn,
      words: new FourLetterWords(
        { enabled: config.fourLetterWords, traceMask: this.#traceMask },
        view,
      ),
      meter,
      reporter,
      clock,
    });
    const gate = new RequestGate(core, listener);
    if (storage instanceof Storage) {
      this.#restorer = new StateRestorer({
        storage,
        core,
        turn,
        gate,
        digest: config.tree.isDigestOn ? 'kept' : 'none',
        nowMs: clock.nowMs,
        report: (fact) => reporter.report(fact),
        signal: this.#stopping.signal,
      });
    }
    this.#afterTurn = () => {
      gate.onProgress();
      listener.releaseHeld();
      // What a member logs before it is in a role may have to be cut off again.
      const { member } = core;
      if (member === undefined || member.isEstablished) storage.snapshotIfDue();
    };
    this.#listener = listener;
    this.#clientPlace = { ...config.network.client, port: await listener.listen() };
    this.#ticker = new Ticker({
      intervalMs: Math.min(config.session.tickTimeMs, config.tree.containerCheckIntervalMs, 500),
      onTick: () => {
        if (!gate.isAtRest) turn.onTick();
        gate.onProgress();
        listener.sweep(clock.nowMs());
      },
      onLate: (lateMs) => {
        stats.loopPauseTimeMs.add(lateMs);
        if (lateMs >= LOOP_PAUSE_REPORTED_MS) {
          reporter.report({ kind: 'loop-paused', durationMs: lateMs });
        }
      },
    });
    storage.startPurging();
    await this.#memberShell?.start(core, turn);
    this.#phase.isServing = true;
    this.#phase.notReadyReason = undefined;
    this.#audit?.recordStart('success');
    reporter.report({
      kind: 'server-started',
      version: versionText(),
      address: `${config.network.client.host ?? '0.0.0.0'}:${this.clientPort}`,
      dataDir: config.storage.dataDir,
      durationMs: clock.nowMs() - this.#startedMs,
    });
  }

  async #restore(body: Readable): Promise<number> {
    if (this.#restorer === undefined) throw new Error('the server is starting');
    return this.#restorer.restore(body);
  }

  get clientPort(): number {
    return this.#clientPlace.port;
  }

  /** A reconfiguration says where clients are served from now on. */
  async #moveClientPort(place: ListenPlace): Promise<void> {
    const port = await this.#listener?.moveTo(place);
    if (port !== undefined) this.#clientPlace = { ...place, port };
  }

  /** What makes this server the member of an ensemble; undefined when its configuration names none. */
  async #membership(storage: Storage | MemoryStorage): Promise<MembershipParts | undefined> {
    const { ensemble, session, network, tree } = this.#config;
    if (ensemble === undefined) return undefined;
    // Loaded when they are needed: a server that is alone starts sooner without them.
    const { MemberShell } = await import('./ensemble/member-shell.ts');
    const { memberOptionsOf } = await import('./ensemble/member-options.ts');
    const { MembershipFiles } = await import('./config/membership-files.ts');
    const { MemberMeter } = await import('./report/member-meter.ts');
    const { DiskMemberStorage } = await import('./ensemble/disk-member-storage.ts');
    if (!(storage instanceof Storage)) throw new TypeError('a member keeps its data on disk');
    const memberStorage = new DiskMemberStorage({
      storage,
      core: () => this.#core!,
      turn: () => this.#turn!,
    });
    const shell = new MemberShell({
      ensemble,
      dataBytesMax: network.frameBytesMax,
      storage: memberStorage,
      membershipFiles:
        ensemble.staticFile === undefined ? undefined : new MembershipFiles(ensemble.staticFile),
      route: this.#options.peerRoute,
      afterTurn: () => this.#afterTurn(),
      hangUpOnClients: () => this.#listener?.hangUpOnAll(),
      clientPlace: () => this.#clientPlace,
      moveClientPort: (place) => void this.#moveClientPort(place),
      clock: this.#clock,
      report: (fact) => this.#reporter.report(fact),
      onFatal: (error) => this.#onMemberFailed(error),
    });
    this.#memberShell = shell;
    return {
      options: memberOptionsOf(
        ensemble,
        {
          tickTimeMs: session.tickTimeMs,
          isReconfigOn: tree.isReconfigOn,
          isEmptyDatabaseTrusted: ensemble.isEmptyDatabaseTrusted || memberStorage.isMarkedAsNew,
        },
        () => storage.snapshotBytes,
      ),
      membership: ensemble.membership,
      lastSeenMembership: ensemble.lastSeenMembership,
      outbox: shell,
      meter: new MemberMeter(this.#stats),
    };
  }

  get member(): MemberState | undefined {
    const { ensemble } = this.#config;
    const core = this.#core;
    const member = core?.member;
    if (ensemble === undefined || core === undefined || member === undefined) return undefined;
    const { role, isServing, leader, epoch } = member;
    const { serverId } = ensemble;
    return { serverId, role, isServing, leader, epoch, lastZxid: BigInt(core.lastAppliedZxid) };
  }

  sessions(): SessionState[] {
    const core = this.#core;
    const all = [...(core?.sessions.all() ?? []), ...(core?.localSessions?.all() ?? [])];
    return Array.from(all, ({ id, timeoutMs, client }) => ({
      id,
      timeoutMs,
      isConnected: client !== undefined,
    }));
  }

  expireSession(sessionId: bigint): boolean {
    const core = this.#core;
    const session = core?.sessions.get(sessionId) ?? core?.localSessions?.get(sessionId);
    // When the server stops, its log takes no more; while the state is swapped, nothing may be proposed.
    if (session === undefined || this.#closing !== undefined) return false;
    if (this.#restorer?.isRestoring === true) return false;
    const { timeoutMs } = session;
    this.#turn!.begin();
    const isExpired = this.#core!.expireSession(sessionId);
    if (isExpired) this.#reporter.report({ kind: 'session-expired', sessionId, timeoutMs });
    this.#turn!.end();
    return isExpired;
  }

  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  async #close(): Promise<void> {
    const startedMs = this.#clock.nowMs();
    this.#phase.isServing = false;
    this.#phase.notReadyReason ??= 'the server is stopping';
    const cause = this.#fatal?.message ?? 'asked to stop';
    this.#reporter.report({ kind: 'server-stopping', cause });
    this.#audit?.recordStop();
    this.#ticker?.stop();
    this.#stopping.abort(new Error('the server stops'));
    // What was taken in is answered: no more is read, then the log is written out, then all hang up.
    this.#listener?.stopReading();
    if (this.#memberShell !== undefined) await this.#finishWork();
    this.#memberShell?.endRole();
    await this.#storage?.stop(this.#fatal === undefined ? 'finished' : 'given-up');
    await this.#listener?.close();
    await this.#memberShell?.close();
    await this.#http?.close();
    await this.#storage?.close();
    this.#reporter.report({
      kind: 'server-stopped',
      durationMs: this.#clock.nowMs() - startedMs,
    });
    if (this.#fatal === undefined) this.#resolveClosed();
    else this.#rejectClosed(this.#fatal);
  }

  /** A member's requests are decided by others: it stays until its clients are answered, for a while, and then leaves the ensemble at once. */
  async #finishWork(): Promise<void> {
    const listener = this.#listener;
    if (listener === undefined || listener.isIdle || this.#fatal !== undefined) return;
    await new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, HAND_OVER_MS_MAX);
      const afterTurn = this.#afterTurn;
      this.#afterTurn = () => {
        afterTurn();
        if (!listener.isIdle) return;
        clearTimeout(timer);
        resolve();
      };
    });
  }

  /** The log is how this server keeps its promises: without it, it must not go on. */
  #onLogFailed(error: LogWriteError): void {
    this.#phase.notAliveReason = `the transaction log failed: ${error.message}`;
    this.#phase.notReadyReason = this.#phase.notAliveReason;
    const { file, message: reason, remedy } = error;
    this.#reporter.report({ kind: 'log-failed', file, reason, remedy });
    this.#fail(error);
  }

  /** What is on disk cannot be brought to where the leader wants it. */
  #onMemberFailed(error: Error): void {
    this.#phase.notAliveReason = error.message;
    this.#reporter.report({ kind: 'member-failed', reason: error.message });
    this.#fail(error);
  }

  /** Nothing more may be promised. */
  #fail(error: Error): void {
    this.#fatal ??= error;
    void this.close();
  }

  async #startHttp(view: ServerView): Promise<void> {
    const { admin, metrics } = this.#config;
    if (!admin.isOn && metrics.prometheus === undefined) return;
    const { startHttpServers } = await import('./http-servers.ts');
    const report = (fact: ShellFact) => this.#reporter.report(fact);
    this.#http = await startHttpServers(this.#config, view, this.#traceMask, report);
    this.adminPort = this.#http.adminPort;
  }
}

function snapshotTaker(storage: Storage) {
  return async () => {
    const file = await storage.takeSnapshot();
    return { path: file.path, sizeBytes: file.bytes, zxid: file.zxid };
  };
}

/** How long a member that stops waits for its ensemble to decide what its clients have asked. */
const HAND_OVER_MS_MAX = 500;
/** A pause of the event loop that an operator should hear of. */
const LOOP_PAUSE_REPORTED_MS = 1000;
