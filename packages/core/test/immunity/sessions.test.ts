import {
  CreateMode,
  encodeTxnRecord,
  FRAME_BYTES_MAX_DEFAULT,
  JuteWriter,
  OpCode,
  openAcl,
  type Txn,
} from '@zooid/protocol';
import { describe, expect, it } from 'vitest';
import {
  closeRequest,
  createRequest,
  existsRequest,
  Harness,
  type HarnessOptions,
  pingRequest,
  SESSION_MS,
} from '../harness.ts';

const ephemeral = { flags: CreateMode.ephemeral };
const DAY_MS = 24 * 3600 * 1000;

/** Ephemerals that are there although their session is not. */
function orphansOf(h: Harness): string[] {
  const orphans: string[] = [];
  for (const [id, rows] of h.tree.ephemeralSessions()) {
    if (h.core.sessions.get(id) === undefined) {
      for (const row of rows) orphans.push(h.tree.path(row));
    }
  }
  return orphans;
}

function record(zxid: number, sessionId: bigint, txn: Txn): Uint8Array {
  const out = new JuteWriter();
  const header = { sessionId, cxid: zxid, zxid, timeMs: 1, type: txn.type };
  encodeTxnRecord(out, { header, txn, digest: null });
  return out.copy();
}

describe('immunity: ZK-1366: sessions live by monotonic time', () => {
  /** Whether a client that pings in time keeps its session while the wall clock jumps. */
  function survives(jumpMs: number, clock: 'monotonic' | 'wall'): boolean {
    const h = new Harness();
    const client = h.connect();
    h.advance(SESSION_MS / 2);
    h.wallMs += jumpMs;
    // The mistake: one clock for both.
    if (clock === 'wall') h.nowMs += jumpMs;
    h.tick();
    h.sync();
    client.send(pingRequest);
    h.advance(SESSION_MS / 2);
    return !client.isHungUp && h.core.sessions.size === 1;
  }

  it('the wall clock may jump by days, forward and back', () => {
    expect([survives(DAY_MS, 'monotonic'), survives(-DAY_MS, 'monotonic')]).toEqual([true, true]);
  });

  it('and the same check fails with a server that has one clock only', () => {
    expect(survives(DAY_MS, 'wall')).toBe(false);
  });

  it('and a session ends in time though the wall clock stands still', () => {
    const h = new Harness();
    h.connect();
    for (let i = 0; i < 10; i++) {
      h.nowMs += 2000;
      h.tick();
      h.sync();
    }
    expect(h.core.sessions.size).toBe(0);
  });
});

describe('immunity: ZK-2355, 1367: ephemerals go with their session, also across restarts', () => {
  it('a close that was not durable is forgotten: the session lives on, then expires', () => {
    const h = new Harness();
    const client = h.connect();
    client.create('/e', ephemeral);
    client.send(closeRequest);
    const again = h.restart();
    expect(again.tree.findPath('/e')).toBeGreaterThan(0);
    expect(orphansOf(again)).toEqual([]);
    again.advance(2 * SESSION_MS);
    expect(again.tree.findPath('/e')).toBe(-1);
    expect(again.core.sessions.size).toBe(0);
    expect(orphansOf(again.restart())).toEqual([]);
  });

  it('a log whose session nobody knows leaves no ephemeral, and the check sees one before the sweep', () => {
    const h = new Harness();
    h.connect().create('/e', ephemeral);
    const again = new Harness();
    // The mistake of the other server: the session is not in the log, only what it made.
    again.core.restoredSnapshot(1);
    again.core.replayTxn(h.log.txns[1]!, 0, h.log.txns[1]!.byteLength);
    expect(orphansOf(again)).toEqual(['/e']);
    expect(again.core.finishRestore(again.nowMs)).toBe(1);
    expect(orphansOf(again)).toEqual([]);
  });
});

describe('immunity: ZK-4712, 4541: no ephemeral of a closed session stays visible', () => {
  it('none is made behind the close, however requests are interleaved', () => {
    for (let close = 0; close < 4; close++) {
      const h = new Harness();
      const client = h.connect();
      const requests = Array.from({ length: 4 }, (_, i) => createRequest(`/${i}`, ephemeral));
      client.send(...requests.slice(0, close), closeRequest, ...requests.slice(close));
      h.sync();
      expect(orphansOf(h)).toEqual([]);
      expect(orphansOf(h.restart())).toEqual([]);
    }
  });

  it('and the check sees one that a server made behind the close; a restart removes it', () => {
    const create: Txn = {
      type: OpCode.create,
      path: '/late',
      data: null,
      acl: openAcl,
      ephemeral: true,
      parentCversion: 1,
    };
    const log = [
      record(1, 7n, { type: OpCode.createSession, timeoutMs: 10_000 }),
      record(2, 7n, { type: OpCode.closeSession, paths: [] }),
      record(3, 7n, create),
    ];
    const again = new Harness();
    for (const txn of log) again.core.replayTxn(txn, 0, txn.byteLength);
    expect(orphansOf(again)).toEqual(['/late']);
    expect(orphansOf(new Harness({ log }))).toEqual([]);
  });
});

describe('immunity: ZK-4306: the end of a session with very many ephemerals', () => {
  const COUNT = 12_000;
  const name = 'n'.repeat(90);

  function serverWithMany(options: HarnessOptions = {}): Harness {
    const h = new Harness(options);
    const client = h.connect();
    for (let i = 0; i < COUNT; i += 500) {
      client.send(
        ...Array.from({ length: 500 }, (_, k) => createRequest(`/${name}${i + k}`, ephemeral)),
      );
      h.sync();
      client.take();
    }
    client.send(closeRequest);
    h.sync();
    return h;
  }

  it('is one transaction, larger than any frame may be, and is replayed', () => {
    const h = serverWithMany();
    expect(h.tree.ephemeralCount).toBe(0);
    const close = h.log.txns.at(-1)!;
    expect(close.byteLength).toBeGreaterThan(FRAME_BYTES_MAX_DEFAULT);
    expect(h.factsOf('digest-mismatch')).toEqual([]);
    const again = h.restart();
    expect([again.tree.nodeCount, again.tree.digest]).toEqual([h.tree.nodeCount, h.tree.digest]);
    // The mistake: to read the log with the limit of the network.
    const readWithLimit = (txn: Uint8Array) => {
      if (txn.byteLength > FRAME_BYTES_MAX_DEFAULT) throw new Error('Unreasonable length');
    };
    expect(() => h.log.txns.forEach(readWithLimit)).toThrow();
  });
});

describe('immunity: CH #116690: a client that comes back', () => {
  it('gets the very session it had, or is told that it has none', () => {
    const h = new Harness();
    const old = h.connect();
    old.create('/e', ephemeral);
    old.close();
    const again = h.accept();
    again.sendConnect({ sessionId: old.sessionId, password: old.password });
    expect(again.take()).toMatchObject([{ kind: 'connected', sessionId: old.sessionId }]);
    expect(again.call(existsRequest('/e')).body.stat.ephemeralOwner).toBe(old.sessionId);
    again.close();
    h.advance(2 * SESSION_MS);
    const late = h.accept();
    late.sendConnect({ sessionId: old.sessionId, password: old.password });
    h.sync();
    // A new id here would be the silent change.
    expect(late.take()).toMatchObject([{ kind: 'connected', sessionId: 0n, timeoutMs: 0 }]);
    expect(late.isHungUp).toBe(true);
    expect(h.core.sessions.size).toBe(0);
  });
});
