import type { Socket } from 'node:net';
import { ErrorCode } from '@zooid/protocol';
import { afterEach, describe, expect, test } from 'vitest';
import { type FixedServer, startFixedServer } from '../../src/load/fixed-server.ts';
import { runLoad } from '../../src/load/run-load.ts';
import { UnexpectedReplyError } from '../../src/load/wire/server-error.ts';
import { Layout, workloadNames, workloadTape } from '../../src/load/workload.ts';

const layout = new Layout('/bench', 100);
let server: FixedServer | undefined;

afterEach(async () => {
  await server?.close();
  server = undefined;
});

/** Every byte a write of its own; the kernel may join some of them again, in any way. */
function sendByBytes(socket: Socket, bytes: Uint8Array): void {
  for (const byte of bytes) socket.write(Uint8Array.of(byte));
}

describe('a load', () => {
  test.each(workloadNames)('of %s counts exactly the requests that were answered', async (name) => {
    server = await startFixedServer({ valueBytes: 100 });
    const addresses = [{ host: '127.0.0.1', port: server.port }];
    const tape = workloadTape(name, layout, 16, 0);
    const shape = { connections: 3, outstanding: 16 };
    const result = await runLoad({
      addresses,
      tape,
      shape,
      extent: { kind: 'count', requests: 1_234 },
    });
    expect(result.replies).toBe(1_234);
    expect(result.latencies.totalCount).toBe(1_234);
  });

  test('counts right when the server sends byte by byte', async () => {
    server = await startFixedServer({ valueBytes: 100, send: sendByBytes });
    const addresses = [{ host: '127.0.0.1', port: server.port }];
    const tape = workloadTape('mixed-50-50', layout, 5, 0);
    const shape = { connections: 2, outstanding: 5 };
    const result = await runLoad({
      addresses,
      tape,
      shape,
      extent: { kind: 'count', requests: 50 },
    });
    expect(result.replies).toBe(50);
  });

  test('fails when one request of many is refused', async () => {
    server = await startFixedServer({
      valueBytes: 100,
      codeOf: (_, ordinal) => (ordinal === 40 ? ErrorCode.throttledOp : ErrorCode.ok),
    });
    const addresses = [{ host: '127.0.0.1', port: server.port }];
    const tape = workloadTape('set', layout, 16, 0);
    const shape = { connections: 2, outstanding: 16 };
    const extent = { kind: 'count', requests: 100_000 } as const;
    await expect(runLoad({ addresses, tape, shape, extent })).rejects.toThrow(UnexpectedReplyError);
  });

  test('fails when the connection is lost', async () => {
    server = await startFixedServer({
      valueBytes: 100,
      send: (socket, bytes) => {
        // The reply to connect has 41 bytes, those to gets more.
        if (bytes.byteLength === 41) socket.write(bytes);
        else socket.destroy();
      },
    });
    const addresses = [{ host: '127.0.0.1', port: server.port }];
    const tape = workloadTape('get', layout, 1, 0);
    const shape = { connections: 1, outstanding: 1 };
    const extent = { kind: 'count', requests: 10 } as const;
    await expect(runLoad({ addresses, tape, shape, extent })).rejects.toThrow(
      'closed the connection',
    );
  });
});
