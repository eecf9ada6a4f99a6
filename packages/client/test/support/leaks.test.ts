import { createServer } from 'node:net';
import { startTestServer } from '@zooid/testing';
import { describe, expect, onTestFinished, test } from 'vitest';
import { connect } from '../../src/index.ts';
import { LeakWatch } from './leaks.ts';

function watchLeaks(): LeakWatch {
  const watch = new LeakWatch();
  onTestFinished(() => watch.stop());
  return watch;
}

describe('the check for leaks finds', () => {
  test('nothing where there is nothing', async () => {
    expect(await watchLeaks().settled(1_000)).toEqual({ resources: {}, signalListeners: 0 });
  });

  test('a timer', async () => {
    const watch = watchLeaks();
    const timer = setTimeout(() => {}, 60_000);
    expect(await watch.settled(10)).toMatchObject({ resources: { Timeout: 1 } });
    clearTimeout(timer);
    expect((await watch.settled(1_000)).resources).toEqual({});
  });

  test('a listening socket', async () => {
    const watch = watchLeaks();
    const server = createServer();
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    expect(await watch.settled(10)).toMatchObject({ resources: { TCPServerWrap: 1 } });
    await new Promise((resolve) => server.close(resolve));
    expect((await watch.settled(1_000)).resources).toEqual({});
  });

  test('a listener on a signal', async () => {
    const watch = watchLeaks();
    const { signal } = new AbortController();
    const listener = () => {};
    signal.addEventListener('abort', listener);
    expect((await watch.settled(10)).signalListeners).toBe(1);
    signal.removeEventListener('abort', listener);
    expect((await watch.settled(1_000)).signalListeners).toBe(0);
  });

  test('a client that is not closed', async () => {
    await using server = await startTestServer();
    const watch = watchLeaks();
    const zk = await connect(server.connectString);
    const leaks = await watch.settled(10);
    expect(leaks.resources['TCPSocketWrap']).toBeGreaterThan(0);
    await zk.close();
    expect(await watch.settled(3_000)).toEqual({ resources: {}, signalListeners: 0 });
  });
});
