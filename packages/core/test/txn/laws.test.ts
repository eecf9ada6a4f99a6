/**
 * Laws that hold for every sequence of requests: the digest that a transaction foretells, replay of the
 * log, replay over a snapshot that was written while the tree changed, and the exact image.
 */

import {
  CreateMode,
  decodeTxnRecord,
  JuteReader,
  JuteWriter,
  type MultiOp,
  OpCode,
  openAcl,
  type Request,
  readAcl,
} from '@zooid/protocol';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { FuzzyWriter, loadRecords } from '../fuzzy-writer.ts';
import {
  checkRequest,
  closeRequest,
  containerRequest,
  create2Request,
  createRequest,
  deleteRequest,
  Harness,
  type HarnessOptions,
  setAclRequest,
  setDataRequest,
  type TestClient,
  ttlRequest,
} from '../harness.ts';
import { facts } from '../tree/helpers.ts';

/** What happens: a request of one of the clients, or something around it. */
type Step =
  | { readonly do: 'request'; readonly by: number; readonly request: Request }
  | { readonly do: 'sync' | 'lose' | 'replace'; readonly by: number }
  | { readonly do: 'time'; readonly ms: number };

const CLIENTS = 3;

// Few names, so that requests meet; two levels, so that parents go and come back.
const names = ['a', 'b', 'c'];
const path = fc.oneof(
  { weight: 3, arbitrary: fc.constantFrom(...names).map((name) => `/${name}`) },
  {
    weight: 4,
    arbitrary: fc
      .tuple(fc.constantFrom(...names), fc.constantFrom(...names))
      .map((p) => `/${p.join('/')}`),
  },
  {
    weight: 2,
    arbitrary: fc
      .tuple(fc.constantFrom(...names), fc.constantFrom(...names))
      .map(([a, b]) => `/${a}/${b}/x`),
  },
  { weight: 1, arbitrary: fc.constantFrom('/', '/zookeeper/config', '/zookeeper/quota/a', '') },
);
const data = fc.oneof(fc.constant(null), fc.string({ maxLength: 5 }), fc.constant('same'));
const version = fc.oneof({ weight: 4, arbitrary: fc.constant(-1) }, fc.integer({ min: 0, max: 2 }));
const flags = fc.constantFrom(0, 0, 0, 1, 1, 2, 3);
const acl = fc.constantFrom(openAcl, openAcl, readAcl, [
  { perms: 31, scheme: 'ip', id: '10.0.0.1' },
  { perms: 1, scheme: 'world', id: 'anyone' },
]);

const operation: fc.Arbitrary<MultiOp> = fc.oneof(
  {
    weight: 4,
    arbitrary: fc
      .record({ path, data, flags, acl })
      .map(({ path, ...wanted }) => createRequest(path, wanted)),
  },
  fc.record({ path, data, flags }).map(({ path, ...wanted }) => create2Request(path, wanted)),
  path.map((p) => containerRequest(p)),
  fc.tuple(path, fc.integer({ min: 1, max: 5000 })).map(([p, ttl]) => ttlRequest(p, ttl)),
  { weight: 3, arbitrary: fc.tuple(path, version).map(([p, v]) => deleteRequest(p, v)) },
  { weight: 2, arbitrary: fc.tuple(path, data, version).map((a) => setDataRequest(...a)) },
  fc.tuple(path, version).map((a) => checkRequest(...a)),
);

const request: fc.Arbitrary<Request> = fc.oneof(
  { weight: 8, arbitrary: operation as fc.Arbitrary<Request> },
  { weight: 2, arbitrary: fc.tuple(path, acl, version).map((a) => setAclRequest(...a)) },
  {
    weight: 4,
    arbitrary: fc
      .array(operation, { maxLength: 5 })
      .map((ops) => ({ op: OpCode.multi, ops }) as const),
  },
  { weight: 1, arbitrary: fc.constant(closeRequest) },
  { weight: 1, arbitrary: path.map((p) => ({ op: OpCode.deleteContainer, path: p }) as const) },
);

const by = fc.nat(CLIENTS - 1);
const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 12, arbitrary: fc.record({ do: fc.constant('request' as const), by, request }) },
  { weight: 3, arbitrary: fc.record({ do: fc.constant('sync' as const), by }) },
  {
    weight: 1,
    arbitrary: fc.record({ do: fc.constantFrom('lose' as const, 'replace' as const), by }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      do: fc.constant('time' as const),
      ms: fc.integer({ min: 1, max: 20_000 }),
    }),
  },
);
const steps = fc.array(step, { maxLength: 60 });

