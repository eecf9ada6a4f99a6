import {
  decodeNotification,
  encodeNotification,
  JuteReader,
  JuteWriter,
  NO_VOTE,
  ServerState,
} from '@zooid/protocol';
import { describe, expect, test } from 'vitest';
import {
  toWireNotification,
  tryFromWireNotification,
} from '../../src/net/election-notification.ts';

const config = new TextEncoder().encode('server.1=a:1:2:participant\nversion=0');

function overTheWire(own: Parameters<typeof toWireNotification>[0]) {
  const writer = new JuteWriter();
  encodeNotification(writer, toWireNotification(own, config));
  return decodeNotification(new JuteReader(writer.copy()));
}

describe('a notification', () => {
  test('is the same on the other side, with its configuration', () => {
    const vote = { leader: 3, zxid: 2 ** 52 + 1, peerEpoch: 2 ** 20 };
    const wire = overTheWire({ vote, state: ServerState.leading, round: 7 });
    expect(wire.version).toBe(2);
    expect(wire.config).toEqual(config);
    expect(tryFromWireNotification(5, wire)).toEqual({
      ...vote,
      from: 5,
      state: ServerState.leading,
      round: 7,
    });
  });

  test('of an observer has no vote', () => {
    const wire = overTheWire({ vote: undefined, state: ServerState.looking, round: 1 });
    expect(wire).toMatchObject({ leader: NO_VOTE, zxid: NO_VOTE, peerEpoch: NO_VOTE });
    expect(tryFromWireNotification(5, wire)).toMatchObject({ leader: -(2 ** 63), round: 1 });
  });

  test('of no known state, or with numbers that cannot be exact, is of no use', () => {
    const wire = overTheWire({
      vote: { leader: 1, zxid: 1, peerEpoch: 1 },
      state: ServerState.looking,
      round: 1,
    });
    expect(tryFromWireNotification(5, { ...wire, state: 4 })).toBeUndefined();
    expect(tryFromWireNotification(5, { ...wire, zxid: 2n ** 53n })).toBeUndefined();
    expect(tryFromWireNotification(5, { ...wire, electionEpoch: -(2n ** 62n) })).toBeUndefined();
  });
});
