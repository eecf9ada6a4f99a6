import type { HostPort, PeerRoute } from '@zooid/server';
import type { Ending } from './network-faults.ts';
import { LOCAL_HOST, TcpProxy } from './tcp-proxy.ts';

/** Where a member listens for the others. */
export interface PeerPorts {
  readonly id: number;
  readonly quorumPort: number;
  readonly electionPort: number;
}

/** What one member dials to reach another one. */
interface Line {
  readonly from: number;
  readonly to: number;
  /** The port that the other one listens on. */
  readonly port: number;
  readonly proxy: TcpProxy;
}

/**
 * The network between the members of an ensemble: for each member its own way to each port of each other one, by a proxy. So
 * who is cut off from whom can be chosen.
 */
export class PeerNetwork {
  readonly #lines: Line[] = [];

  private constructor() {}

  /** @throws what the system says of the proxies' ports. Nothing is left open then. */
  static async start(members: readonly PeerPorts[]): Promise<PeerNetwork> {
    const network = new PeerNetwork();
    const ends = members.flatMap(({ id: from }) =>
      members
        .filter(({ id }) => id !== from)
        .flatMap(({ id: to, quorumPort, electionPort }) => [
          { from, to, port: quorumPort },
          { from, to, port: electionPort },
        ]),
    );
    const opened = await Promise.allSettled(
      ends.map(async (end) => {
        network.#lines.push({ ...end, proxy: await TcpProxy.start({ port: end.port }) });
      }),
    );
    const failure = opened.find(({ status }) => status === 'rejected');
    if (failure?.status === 'rejected') {
      await network.close();
      throw failure.reason;
    }
    return network;
  }

  /** How this member dials the others. */
  routeOf(member: number): PeerRoute {
    const ports = new Map(
      this.#lines
        .filter(({ from }) => from === member)
        .map(({ port, proxy }) => [port, proxy.port]),
    );
    return (address): HostPort => {
      const port = ports.get(address.port);
      return port === undefined ? address : { host: LOCAL_HOST, port };
    };
  }

  /** Nothing that `from` says reaches `to`. */
  silence(from: number, to: number): void {
    for (const line of this.#lines) {
      if (line.from === from && line.to === to) line.proxy.partition({ direction: 'to-server' });
      if (line.from === to && line.to === from) line.proxy.partition({ direction: 'to-client' });
    }
  }

  /** Ends the connections between the two. */
  drop(one: number, other: number, ending: Ending): void {
    for (const { from, to, proxy } of this.#lines) {
      if ((from === one && to === other) || (from === other && to === one)) {
        proxy.dropConnections({ ending });
      }
    }
  }

  /** This member dies: its connections are reset, and nobody can reach it until {@link bringUp}. */
  takeDown(member: number, ending: Ending): void {
    for (const { from, to, proxy } of this.#lines) {
      if (from !== member && to !== member) continue;
      if (ending === 'reset') proxy.dropConnections({ ending });
      // Nor does it reach anybody, while its parts end one after the other.
      if (to === member || ending === 'reset') proxy.takeDown();
    }
  }

  async bringUp(member: number): Promise<void> {
    await Promise.all(
      this.#lines
        .filter(({ from, to }) => from === member || to === member)
        .map(({ port, proxy }) => proxy.bringUp(port)),
    );
  }

  async heal(): Promise<void> {
    await Promise.all(this.#lines.map(({ proxy }) => proxy.heal()));
  }

  async close(): Promise<void> {
    await Promise.all(this.#lines.map(({ proxy }) => proxy.close()));
  }
}
