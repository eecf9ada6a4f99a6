/** Requests as clients send them, and what fuzzing makes of them. */

import {
  CreateMode,
  encodeUtf8,
  OpCode,
  openAcl,
  type Request,
  ReservedXid,
} from '@zooid/protocol';
import fc from 'fast-check';
import { connectPayload, requestPayload } from '../raw-client.ts';

/** Few paths, so that requests meet each other. */
const paths = ['/', '/a', '/a/b', '/a/b/c', '/zookeeper', '/zookeeper/quota/a', '', 'x', '/a/'];

const path = fc.constantFrom(...paths);
const data = fc.option(fc.uint8Array({ maxLength: 40 }), { nil: null });
const version = fc.constantFrom(-1, 0, 1, 2);
const isWatched = fc.boolean();
const acl = fc.constantFrom(
  openAcl,
  openAcl,
  [],
  [{ perms: 31, scheme: 'auth', id: '' }],
  [{ perms: 31, scheme: 'digest', id: 'u:x' }],
  [{ perms: 1, scheme: 'ip', id: '127.0.0.1/8' }],
  [{ perms: -1, scheme: 'nobody', id: 'x' }],
);
const flags = fc.constantFrom(...Object.values(CreateMode), 99, -1);
const ttl = fc.constantFrom(0n, 1n, 1000n, -1n, 1n << 62n);

const create = fc.record({
  op: fc.constantFrom(OpCode.create, OpCode.create2),
  path,
  data,
  acl,
  flags,
});
const setData = fc.record({ op: fc.constant(OpCode.setData), path, data, version });
const remove = fc.record({ op: fc.constant(OpCode.delete), path, version });
const check = fc.record({ op: fc.constant(OpCode.check), path, version });
const read = (ops: readonly (typeof OpCode.getData | typeof OpCode.getChildren)[]) =>
  fc.record({ op: fc.constantFrom(...ops), path, watch: isWatched });

const request: fc.Arbitrary<Request> = fc.oneof(
  { weight: 5, arbitrary: create },
  fc.record({ op: fc.constant(OpCode.createContainer), path, data, acl, flags }),
  fc.record({ op: fc.constant(OpCode.createTTL), path, data, acl, flags, ttl }),
  { weight: 2, arbitrary: setData },
  { weight: 2, arbitrary: remove },
  check,
  { weight: 2, arbitrary: read([OpCode.getData, OpCode.getChildren]) },
  fc.record({ op: fc.constantFrom(OpCode.exists, OpCode.getChildren2), path, watch: isWatched }),
  fc.record({
    op: fc.constantFrom(
      OpCode.getACL,
      OpCode.sync,
      OpCode.getAllChildrenNumber,
      OpCode.deleteContainer,
    ),
    path,
  }),
  fc.record({ op: fc.constant(OpCode.setACL), path, acl, version }),
  fc.record({
    op: fc.constant(OpCode.multi),
    ops: fc.array(fc.oneof(create, setData, remove, check), { maxLength: 4 }),
  }),
  fc.record({
    op: fc.constantFrom(OpCode.multi, OpCode.multiRead),
    ops: fc.array(read([OpCode.getData, OpCode.getChildren]), { maxLength: 3 }),
  }),
  fc.record({
    op: fc.constantFrom(OpCode.checkWatches, OpCode.removeWatches),
    path,
    type: fc.constantFrom(1, 2, 3, 4, 5, 0, 6),
  }),
  fc.record({ op: fc.constant(OpCode.addWatch), path, mode: fc.constantFrom(0, 1, 2) }),
  fc.record({
    op: fc.constant(OpCode.setWatches2),
    relativeZxid: fc.constantFrom(0, 5, 1000),
    dataWatches: fc.array(path, { maxLength: 2 }),
    existWatches: fc.array(path, { maxLength: 2 }),
    childWatches: fc.array(path, { maxLength: 2 }),
    persistentWatches: fc.array(path, { maxLength: 2 }),
    persistentRecursiveWatches: fc.array(path, { maxLength: 2 }),
  }),
  fc.record({ op: fc.constant(OpCode.getEphemerals), prefixPath: path }),
  fc.record({
    op: fc.constant(OpCode.auth),
    type: fc.constant(0),
    scheme: fc.constantFrom('digest', 'ip', 'world', 'sasl', ''),
    auth: fc.constantFrom(encodeUtf8('u:p'), encodeUtf8(''), null),
  }),
  fc.record({
    op: fc.constant(OpCode.reconfig),
    joiningServers: fc.constantFrom('x', null),
    leavingServers: fc.constant(null),
    newMembers: fc.constant(null),
    curConfigId: fc.constant(-1n),
  }),
  fc.record({ op: fc.constant(OpCode.sasl), token: fc.uint8Array({ maxLength: 9 }) }),
  fc.record({ op: fc.constantFrom(OpCode.ping, OpCode.whoAmI) }),
  fc.constant({ op: OpCode.closeSession } as const),
) as fc.Arbitrary<Request>;

