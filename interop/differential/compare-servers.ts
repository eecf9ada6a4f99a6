/**
 * Plays one seed to two servers and stops at the first difference: replies, error codes, zxids, watch
 * events and their order, closed connections, and in the end the whole tree.
 */
import { OpCode } from '@zooid/protocol';
import { dumpTree } from '../harness/dump-tree.ts';
import {
  fourLetterWord,
  type ServerKind,
  type ServerOptions,
  SUPER_DIGEST,
  TestServer,
} from '../harness/server.ts';
import { Driver, type Line, type ServerMemory } from './driver.ts';
import { Generator, type Profile, SLOT_COUNT } from './generator.ts';
import { comparable, isSame } from './known-differences.ts';
import { describeRequest, describeStep, type Step } from './steps.ts';

/** The two servers of a run, both fresh at first. */
export class ServerPair {
  readonly reference: TestServer;
  readonly other: TestServer;
  readonly memories: readonly [ServerMemory, ServerMemory];

  private constructor(reference: TestServer, other: TestServer, startMs: number) {
    this.reference = reference;
    this.other = other;
    this.memories = [
      { startMs, sessions: new Map() },
      { startMs, sessions: new Map() },
    ];
  }

  /** Starts Apache's server and another one, configured alike. */
  static async start(other: ServerKind, profile: Profile): Promise<ServerPair> {
    const startMs = Date.now() - 1000;
    const options = differentialOptions(profile);
    const reference = await TestServer.start('apache', options);
    try {
      return new ServerPair(reference, await TestServer.start(other, options), startMs);
    } catch (error) {
      await reference[Symbol.asyncDispose]();
      throw error;
    }
  }

  /** Kills both and starts them again on what they have on disk. */
  async restart(): Promise<void> {
    await Promise.all(
      [this.reference, this.other].map(async (server) => {
        await server.stop('SIGKILL');
        await server.start();
      }),
    );
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all([this.reference[Symbol.asyncDispose](), this.other[Symbol.asyncDispose]()]);
  }
}

/** Configuration that makes both deterministic: nothing expires, nothing is cleaned up. */
export function differentialOptions(profile: Profile): ServerOptions {
  return {
    config: {
      tickTime: 3000,
      maxSessionTimeout: 60_000,
      // Some recover from a log alone, some from snapshots taken under way.
      ...(profile === 'acls' || profile === 'extended' || profile === 'bursts'
        ? { snapCount: 100 }
        : {}),
      ...(profile === 'extended' ? { extendedTypesEnabled: 'true' } : {}),
      ...(profile === 'quota' ? { enforceQuota: 'true' } : {}),
    },
    properties: Object.fromEntries([
      SUPER_DIGEST,
      ['znode.container.checkIntervalMs', '100000000'],
    ]),
  };
}

/** What a run found. */
export interface Difference {
  readonly stepIndex: number;
  /** The steps that lead to it, the last one being the one that differs. */
  readonly steps: readonly Step[];
  readonly report: string;
}

function show(line: Line | undefined): string {
  if (line === undefined) return 'nothing';
  const { slot, text, eventZxid } = line;
  return `#${slot} ${text}${eventZxid === undefined ? '' : ` zxid=${eventZxid}`}`.slice(0, 1000);
}

function isClose(step: Step): 'yes' | 'no' {
  return step.kind === 'requests' &&
    step.requests.some((request) => request.type === OpCode.closeSession)
    ? 'yes'
    : 'no';
}

/** Two drivers in step. */
export class Comparison {
  readonly #reference: Driver;
  readonly #other: Driver;
  readonly #steps: Step[] = [];

  constructor(pair: ServerPair) {
    this.#reference = new Driver(pair.reference.port, SLOT_COUNT, pair.memories[0]);
    this.#other = new Driver(pair.other.port, SLOT_COUNT, pair.memories[1]);
  }

