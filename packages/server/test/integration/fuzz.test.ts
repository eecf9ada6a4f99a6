/**
 * Fuzzing: whatever some clients send, the server lives, a client that behaves gets every answer, and the log
 * replayed gives the same tree. Longer with ZOOID_FUZZ_SECONDS=60.
 */

import { Client, ServerCore, Turn } from '@zooid/core';
import {
  decodeConnectResponse,
  decodeReplyHeader,
  FrameSplitter,
  JuteReader,
  OpCode,
  type Request,
  splitFrames,
} from '@zooid/protocol';
import fc from 'fast-check';
import { expect, test, vi } from 'vitest';
import { accessRulesOf } from '../../src/access.ts';
import { defaultConfig } from '../../src/config/default-config.ts';
import { coreOptionsOf } from '../../src/core-options.ts';
import { type MemoryRecord, MemoryTxnLog } from '../../src/disk/memory-txn-log.ts';
import { ConnectionStats } from '../../src/report/connection-stats.ts';
import { ServerMeter } from '../../src/report/server-meter.ts';
import { ServerStats } from '../../src/report/server-stats.ts';
import { connectPayload, createOf, framed, RawClient, requestPayload } from '../raw-client.ts';
import { anyFrame, fuzzParameters } from './fuzz-corpus.ts';
import { memoryServer } from './test-server.ts';

const longestMs = 1000 * Number(process.env['ZOOID_FUZZ_SECONDS'] || 10) + 60_000;
vi.setConfig({ testTimeout: longestMs });

const config = defaultConfig({
  storage: { dataDir: 'none' },
  tree: { isExtendedTypesOn: true, isQuotaEnforced: true, containerCheckIntervalMs: 1000 },
  session: { tickTimeMs: 100, timeoutMsMin: 200, timeoutMsMax: 1_000_000 },
});

class FuzzClient extends Client {
  readonly stats = new ConnectionStats();
  readonly frames: Uint8Array[] = [];
  isGone = false;
}

/** A core without sockets, its log in memory and completed when the fuzzer says so. */
class FuzzedCore {
  readonly log: MemoryTxnLog;
  readonly core: ServerCore;
  readonly #turn: Turn;
  #nowMs = 1000;
  #completions: (() => void)[] = [];

  constructor() {
    this.log = new MemoryTxnLog(
      {
        lastZxid: 0,
        payloads: 'kept',
        schedule: (complete) => void this.#completions.push(complete),
      },
      { onSynced: (zxid) => this.#turn.onLogSynced(zxid), onFailed: () => {} },
    );
    this.core = newCore((zxid, bytes, start, end) => this.log.append(zxid, bytes, start, end));
    this.core.finishRestore(this.#nowMs);
    this.#turn = new Turn(this.core, {
      log: this.log,
      wallMs: () => 1_700_000_000_000 + this.#nowMs,
      nowMs: () => this.#nowMs,
      send: (client, out) => {
        const fuzzed = client as FuzzClient;
        for (const frame of splitFrames(out.copy())) fuzzed.frames.push(frame);
        if (client.closing !== undefined) fuzzed.isGone = true;
      },
    });
  }

  feed(client: FuzzClient, frames: readonly Uint8Array[]): void {
    this.#turn.begin();
    for (const frame of frames) this.core.onClientFrame(client, frame, 0, frame.byteLength);
    this.#turn.end();
  }

  hangUp(client: FuzzClient): void {
    this.#turn.onClientClosed(client);
  }

  /** What was appended is durable. */
  sync(): void {
    for (let complete = this.#completions.shift(); complete !== undefined; ) {
      complete();
      complete = this.#completions.shift();
    }
  }

  pass(ms: number): void {
    this.#nowMs += ms;
    this.#turn.onTick();
  }
}

function newCore(
  appendTxn: (zxid: number, bytes: Uint8Array, start: number, end: number) => void,
): ServerCore {
  return new ServerCore({
    options: { ...coreOptionsOf(config), hashSeed: 1 },
    outbox: {
      appendTxn,
      report: (fact) => {
        if (fact.kind === 'digest-mismatch') throw new Error(`digest of zxid ${fact.zxid}`);
      },
    },
    meter: new ServerMeter(new ServerStats()),
    access: accessRulesOf(config.security),
    wallMs: 1_700_000_000_000,
    nowMs: 0,
    random: { next: () => 0.5 },
  });
}

/** A core that did nothing but replay this log. */
function replayed(records: readonly MemoryRecord[]): ServerCore {
  const core = newCore(() => {});
  for (const { payload } of records) core.replayTxn(payload, 0, payload.byteLength);
  return core;
}

const step = fc.oneof(
  {
    weight: 8,
    arbitrary: fc.record({
      kind: fc.constant('frames' as const),
      who: fc.integer({ min: 0, max: 2 }),
      frames: fc.array(anyFrame, { minLength: 1, maxLength: 5 }),
    }),
  },
  fc.record({ kind: fc.constant('hang up' as const), who: fc.integer({ min: 0, max: 2 }) }),
  { weight: 2, arbitrary: fc.constant({ kind: 'sync' as const }) },
  fc.record({ kind: fc.constant('time' as const), ms: fc.integer({ min: 1, max: 3000 }) }),
);

