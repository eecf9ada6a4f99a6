import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';
import { FrameSplitter } from '@zooid/protocol';

const HOST = '127.0.0.1';

/** A port in front of a server to which some opcodes are changed into one that it does not know: so it is an older one. */
export interface RewritingProxy extends AsyncDisposable {
  readonly connectString: string;
  /** Ends every connection. */
  dropConnections(): void;
}

/** No server knows it. */
const UNKNOWN_OP = 4_242;

/** @param hidden - opcodes that the server is not to know. */
export async function startRewritingProxy(
  port: number,
  hidden: readonly number[],
): Promise<RewritingProxy> {
  const sockets = new Set<Socket>();
  const listener = createServer((client) => {
    const server = connect(port, HOST);
    const splitter = new FrameSplitter();
    let isFirst = true;
    client.on('data', (chunk: Uint8Array) => {
      splitter.push(chunk);
      while (splitter.next()) {
        const frame = Buffer.from(splitter.bytes.slice(splitter.frameStart, splitter.frameEnd));
        if (!isFirst && hidden.includes(frame.readInt32BE(4))) frame.writeInt32BE(UNKNOWN_OP, 4);
        isFirst = false;
        const length = Buffer.alloc(4);
        length.writeInt32BE(frame.byteLength);
        server.write(Buffer.concat([length, frame]));
      }
    });
    server.pipe(client);
    for (const [socket, other] of [
      [client, server],
      [server, client],
    ] as const) {
      sockets.add(socket);
      socket.on('error', () => {});
      socket.on('close', () => {
        sockets.delete(socket);
        other.destroySoon();
      });
    }
  });
  listener.listen(0, HOST);
  await once(listener, 'listening');
  const dropConnections = () => {
    for (const socket of sockets) socket.destroy();
  };
  return {
    connectString: `${HOST}:${(listener.address() as AddressInfo).port}`,
    dropConnections,
    async [Symbol.asyncDispose]() {
      dropConnections();
      listener.close();
      await once(listener, 'close');
    },
  };
}
