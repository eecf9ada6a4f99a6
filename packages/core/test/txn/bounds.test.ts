import { createHash } from 'node:crypto';
import { CreateMode, OpCode } from '@zooid/protocol';
import { describe, expect, it } from 'vitest';
import {
  createRequest,
  existsRequest,
  getDataRequest,
  Harness,
  setDataRequest,
} from '../harness.ts';

const hash = (bytes: Uint8Array) => createHash('sha1').update(bytes).digest('hex');

describe('large data', () => {
  it('is kept and logged as it is, also when many large writes are on their way', () => {
    const h = new Harness();
    const client = h.connect();
    client.take();
    const contents = [10, 100_000, 300_000, 1_000_000, 5, 262_144, 262_000].map((length, i) =>
      new Uint8Array(length).fill(65 + i),
    );
    client.send(...contents.map((data, i) => createRequest(`/${i}`, { data })));
    h.sync();
    expect(client.take().every((one) => one.kind === 'reply' && one.err === 0)).toBe(true);
    for (const server of [h, h.restart()]) {
      const found = contents.map((_, i) => server.tree.copyData(server.tree.findPath(`/${i}`))!);
      expect(found.map(hash)).toEqual(contents.map(hash));
    }
    const { data } = client.call(getDataRequest('/3')).body;
    expect(data?.byteLength).toBe(1_000_000);
    expect(h.factsOf('digest-mismatch')).toEqual([]);
  });

  it('of large requests in work is bounded: who would exceed it is hung up on', () => {
    const h = new Harness({ core: { largeRequests: { thresholdBytes: 1000, bytesMax: 5000 } } });
    const [anna, bob] = [h.connect(), h.connect()];
    bob.take();
    const large = (path: string) => createRequest(path, { data: new Uint8Array(2000) });
    anna.send(large('/1'), large('/2'));
    bob.send(large('/3'));
    expect(bob.isHungUp).toBe(true);
    expect(h.factsOf('client-closed')).toMatchObject([{ reason: 'large-request-limit' }]);
    h.sync();
    expect(h.tree.findPath('/3')).toBe(-1);
    // What was answered is out of the budget, refused requests too.
    anna.call(large('/1'));
    anna.call(large('/3'));
    expect(anna.isHungUp).toBe(false);
  });
});

describe('many requests of one connection', () => {
  it('wait behind its writes and are answered in their order, round after round', () => {
    const h = new Harness();
    const client = h.connect();
    client.create('/a');
    client.take();
    let expected = client.send(existsRequest('/a'));
    client.take();
    const path = `/${'long'.repeat(50)}`;
    for (let round = 0; round < 30; round++) {
      for (let i = 0; i < 20; i++) {
        client.send(setDataRequest('/a', `${i}`), existsRequest(path), existsRequest('/a'));
      }
      if (round % 3 === 0) h.syncOnce();
      else h.sync();
      for (const one of client.take()) {
        expected++;
        expect(one).toMatchObject({ kind: 'reply', xid: expected });
      }
    }
    h.sync();
    expected += client.take().length;
    expect(expected).toBe(2 + 30 * 60);
    expect(h.core.outstandingCount).toBe(0);
  });
});

describe('the digest of the tree', () => {
  it('is remembered every so often, for comparing servers', () => {
    const h = new Harness();
    const client = h.connect();
    client.create('/a');
    for (let i = 0; i < 300; i++) client.send(setDataRequest('/a', `${i}`));
    h.sync();
    const entries = h.core.digestLog.entries();
    expect(entries.map(({ zxid }) => zxid)).toEqual([128, 256]);
    const again = h.restart();
    expect(again.core.digestLog.entries()).toEqual(entries);
  });

  it('that differs from the one foretold is reported, with both', () => {
    const h = new Harness();
    const client = h.connect();
    client.create('/a');
    client.create('/b');
    const [session, first, second] = h.log.txns.map((txn) => Uint8Array.from(txn));
    // One byte of the digest of the second znode's transaction.
    second![second!.byteLength - 1]! ^= 1;
    const again = new Harness({ log: [session!, first!, second!] });
    expect(again.factsOf('digest-mismatch')).toEqual([
      { kind: 'digest-mismatch', zxid: 3, expected: h.tree.digest ^ 1n, actual: h.tree.digest },
    ]);
  });

  it('is not in a snapshot when digests are off', () => {
    expect(new Harness().core.snapshotHead().digest).toBe(new Harness().tree.digest);
    const off = new Harness({ core: { digestEnabled: false } });
    off.connect().create('/a');
    expect(off.core.snapshotHead().digest).toBeUndefined();
  });
});

describe('what a snapshot says besides the znodes', () => {
  it('is what was applied: neither sessions nor ACLs nor zxids that are on their way', () => {
    const h = new Harness();
    const client = h.connect();
    client.create('/a', { acl: [{ perms: 1, scheme: 'world', id: 'anyone' }] });
    const before = h.core.snapshotHead();
    h.accept().sendConnect();
    client.send(
      createRequest('/b', { acl: [{ perms: 2, scheme: 'world', id: 'anyone' }] }),
      { op: OpCode.closeSession },
      createRequest('/c', { flags: CreateMode.ephemeral }),
    );
    expect(h.core.snapshotHead()).toEqual(before);
    expect(before.sessions).toEqual([{ id: client.sessionId, timeoutMs: 10_000 }]);
    expect(before.acls.map(([, acls]) => acls)).toContainEqual([
      { perms: 1, scheme: 'world', id: 'anyone' },
    ]);
    h.sync();
    expect(h.core.snapshotHead()).not.toEqual(before);
  });
});
