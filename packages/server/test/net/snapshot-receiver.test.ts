import { DataTree, type NewState, writeSessionsAndAcls } from '@zooid/core';
import { type Acl, JuteWriter, MalformedError, openAcl } from '@zooid/protocol';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { SnapshotReceiver } from '../../src/net/snapshot-receiver.ts';
import { treeOf } from '../disk/support.ts';

const SESSIONS = [
  { id: 0x1234n, timeoutMs: 30_000 },
  { id: -5n, timeoutMs: 4000 },
];

/** Three znodes have an ACL of their own. */
function treeWithAcls(count: number, dataBytes?: number): DataTree {
  const tree = treeOf(count, dataBytes);
  const lists: readonly (readonly Acl[])[] = [
    [...openAcl, { perms: 1, scheme: 'digest', id: 'bob:x' }],
    [{ perms: 31, scheme: 'ip', id: '10.0.0.0/8' }],
    [{ perms: 31, scheme: 'x'.repeat(60), id: '' }],
  ];
  lists.forEach((acls, i) => {
    tree.setAcl(tree.findPath(`/z${i + 1}`), tree.acls.intern(acls), 1);
  });
  return tree;
}

/** The stream of a tree behind a SNAP. */
function streamOf(tree: DataTree): Uint8Array {
  const out = new JuteWriter();
  writeSessionsAndAcls(out, SESSIONS, tree.acls.entries());
  const image = tree.beginImage(out);
  while (!image.writeSlice(1000));
  out.ustring('BenWasHere');
  return out.copy();
}

function newReceiver(dataBytesMax = 100_000): SnapshotReceiver {
  return new SnapshotReceiver(new DataTree({ digestEnabled: true }), 77, dataBytesMax);
}

/** Feeds pieces, each of which is wiped after use. @returns the state, and what follows it. */
function receive(
  receiver: SnapshotReceiver,
  pieces: readonly Uint8Array[],
): { readonly state: NewState | undefined; readonly rest: number[] } {
  const rest: number[] = [];
  let isWhole = false;
  for (const piece of pieces) {
    const chunk = piece.slice();
    if (isWhole) {
      rest.push(...chunk);
      continue;
    }
    isWhole = receiver.push(chunk);
    rest.push(...chunk.subarray(receiver.consumed));
    chunk.fill(0xee);
  }
  return { state: isWhole ? receiver.state : undefined, rest };
}

function expectSame(state: NewState | undefined, tree: DataTree): void {
  expect(state?.zxid).toBe(77);
  expect(state?.tree.digest).toBe(tree.digest);
  expect(state?.tree.nodeCount).toBe(tree.nodeCount);
  expect([...state!.sessions]).toEqual(SESSIONS.map(({ id, timeoutMs }) => [id, timeoutMs]));
  const listsOf = (each: DataTree) => Array.from(each.acls.entries(), ([, acls]) => acls);
  expect(listsOf(state!.tree)).toEqual(listsOf(tree));
  // One is that of /zookeeper/config.
  expect(listsOf(tree)).toHaveLength(4);
}

describe('a snapshot that arrives', () => {
  test('is the same tree, cut at any byte, and ends where it ends', () => {
    const tree = treeWithAcls(4);
    const stream = Uint8Array.of(...streamOf(tree), 9, 8, 7);
    for (let cut = 0; cut <= stream.byteLength; cut++) {
      const receiver = newReceiver();
      const { state, rest } = receive(receiver, [stream.subarray(0, cut), stream.subarray(cut)]);
      expectSame(state, tree);
      expect(rest).toEqual([9, 8, 7]);
      expect(receiver.receivedBytes).toBe(stream.byteLength - 3);
    }
  });

  test('is the same tree in any pieces', () => {
    const tree = treeWithAcls(300, 200);
    const stream = streamOf(tree);
    fc.assert(
      fc.property(fc.array(fc.nat(stream.byteLength), { maxLength: 60 }), (cuts) => {
        const places = [0, ...cuts].sort((a, b) => a - b);
        const pieces = places.map((place, i) => stream.subarray(place, places[i + 1]));
        expectSame(receive(newReceiver(), pieces).state, tree);
      }),
      { numRuns: 30 },
    );
    const bytes = Array.from(stream.subarray(0), (_, i) => stream.subarray(i, i + 1));
    expectSame(receive(newReceiver(), bytes).state, tree);
  });

  test('costs the memory of one record beside its tree', () => {
    const stream = streamOf(treeOf(2000, 1000));
    const receiver = newReceiver();
    let held = 0;
    for (let at = 0; at < stream.byteLength; at += 1460) {
      receiver.push(stream.subarray(at, at + 1460));
      held = Math.max(held, receiver.heldBytes);
    }
    expect(held).toBeLessThan(1100 + 1460);
  });

  test.each<[string, (out: JuteWriter) => void, string]>([
    ['a negative count of sessions', (out) => out.int(-2), 'with -2 sessions'],
    [
      'a negative count of ACLs',
      (out) => {
        out.int(0);
        out.int(-2);
      },
      'with -2 ACLs',
    ],
    [
      'a path that is too long',
      (out) => {
        out.int(0);
        out.int(0);
        out.int(1_000_000);
      },
      'a record of 1000008 bytes',
    ],
    [
      'a znode before its parent',
      (out) => {
        writeSessionsAndAcls(out, [], []);
        out.ustring('/a/b');
        out.buffer(null);
        out.longFromNumber(-1);
        out.raw(new Uint8Array(60), 0, 60);
      },
      'before its parent',
    ],
    [
      'an ACL that is too long',
      (out) => {
        out.int(0);
        out.int(1);
        out.longFromNumber(1);
        out.int(1);
        out.int(31);
        out.int(1_000_000);
      },
      'a record of 1000024 bytes',
    ],
    [
      'another end',
      (out) => {
        writeSessionsAndAcls(out, [], []);
        out.ustring('/');
        out.ustring('BenIsThere');
      },
      'does not end as it should',
    ],
  ])('is refused for %s', (_, write, message) => {
    const out = new JuteWriter();
    write(out);
    const refusal = () => receive(newReceiver(), [out.copy()]);
    expect(refusal).toThrow(MalformedError);
    expect(refusal).toThrow(message);
  });

  test('of any bytes is whole, incomplete or refused, and nothing else', () => {
    const stream = streamOf(treeWithAcls(3));
    fc.assert(
      fc.property(
        fc.array(fc.tuple(fc.nat(stream.byteLength - 1), fc.nat(255)), { maxLength: 5 }),
        (changes) => {
          const bytes = stream.slice();
          for (const [at, value] of changes) bytes[at] = value;
          try {
            receive(newReceiver(), [bytes.subarray(0, 50), bytes.subarray(50)]);
          } catch (error) {
            expect(error).toBeInstanceOf(MalformedError);
          }
        },
      ),
      { numRuns: 200 },
    );
  });
});
