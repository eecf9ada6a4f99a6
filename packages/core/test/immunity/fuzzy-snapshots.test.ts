import { CreateMode } from '@zooid/protocol';
import { describe, expect, it } from 'vitest';
import { FuzzyWriter, loadRecords } from '../fuzzy-writer.ts';
import {
  closeRequest,
  createRequest,
  deleteRequest,
  Harness,
  setAclRequest,
  setDataRequest,
} from '../harness.ts';
import { facts } from '../tree/helpers.ts';

const ephemeral = { flags: CreateMode.ephemeral };

/**
 * A snapshot that is begun, then `during` happens, then the rest of it is written: what a server makes of
 * it and of the log behind it, beside what it must make of it.
 */
function restored(
  prepare: (h: Harness) => void,
  during: (h: Harness) => void,
  replayed: (h: Harness, txn: Uint8Array) => void = (h, txn) =>
    h.core.replayTxn(txn, 0, txn.byteLength),
) {
  const h = new Harness();
  prepare(h);
  const head = h.core.snapshotHead();
  const count = h.log.txns.length;
  // The root is written now, its children later.
  const writer = new FuzzyWriter(h);
  during(h);
  writer.finish();
  const again = new Harness();
  loadRecords(again, writer.bytes(), writer.acls());
  for (const { id, timeoutMs } of head.sessions) again.core.restoreSession(id, timeoutMs);
  // The digest of the last transaction must fit again.
  again.core.restoredSnapshot(head.zxid, h.core.lastAppliedZxid - 1);
  for (const txn of h.log.txns.slice(count)) replayed(again, txn);
  again.core.finishRestore(again.nowMs);
  return { found: facts(again.tree), expected: facts(h.tree), again, h };
}

describe('immunity: ZK-3144, 3145: a snapshot that was written while the tree changed', () => {
  it('has an ephemeral no longer whose parent is older than its end: the parent learns of it', () => {
    const clients = new Map<Harness, ReturnType<Harness['connect']>>();
    const { found, expected } = restored(
      (h) => {
        const client = h.connect();
        clients.set(h, client);
        client.create('/e', ephemeral);
      },
      (h) => clients.get(h)?.call(closeRequest),
    );
    expect(found).toEqual(expected);
  });

  it('has the ephemeral of a later session under the same name: it stays', () => {
    const { found, expected } = restored(
      (h) => h.connect().create('/e', ephemeral),
      (h) => {
        const [old] = h.core.sessions.all();
        h.core.expireSession(old!.id);
        h.connect().create('/e', ephemeral);
      },
    );
    expect(found).toEqual(expected);
    expect(found.has('/e')).toBe(true);
  });

  it('has a later znode with children where the log deletes one without', () => {
    const { found, expected, again, h } = restored(
      (one) => one.connect().create('/x', { data: 'first' }),
      (one) => {
        const client = one.connect();
        client.delete('/x');
        client.create('/x', { data: 'second' });
        client.create('/x/y');
        client.create('/x/y/z', { data: 'deep' });
        client.call(setAclRequest('/x/y'));
      },
    );
    expect(found).toEqual(expected);
    expect(again.tree.dataBytes).toBe(h.tree.dataBytes);
    expect(again.factsOf('digest-mismatch')).toEqual([]);
  });

  it('may be replayed twice: the second time changes nothing', () => {
    const h = new Harness();
    const client = h.connect();
    for (const request of [
      createRequest('/a'),
      createRequest('/a/b', ephemeral),
      setDataRequest('/a', 'x'),
      deleteRequest('/a/b'),
      createRequest('/a/b', { data: 'again' }),
      setAclRequest('/a/b'),
      closeRequest,
    ]) {
      client.call(request);
    }
    const again = new Harness({ log: h.log.txns });
    const before = facts(again.tree);
    again.core.restoredSnapshot(0, h.core.lastAppliedZxid - 1);
    for (const txn of h.log.txns) again.core.replayTxn(txn, 0, txn.byteLength);
    expect(facts(again.tree)).toEqual(before);
    expect(again.factsOf('digest-mismatch')).toEqual([]);
  });

  it('is noticed by these checks when a replay forgets the end of a session', () => {
    const clients = new Map<Harness, ReturnType<Harness['connect']>>();
    const { found, expected } = restored(
      (h) => {
        const client = h.connect();
        clients.set(h, client);
        client.create('/e', ephemeral);
      },
      (h) => clients.get(h)?.call(closeRequest),
      () => {},
    );
    expect(found).not.toEqual(expected);
  });
});

describe('immunity: ZK-3249, 3306, 3531, 4846: cversion, pzxid and ACLs after a reload', () => {
  it('are what they were, when all of them changed while the snapshot was written', () => {
    const anna = { perms: 31, scheme: 'ip', id: '10.9.9.9' };
    const { found, expected } = restored(
      (h) => {
        const client = h.connect();
        for (const path of ['/a', '/b', '/b/c']) client.create(path);
      },
      (h) => {
        const client = h.connect();
        client.create('/a/new', { acl: [anna] });
        client.create('/a/gone', { acl: [anna] });
        client.delete('/a/gone');
        client.delete('/b/c');
        client.create('/b/c', { acl: [{ perms: 1, scheme: 'world', id: 'anyone' }] });
        client.call(setAclRequest('/b', [anna, { perms: 31, scheme: 'world', id: 'anyone' }]));
      },
    );
    expect(found).toEqual(expected);
  });
});
