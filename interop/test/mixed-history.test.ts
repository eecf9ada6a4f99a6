/** A server whose log goes further than what a quorum has comes back to servers of the other kind, and gives the rest up. */
import { open, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { connect, type ZooKeeper } from '@zooid/client';
import { OpCode } from '@zooid/protocol';
import { describe, expect, onTestFinished, test } from 'vitest';
import { treesOf } from '../harness/compare-trees.ts';
import { Ensemble, type Member } from '../harness/ensemble.ts';
import { missingPeer, suiteTitle } from '../harness/peers.ts';
import { allOf, pollUntil } from '../harness/process.ts';
import { create } from '../harness/request-bodies.ts';
import type { ServerKind } from '../harness/server.ts';
import { requestFrame, WireSession } from '../harness/wire-client.ts';

const missing = missingPeer('apache');
/** A leader whose followers stand still goes on for 20 s, which is time enough for its log. No session expires meanwhile. */
const CONFIG = { syncLimit: 40, minSessionTimeout: 60_000 };
const LOG_BYTES_MAX = 64 * 1024;
const GHOST = '/logged-by-one';

async function clientOf({ address }: Member): Promise<ZooKeeper> {
  const zk = await connect(address, { sessionTimeoutMs: 60_000 });
  onTestFinished(() => zk.close());
  return zk;
}

/** Whether a log of this member has such a text. */
async function hasLogged(member: Member, text: string): Promise<boolean> {
  const directory = join(member.directory, 'data/version-2');
  const logs = (await readdir(directory)).filter((name) => name.startsWith('log.'));
  const starts = await allOf(logs.map((name) => startOf(join(directory, name))));
  return starts.some((start) => start.includes(text));
}

/** All that these logs have: behind it they are made longer by up to 64 MiB beforehand. */
async function startOf(path: string): Promise<Buffer> {
  await using file = await open(path);
  const { buffer, bytesRead } = await file.read(Buffer.alloc(LOG_BYTES_MAX), 0, LOG_BYTES_MAX, 0);
  const start = buffer.subarray(0, bytesRead);
  return start;
}

interface Parted {
  readonly ensemble: Ensemble;
  /** It led, is down, and its log has what no other one has. */
  readonly away: Member;
  /** The others, down too. */
  readonly others: readonly Member[];
}

/** Three servers, of which the one of this kind has led and has logged the creation of {@link GHOST}. All of them are down. */
async function parted(kind: ServerKind): Promise<Parted> {
  const otherKind: ServerKind = kind === 'apache' ? 'zooid' : 'apache';
  const ensemble = await Ensemble.start(
    // The highest id leads those that begin with nothing.
    [otherKind, otherKind, kind].map((each) => ({ kind: each })),
    CONFIG,
  );
  onTestFinished(() => ensemble[Symbol.asyncDispose]());
  const away = await ensemble.leadBy(kind);
  const others = ensemble.members.filter((member) => member !== away);
  const session = await WireSession.open(away.port, { timeoutMs: 60_000 });
  for (const name of ['/a', '/b', '/c']) await session.ok(OpCode.create, create({ path: name }));
  // What every log has: a leader without any knows nothing to compare with.
  for (const member of others) await expectLogged(member, '/c');
  for (const member of others) await member.pause();
  session.connection.send(requestFrame(100, OpCode.create, create({ path: GHOST })));
  await expectLogged(away, GHOST);
  // Those that stand still first: what has come to them they must not read.
  for (const member of [...others, away]) await member.stop('SIGKILL');
  session.connection.destroy();
  for (const member of others) expect(await hasLogged(member, GHOST)).toBe(false);
  return { ensemble, away, others };
}

async function expectLogged(member: Member, text: string): Promise<void> {
  await pollUntil(
    async () => ((await hasLogged(member, text)) ? true : undefined),
    15_000,
    () => `server ${member.id} has logged ${text}`,
  );
}

/** All serve the same tree, in which nobody finds what only one had logged; also after that one has read its own files again. */
async function expectGone({ ensemble, away }: Parted): Promise<void> {
  const zk = await clientOf(away);
  await zk.create('/after', 'written by the one that was away');
  for (const round of ['as it came back', 'as its files have it']) {
    const [first, ...rest] = await treesOf(ensemble.members);
    expect(first!.has('/after'), round).toBe(true);
    expect(first!.has(GHOST), round).toBe(false);
    for (const other of rest) expect(other, round).toEqual(first);
    for (const member of ensemble.members) {
      expect(await member.metric('digest_mismatches_count'), member.output()).toBe('0');
    }
    if (round === 'as its files have it') break;
    await away.stop('SIGKILL');
    away.start();
    await ensemble.untilServing();
  }
}

describe.skipIf(missing !== undefined)(
  suiteTitle('a log that goes further than the quorum', missing),
  () => {
    test('of ours is cut when a leader of Apache says TRUNC', async () => {
      const all = await parted('zooid');
      for (const member of all.others) member.start();
      await all.ensemble.untilServing(all.others);
      all.away.start();
      expect((await all.ensemble.untilServing()).kind).toBe('apache');
      expect(lastPlanOf(all.away)).toBe('trunc');
      await expectGone(all);
    });

    test('of ours gives way to a snapshot when a leader of Apache has written since', async () => {
      const all = await parted('zooid');
      for (const member of all.others) member.start();
      const leader = await all.ensemble.untilServing(all.others);
      const zk = await clientOf(leader);
      await zk.create('/since', '');
      all.away.start();
      expect((await all.ensemble.untilServing()).kind).toBe('apache');
      expect(lastPlanOf(all.away)).toBe('snap');
      await expectGone(all);
    });

    test('of Apache is cut when a leader of ours says TRUNC, and gets what was written since', async () => {
      const all = await parted('apache');
      for (const member of all.others) member.start();
      const leader = await all.ensemble.untilServing(all.others);
      const zk = await clientOf(leader);
      await zk.create('/since', '');
      all.away.start();
      expect(await all.ensemble.untilServing()).toBe(leader);
      expect(leader.output()).toMatch(
        new RegExp(`"server":${all.away.id},"plan":"trunc".*"learner is brought up"`),
      );
      await expectGone(all);
    });
  },
);

/** How the last leader brought this server of ours up. */
function lastPlanOf(member: Member): string | undefined {
  const lines = member.output().matchAll(/"plan":"(\w+)".*"leader brings this server up"/g);
  return [...lines].at(-1)?.[1];
}
