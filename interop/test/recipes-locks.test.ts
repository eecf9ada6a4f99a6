import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { connect, type ZooKeeper } from '@zooid/client';
import {
  type Lock,
  MultiLock,
  Mutex,
  ReadWriteLock,
  revoke,
  Semaphore,
  SemaphoreMutex,
} from '@zooid/recipes';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { Contest, LockPeer } from '../harness/lock-contest.ts';
import { CURATOR_CLASSPATH, missingPeer, PYTHON, suiteTitle } from '../harness/peers.ts';
import { runProcess } from '../harness/process.ts';
import { type ServerKind, TestServer } from '../harness/server.ts';

const missingCurator = missingPeer('curator');
const missingKazoo = missingPeer('kazoo', 'apache');
const kinds: readonly ServerKind[] = ['zooid', 'apache'];

const CLIENTS = 3;
const ROUNDS = 12;
/** Of both sides. */
const TOTAL = 2 * CLIENTS * ROUNDS;

/** Both sides take an exclusive lock, and nobody's write is lost. */
async function contendAlone(
  contest: Contest,
  peer: LockPeer,
  kind: string,
  lockOf: (zk: ZooKeeper) => Lock,
): Promise<void> {
  let lastToken = 0n;
  const ours = contest.run(CLIENTS, ROUNDS, async (zk) => {
    await using held = await lockOf(zk).acquire();
    expect(held.fencingToken).toBeGreaterThan(lastToken);
    lastToken = held.fencingToken;
    await contest.write(zk, held);
  });
  await Promise.all([ours, peer.contend(kind, CLIENTS, ROUNDS)]);
  expect(await contest.count()).toBe(TOTAL);
}

/** Both sides read and write; how often it was written tells that no writer was beside another. */
async function contendReadingAndWriting(
  contest: Contest,
  peer: LockPeer,
  kind: string,
  lockOf: (zk: ZooKeeper) => ReadWriteLock,
): Promise<void> {
  let written = 0;
  const ours = contest.run(CLIENTS, ROUNDS, async (zk, client, round) => {
    const lock = lockOf(zk);
    if ((client + round) % 2 === 0) {
      await using _ = await lock.read.acquire();
      await contest.read(zk);
      return;
    }
    const write = await lock.write.acquire();
    await contest.write(zk, write);
    written++;
    await using _ = await write.acquireRead();
    await write.release();
    await contest.read(zk);
  });
  await Promise.all([ours, peer.contend(kind, CLIENTS, ROUNDS)]);
  expect(await contest.count()).toBe(2 * written);
}

async function contendForLeases(
  contest: Contest,
  peer: LockPeer,
  kind: string,
  semaphoreOf: (zk: ZooKeeper) => Semaphore,
): Promise<void> {
  const ours = contest.run(CLIENTS, ROUNDS, async (zk) => {
    await using lease = await semaphoreOf(zk).acquire();
    await contest.inside(zk, lease, 3);
  });
  await Promise.all([ours, peer.contend(kind, CLIENTS, ROUNDS)]);
}

