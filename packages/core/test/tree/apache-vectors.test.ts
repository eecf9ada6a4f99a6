import { readFileSync } from 'node:fs';
import { type Acl, decodeAcls, JuteReader, OpCode, ttlToOwner } from '@zooid/protocol';
import { describe, expect, test } from 'vitest';
import { DataTree, ZnodeKind } from '../../src/tree/data-tree.ts';
import { create, facts, imageOf, loaded } from './helpers.ts';

// See vectors/README.md.
const log = readFileSync(new URL('vectors/apache-3.8.0-log.1', import.meta.url));
const snapshot = readFileSync(new URL('vectors/apache-3.8.0-snapshot.29', import.meta.url));

interface Header {
  readonly session: bigint;
  readonly zxid: number;
  readonly timeMs: number;
}

/** Applies a transaction, as far as the captured log needs. */
function apply(tree: DataTree, type: number, body: JuteReader, header: Header): void {
  const { zxid, timeMs } = header;
  switch (type) {
    case OpCode.create:
    case OpCode.create2:
    case OpCode.createContainer:
    case OpCode.createTTL: {
      const path = body.text();
      const data = body.buffer();
      const acls = decodeAcls(body);
      let owner = 0n;
      if (type === OpCode.createContainer) owner = -(2n ** 63n);
      else if (type !== OpCode.createTTL && body.boolean()) owner = header.session;
      const parentCversion = body.int();
      if (type === OpCode.createTTL) owner = ttlToOwner(body.longAsNumber());
      create(tree, path, { data, acls, owner, zxid, timeMs, parentCversion });
      break;
    }
    case OpCode.delete:
      tree.delete(tree.findPath(body.text()), zxid);
      break;
    case OpCode.setData: {
      const row = tree.findPath(body.text());
      const data = body.buffer();
      tree.setData(row, data, 0, data?.length ?? 0, body.int(), zxid, timeMs);
      break;
    }
    case OpCode.setACL: {
      const row = tree.findPath(body.text());
      tree.setAcl(row, tree.acls.intern(decodeAcls(body)), body.int());
      break;
    }
    case OpCode.closeSession: {
      for (const path of body.texts()) tree.delete(tree.findPath(path), zxid);
      break;
    }
    case OpCode.multi: {
      for (let left = body.vectorCount(8); left > 0; left--) {
        const subType = body.int();
        apply(tree, subType, new JuteReader(body.buffer()!), header);
      }
      break;
    }
    case OpCode.createSession:
      body.int();
      break;
    default:
      throw new Error(`type ${type} is not in the captured log`);
  }
}

interface Replayed {
  readonly tree: DataTree;
  readonly mismatches: number[];
  readonly txnCount: number;
}

function replay(): Replayed {
  const tree = new DataTree({ digestEnabled: true });
  const mismatches: number[] = [];
  let txnCount = 0;
  const reader = new JuteReader(log);
  reader.position = 16;
  while (reader.remaining > 64) {
    reader.long(); // Adler-32
    const entry = new JuteReader(reader.buffer()!);
    reader.byte();
    const session = entry.long();
    entry.int(); // cxid
    const zxid = entry.longAsNumber();
    const timeMs = entry.longAsNumber();
    apply(tree, entry.int(), entry, { session, zxid, timeMs });
    expect(entry.int()).toBe(2);
    if (BigInt.asUintN(64, entry.long()) !== tree.digest) mismatches.push(zxid);
    txnCount++;
  }
  return { tree, mismatches, txnCount };
}

interface SnapshotParts {
  readonly acls: [number, Acl[]][];
  /** Node records and all that follows. */
  readonly records: Uint8Array;
}

function openSnapshot(): SnapshotParts {
  const reader = new JuteReader(snapshot);
  reader.position = 16;
  for (let left = reader.int(); left > 0; left--) reader.position += 12;
  const acls: [number, Acl[]][] = [];
  for (let left = reader.int(); left > 0; left--) {
    acls.push([reader.longAsNumber(), decodeAcls(reader)]);
  }
  return { acls, records: snapshot.subarray(reader.position) };
}

/** The digest that stands between the two seals: ZxidDigest{long zxid, int version, long digest}. */
function snapshotDigest(): bigint {
  const reader = new JuteReader(snapshot);
  reader.position = snapshot.length - 13 - 8;
  return BigInt.asUintN(64, reader.long());
}

describe('against files of Apache ZooKeeper 3.8.0', () => {
  test('after every transaction of its log, the digest is the one in the log', () => {
    const { mismatches, txnCount } = replay();
    expect(mismatches).toEqual([]);
    expect(txnCount).toBe(0x29);
  });

  test('its snapshot, once loaded, has the digest that is in the snapshot', () => {
    const { acls, records } = openSnapshot();
    expect(loaded(records, acls).digest).toBe(snapshotDigest());
  });

  test('its snapshot and its log lead to the same znodes', () => {
    const { acls, records } = openSnapshot();
    const { tree } = replay();
    const fromSnapshot = facts(loaded(records, acls));
    const fromLog = facts(tree);
    // Statistics of quotas come from no txn.
    fromSnapshot.delete('/zookeeper/quota/app/zookeeper_stats');
    fromLog.delete('/zookeeper/quota/app/zookeeper_stats');
    expect(fromSnapshot).toEqual(fromLog);
  });

  test('counts are those its mntr gave', () => {
    const { tree } = replay();
    expect(tree.nodeCount).toBe(34);
    expect(tree.ephemeralCount).toBe(2);
    // It had counted the 9 bytes of the root once, because they were set after it had started.
    expect(tree.dataBytes - 9).toBe(945);
  });

  test('what it holds is told apart: null data, containers, TTL znodes, ephemerals', () => {
    const { acls, records } = openSnapshot();
    const tree = loaded(records, acls);
    expect(tree.copyData(tree.findPath('/nulled'))).toBeNull();
    expect(tree.copyData(tree.findPath('/deep'))).toEqual(new Uint8Array(0));
    expect(tree.kind(tree.findPath('/container'))).toBe(ZnodeKind.container);
    expect([...tree.containers].map((row) => tree.path(row))).toEqual(['/container']);
    expect([...tree.ttls].map((row) => tree.ttlMs(row))).toEqual([60_000_000]);
    expect([...tree.ephemeralSessions()].length).toBe(2);
    expect(tree.cversion(tree.findPath('/container'))).toBe(1);
    expect(tree.acls.get(tree.aclId(tree.findPath('/app/closed')))).toEqual([
      { perms: 31, scheme: 'digest', id: 'bob:ikIaKsbtGweaHnb/jKn7OHqbunM=' },
      { perms: 1, scheme: 'ip', id: '127.0.0.1' },
    ]);
  });

  test('our image of it holds the same records', () => {
    const { acls, records } = openSnapshot();
    const tree = loaded(records, acls);
    const again = loaded(imageOf(tree), [...tree.acls.entries()]);
    expect(facts(again)).toEqual(facts(tree));
    expect(again.digest).toBe(snapshotDigest());
  });
});
