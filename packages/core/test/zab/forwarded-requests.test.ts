import { OpCode } from '@zooid/protocol';
import { expect, it } from 'vitest';
import { Client } from '../../src/client.ts';
import { type ForwardedRequest, ForwardedRequests } from '../../src/zab/forwarded-requests.ts';

const client = new Client({ address: '' });

function request(xid: number): ForwardedRequest {
  return {
    client,
    op: OpCode.setData,
    xid,
    receivedAtMs: 0,
    requestBytes: 0,
    create2Indexes: undefined,
    audited: undefined,
  };
}

it('a transaction answers the oldest request of its session, if that has its number', () => {
  const requests = new ForwardedRequests();
  requests.add(1n, request(1));
  requests.add(1n, request(2));
  requests.add(2n, request(2));
  expect(requests.size).toBe(3);
  // Somebody else's, of a session that was elsewhere before.
  expect(requests.take(1n, 2)).toBeUndefined();
  expect(requests.take(3n, 1)).toBeUndefined();
  expect(requests.take(2n, 2)?.xid).toBe(2);
  expect(requests.take(1n, 1)?.xid).toBe(1);
  expect(requests.take(1n, 2)?.xid).toBe(2);
  expect(requests.take(1n, 2)).toBeUndefined();
  expect(requests.size).toBe(0);
});

it('a number that is used again is answered once for each time', () => {
  const requests = new ForwardedRequests();
  const [first, second] = [request(-8), request(-8)];
  requests.add(1n, first);
  requests.add(1n, second);
  expect(requests.take(1n, -8)).toBe(first);
  expect(requests.take(1n, -8)).toBe(second);
});

it('sessions that come later do not see what was left of those before', () => {
  const requests = new ForwardedRequests();
  for (let id = 0n; id < 200n; id++) {
    requests.add(id, request(1));
    if (id % 2n === 0n) expect(requests.take(id, 1)).toBeDefined();
  }
  expect(requests.size).toBe(100);
  for (let id = 1n; id < 200n; id += 2n) expect(requests.take(id, 1)).toBeDefined();
  expect(requests.size).toBe(0);
});
