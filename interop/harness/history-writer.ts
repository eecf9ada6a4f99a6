/**
 * A session that writes through whatever happens to its servers, and what must be there afterwards: every write that was acknowledged,
 * once; those whose fate is unknown once or not at all; and the acknowledged ones in the order in which they were made.
 */
import { setTimeout as delay } from 'node:timers/promises';
import { connect, type ZooKeeper, ZooKeeperError } from '@zooid/client';
import { pollUntil } from './process.ts';

/** Writes under way at a time. */
const DEPTH = 8;
/** Between the answer to a write and the next one: everything is read again at the end, at each member. */
const PAUSE_MS = 20;

export class HistoryWriter implements AsyncDisposable {
  readonly zk: ZooKeeper;
  readonly directory: string;
  readonly #sessionId: bigint;
  /** Numbers of writes that were answered with success. */
  readonly #acknowledged = new Set<number>();
  /** Numbers of writes that may have happened or not. */
  readonly #unknown = new Set<number>();
  #next = 0;
  #isEnding = false;
  #loops: Promise<unknown> = Promise.resolve();
  #failure: unknown;

  private constructor(zk: ZooKeeper, directory: string) {
    this.zk = zk;
    this.directory = directory;
    this.#sessionId = zk.session.id;
  }

  /** Begins to write below `directory`, which it makes. */
  static async start(connectString: string, directory: string): Promise<HistoryWriter> {
    const zk = await connect(connectString, { sessionTimeoutMs: 40_000, maxReconnectDelayMs: 100 });
    const writer = new HistoryWriter(zk, directory);
    await zk.create(directory, '');
    await zk.create(`${directory}/alive`, '', { mode: 'ephemeral' });
    writer.#loops = Promise.all(Array.from({ length: DEPTH }, () => writer.#write()));
    writer.#loops.catch((error: unknown) => {
      writer.#failure ??= error;
    });
    return writer;
  }

  get acknowledgedCount(): number {
    return this.#acknowledged.size;
  }

  /** Resolves when it has got so many more acknowledgements. @throws what made it fail. */
  async progress(count: number): Promise<void> {
    const due = this.acknowledgedCount + count;
    await pollUntil(
      async () => {
        if (this.#failure !== undefined) throw this.#failure;
        return this.acknowledgedCount >= due ? true : undefined;
      },
      60_000,
      () => `${due} acknowledgements of ${this.directory}, ${this.acknowledgedCount} so far`,
    );
  }

  /** No new writes; those under way are waited for. */
  async finish(): Promise<void> {
    this.#isEnding = true;
    await this.#loops;
  }

  /**
   * Compares with what a reader sees.
   *
   * @returns every fault, in words; none when all is well. To be asked after {@link finish}.
   */
  async faults(reader: ZooKeeper): Promise<string[]> {
    await reader.sync('/');
    const faults: string[] = [];
    if (this.zk.lost.aborted || this.zk.session.id !== this.#sessionId) {
      faults.push(`the session of ${this.directory} was lost`);
    }
    const { names } = await reader.children(this.directory);
    const found = new Map<number, bigint>();
    await Promise.all(
      names
        .filter((name) => name !== 'alive')
        .map(async (name) => {
          const value = await reader.get(`${this.directory}/${name}`);
          const number = Number(value.text());
          if (found.has(number)) faults.push(`write ${number} of ${this.directory} is doubled`);
          found.set(number, BigInt(value.stat.czxid));
        }),
    );
    if (!names.includes('alive')) faults.push(`the ephemeral of ${this.directory} is gone`);
    for (const number of this.#acknowledged) {
      if (!found.has(number)) faults.push(`write ${number} of ${this.directory} is lost`);
    }
    for (const number of found.keys()) {
      if (!this.#acknowledged.has(number) && !this.#unknown.has(number)) {
        faults.push(`write ${number} of ${this.directory} was refused, and is there`);
      }
    }
    let last = 0n;
    for (const number of [...found.keys()].sort((a, b) => a - b)) {
      const czxid = found.get(number)!;
      if (czxid <= last) faults.push(`write ${number} of ${this.directory} is out of order`);
      last = czxid;
    }
    return faults;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#isEnding = true;
    await this.zk.close();
    await this.#loops.catch(() => {});
  }

  async #write(): Promise<void> {
    while (!this.#isEnding) {
      const number = this.#next++;
      try {
        await this.zk.create(`${this.directory}/n-`, String(number), {
          mode: 'persistent-sequential',
        });
        this.#acknowledged.add(number);
      } catch (error) {
        if (!ZooKeeperError.is(error) || error.code !== 'CONNECTION_LOSS') throw error;
        if (error.outcome === 'unknown') this.#unknown.add(number);
      }
      await delay(PAUSE_MS);
    }
  }
}
