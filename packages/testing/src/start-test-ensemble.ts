import { mkdtemp, rm } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { EnsembleConfig } from '@zooid/server';
import { type EnsembleParts, EnsembleUnderTest } from './ensemble-under-test.ts';
import { openOnFreePort, reservePorts } from './free-port.ts';
import { PeerNetwork, type PeerPorts } from './peer-network.ts';
import type { TestServerOptions } from './start-test-server.ts';
import { LOCAL_HOST } from './tcp-proxy.ts';
import type { TestEnsemble } from './test-ensemble.ts';

/** What differs from three servers in a temporary directory, behind proxies. */
export interface TestEnsembleOptions extends Omit<TestServerOptions, 'storage' | 'port'> {
  /** Members that have a say; 3 unless given. */
  readonly servers?: number | undefined;
  /** Members that have none; 0 unless given. */
  readonly observers?: number | undefined;
  /** Where each member has a directory of its own, named by its id. A path stays; `temporary`, unless given, is removed at the end. */
  readonly storage?: { readonly dataDir: string } | undefined;
  /** Limits of the ensemble; `initLimitTicks` is 100 and `syncLimitTicks` 30 unless given: 10 and 3 seconds. */
  readonly ensemble?: Partial<Omit<EnsembleConfig, 'serverId' | 'membership' | 'role'>> | undefined;
}

const SERVER_COUNT = 3;
/**
 * The members share this process: on a busy machine all of them stand still at once, and a leader that stood still for longer than
 * `syncLimit` resigns.
 */
const INIT_LIMIT_TICKS = 100;
const SYNC_LIMIT_TICKS = 30;
/** How often other ports are tried when somebody took one of those that were free. */
const ATTEMPT_COUNT_MAX = 10;

/**
 * Starts a real ensemble in this process: members on free ports of 127.0.0.1, each behind a proxy for its clients, and with proxies
 * between them. When this resolves, one leads, and all of them serve.
 *
 *     await using ensemble = await startTestEnsemble({ servers: 3 });
 *     await using zk = await connect(ensemble.connectString);
 *     await ensemble.leader?.kill();
 *
 * @throws RangeError for options that contradict each other, what the system says of a port, or what `startServer` says of a
 *   data directory. Nothing is left running then.
 */
export async function startTestEnsemble(options: TestEnsembleOptions = {}): Promise<TestEnsemble> {
  const { servers = SERVER_COUNT, observers = 0, storage, ensemble, ...common } = options;
  if (!(Number.isInteger(servers) && servers >= 1)) {
    throw new RangeError(`an ensemble has at least one server, not ${servers}`);
  }
  if (!(Number.isInteger(observers) && observers >= 0)) {
    throw new RangeError(`an ensemble has some observers or none, not ${observers}`);
  }
  const isTemporary = storage === undefined || storage.dataDir === 'temporary';
  const directory = isTemporary
    ? await mkdtemp(join(tmpdir(), 'zooid-test-ensemble-'))
    : storage.dataDir;
  const parts = {
    options: common,
    limits: {
      initLimitTicks: INIT_LIMIT_TICKS,
      syncLimitTicks: SYNC_LIMIT_TICKS,
      ...ensemble,
    },
    participantCount: servers,
    directory,
    isTemporary,
  };
  for (let attempt = 1; ; attempt++) {
    try {
      return await startOnFreePorts(servers + observers, parts);
    } catch (error) {
      // Another process took a port between the look and the use.
      const isTaken = (error as NodeJS.ErrnoException).code === 'EADDRINUSE';
      if (isTaken && attempt < ATTEMPT_COUNT_MAX) continue;
      if (isTemporary) await rm(directory, { recursive: true, force: true });
      throw error;
    }
  }
}

async function startOnFreePorts(
  memberCount: number,
  parts: Omit<EnsembleParts, 'ports' | 'network' | 'onClosed'>,
): Promise<TestEnsemble> {
  const ports = await freePorts(memberCount);
  const giveBack = reservePorts(
    ports.flatMap(({ quorumPort, electionPort }) => [quorumPort, electionPort]),
  );
  let network: PeerNetwork | undefined;
  try {
    if (parts.options.proxy !== false) network = await PeerNetwork.start(ports);
    const underTest = new EnsembleUnderTest({ ...parts, ports, network, onClosed: giveBack });
    try {
      await underTest.start();
    } catch (error) {
      await underTest.close();
      throw error;
    }
    return underTest;
  } catch (error) {
    await network?.close();
    giveBack();
    throw error;
  }
}

/** Ports for members, by rising id. */
async function freePorts(memberCount: number): Promise<PeerPorts[]> {
  const probes = await Promise.all(
    Array.from({ length: 2 * memberCount }, () => openOnFreePort(listenOn)),
  );
  // All are open at once, so that they differ.
  const ports = await Promise.all(
    probes.map(
      ({ port, server }) =>
        new Promise<number>((resolve) => void server.close(() => resolve(port))),
    ),
  );
  return Array.from({ length: memberCount }, (_, i) => ({
    id: i + 1,
    quorumPort: ports[2 * i]!,
    electionPort: ports[2 * i + 1]!,
  }));
}

function listenOn(port: number) {
  const server = createServer();
  return new Promise<{ readonly port: number; readonly server: typeof server }>(
    (resolve, reject) => {
      server.once('error', reject);
      server.listen(port, LOCAL_HOST, () => resolve({ port, server }));
    },
  );
}
