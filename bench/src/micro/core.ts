/**
 * What one request costs the core alone: no sockets, no disk. Frames of one client go in, replies are thrown away.
 *
 *     npx tsx --conditions=@zooid/source bench/src/micro/core.ts [get|set|mixed|create]
 */
import { AccessRules, Client, type CoreOptions, ipProvider, ServerCore, Turn } from '@zooid/core';
import { JuteWriter, OpCode } from '@zooid/protocol';

/** Measures only what begins with this. */
const only = process.argv[2];
const ROUNDS = 9;
/** As with 32 connections that keep 16 requests in flight. */
const CHUNK_FRAMES = 16;
const BATCH_CHUNKS = 32;
const REQUESTS = CHUNK_FRAMES * BATCH_CHUNKS * 400;

const options: CoreOptions = {
  serverId: 0,
  tickTimeMs: 2000,
  sessionTimeoutMsMin: 4000,
  sessionTimeoutMsMax: 40_000,
  extendedTypes: 'off',
  digestEnabled: true,
  hashSeed: 1,
  enforceQuota: false,
  closeSessionTxnEnabled: true,
  reconfigEnabled: false,
  isAudited: false,
  cleaner: { checkIntervalMs: 60_000, deletesPerMinuteMax: 10_000, neverUsedMsMax: 0 },
  connectionThrottle: {
    tokenCount: 0,
    fillTimeMs: 1,
    fillCount: 1,
    freezeTimeMs: -1,
    dropIncrease: 0,
    dropDecrease: 0,
    decreaseRatio: 0,
    isWeighted: false,
    globalSessionWeight: 3,
    localSessionWeight: 1,
    renewSessionWeight: 2,
  },
  largeRequests: { thresholdBytes: undefined, bytesMax: 0 },
} as CoreOptions;

let appended = 0;
const core = new ServerCore({
  options,
  outbox: {
    appendTxn: (zxid) => {
      appended = zxid;
    },
    report: () => {},
  },
  meter: {
    onReceived: () => {},
    onAdmitted: () => {},
    onUnqueued: () => {},
    onReply: () => {},
    onConnected: () => {},
    onEvent: () => {},
    onZnodeRead: () => {},
    onZnodeWritten: () => {},
    onWatchesFired: () => {},
  },
  access: new AccessRules({ providers: [ipProvider] }),
  wallMs: Date.now(),
  nowMs: 1000,
  random: { next: () => 0.5 },
});
core.finishRestore(1000);
const log = { hasUnsynced: false, isSyncing: false, sync: () => {} };
const turn = new Turn(core, { log, wallMs: Date.now, nowMs: () => 1000, send: () => {} });
const client = new Client({ address: '127.0.0.1' });

function frame(fill: (out: JuteWriter) => void): Uint8Array {
  const out = new JuteWriter(256);
  fill(out);
  return out.copy();
}

/** Frames as a socket brings them: several in one chunk. */
interface Chunk {
  readonly bytes: Uint8Array;
  /** Where each frame begins, and the end of the last. */
  readonly bounds: readonly number[];
}

function chunkOf(frames: readonly Uint8Array[]): Chunk {
  const bounds = [0];
  for (const { byteLength } of frames) bounds.push(bounds.at(-1)! + byteLength);
  return { bytes: Buffer.concat(frames), bounds };
}

function feed(chunks: readonly Chunk[]): void {
  turn.begin();
  for (const { bytes, bounds } of chunks) {
    for (let i = 1; i < bounds.length; i++) {
      core.onClientFrame(client, bytes, bounds[i - 1]!, bounds[i]!);
    }
  }
  turn.end();
  turn.onLogSynced(appended);
}