describe.skipIf(missingCurator !== undefined)(
  suiteTitle("locks shared with Curator's", missingCurator),
  () => {
    let classes = '';

    beforeAll(async () => {
      classes = await mkdtemp(join(tmpdir(), 'zooid-interop-locks-'));
      const source = resolve(import.meta.dirname, '../curator/LockPeer.java');
      const args = ['-nowarn', '-cp', CURATOR_CLASSPATH, '-d', classes, source];
      const compiled = await runProcess('javac', args);
      expect(compiled.code, compiled.stderr).toBe(0);
    });

    afterAll(async () => {
      await rm(classes, { recursive: true, force: true });
    });

    describe.each(kinds)("on the server of %s's", (kindOfServer) => {
      const opened: AsyncDisposable[] = [];
      let server: TestServer;
      let peer: LockPeer;
      let zk: ZooKeeper;

      beforeAll(async () => {
        server = await TestServer.start(kindOfServer);
        opened.push(server);
        zk = await connect(server.address);
        opened.push(zk);
        peer = await LockPeer.start('java', [
          '-Xmx256m',
          '-cp',
          `${classes}:${CURATOR_CLASSPATH}`,
          'LockPeer',
          server.address,
        ]);
        opened.push(peer);
      });

      afterAll(async () => {
        for (const one of opened.reverse()) await one[Symbol.asyncDispose]();
      });

      test('InterProcessMutex and Mutex keep each other out', async () => {
        const contest = await Contest.prepare(zk, server.address, 'mutex');
        await contendAlone(contest, peer, 'mutex', (one) => new Mutex(one, contest.lockPath));
        expect(await contest.leftovers([contest.lockPath])).toEqual([]);
      });

      test('InterProcessSemaphoreMutex and SemaphoreMutex keep each other out', async () => {
        const contest = await Contest.prepare(zk, server.address, 'semaphore-mutex');
        const { lockPath } = contest;
        await contendAlone(
          contest,
          peer,
          'semaphore-mutex',
          (one) => new SemaphoreMutex(one, lockPath),
        );
        expect(
          await contest.leftovers([lockPath, `${lockPath}/locks`, `${lockPath}/leases`]),
        ).toEqual([]);
      });

      test('InterProcessMultiLock and MultiLock keep each other out', async () => {
        const contest = await Contest.prepare(zk, server.address, 'multi');
        const paths = [`${contest.lockPath}-a`, `${contest.lockPath}-b`];
        await contendAlone(
          contest,
          peer,
          'multi',
          (one) => new MultiLock(paths.map((path) => new Mutex(one, path))),
        );
        expect(await contest.leftovers(paths)).toEqual([]);
      });

      test('InterProcessReadWriteLock and ReadWriteLock share among readers and keep writers alone', async () => {
        const contest = await Contest.prepare(zk, server.address, 'read-write');
        await contendReadingAndWriting(
          contest,
          peer,
          'read-write',
          (one) => new ReadWriteLock(one, contest.lockPath),
        );
        expect(await contest.leftovers([contest.lockPath])).toEqual([]);
      });

      test('InterProcessSemaphoreV2 and Semaphore have three leases between them', async () => {
        const contest = await Contest.prepare(zk, server.address, 'semaphore');
        const { lockPath } = contest;
        await contendForLeases(
          contest,
          peer,
          'semaphore',
          (one) => new Semaphore(one, lockPath, 3),
        );
        expect(
          await contest.leftovers([lockPath, `${lockPath}/locks`, `${lockPath}/leases`]),
        ).toEqual([]);
      });

      test('a revocable InterProcessMutex hears us ask, and onRevoke hears Revoker', async () => {
        const mutex = new Mutex(zk, '/revocable/lock', { onRevoke: (held) => void held.release() });
        const giving = peer.contend('revocable', 1, 1);
        await peer.until('HELD revocable');
        const [holder] = await mutex.contenders();
        await revoke(zk, holder!.path);
        await giving;
        const held = await mutex.acquire();
        await peer.contend('revoke', 1, 1);
        // It goes when we have obeyed.
        const gone = await zk.exists(held.path, { watch: true });
        if (gone.stat !== undefined) await gone.changed;
        expect(await mutex.contenders()).toEqual([]);
      });
    });
  },
);

