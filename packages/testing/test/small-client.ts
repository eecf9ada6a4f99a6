/** As much of a ZooKeeper client as these tests need: one request at a time, no pings, nothing by itself. */

import {
  type ConnectResponse,
  type CreateRequest,
  decodeConnectResponse,
  decodeReplyHeader,
  encodeConnectRequest,
  encodeRequest,
  encodeRequestHeader,
  JuteReader,
  JuteWriter,
  OpCode,
  openAcl,
  type Request,
  ReservedXid,
} from '@zooid/protocol';
import { Peer, until } from './peer.ts';

function framed(write: (writer: JuteWriter) => void): Buffer {
  const writer = new JuteWriter();
  write(writer);
  const payload = writer.copy();
  const frame = Buffer.alloc(4 + payload.byteLength);
  frame.writeInt32BE(payload.byteLength);
  frame.set(payload, 4);
  return frame;
}

/** A request that creates a znode. @param flags - as of CreateMode. */
export function createOf(
  path: string,
  flags = 0,
): CreateRequest & { readonly op: typeof OpCode.create } {
  return { op: OpCode.create, path, data: null, acl: openAcl, flags };
}

export class SmallClient {
  readonly peer: Peer;
  /** The connect request's answer. */
  granted: ConnectResponse | undefined;
  /** Watch events that came before an answer. */
  eventCount = 0;
  /** Bytes of {@link Peer.bytes} that were looked at. */
  #taken = 0;
  #xid = 0;

  private constructor(peer: Peer) {
    this.peer = peer;
  }

  /** Connects and says nothing. */
  static async open(port: number): Promise<SmallClient> {
    return new SmallClient(await Peer.connect(port));
  }

  /** Connects and has a session: a new one, or the one of `like`. */
  static async connect(
    port: number,
    options: { readonly like?: SmallClient; readonly timeoutMs?: number } = {},
  ): Promise<SmallClient> {
    const client = await SmallClient.open(port);
    client.sendConnect(options);
    const frame = await client.#frame();
    if (frame === undefined) throw new Error('closed instead of an answer to the connect request');
    const session = decodeConnectResponse(frame);
    client.granted = { ...session, password: Uint8Array.from(session.password ?? []) };
    return client;
  }

  get session(): { readonly id: bigint } {
    return { id: this.sessionId };
  }

  get sessionId(): bigint {
    return this.granted!.sessionId;
  }

  sendConnect(
    options: { readonly like?: SmallClient | undefined; readonly timeoutMs?: number } = {},
  ): void {
    const { like, timeoutMs = 30_000 } = options;
    const frame = framed((writer) =>
      encodeConnectRequest(writer, {
        protocolVersion: 0,
        lastZxidSeen: 0,
        timeoutMs,
        sessionId: like?.sessionId ?? 0n,
        password: like?.granted?.password ?? new Uint8Array(16),
        readOnly: false,
      }),
    );
    this.peer.socket.write(frame);
  }

  /** Sends a request and does not wait. */
  send(request: Request): void {
    const xid = ++this.#xid;
    const frame = framed((writer) => {
      encodeRequestHeader(writer, { xid, type: request.op });
      encodeRequest(writer, request);
    });
    this.peer.socket.write(frame);
  }

  /** The error code of a request's answer; undefined when the connection ends instead. */
  async request(request: Request): Promise<number | undefined> {
    this.send(request);
    return this.answer();
  }

  /** The error code of the next answer; undefined when the connection ends instead. */
  async answer(): Promise<number | undefined> {
    for (;;) {
      const frame = await this.#frame();
      if (frame === undefined) return undefined;
      const header = decodeReplyHeader(frame);
      if (header.xid !== ReservedXid.notification) return header.err;
      this.eventCount++;
    }
  }

  /** Whether a znode is there. */
  async has(path: string): Promise<boolean> {
    return (await this.request({ op: OpCode.exists, path, watch: false })) === 0;
  }

  /** Closes, as a client does whose server has ended the connection. */
  async gone(): Promise<void> {
    await this.peer.ended();
    this.peer.socket.destroy();
    await this.peer.closed();
  }

  async #frame(): Promise<JuteReader | undefined> {
    const { peer } = this;
    const isWhole = () => {
      const left = peer.bytes.length - this.#taken;
      return left >= 4 && left >= 4 + peer.bytes.readInt32BE(this.#taken);
    };
    await until(() => isWhole() || peer.isEnded || peer.isClosed, 'a frame or the end');
    if (!isWhole()) return undefined;
    const start = this.#taken + 4;
    this.#taken = start + peer.bytes.readInt32BE(this.#taken);
    return new JuteReader(Uint8Array.from(peer.bytes.subarray(start, this.#taken)));
  }
}
