import { randomInt } from 'node:crypto';
import fs from 'node:fs';
import path from 'node:path';
import { type CoreOptions, type Outbox, ServerCore, Turn } from '@zooid/core';
import { accessRulesOf } from './access.ts';
import { FourLetterWords } from './admin/four-letter.ts';
import { systemClock } from './clock.ts';
import type { ServerConfig } from './config/config.ts';
import { FileTxnLog } from './disk/file-txn-log.ts';
import { recover } from './disk/recovery.ts';
import { ClientListener } from './net/client-listener.ts';
import { createLogger } from './report/logger.ts';
import { Reporter } from './report/reporter.ts';
import { ServerMeter } from './report/server-meter.ts';
import { ServerStats } from './report/server-stats.ts';

export interface RunningServer {
  /** The port that clients connect to. */
  readonly clientPort: number;
  /** Resolves when the server has stopped; rejects when it had to, with the reason. */
  readonly closed: Promise<void>;
  /** Stops serving, writes what is left and lets go of everything. */
  close(): Promise<void>;
}

export async function startServer(config: ServerConfig): Promise<RunningServer> {
  const stats = new ServerStats();
  const clock = systemClock;
  const log = createLogger({ level: 'info' });
  const reporter = new Reporter({ log, stats, nowMs: clock.nowMs });
  const dir = path.join(config.storage.dataDir, 'version-2');
  const logDir = path.join(config.storage.dataLogDir, 'version-2');
  fs.mkdirSync(dir, { recursive: true });
  fs.mkdirSync(logDir, { recursive: true });
  const outbox: Outbox = {
    appendTxn: (zxid, bytes, start, end) => txnLog.append(zxid, bytes, start, end),
    report: (fact) => reporter.report(fact),
  };
  const core = new ServerCore({
    options: coreOptionsOf(config),
    outbox,
    meter: new ServerMeter(stats),
    access: accessRulesOf(config.security),
    wallMs: clock.wallMs(),
  });
  const recovered = recover(
    {
      snapshotDirectory: dir,
      logDirectory: logDir,
      missingSnapshot: 'trusted',
      digest: config.tree.isDigestOn ? 'compared' : 'ignored',
      tornTail: 'repaired',
    },
    {
      tree: core.tree,
      onSession: (id, timeoutMs) => core.restoreSession(id, timeoutMs),
      onSnapshotLoaded: (zxid) => core.restoredSnapshot(zxid),
      onTxn: (bytes, start, end) => core.replayTxn(bytes, start, end),
    },
  );
  core.finishRestore(clock.nowMs());
  const txnLog = new FileTxnLog(
    {
      directory: logDir,
      lastZxid: recovered.lastZxid,
      preallocBytes: config.storage.preallocateBytes,
      sync: config.storage.isSyncForced ? 'each-write' : 'never',
      fileBytesMax: config.storage.logFileBytesMax,
      slowSyncMs: config.storage.syncWarningMs,
    },
    {
      onSynced: (zxid) => {
        turn.onLogSynced(zxid);
        listener.releaseHeld();
      },
      onFailed: (error) => {
        log.fatal({ err: error }, 'log failed');
        process.exit(10);
      },
    },
  );
  const turn = new Turn(core, {
    log: txnLog,
    wallMs: clock.wallMs,
    nowMs: clock.nowMs,
    send: (client, out) => listener.send(client, out),
  });
  const words = new FourLetterWords({ enabled: config.fourLetterWords }, {} as never);
  const listener = new ClientListener({
    config: config.network,
    outstandingMax: config.throttle.outstandingRequestCountMax,
    core,
    turn,
    words,
    reporter,
    clock,
    admits: () => true,
  });
  const clientPort = await listener.listen();
  const ticker = setInterval(() => turn.onTick(), Math.min(config.session.tickTimeMs, 500));
  let closed = () => {};
  const closedPromise = new Promise<void>((resolve) => {
    closed = resolve;
  });
  return {
    clientPort,
    closed: closedPromise,
    close: async () => {
      clearInterval(ticker);
      await listener.close();
      await txnLog.close();
      closed();
    },
  };
}

function coreOptionsOf(config: ServerConfig): CoreOptions {
  const { session, tree } = config;
  return {
    serverId: 0,
    tickTimeMs: session.tickTimeMs,
    sessionTimeoutMsMin: session.timeoutMsMin,
    sessionTimeoutMsMax: session.timeoutMsMax,
    extendedTypes: tree.isTtl353Emulated
      ? 'extended353'
      : tree.isExtendedTypesOn
        ? 'extended'
        : 'off',
    digestEnabled: tree.isDigestOn,
    hashSeed: randomInt(2 ** 31),
    enforceQuota: tree.isQuotaEnforced,
    closeSessionTxnEnabled: tree.isCloseSessionTxnOn,
    reconfigEnabled: false,
    cleaner: {
      checkIntervalMs: tree.containerCheckIntervalMs,
      deletesPerMinuteMax: tree.containerDeleteCountPerMinuteMax,
      neverUsedMsMax: tree.containerNeverUsedMs,
    },
  };
}