  get isConnected(): readonly boolean[] {
    return Array.from({ length: SLOT_COUNT }, (_, slot) => this.#reference.isConnected(slot));
  }

  /** Plays a step to both; the reference's lines, and the difference when there is one. */
  async play(
    step: Step,
  ): Promise<{ readonly lines: readonly Line[]; readonly difference: Difference | undefined }> {
    const before = this.#reference.lastZxid;
    this.#steps.push(step);
    const [reference, other] = await Promise.all([
      this.#reference.play(step),
      this.#other.play(step),
    ]);
    const left = comparable(reference, isClose(step));
    const right = comparable(other, isClose(step));
    const after = this.#reference.lastZxid;
    const count = Math.max(left.length, right.length);
    let at = 0;
    while (at < count && isSame(left[at], right[at], before, after)) at++;
    return {
      lines: reference,
      difference: at === count ? undefined : this.#report(left, right, at),
    };
  }

  /** Drops the connections. */
  close(): void {
    this.#reference.close();
    this.#other.close();
  }

  #report(left: readonly Line[], right: readonly Line[], at: number): Difference {
    const stepIndex = this.#steps.length - 1;
    const last = this.#steps[stepIndex]!;
    const xid = /xid=(-?\d+)/.exec(left[at]?.text ?? right[at]?.text ?? '')?.[1];
    const request =
      last.kind === 'requests'
        ? last.requests.find((candidate) => String(candidate.xid) === xid)
        : undefined;
    const shown = this.#steps.slice(-6).map((step) => `  ${describeStep(step).slice(0, 4000)}`);
    const report = [
      `step ${stepIndex}, line ${at} of what the clients saw differs:`,
      ...(request === undefined ? [] : [`  request:   ${describeRequest(request)}`]),
      `  reference: ${show(left[at])}`,
      `  other:     ${show(right[at])}`,
      'the steps up to it:',
      ...shown,
      'the reference saw:',
      ...left.map((line) => `  ${show(line)}`),
      'the other saw:',
      ...right.map((line) => `  ${show(line)}`),
    ].join('\n');
    return { stepIndex, steps: [...this.#steps], report };
  }
}

/** Plays `stepCount` steps of a seed; undefined when the servers could not be told apart. */
export async function compareSeed(
  pair: ServerPair,
  seed: number,
  profile: Profile,
  stepCount: number,
): Promise<Difference | undefined> {
  const generator = new Generator(seed, profile);
  const comparison = new Comparison(pair);
  try {
    for (let slot = 0; slot < SLOT_COUNT; slot++) {
      const { difference } = await comparison.play(generator.connectNew(slot));
      if (difference !== undefined) return difference;
    }
    for (let i = 0; i < stepCount; i++) {
      const { lines, difference } = await comparison.play(generator.next(comparison.isConnected));
      if (difference !== undefined) {
        await assertReferenceServes(pair, seed, profile);
        return difference;
      }
      generator.learn(lines);
    }
  } finally {
    comparison.close();
  }
  await assertReferenceServes(pair, seed, profile);
  return await compareTrees(pair);
}

/** The reference died of a defect of its own: nothing to compare with. */
export class ReferenceFailed extends Error {}

async function assertReferenceServes(
  { reference }: ServerPair,
  seed: number,
  profile: Profile,
): Promise<void> {
  const answer = await fourLetterWord(reference.port, 'srvr').catch(() => '');
  if (answer.includes('Mode:')) return;
  throw new ReferenceFailed(
    `Apache's server itself failed (${profile}, seed ${seed}):\n${reference.output().slice(-40000)}`,
  );
}

/** Compares every znode, and what the servers count about themselves. */
export async function compareTrees(pair: ServerPair): Promise<Difference | undefined> {
  const [left, right] = await Promise.all(
    [pair.reference, pair.other].map((server, i) => {
      const { startMs, sessions } = pair.memories[i]!;
      return dumpTree(server.port, {
        time: (value) => (value >= BigInt(startMs) ? 'now' : String(value)),
        session: (id) => sessions.get(id) ?? String(id),
      });
    }),
  );
  const differing: string[] = [];
  for (const path of new Set([...left!.keys(), ...right!.keys()])) {
    const a = left!.get(path) ?? 'absent';
    const b = right!.get(path) ?? 'absent';
    if (a !== b) differing.push(`  ${path}\n    reference: ${a}\n    other:     ${b}`);
  }
  const [wanted, got] = await Promise.all([counts(pair.reference), counts(pair.other)]);
  // The root is in Apache's table twice: a change of its data counts once, and twice after a restart.
  const rootBytes = Number(/ len=(\d+)/.exec(left!.get('/')!)![1]);
  const hasQuota = [...left!.keys()].some((path) => path.endsWith('/zookeeper_stats'));
  for (const [name, value] of wanted) {
    const difference = Math.abs(value - (got.get(name) ?? Number.NaN));
    // It does not count what it writes into the statistics of a quota either.
    const isKnown = difference === rootBytes || hasQuota;
    if (difference !== 0 && !(name === 'zk_approximate_data_size' && isKnown)) {
      differing.push(`  mntr ${name}\n    reference: ${value}\n    other:     ${got.get(name)}`);
    }
  }
  return differing.length === 0
    ? undefined
    : { stepIndex: -1, steps: [], report: `the trees differ:\n${differing.join('\n')}` };
}

async function counts(server: TestServer): Promise<Map<string, number>> {
  const mntr = await fourLetterWord(server.port, 'mntr');
  const names = ['zk_znode_count', 'zk_ephemerals_count', 'zk_approximate_data_size'];
  return new Map(
    names.map((name) => [name, Number(new RegExp(`^${name}\\t(\\d+)$`, 'm').exec(mntr)?.[1])]),
  );
}
