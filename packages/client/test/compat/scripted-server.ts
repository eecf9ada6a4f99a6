import net from 'node:net';
import {
  type ConnectRequest,
  decodeConnectRequest,
  decodeRequestHeader,
  encodeConnectResponse,
  encodeReplyHeader,
  encodeWatcherEvent,
  FrameSplitter,
  JuteReader,
  JuteWriter,
  OpCode,
  ReservedXid,
} from '@zooid/protocol';

/** What a scripted server does for a request: what it sends, in one write. */
export type Script = (request: ScriptedRequest) => Uint8Array | undefined;

export interface ScriptedRequest {
  readonly xid: number;
  readonly op: number;
  /** The first text of the body, which of most requests is the path. */
  readonly path: string;
  /** Bytes of the frame. */
  readonly frameBytes: number;
  /** From 0, over all connections. */
  readonly connectionIndex: number;
  readonly socket: net.Socket;
}

export interface ScriptedServerOptions {
  /** Whether it says of itself that it is read-only. */
  readonly readOnly?: boolean;
  /** Whether it never answers a connect request. */
  readonly silent?: boolean;
  /** Session timeout that it grants, in ms. */
  readonly timeoutMs?: number;
}

/** A server that says what it is told to, right or wrong. Pings and closeSession are answered by itself. */
export class ScriptedServer implements AsyncDisposable {
  readonly connectRequests: ConnectRequest[] = [];
  readonly #server: net.Server;
  readonly #sockets = new Set<net.Socket>();
  readonly #script: Script;
  readonly #options: ScriptedServerOptions;

  private constructor(script: Script, options: ScriptedServerOptions) {
    this.#script = script;
    this.#options = options;
    this.#server = net.createServer((socket) => this.#onConnection(socket));
  }

  static async start(script: Script, options: ScriptedServerOptions = {}): Promise<ScriptedServer> {
    const server = new ScriptedServer(script, options);
    await new Promise<void>((resolve) => server.#server.listen(0, '127.0.0.1', resolve));
    return server;
  }

  get connectString(): string {
    const { port } = this.#server.address() as net.AddressInfo;
    return `127.0.0.1:${port}`;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const socket of this.#sockets) socket.destroy();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  #onConnection(socket: net.Socket): void {
    const connectionIndex = this.connectRequests.length;
    const splitter = new FrameSplitter();
    let isConnected = false;
    this.#sockets.add(socket);
    socket.on('error', () => {});
    socket.on('close', () => this.#sockets.delete(socket));
    socket.on('data', (chunk) => {
      splitter.push(chunk);
      while (splitter.next()) {
        const reader = new JuteReader();
        reader.reset(splitter.bytes, splitter.frameStart, splitter.frameEnd);
        if (isConnected) {
          const { xid, type } = decodeRequestHeader(reader);
          const path = isAboutPath(type) ? reader.text() : '';
          const frameBytes = splitter.frameEnd - splitter.frameStart;
          this.#onRequest({ xid, op: type, path, frameBytes, connectionIndex, socket });
        } else {
          isConnected = true;
          this.#onConnect(socket, decodeConnectRequest(reader));
        }
      }
    });
  }

  #onConnect(socket: net.Socket, request: ConnectRequest): void {
    this.connectRequests.push({ ...request, password: request.password?.slice() ?? null });
    if (this.#options.silent) return;
    socket.write(
      frame((writer) => {
        encodeConnectResponse(writer, {
          protocolVersion: 0,
          timeoutMs: this.#options.timeoutMs ?? request.timeoutMs,
          sessionId: 0x77n,
          password: new Uint8Array(16).fill(7),
          readOnly: this.#options.readOnly ?? false,
        });
      }),
    );
  }

  #onRequest(request: ScriptedRequest): void {
    const { xid, op, socket } = request;
    if (op === OpCode.ping) {
      socket.write(reply(xid, 0));
    } else if (op === OpCode.closeSession) {
      socket.end(reply(xid, 0));
    } else {
      const bytes = this.#script(request);
      if (bytes !== undefined) socket.write(bytes);
    }
  }
}

function isAboutPath(op: number): boolean {
  return op > 0 && op <= OpCode.getChildren2;
}

/** An answer. */
export function reply(
  xid: number,
  err: number,
  body: (writer: JuteWriter) => void = () => {},
): Uint8Array {
  return frame((writer) => {
    encodeReplyHeader(writer, { xid, zxid: 1, err });
    body(writer);
  });
}

/** An event, of whatever type. Servers before 3.9 send no zxid with it. */
export function notification(type: number, path: string, zxid = -1): Uint8Array {
  return frame((writer) => {
    encodeReplyHeader(writer, { xid: ReservedXid.notification, zxid, err: 0 });
    encodeWatcherEvent(writer, { type, state: 3, path } as Parameters<
      typeof encodeWatcherEvent
    >[1]);
  });
}

function frame(write: (writer: JuteWriter) => void): Uint8Array {
  const writer = new JuteWriter();
  const mark = writer.startFrame();
  write(writer);
  writer.endFrame(mark);
  return writer.bytes.slice(0, writer.length);
}
