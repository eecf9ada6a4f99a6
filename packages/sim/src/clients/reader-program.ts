import {
  ConnectionLossError,
  NodeExistsError,
  NoNodeError,
  NotReadOnlyError,
  type ZooKeeper,
} from '@zooid/client';
import { Program } from './program.ts';

const READ_PATHS: readonly string[] = ['/t/a', '/t/b', '/t/c', '/t/d', '/t/e'];

const READS_IN_A_ROW = 4;

/** A program that is content to read where there is no leader, and writes where there is one. */
export class ReaderProgram extends Program {
  #writeCount = 0;
  /** Session that a server gave that can write. */
  #sessionId: bigint | undefined;
  #zk: ZooKeeper | undefined;

  protected override get isReader(): boolean {
    return true;
  }

  protected override async step(zk: ZooKeeper): Promise<void> {
    try {
      if (this.random.chance(0.4)) await this.#write(zk);
      else for (let i = 0; i < READS_IN_A_ROW; i++) await this.#read(zk);
    } catch (error) {
      if (!(error instanceof ConnectionLossError || error instanceof NoNodeError)) throw error;
    }
    this.#checkSession(zk);
  }

  /** What it reads was committed; without a leader, and only then, it may be what a leader has proposed. */
  async #read(zk: ZooKeeper): Promise<void> {
    const path = this.random.pick(READ_PATHS);
    const node = await zk.get(path);
    const { checks, sessions } = this.world;
    const isReadOnly = zk.state === 'read-only';
    checks.note(isReadOnly ? 'read-only-read' : 'read-write-read');
    const { mzxid, version, czxid } = node.stat;
    const zxid = Number(mzxid);
    if (sessions.model.writeAt(zxid) === undefined) {
      checks.note('read-ahead');
      if (!isReadOnly || !checks.isKnown(zxid)) this.#fail(`reads ${path} of ${zxid}`);
      return;
    }
    const expected = sessions.model.at(path, zxid);
    const isRight =
      expected?.data === node.text() &&
      expected.version === version &&
      expected.czxid === Number(czxid);
    if (!isRight) this.#fail(`reads ${path} wrongly, as of ${zxid}`);
  }

  async #write(zk: ZooKeeper): Promise<void> {
    const path = `/t/${this.process.name}`;
    const token = `${this.process.name}.${this.process.startCount}.${++this.#writeCount}`;
    try {
      await zk.set(path, token);
      this.doneCount++;
    } catch (error) {
      if (error instanceof NotReadOnlyError) this.world.sessions.onRefused(token);
      else if (error instanceof NoNodeError) await this.#create(zk, path);
      else throw error;
    }
  }

  async #create(zk: ZooKeeper, path: string): Promise<void> {
    try {
      await zk.ensurePath('/t');
      await zk.create(path, '');
    } catch (error) {
      if (!(error instanceof NodeExistsError || error instanceof NotReadOnlyError)) throw error;
    }
  }

  /** A session that servers which can write know goes on there, whoever is asked in between. */
  #checkSession(zk: ZooKeeper): void {
    if (zk !== this.#zk) {
      this.#zk = zk;
      this.#sessionId = undefined;
    }
    if (zk.state === 'connected') {
      const { id } = zk.session;
      if (this.#sessionId !== undefined && this.#sessionId !== id) {
        this.#fail(`goes on with ${id} in place of ${this.#sessionId}`);
      }
      this.#sessionId = id;
    }
  }

  #fail(message: string): never {
    return this.world.checks.fail('reader', `${this.process.name} ${message}`);
  }
}
