import { connect as connectSocket } from 'node:net';
import { expect } from 'vitest';
import type { ConnectOptions, ZooKeeper } from '../../src/index.ts';
import { client } from '../support/leaks.ts';

/** user:password of the super user that servers of the suite have. */
export const SUPER = 'super:test';
/** Its digest, as servers are configured with it. */
export const SUPER_DIGEST = 'super:D/InIHSb7yEEbrWz8b9l71RjZJU=';

/**
 * A server that the suite may use: with TTL znodes, enforced quotas, {@link SUPER_DIGEST}, all four-letter words, and
 * sessions of 4 to 40 s.
 */
export interface SuiteServer extends AsyncDisposable {
  readonly port: number;
}

export type StartServer = () => Promise<SuiteServer>;

let treeCount = 0;

/** What the tests of one suite share. */
export class Suite {
  server!: SuiteServer;

  get address(): string {
    return `127.0.0.1:${this.server.port}`;
  }

  /** A client, closed at the end of the test, that sees the whole tree. */
  connect(options?: ConnectOptions): Promise<ZooKeeper> {
    return client(this.address, options);
  }

  /** A client that sees an empty tree of its own. */
  async fresh(options?: ConnectOptions): Promise<ZooKeeper> {
    const zk = await this.connect(options);
    const path = `/suite-${++treeCount}`;
    await zk.create(path);
    return zk.under(path);
  }

  /** Another client that sees the same part of the tree. */
  async beside(zk: ZooKeeper, options?: ConnectOptions): Promise<ZooKeeper> {
    return (await this.connect(options)).under(zk.chroot);
  }

  /** Watches that the server has, of all clients. */
  async watchCount(): Promise<number> {
    const answer = await fourLetterWord(this.server.port, 'wchs');
    return Number(/Total watches:\s*(\d+)/.exec(answer)?.[1]);
  }

  /** Waits until the server has so many watches. */
  async untilWatchCount(count: number): Promise<void> {
    await expect.poll(() => this.watchCount(), { interval: 5, timeout: 5_000 }).toBe(count);
  }
}

function fourLetterWord(port: number, word: string): Promise<string> {
  return new Promise((resolve, reject) => {
    let answer = '';
    const socket = connectSocket(port, '127.0.0.1', () => socket.write(word));
    socket.setEncoding('latin1');
    socket.on('data', (text: string) => {
      answer += text;
    });
    socket.on('error', reject);
    socket.on('close', () => resolve(answer));
  });
}

/** The next `count` values, and no more. */
export async function take<T>(values: AsyncIterator<T>, count: number): Promise<T[]> {
  const taken: T[] = [];
  while (taken.length < count) {
    const { value, done } = await values.next();
    if (done) break;
    taken.push(value);
  }
  return taken;
}

/** `type path` of the next `count` events. */
export async function takeEvents(
  events: AsyncIterator<{ readonly type: string; readonly path: string }>,
  count: number,
): Promise<string[]> {
  return (await take(events, count)).map(({ type, path }) => `${type} ${path}`);
}