const options: HarnessOptions = {
  core: { cleaner: { checkIntervalMs: 4000, deletesPerMinuteMax: 10_000, neverUsedMsMax: 5000 } },
};

/** Performs the steps; `between` is called after each one. */
function perform(
  h: Harness,
  todo: readonly Step[],
  between: (h: Harness) => void = () => {},
): void {
  const clients: TestClient[] = Array.from({ length: CLIENTS }, () => h.connect());
  for (const one of todo) {
    if (one.do === 'time') {
      h.advance(one.ms);
    } else if (one.do === 'sync') {
      h.sync();
    } else {
      let client = clients[one.by]!;
      if (one.do === 'lose') client.close();
      if (one.do === 'replace' || client.phase === 'closed' || client.isHungUp) {
        client = h.connect();
        clients[one.by] = client;
      }
      if (one.do === 'request') client.send(one.request);
    }
    between(h);
  }
  h.sync();
}

/** Everything about a server that a restart must bring back. */
function stateOf(h: Harness) {
  const head = h.core.snapshotHead();
  return {
    tree: facts(h.tree),
    digest: h.tree.digest,
    zxid: head.zxid,
    nodeCount: h.tree.nodeCount,
    dataBytes: h.tree.dataBytes,
    sessions: new Map(head.sessions.map(({ id, timeoutMs }) => [id, timeoutMs])),
    ephemerals: new Map(
      [...h.tree.ephemeralSessions()].map(([id, rows]) => [
        id,
        [...rows].map((r) => h.tree.path(r)).sort(),
      ]),
    ),
    containers: [...h.tree.containers].map((row) => h.tree.path(row)).sort(),
    ttls: [...h.tree.ttls].map((row) => h.tree.path(row)).sort(),
  };
}