describe.skipIf(missingKazoo !== undefined)(
  suiteTitle("locks shared with kazoo's", missingKazoo),
  () => {
    describe.each(kinds)("on the server of %s's", (kindOfServer) => {
      const opened: AsyncDisposable[] = [];
      let server: TestServer;
      let peer: LockPeer;
      let zk: ZooKeeper;

      beforeAll(async () => {
        server = await TestServer.start(kindOfServer);
        opened.push(server);
        zk = await connect(server.address);
        opened.push(zk);
        const program = resolve(import.meta.dirname, '../kazoo/lock_peer.py');
        peer = await LockPeer.start(PYTHON, [program, server.address]);
        opened.push(peer);
      });

      afterAll(async () => {
        for (const one of opened.reverse()) await one[Symbol.asyncDispose]();
      });

      test("kazoo's Lock and Mutex keep each other out", async () => {
        const contest = await Contest.prepare(zk, server.address, 'lock');
        await contendAlone(
          contest,
          peer,
          'lock',
          (one) => new Mutex(one, contest.lockPath, { layout: 'kazoo' }),
        );
        expect(await contest.leftovers([contest.lockPath])).toEqual([]);
      });

      test("a Mutex in Curator's layout and kazoo's Lock keep each other out when told of each other", async () => {
        const contest = await Contest.prepare(zk, server.address, 'mixed');
        const extraPatterns = ['__lock__'];
        await zk.ensurePath(contest.lockPath);
        await contendAlone(
          contest,
          peer,
          'mixed',
          (one) => new Mutex(one, contest.lockPath, { extraPatterns }),
        );
        expect(await contest.leftovers([contest.lockPath])).toEqual([]);
      });

      // Its ReadLock waits for every writer, also for those that came later and wait for it: with both kinds at the same time
      // kazoo's contenders would wait for each other for ever, without any of ours.
      test("kazoo's WriteLock is kept out by our readers and writers, and keeps them out", async () => {
        const contest = await Contest.prepare(zk, server.address, 'write-lock');
        let written = 0;
        const ours = contest.run(CLIENTS, ROUNDS, async (one, client, round) => {
          const lock = new ReadWriteLock(one, contest.lockPath, { layout: 'kazoo' });
          if ((client + round) % 2 === 0) {
            await using _ = await lock.read.acquire();
            await contest.read(one);
          } else {
            await using held = await lock.write.acquire();
            await contest.write(one, held);
            written++;
          }
        });
        await Promise.all([ours, peer.contend('write-lock', CLIENTS, ROUNDS)]);
        expect(await contest.count()).toBe(CLIENTS * ROUNDS + written);
        expect(await contest.leftovers([contest.lockPath])).toEqual([]);
      });

      test("kazoo's ReadLock waits for our writer", async () => {
        const contest = await Contest.prepare(zk, server.address, 'read-lock');
        const lock = new ReadWriteLock(zk, contest.lockPath, { layout: 'kazoo' });
        const writing = await lock.write.acquire();
        // It would complain of this.
        await zk.create('/read-lock/inside/writing');
        const reading = peer.contend('read-lock', 1, 1);
        for (;;) {
          const { names, changed } = await zk.children(contest.lockPath, { watch: true });
          if (names.length === 2) break;
          await changed;
        }
        // One that did not wait would read by now.
        for (let trip = 0; trip < 50; trip++) await zk.sync('/read-lock');
        await zk.delete('/read-lock/inside/writing');
        await writing.release();
        await reading;
      });

      test("our writer waits for kazoo's ReadLock", async () => {
        const contest = await Contest.prepare(zk, server.address, 'patient-read-lock');
        const lock = new ReadWriteLock(zk, contest.lockPath, { layout: 'kazoo' });
        const reading = peer.contend('patient-read-lock', 1, 1);
        await peer.until('HELD patient-read-lock');
        await using held = await lock.write.acquire();
        await contest.write(zk, held);
        await reading;
      });

      test("kazoo's Semaphore and Semaphore have three leases between them", async () => {
        const contest = await Contest.prepare(zk, server.address, 'semaphore-of-three');
        const { lockPath } = contest;
        await contendForLeases(
          contest,
          peer,
          'semaphore-of-three',
          (one) => new Semaphore(one, lockPath, 3, { layout: 'kazoo' }),
        );
        expect(await contest.leftovers([lockPath, `${lockPath}-__lock__`])).toEqual([]);
      });
    });
  },
);
