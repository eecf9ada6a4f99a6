import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { type Busyness, type LatencySummary, Layout, runJob, writeGetData } from 'zooid/load';
import type { Cleanup } from '../cleanup.ts';
import type { Probe } from '../servers/first-answer.ts';
import type { ServerKind } from '../servers/server-kind.ts';
import { ServerProcess } from '../servers/server-process.ts';
import { makeTemporaryDir } from '../servers/temporary-dir.ts';
import { startLatencyProbe } from './latency-probe.ts';
import { loadBulk } from './load-bulk.ts';
import type { Sample } from './results.ts';

const VALUE_BYTES = 100;
const SHAPE = { connections: 32, outstanding: 16 } as const;
/** After a load, before memory is read: snapshots and collections come to an end. */
const SETTLE_MS = 3_000;

/** Files that are being written have other names. */
const FINISHED_SNAPSHOT = /^snapshot\.[0-9a-f]+(\.gz|\.snappy)?$/;

/** What a tree of many znodes costs. */
export interface BigTreeFigures {
  readonly loadPerSecond: number;
  readonly residentBytes: number | undefined;
  /** From the spawn to the first answer in milliseconds, after SIGTERM. */
  readonly restart: Sample;
  readonly restartAfterKill: Sample;
  readonly residentAfterRestartBytes: number | undefined;
  readonly stall: StallFigures;
}

/** What clients and the event loop notice of snapshots of a big tree under a writing load. */
export interface StallFigures {
  /** Latency of one client that asks for one znode at a time meanwhile. */
  readonly probe: LatencySummary;
  /** Longest time the event loop was held up; undefined for a server that has none. */
  readonly loopMaxMs: number | undefined;
  /** Snapshots that were finished meanwhile. */
  readonly snapshots: number;
  readonly busyness: Busyness;
}

/** Loads `znodes` znodes of 100 bytes into a new server; measures memory, restart, snapshots under load. */
export async function measureBigTree(
  kind: ServerKind,
  znodes: number,
  stallMs: number,
  parentDir: string,
  cleanup: Cleanup,
): Promise<BigTreeFigures> {
  const dir = makeTemporaryDir(parentDir, cleanup);
  const layout = new Layout('/bench', VALUE_BYTES);
  const lastPath = layout.bulk(znodes - 1);
  const getLast: Probe = (client) =>
    client.expect('getData', (writer, xid) => writeGetData(writer, xid, lastPath, 'no-watch'));
  let server = await ServerProcess.start(kind, { dir: dir.path }, cleanup);
  try {
    const loadPerSecond = await loadBulk([server.address], layout, znodes, SHAPE);
    await delay(SETTLE_MS);
    const residentBytes = server.residentBytes();

    await server.stop();
    server = await ServerProcess.start(kind, { dir: dir.path }, cleanup, getLast);
    const restart = server.startSample;
    await delay(SETTLE_MS);
    const residentAfterRestartBytes = server.residentBytes();
    await server.stop('SIGKILL');
    const options = { dir: dir.path, withEventLoopProbe: true } as const;
    server = await ServerProcess.start(kind, options, cleanup, getLast);
    const restartAfterKill = server.startSample;

    const dataDir = join(dir.path, 'data', 'version-2');
    const stall = await measureStall(server, znodes, stallMs, dataDir, layout);
    return {
      loadPerSecond,
      residentBytes,
      restart,
      restartAfterKill,
      residentAfterRestartBytes,
      stall,
    };
  } catch (error) {
    throw await server.explain(error);
  } finally {
    await server.stop();
    dir.remove();
  }
}

/** Sets all over the tree, which makes the server write snapshots (snapCount is the default), with a probe beside. */
async function measureStall(
  server: ServerProcess,
  znodes: number,
  durationMs: number,
  dataDir: string,
  layout: Layout,
): Promise<StallFigures> {
  const isNode = server.kind.name === 'zooid';
  const before = snapshotNames(dataDir);
  if (isNode) await server.ask('reset');
  const probe = await startLatencyProbe(server.address, layout.bulk(0));
  try {
    const [result] = await runJob(
      {
        addresses: [server.address],
        serverPids: [server.pid],
        content: { kind: 'bulk-set', znodes },
        root: layout.root,
        valueBytes: VALUE_BYTES,
        shape: SHAPE,
        extent: { kind: 'time', warmUpMs: 0, measureMs: durationMs },
      },
      1,
    );
    const latency = await probe.stop();
    const loop = isNode ? ((await server.ask('read')) as { readonly maxMs: number }) : undefined;
    const snapshots = [...snapshotNames(dataDir)].filter((name) => !before.has(name)).length;
    return { probe: latency, loopMaxMs: loop?.maxMs, snapshots, busyness: result!.busyness };
  } finally {
    probe.abort();
  }
}

function snapshotNames(dataDir: string): ReadonlySet<string> {
  return new Set(readdirSync(dataDir).filter((name) => FINISHED_SNAPSHOT.test(name)));
}
