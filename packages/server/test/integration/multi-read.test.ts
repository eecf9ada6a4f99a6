import { ErrorCode, OpCode } from '@zooid/protocol';
import { expect, test } from 'vitest';
import { createOf, isThere } from '../raw-client.ts';
import { memoryServer } from './test-server.ts';

test('a multiRead that asks for more than an answer may hold is refused, and costs nobody else', async () => {
  const server = await memoryServer();
  const client = await server.client();
  await client.ok(createOf('/big', Buffer.alloc(900_000)));
  const read = { op: OpCode.getData, path: '/big', watch: false } as const;

  const large = await client.request({ op: OpCode.multiRead, ops: Array(40_000).fill(read) });
  const small = await client.request({ op: OpCode.multiRead, ops: Array(3).fill(read) });

  expect(large.err).toBe(ErrorCode.marshallingError);
  expect(small.err).toBe(ErrorCode.ok);
  expect(await isThere(await server.client(), '/big')).toBe(true);
});
