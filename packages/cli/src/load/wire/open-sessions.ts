import { type ServerAddress, SessionSocket } from './session-socket.ts';

/** Connections opened or closed at once: below the listen backlog of 50 that Apache's server has. */
const AT_ONCE = 32;

/** New sessions, on each address in turn, opened a few at a time. On failure those already open are dropped. */
export async function openSessions(
  addresses: readonly ServerAddress[],
  count: number,
): Promise<readonly SessionSocket[]> {
  const sessions: SessionSocket[] = [];
  let started = 0;
  const opener = async (): Promise<void> => {
    while (started < count) {
      const address = addresses[started++ % addresses.length]!;
      sessions.push(await SessionSocket.open(address));
    }
  };
  const openers = Array.from({ length: Math.min(AT_ONCE, count) }, opener);
  for (const outcome of await Promise.allSettled(openers)) {
    if (outcome.status === 'rejected') {
      for (const session of sessions) session.destroy();
      throw outcome.reason;
    }
  }
  return sessions;
}

/** Ends sessions, a few at a time. */
export async function closeSessions(sessions: readonly SessionSocket[]): Promise<void> {
  let next = 0;
  const closer = async (): Promise<void> => {
    while (next < sessions.length) await sessions[next++]!.close();
  };
  await Promise.all(Array.from({ length: Math.min(AT_ONCE, sessions.length) }, closer));
}
