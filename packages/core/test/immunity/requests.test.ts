import {
  CreateMode,
  decodeTxnRecord,
  ErrorCode,
  encodeTxnRecord,
  JuteReader,
  JuteWriter,
  OpCode,
  sequentialSuffix,
} from '@zooid/protocol';
import { describe, expect, it } from 'vitest';
import { checkRequest, createRequest, existsRequest, Harness, setDataRequest } from '../harness.ts';
import { treeWith } from '../loaded-tree.ts';

/** Whether a log holds a check that is no part of a multi: a txn that says nothing. */
function hasLoneCheck(log: readonly Uint8Array[]): boolean {
  return log.some((txn) => decodeTxnRecord(new JuteReader(txn)).txn.type === OpCode.check);
}

describe('immunity: ZK-2623: check outside of a multi', () => {
  const lone = (): Uint8Array => {
    const out = new JuteWriter();
    const type = OpCode.check;
    const header = { sessionId: 1n, cxid: 1, zxid: 3, timeMs: 1, type };
    encodeTxnRecord(out, { header, txn: { type, path: '/a', version: 1 }, digest: null });
    return out.copy();
  };

  it('reaches neither the log nor the tree', () => {
    const h = new Harness();
    const client = h.connect();
    client.create('/a');
    const { digest } = h.tree;
    client.take();
    client.send(checkRequest('/a', 0));
    h.sync();
    expect(client.take()).toMatchObject([{ err: ErrorCode.unimplemented }]);
    expect(hasLoneCheck(h.log.txns)).toBe(false);
    expect(h.tree.digest).toBe(digest);
  });

  it('which a server logged that let it in does no harm in a replay', () => {
    const h = new Harness();
    h.connect().create('/a');
    const log = [...h.log.txns, lone()];
    expect(hasLoneCheck(log)).toBe(true);
    const again = new Harness({ log });
    expect([again.tree.digest, again.core.lastAppliedZxid]).toEqual([h.tree.digest, 3]);
    expect(again.connect().data('/a')).toBe('');
  });
});

describe('immunity: ZK-4706, kazoo 730: sequence numbers at their end', () => {
  /** Whether names sort as they were made: what locks and queues rely on. */
  const isInOrder = (names: readonly string[]) =>
    names.every((name, i) => i === 0 || names[i - 1]! < name);

  it('never turn negative: the last number stays, and a name that is taken is refused', () => {
    const h = new Harness();
    treeWith(h.core, [{ path: '/q', stat: { cversion: 2 ** 31 - 3 } }]);
    const client = h.connect();
    const names: string[] = [];
    let refused = 0;
    for (let i = 0; i < 5; i++) {
      const reply = client.call(createRequest('/q/', { flags: CreateMode.persistentSequential }));
      if (reply.err === ErrorCode.ok) names.push(reply.body.path);
      else if (reply.err === ErrorCode.nodeExists) refused++;
    }
    expect(names).toEqual(['/q/2147483645', '/q/2147483646', '/q/2147483647']);
    expect(refused).toBe(2);
    expect(isInOrder(names)).toBe(true);
    expect(h.factsOf('digest-mismatch')).toEqual([]);
    expect(h.tree.cversion(h.tree.findPath('/q'))).toBe(2 ** 31 - 1);
    // The mistake: to count on. The check sees it.
    const wrapped = sequentialSuffix((2 ** 31 - 1 + 1) | 0);
    expect(isInOrder([...names, `/q/${wrapped}`])).toBe(false);
  });
});

describe('immunity: ZK-2789, 4883: the counter of the zxid runs over', () => {
  const LAST = 2 ** 32 - 2;

  it('sessions, ephemerals and writes go on, and a restart finds all of it', () => {
    const h = new Harness();
    treeWith(h.core, [{ path: '/a' }], { zxid: LAST, sessions: [[7n, 10_000]] });
    const client = h.connect();
    client.create('/e', { flags: CreateMode.ephemeral });
    const zxids = [0, 1, 2].map((i) => client.call(setDataRequest('/a', `${i}`)).zxid);
    expect(zxids).toEqual([2 ** 32 + 1, 2 ** 32 + 2, 2 ** 32 + 3]);
    expect(client.stat('/a')?.mzxid).toBe(2 ** 32 + 3);
    expect(h.core.sessions.size).toBe(2);
    expect(h.factsOf('digest-mismatch')).toEqual([]);

    const again = new Harness();
    treeWith(again.core, [{ path: '/a' }], { zxid: LAST, sessions: [[7n, 10_000]] });
    for (const txn of h.log.txns) again.core.replayTxn(txn, 0, txn.byteLength);
    again.core.finishRestore(again.nowMs);
    expect([again.tree.digest, again.core.lastAppliedZxid]).toEqual([h.tree.digest, 2 ** 32 + 3]);
    // The mistake: a zxid kept in 32 bits.
    expect((2 ** 32 + 3) >>> 0).not.toBe(again.core.lastAppliedZxid);
  });

  it('a client that has seen the newest zxid is let in, one that is ahead is not', () => {
    const h = new Harness();
    treeWith(h.core, [], { zxid: 2 ** 32 + 5 });
    const client = h.accept();
    client.sendConnect({ lastZxidSeen: 2 ** 32 + 5 });
    h.sync();
    expect(client.codeOf(existsRequest('/'))).toBe(0);
    const ahead = h.accept();
    ahead.sendConnect({ lastZxidSeen: 2 ** 33 });
    expect(ahead.isHungUp).toBe(true);
  });
});