/** @param touch - is called before a chunk is sent: its requests are numbered from `first` on. */
function measure(
  name: string,
  chunks: readonly Chunk[],
  touch: (chunk: Chunk, first: number) => void = () => {},
): void {
  if (only !== undefined && !name.startsWith(only)) return;
  const batch: Chunk[] = new Array<Chunk>(BATCH_CHUNKS);
  const times: number[] = [];
  for (let round = 0, next = 0; round < ROUNDS; round++) {
    // The time of this process, not of the clock: others may be busy on the machine.
    const before = process.cpuUsage();
    for (let i = 0; i < REQUESTS; i += BATCH_CHUNKS * CHUNK_FRAMES) {
      for (let j = 0; j < BATCH_CHUNKS; j++, next++) {
        const chunk = chunks[next % chunks.length]!;
        touch(chunk, next * CHUNK_FRAMES);
        batch[j] = chunk;
      }
      feed(batch);
    }
    const { user, system } = process.cpuUsage(before);
    times.push(((user + system) * 1000) / REQUESTS);
  }
  times.sort((a, b) => a - b);
  process.stdout.write(`${name.padEnd(12)} ${times[ROUNDS >> 1]!.toFixed(0).padStart(6)} ns\n`);
}

const data = new Uint8Array(100).fill(120);
const head = (out: JuteWriter, op: number): void => {
  out.int(7);
  out.int(op);
};
const openAcl = (out: JuteWriter): void => {
  out.int(1);
  out.int(31);
  out.ustring('world');
  out.ustring('anyone');
};
const create = (path: string): Uint8Array =>
  frame((out) => {
    head(out, OpCode.create);
    out.ustring(path);
    out.buffer(data);
    openAcl(out);
    out.int(0);
  });

feed([
  chunkOf([
    frame((out) => {
      out.int(0);
      out.long(0n);
      out.int(30_000);
      out.long(0n);
      out.buffer(new Uint8Array(16));
      out.boolean(false);
    }),
  ]),
]);
feed([chunkOf([create('/bench')])]);
for (let i = 0; i < 1000; i++) feed([chunkOf([create(`/bench/znode-${i}`)])]);

const gets = Array.from({ length: 1000 }, (_, i) =>
  frame((out) => {
    head(out, OpCode.getData);
    out.ustring(`/bench/znode-${i}`);
    out.boolean(false);
  }),
);
const sets = Array.from({ length: 1000 }, (_, i) =>
  frame((out) => {
    head(out, OpCode.setData);
    out.ustring(`/bench/znode-${i}`);
    out.buffer(data);
    out.int(-1);
  }),
);

/** As many chunks as it takes until number and place in the chunk meet again. */
function chunksOf(frameOf: (i: number) => Uint8Array): Chunk[] {
  return Array.from({ length: 125 }, (_, chunk) =>
    chunkOf(
      Array.from({ length: CHUNK_FRAMES }, (_, i) => frameOf((chunk * CHUNK_FRAMES + i) % 1000)),
    ),
  );
}

measure(
  'get',
  chunksOf((i) => gets[i]!),
);
measure(
  'set',
  chunksOf((i) => sets[i]!),
);
measure(
  'mixed 90/10',
  chunksOf((i) => (i % 10 === 0 ? sets[i]! : gets[i]!)),
);
measure(
  'mixed 50/50',
  chunksOf((i) => (i % 2 === 0 ? sets[i]! : gets[i]!)),
);
// One frame for each place in a batch, its number overwritten: making new ones would be measured, too.
const creates = Array.from({ length: BATCH_CHUNKS }, () =>
  chunkOf(Array.from({ length: CHUNK_FRAMES }, () => create('/bench/new-00000000'))),
);
const digitsAt = 8 + 4 + '/bench/new-'.length;
measure('create', creates, ({ bytes, bounds }, first) => {
  for (let i = 0; i < CHUNK_FRAMES; i++) {
    const at = bounds[i]! + digitsAt;
    for (let digit = 7, rest = first + i; digit >= 0; digit--, rest = Math.floor(rest / 10)) {
      bytes[at + digit] = 0x30 + (rest % 10);
    }
  }
});