const xid = fc.oneof(
  fc.integer({ min: 1, max: 99 }),
  fc.constantFrom(...Object.values(ReservedXid), 0),
);

/** A frame that a client may well send. */
export const validFrame: fc.Arbitrary<Uint8Array> = fc
  .tuple(xid, request)
  .map(([number, made]) => requestPayload(number, made));

const connectFrame: fc.Arbitrary<Uint8Array> = fc
  .record({
    timeoutMs: fc.constantFrom(-1, 0, 100, 4000, 30_000, 0x7fff_ffff),
    lastZxidSeen: fc.constantFrom(0, 1, 2 ** 40),
    sessionId: fc.constantFrom(0n, 0n, 0n, 1n, -1n),
    readOnly: fc.constantFrom(undefined, false, true),
  })
  .map(connectPayload);

/** One change to a frame: at a place given as a share of its length. */
type Mutation = (frame: Uint8Array) => Uint8Array;

const share = fc.double({ min: 0, max: 1, noNaN: true, maxExcluded: true });
const nastyInt = fc.constantFrom(-1, -2, 0, 1, 0x7fff_ffff, -0x8000_0000, 0xffff, 1_048_576, 255);

const mutation: fc.Arbitrary<Mutation> = fc.oneof(
  fc.tuple(share, fc.integer({ min: 0, max: 7 })).map(
    ([at, bit]): Mutation =>
      (frame) => {
        const copy = Uint8Array.from(frame);
        const index = Math.floor(at * frame.byteLength);
        if (index < copy.byteLength) copy[index]! ^= 1 << bit;
        return copy;
      },
  ),
  share.map(
    (at): Mutation =>
      (frame) =>
        frame.slice(0, Math.floor(at * frame.byteLength)),
  ),
  fc.tuple(share, nastyInt).map(
    ([at, value]): Mutation =>
      (frame) => {
        const copy = Uint8Array.from(frame);
        const index = Math.floor(at * (frame.byteLength - 4));
        if (index >= 0 && index + 4 <= copy.byteLength)
          new DataView(copy.buffer).setInt32(index, value);
        return copy;
      },
  ),
  fc.tuple(share, fc.uint8Array({ maxLength: 30 })).map(
    ([at, more]): Mutation =>
      (frame) => {
        const index = Math.floor(at * frame.byteLength);
        return Uint8Array.from([...frame.subarray(0, index), ...more, ...frame.subarray(index)]);
      },
  ),
  share.map(
    (at): Mutation =>
      (frame) => {
        const index = Math.floor(at * frame.byteLength);
        return Uint8Array.from([...frame, ...frame.subarray(index)]);
      },
  ),
);

/** Any frame: valid, valid and then changed, or bytes. */
export const anyFrame: fc.Arbitrary<Uint8Array> = fc.oneof(
  { weight: 4, arbitrary: validFrame },
  {
    weight: 6,
    arbitrary: fc
      .tuple(
        fc.oneof({ weight: 6, arbitrary: validFrame }, connectFrame),
        fc.array(mutation, { minLength: 1, maxLength: 3 }),
      )
      .map(([frame, mutations]) => mutations.reduce((made, mutate) => mutate(made), frame)),
  },
  { weight: 1, arbitrary: connectFrame },
  { weight: 1, arbitrary: fc.uint8Array({ maxLength: 100 }) },
);

/**
 * How long and from which seed: short and always the same, unless ZOOID_FUZZ_SECONDS says how many seconds each
 * property may take; then from a new seed, which a failure prints.
 */
export function fuzzParameters<T>(): fc.Parameters<T> {
  const seconds = process.env['ZOOID_FUZZ_SECONDS'];
  const isLong = seconds !== undefined && seconds !== '';
  return {
    numRuns: isLong ? 1_000_000_000 : 400,
    interruptAfterTimeLimit: isLong ? Number(seconds) * 1000 : 3000,
    markInterruptAsFailure: false,
    ...(isLong ? {} : { seed: 20_260_101 }),
  };
}
