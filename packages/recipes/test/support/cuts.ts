import { setImmediate as nextTurn } from 'node:timers/promises';
import { connect, type ZooKeeper } from '@zooid/client';
import {
  type CutPoint,
  type Direction,
  type PendingCut,
  startTestProxy,
  type TestServer,
} from '@zooid/testing';

export interface CutOptions {
  /** Bytes from one cut to the next: smaller than every request, or steps are left out. Default 24. */
  readonly stepBytes?: number | undefined;
  /** What ends at a cut: the connection, or the session with it. Default `connection`. */
  readonly ends?: 'connection' | 'session' | undefined;
}

/** A cut that was made, for messages. */
export interface Cut {
  readonly direction: Direction;
  readonly bytes: number;
  /** Resolves when the session has ended with it, if it is to. */
  readonly ended: Promise<void>;
}

/**
 * Runs a scenario again and again, each time on a connection that breaks a little later: in both directions, from the end of the
 * handshake to the scenario's last byte. So every request is lost once on its way, and once its answer is.
 *
 * @param server - one without a proxy of its own.
 * @param scenario - what one client does; every run must end with what it expects being checked.
 * @returns how many connections were cut.
 */
export async function forEachCut(
  server: TestServer,
  scenario: (zk: ZooKeeper, cut: Cut | undefined) => Promise<void>,
  { stepBytes = 24, ends = 'connection' }: CutOptions = {},
): Promise<number> {
  await using proxy = await startTestProxy({ target: server });
  const run = async (pending?: PendingCut, point?: CutPoint) => {
    await using zk = await connect(proxy.connectString, { maxReconnectDelayMs: 30 });
    const before = proxy.traffic;
    const from = { 'to-server': before.bytesToServer, 'to-client': before.bytesToClient };
    const expire = async () => {
      if (!(await pending?.done) || ends === 'connection') return;
      // The last cuts meet a session that is closed already.
      if (server.sessions().some(({ id }) => id === zk.session.id)) await server.expireSession(zk);
    };
    const ended = expire();
    await scenario(zk, point && { direction: point.direction, bytes: point.bytes, ended });
    const after = proxy.traffic;
    return {
      'to-server': { from: from['to-server'], to: after.bytesToServer },
      'to-client': { from: from['to-client'], to: after.bytesToClient },
    };
  };
  const whole = await run();
  let cutCount = 0;
  for (const direction of ['to-server', 'to-client'] as const) {
    const { from, to } = whole[direction];
    for (let bytes = from; bytes < to; bytes += stepBytes) {
      const point: CutPoint = { direction, bytes, ending: 'reset' };
      const cut = proxy.cutAfter(point);
      await run(cut, point);
      // One that was not reached is called off.
      await proxy.heal();
      if (await cut.done) cutCount++;
      await nextTurn();
    }
  }
  return cutCount;
}