test('no frames, in whatever order and company, keep the core from answering a client that behaves', () => {
  const property = fc.property(fc.array(step, { minLength: 1, maxLength: 40 }), (steps) => {
    const fuzzed = new FuzzedCore();
    const connected = (): FuzzClient => {
      const client = new FuzzClient({ address: '127.0.0.1' });
      fuzzed.feed(client, [connectPayload({ timeoutMs: 1_000_000 })]);
      return client;
    };
    const good = connected();
    fuzzed.sync();
    expect(decodeConnectResponse(new JuteReader(good.frames.shift()!)).timeoutMs).toBe(1_000_000);
    const bad = [connected(), connected(), new FuzzClient({ address: '10.0.0.1' })];
    let xid = 0;
    for (const one of steps) {
      switch (one.kind) {
        case 'frames':
          fuzzed.feed(bad[one.who]!, one.frames);
          break;
        case 'hang up':
          fuzzed.hangUp(bad[one.who]!);
          bad[one.who] = connected();
          break;
        case 'sync':
          fuzzed.sync();
          break;
        case 'time':
          fuzzed.pass(one.ms);
      }
      for (const [i, client] of bad.entries()) {
        if (!client.isGone) continue;
        fuzzed.hangUp(client);
        bad[i] = connected();
      }
      const asked: Request[] = [
        { op: OpCode.exists, path: '/', watch: false },
        createOf('/good-', null, 2),
        { op: OpCode.getChildren, path: '/', watch: false },
      ];
      const first = xid + 1;
      fuzzed.feed(
        good,
        asked.map((request) => requestPayload(++xid, request)),
      );
      fuzzed.sync();
      const replies = good.frames
        .splice(0)
        .map((frame) => decodeReplyHeader(new JuteReader(frame)));
      expect(replies.map((reply) => reply.xid)).toEqual([first, first + 1, first + 2]);
    }
    fuzzed.sync();
    const { tree } = fuzzed.core;
    const again = replayed(fuzzed.log.records);
    expect(again.tree.digest).toBe(tree.digest);
    expect(again.tree.nodeCount).toBe(tree.nodeCount);
    expect(again.lastAppliedZxid).toBe(fuzzed.core.lastAppliedZxid);
    expect(again.snapshotHead().sessions).toEqual(fuzzed.core.snapshotHead().sessions);
  });
  fc.assert(property, fuzzParameters());
});

test('no bytes over a socket keep the server from answering a client that behaves', async () => {
  const server = await memoryServer({ tree: { isExtendedTypesOn: true } });
  const good = await server.client();
  const chunks = fc.array(
    fc.oneof(
      { weight: 5, arbitrary: anyFrame.map((frame): Uint8Array => framed(frame)) },
      { weight: 1, arbitrary: fc.uint8Array({ maxLength: 50 }) },
    ),
    { minLength: 1, maxLength: 12 },
  );
  const behaviour = fc.record({
    chunks,
    hasSession: fc.boolean(),
    pieceBytes: fc.constantFrom(1, 3, 7, 100, 100_000),
    end: fc.constantFrom('destroy', 'reset', 'end'),
  });
  const property = fc.asyncProperty(behaviour, async ({ chunks, hasSession, pieceBytes, end }) => {
    const bad = await RawClient.open(server.port);
    if (hasSession) bad.sendFrame(connectPayload());
    const bytes = Buffer.concat(chunks);
    for (let at = 0; at < bytes.byteLength && !bad.isClosed; at += pieceBytes) {
      bad.write(bytes.subarray(at, at + pieceBytes));
      if (pieceBytes > 1) await new Promise(setImmediate);
    }
    expect((await good.request({ op: OpCode.exists, path: '/', watch: false })).err).toBe(0);
    await good.request(createOf('/good-', null, 2));
    if (end === 'destroy') bad.destroy();
    else if (end === 'reset') bad.reset();
    else bad.socket.end();
  });
  await fc.assert(property, fuzzParameters());
  // Writing there may be forbidden by now.
  const last = await server.client();
  expect((await last.request({ op: OpCode.exists, path: '/', watch: false })).err).toBe(0);
});

test('a stream is cut into the same frames however its bytes arrive', () => {
  const property = fc.property(
    fc.array(anyFrame, { maxLength: 10 }),
    fc.array(fc.integer({ min: 1, max: 40 }), { minLength: 1 }),
    fc.uint8Array({ maxLength: 8 }),
    (frames, pieces, rest) => {
      const bytes = Buffer.concat([...frames.map(framed), rest]);
      const cut = (sizes: () => number): { frames: string[]; isRefused: boolean } => {
        const splitter = new FrameSplitter(10_000);
        const found: string[] = [];
        for (let at = 0; at < bytes.byteLength && !splitter.isRefused; ) {
          const size = sizes();
          splitter.push(bytes.subarray(at, at + size));
          at += size;
          while (splitter.next()) {
            found.push(
              Buffer.from(splitter.bytes.subarray(splitter.frameStart, splitter.frameEnd)).toString(
                'hex',
              ),
            );
          }
        }
        return { frames: found, isRefused: splitter.isRefused };
      };
      let next = 0;
      const inPieces = cut(() => pieces[next++ % pieces.length]!);
      expect(inPieces).toEqual(cut(() => bytes.byteLength));
      expect(inPieces.frames.slice(0, frames.length)).toEqual(
        frames.map((frame) => Buffer.from(frame).toString('hex')),
      );
    },
  );
  fc.assert(property, fuzzParameters());
});
