import { setImmediate as nextTurn } from 'node:timers/promises';
import { connect, type ZooKeeper } from '@zooid/client';
import { type Direction, startTestProxy, type TestServer } from '@zooid/testing';

export interface CutOptions {
  /** Bytes from one cut to the next: smaller than every request, or steps are left out. Default 24. */
  readonly stepBytes?: number | undefined;
}

/** A cut that was made, for messages. */
export interface Cut {
  readonly direction: Direction;
  readonly bytes: number;
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
  { stepBytes = 24 }: CutOptions = {},
): Promise<number> {
  await using proxy = await startTestProxy({ target: server });
  const run = async (cut: Cut | undefined) => {
    await using zk = await connect(proxy.connectString, { maxReconnectDelayMs: 30 });
    const before = proxy.traffic;
    const from = { 'to-server': before.bytesToServer, 'to-client': before.bytesToClient };
    await scenario(zk, cut);
    const after = proxy.traffic;
    return {
      'to-server': { from: from['to-server'], to: after.bytesToServer },
      'to-client': { from: from['to-client'], to: after.bytesToClient },
    };
  };
  const whole = await run(undefined);
  let cutCount = 0;
  for (const direction of ['to-server', 'to-client'] as const) {
    const { from, to } = whole[direction];
    for (let bytes = from; bytes < to; bytes += stepBytes) {
      const cut = proxy.cutAfter({ direction, bytes, ending: 'reset' });
      await run({ direction, bytes });
      // One that was not reached is called off.
      await proxy.heal();
      if (await cut.done) cutCount++;
      await nextTurn();
    }
  }
  return cutCount;
}
