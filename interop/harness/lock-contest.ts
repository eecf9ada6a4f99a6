/** Our side of a contention for one lock with a program in another language, as `LockPeer.java` and `lock_peer.py` describe it. */
import { connect, type ZooKeeper } from '@zooid/client';
import type { Held } from '@zooid/recipes';
import { pollUntil, type Running, startProcess } from './process.ts';

/** A program that contends when a line tells it to. */
export class LockPeer implements AsyncDisposable {
  readonly #running: Running;
  #isOver = false;

  private constructor(running: Running) {
    this.#running = running;
    running.finished.then(
      () => {
        this.#isOver = true;
      },
      () => undefined,
    );
  }

  /** Resolves when it waits for lines. */
  static async start(command: string, args: readonly string[]): Promise<LockPeer> {
    const peer = new LockPeer(startProcess(command, args));
    await peer.until('READY');
    return peer;
  }

  /** Contends. @throws Error when it saw what must not be. */
  async contend(kind: string, threads: number, rounds: number): Promise<void> {
    this.#running.write(`${kind} ${threads} ${rounds}\n`);
    await this.until(`DONE ${kind}`);
  }

  /** Everything that it printed. */
  output(): string {
    return this.#running.output();
  }

  write(text: string): void {
    this.#running.write(text);
  }

  /** Resolves when it has printed this line. @throws Error when it prints a failure, or ends. */
  async until(line: string): Promise<void> {
    await pollUntil(
      async () => {
        const output = this.#running.output();
        if (this.#isOver || output.includes('FAIL ')) throw new Error(output);
        return output.includes(`${line}\n`) ? true : undefined;
      },
      60_000,
      () => `${line}\n${this.#running.output()}`,
    );
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#running.stop('SIGKILL');
  }
}

/** Where contenders of one kind meet. */
export class Contest {
  readonly #zk: ZooKeeper;
  readonly #address: string;
  readonly #kind: string;
  readonly lockPath: string;

  private constructor(zk: ZooKeeper, address: string, kind: string) {
    this.#zk = zk;
    this.#address = address;
    this.#kind = kind;
    this.lockPath = `/${kind}/lock`;
  }

  static async prepare(zk: ZooKeeper, address: string, kind: string): Promise<Contest> {
    await zk.ensurePath(`/${kind}/inside`);
    await zk.create(`/${kind}/count`, '0');
    return new Contest(zk, address, kind);
  }

  /** Lets so many of our clients do their work so often, side by side. */
  async run(
    clients: number,
    rounds: number,
    work: (zk: ZooKeeper, client: number, round: number) => Promise<void>,
  ): Promise<void> {
    const loops = Array.from({ length: clients }, async (_, client) => {
      await using zk = await connect(this.#address);
      for (let round = 0; round < rounds; round++) await work(zk, client, round);
    });
    await Promise.all(loops);
  }

  /** What somebody does who holds it, with at most `max` others doing the same. */
  async inside(zk: ZooKeeper, held: Held, max: number): Promise<void> {
    const { path } = await zk.create(`/${this.#kind}/inside/node-`, undefined, {
      mode: 'ephemeral-sequential',
    });
    const { names } = await zk.children(`/${this.#kind}/inside`);
    await zk.delete(path);
    if (names.length > max) throw new Error(`${names.join(', ')} hold it`);
    if (!held.isHeld) throw new Error('it was lost');
  }

  /** What somebody does who holds it alone. */
  async write(zk: ZooKeeper, held: Held): Promise<void> {
    await this.inside(zk, held, 1);
    const count = await zk.get(`/${this.#kind}/count`);
    await zk.set(`/${this.#kind}/count`, String(Number(count.text()) + 1), {
      version: count.stat.version,
    });
  }

  /** What somebody does who keeps writers out. */
  async read(zk: ZooKeeper): Promise<void> {
    const before = await zk.get(`/${this.#kind}/count`);
    const { names } = await zk.children(`/${this.#kind}/inside`);
    const after = await zk.get(`/${this.#kind}/count`);
    if (names.length > 0 || before.stat.version !== after.stat.version) {
      throw new Error('somebody writes beside a reader');
    }
  }

  /** How often it was written. */
  async count(): Promise<number> {
    return Number((await this.#zk.get(`/${this.#kind}/count`)).text());
  }

  /** Names that are left where contenders had theirs: below the lock, at any depth, parents left out. */
  async leftovers(parents: readonly string[]): Promise<string[]> {
    const left = await this.#zk.listTree(`/${this.#kind}`);
    const known = new Set([`/${this.#kind}`, `/${this.#kind}/inside`, `/${this.#kind}/count`]);
    return left.filter((path) => !known.has(path) && !parents.includes(path));
  }
}
