import { ClosedError, ConnectionLossError, type ZooKeeper } from '@zooid/client';
import { describe, expect, test } from 'vitest';
import { keepSession } from '../../src/index.ts';
import { onSessions } from '../../src/sessions/session-source.ts';
import { startSetup, untilAborted } from '../support/setup.ts';

describe('a session that is kept', () => {
  test('is one for all who ask, until it ends: then another one for all', async () => {
    await using setup = await startSetup();
    let openedCount = 0;
    await using sessions = keepSession(() => {
      openedCount++;
      return setup.connect();
    });
    const [first, again] = await Promise.all([sessions(), sessions()]);
    expect(first).toBe(again);
    await setup.server.expireSession(first);
    await untilAborted(first.lost);
    const [second, secondAgain] = await Promise.all([sessions(), sessions()]);
    expect(second).toBe(secondAgain);
    expect(second).not.toBe(first);
    expect(second.state).toBe('connected');
    expect(openedCount).toBe(2);
  });

  test('an attempt that failed is not the last', async () => {
    await using setup = await startSetup();
    let attempt = 0;
    await using sessions = keepSession(async () => {
      if (attempt++ === 0) throw new ConnectionLossError({ operation: 'connect' });
      return setup.connect();
    });
    await expect(sessions()).rejects.toThrow(ConnectionLossError);
    expect((await sessions()).state).toBe('connected');
  });

  test('closing ends the session, and gives no more', async () => {
    await using setup = await startSetup();
    const sessions = keepSession(() => setup.connect());
    const zk = await sessions();
    await sessions.close();
    await sessions.close();
    expect(zk.state).toBe('closed');
    await expect(sessions()).rejects.toThrow(ClosedError);
  });

  test('closing while it is being opened ends the attempt, or the session that comes of it', async () => {
    await using setup = await startSetup();
    let opened: ZooKeeper | undefined;
    const sessions = keepSession(async (signal) => {
      expect(signal.aborted).toBe(false);
      opened = await setup.connect();
      return opened;
    });
    const asked = sessions();
    await sessions.close();
    await asked;
    expect(opened?.state).toBe('closed');
  });
});

describe('work that goes on from session to session', () => {
  test('begins anew when a session has ended, and stops when it returns', async () => {
    await using setup = await startSetup();
    const used: bigint[] = [];
    const never = new AbortController().signal;
    await onSessions(
      () => setup.connect(),
      never,
      async (zk, scope) => {
        used.push(zk.session.id);
        if (used.length === 3) return;
        await setup.server.expireSession(zk);
        await untilAborted(scope);
        scope.throwIfAborted();
      },
    );
    expect(new Set(used).size).toBe(3);
  });

  test('is tried again after a failure that may pass, and ends with any other', async () => {
    await using setup = await startSetup();
    const zk = await setup.connect();
    const never = new AbortController().signal;
    let count = 0;
    const work = async () => {
      if (count++ < 2) throw new ConnectionLossError({ operation: 'test' });
      throw new Error('for good');
    };
    await expect(onSessions(zk, never, work)).rejects.toThrow('for good');
    expect(count).toBe(3);
  });

  test('a provider that gives ended sessions, or none, is asked again', async () => {
    await using setup = await startSetup();
    const ended = await setup.connect();
    await ended.close();
    const answers = [
      async () => ended,
      () => Promise.reject(new ConnectionLossError({ operation: 'connect' })),
      () => setup.connect(),
    ];
    const never = new AbortController().signal;
    await onSessions(
      () => answers.shift()!(),
      never,
      async (zk) => {
        expect(zk.state).toBe('connected');
      },
    );
    expect(answers).toEqual([]);
  });

  test('an error of the provider that no other try mends ends it', async () => {
    const never = new AbortController().signal;
    const provider = () => Promise.reject(new Error('no such host name'));
    await expect(onSessions(provider, never, async () => {})).rejects.toThrow('no such host');
  });
});