describe('for any requests', () => {
  it('the digest that a transaction foretells is the one of the tree after it', () => {
    let compared = 0;
    fc.assert(
      fc.property(steps, (todo) => {
        const h = new Harness(options);
        perform(h, todo);
        expect(h.factsOf('digest-mismatch')).toEqual([]);
        const last = h.log.txns.at(-1)!;
        const { digest } = decodeTxnRecord(new JuteReader(last));
        if (digest !== null) {
          compared++;
          expect(BigInt.asUintN(64, digest.treeDigest)).toBe(h.tree.digest);
        }
      }),
    );
    expect(compared).toBeGreaterThan(30);
  });

  it('nothing is outstanding once the log is durable, and no ephemeral outlives its session', () => {
    fc.assert(
      fc.property(steps, (todo) => {
        const h = new Harness(options);
        perform(h, todo);
        expect([h.core.outstandingChangeCount, h.core.outstandingCount]).toEqual([0, 0]);
        for (const [id] of h.tree.ephemeralSessions()) {
          expect(h.core.sessions.get(id)).toBeDefined();
        }
      }),
    );
  });

  it('a replay of the log gives the same server', () => {
    fc.assert(
      fc.property(steps, (todo) => {
        const h = new Harness(options);
        perform(h, todo);
        const again = h.restart();
        expect(stateOf(again)).toEqual(stateOf(h));
        expect(again.factsOf('digest-mismatch')).toEqual([]);
      }),
    );
  });

  it('a restart in the middle goes on as if there had been none', () => {
    fc.assert(
      fc.property(steps, steps, (before, after) => {
        const h = new Harness(options);
        perform(h, before);
        const again = h.restart();
        perform(again, after);
        expect(again.factsOf('digest-mismatch')).toEqual([]);
      }),
    );
  });

  it('an image, written in slices while the tree changes, is the tree of the moment it began', () => {
    fc.assert(
      fc.property(steps, steps, fc.integer({ min: 1, max: 200 }), (before, after, slice) => {
        const h = new Harness(options);
        perform(h, before);
        const expected = stateOf(h);
        const head = h.core.snapshotHead();
        const out = new JuteWriter();
        const image = h.core.beginImage(out);
        perform(h, after, () => {
          if (image.isOpen) image.writeSlice(slice);
        });
        while (image.isOpen) image.writeSlice(slice);

        const again = new Harness(options);
        loadRecords(again, out.copy(), head.acls);
        for (const { id, timeoutMs } of head.sessions) again.core.restoreSession(id, timeoutMs);
        again.core.restoredSnapshot(head.zxid);
        expect(again.core.finishRestore(again.nowMs)).toBe(0);
        expect(stateOf(again)).toEqual(expected);
        expect(again.tree.digest).toBe(head.digest);
      }),
    );
  });

  it('a replay over a snapshot that took in later changes gives the same tree (ZOOKEEPER-3144, 3145)', () => {
    let mixtures = 0;
    fc.assert(
      fc.property(steps, steps, fc.integer({ min: 1, max: 12 }), (before, during, stepsEach) => {
        const h = new Harness(options);
        perform(h, before);
        const head = h.core.snapshotHead();
        const writer = new FuzzyWriter(h);
        const count = h.log.txns.length;
        let passed = 0;
        perform(h, during, () => {
          if (++passed % stepsEach === 0) writer.step();
        });
        writer.finish();
        if (writer.isMixture(head.zxid)) mixtures++;

        const again = new Harness(options);
        loadRecords(again, writer.bytes(), writer.acls());
        for (const { id, timeoutMs } of head.sessions) again.core.restoreSession(id, timeoutMs);
        // The digest of the last transaction must fit again.
        again.core.restoredSnapshot(head.zxid, h.core.lastAppliedZxid - 1);
        for (const txn of h.log.txns.slice(count)) again.core.replayTxn(txn, 0, txn.byteLength);
        expect(again.core.finishRestore(again.nowMs)).toBe(0);
        expect(stateOf(again)).toEqual(stateOf(h));
        expect(again.factsOf('digest-mismatch')).toEqual([]);
      }),
    );
    expect(mixtures).toBeGreaterThan(20);
  });

  it('quota statistics are what is in the subtree, also after a replay', () => {
    fc.assert(
      fc.property(steps, (todo) => {
        const h = new Harness(options);
        const client = h.connect();
        client.create('/a');
        client.create('/zookeeper/quota/a');
        client.create('/zookeeper/quota/a/zookeeper_limits', { data: 'count=5,bytes=5' });
        client.create('/zookeeper/quota/a/zookeeper_stats', { data: 'count=0,bytes=0' });
        perform(h, todo);
        const count = (server: Harness) => {
          const row = server.tree.findPath('/zookeeper/quota/a/zookeeper_stats');
          return row < 0
            ? undefined
            : new TextDecoder().decode(server.tree.copyData(row) ?? undefined);
        };
        const expected = [...facts(h.tree).entries()].filter(
          ([p]) => p === '/a' || p.startsWith('/a/'),
        );
        const bytes = expected.reduce((sum, [, f]) => {
          const { data: held } = f as { data: readonly number[] | null };
          return sum + (held?.length ?? 0);
        }, 0);
        expect(count(h)).toMatch(new RegExp(`^count=${expected.length},bytes=${bytes}(?!\\d)`));
        expect(count(h.restart())).toBe(count(h));
        expect(h.factsOf('digest-mismatch')).toEqual([]);
      }),
    );
  });
});

describe('a replay', () => {
  it('deletes the ephemerals of sessions that nobody knows, and tells how many', () => {
    const h = new Harness();
    const client = h.connect();
    client.create('/e', { flags: CreateMode.ephemeral });
    const again = new Harness();
    const [createSession, ...rest] = h.log.txns;
    expect(createSession).toBeDefined();
    for (const txn of rest) again.core.replayTxn(txn, 0, txn.byteLength);
    expect(again.core.finishRestore(again.nowMs)).toBe(1);
    expect(again.tree.findPath('/e')).toBe(-1);
  });

  it('reads a closeSession without a list of paths, and one whose list is as long as a digest', () => {
    for (const digestEnabled of [true, false]) {
      for (const closeSessionTxnEnabled of [true, false]) {
        const h = new Harness({ core: { digestEnabled, closeSessionTxnEnabled } });
        const client = h.connect();
        client.create('/abc', { flags: CreateMode.ephemeral });
        client.call(closeRequest);
        expect(h.tree.findPath('/abc')).toBe(-1);
        expect(facts(h.restart().tree)).toEqual(facts(h.tree));
      }
    }
  });
});
