/**
 * The network between the members of an ensemble of processes: each reaches each other one by proxies of its own, so that it can be cut.
 *
 * In an election a server that is called says where it is, and is called back there, past the proxies. So its own line names an address
 * at which nobody is, it listens at all addresses, and the others go back to those that they know it by.
 */
import { startTestProxy, type TestProxy } from '@zooid/testing';
import { allOf } from './process.ts';

/** Of a multicast group: to connect there fails at once. */
const NOWHERE = '224.0.0.1';

/** How one member reaches another one. */
interface Way {
  readonly from: number;
  readonly to: number;
  readonly quorum: TestProxy;
  readonly election: TestProxy;
  readonly role: string;
}

export class CutNetwork implements AsyncDisposable {
  readonly #lines: ReadonlyMap<number, string>;
  readonly #ways: readonly Way[];

  private constructor(lines: ReadonlyMap<number, string>, ways: readonly Way[]) {
    this.#lines = lines;
    this.#ways = ways;
  }

  /** @param lines - by the id of the member, where it listens: `127.0.0.1:quorum:election:role`. */
  static async start(lines: ReadonlyMap<number, string>): Promise<CutNetwork> {
    const ways: Way[] = [];
    for (const from of lines.keys()) {
      for (const [to, line] of lines) {
        if (from === to) continue;
        const [, quorum, election, role] = line.split(':');
        ways.push({
          from,
          to,
          quorum: await startTestProxy({ target: { port: Number(quorum) } }),
          election: await startTestProxy({ target: { port: Number(election) } }),
          role: role!,
        });
      }
    }
    return new CutNetwork(lines, ways);
  }

  /** What members need in their configurations besides the lines. */
  static readonly settings = { quorumListenOnAllIPs: 'true' };

  /** The line by which one member knows another one, or itself. */
  lineOf(from: number, to: number): string {
    const way = this.#ways.find((one) => one.from === from && one.to === to);
    return way === undefined
      ? this.#lines.get(to)!.replace(/^[^:]*/, NOWHERE)
      : `127.0.0.1:${way.quorum.port}:${way.election.port}:${way.role}`;
  }

  /** Nothing passes any more between this member and the others, and nobody is told. */
  cutOff(id: number): void {
    for (const { from, to, quorum, election } of this.#ways) {
      if (from !== id && to !== id) continue;
      quorum.partition();
      election.partition();
    }
  }

  /** Everything passes again, what has waited first. */
  async heal(): Promise<void> {
    await allOf(this.#ways.flatMap(({ quorum, election }) => [quorum.heal(), election.heal()]));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await allOf(this.#ways.flatMap(({ quorum, election }) => [quorum.close(), election.close()]));
  }
}
