/**
 * One session that writes as fast as the server takes it, and the oracle of what must be there after
 * the server was killed: the effect of its first p requests, in order and whole, where p is at least
 * what was acknowledged and at most what was sent.
 */
import { JuteWriter, OpCode } from '@zooid/protocol';
import * as bodies from './request-bodies.ts';
import {
  type Body,
  connectRequest,
  readConnectReply,
  readReply,
  requestFrame,
  WireConnection,
  WireSession,
} from './wire-client.ts';

/** Requests under way at a time. */
const DEPTH = 16;

/** What the writer's directory holds: name → data. */
export type Content = ReadonlyMap<string, string>;

/** The request that a writer sends as its i-th. */
function requestOf(directory: string, i: number): { readonly type: number; readonly body: Body } {
  const data = String(i);
  const counter = bodies.setData(`${directory}/counter`, data);
  switch (i % 3) {
    case 0:
      return {
        type: OpCode.create,
        body: bodies.create({ path: `${directory}/c${i}`, data: data.padEnd(i % 700) }),
      };
    case 1:
      return { type: OpCode.setData, body: counter };
    default:
      return {
        type: OpCode.multi,
        body: bodies.multi([
          {
            type: OpCode.create,
            body: bodies.create({ path: `${directory}/m${i}a`, data, flags: 0 }),
          },
          { type: OpCode.setData, body: counter },
          { type: OpCode.create, body: bodies.create({ path: `${directory}/m${i}b`, data }) },
          // what the create before the last one made
          ...(i > 2
            ? [{ type: OpCode.delete, body: bodies.pathAndInt(`${directory}/c${i - 2}`, 0) }]
            : []),
        ]),
      };
  }
}

/** What the first `count` requests make. */
export function contentAfter(count: number): Content {
  const content = new Map([['counter', '0']]);
  for (let i = 1; i <= count; i++) {
    const data = String(i);
    if (i % 3 === 0) content.set(`c${i}`, data.padEnd(i % 700));
    else content.set('counter', data);
    if (i % 3 === 2) {
      content.set(`m${i}a`, data);
      content.set(`m${i}b`, data);
      content.delete(`c${i - 2}`);
    }
  }
  return content;
}

/**
 * The number of requests whose effect is this content.
 *
 * @returns undefined when no number between the acknowledged and the sent ones explains it: something is
 *   missing, or half there.
 */
export function explainContent(
  content: Content,
  acknowledgedCount: number,
  sentCount: number,
): number | undefined {
  for (let count = acknowledgedCount; count <= sentCount; count++) {
    const wanted = contentAfter(count);
    if (
      wanted.size === content.size &&
      [...wanted].every(([name, data]) => content.get(name) === data)
    ) {
      return count;
    }
  }
  return undefined;
}

/** A writer of its own directory, for one life of the server. */
export class KillWriter {
  readonly directory: string;
  #connection: WireConnection;
  /** Requests acknowledged; always those sent first. */
  acknowledgedCount = 0;
  /** Requests sent. */
  sentCount = 0;

  private constructor(directory: string, connection: WireConnection) {
    this.directory = directory;
    this.#connection = connection;
  }

  /** Makes the directory. */
  static async open(port: number, directory: string): Promise<KillWriter> {
    const setUp = await WireSession.open(port);
    await setUp.ok(OpCode.create, bodies.create({ path: directory }));
    await setUp.ok(OpCode.create, bodies.create({ path: `${directory}/counter`, data: '0' }));
    await setUp.close();
    const connection = await WireConnection.open(port);
    connection.send(connectRequest({ timeoutMs: 30_000 }));
    const frame = await connection.next();
    if (frame === undefined || readConnectReply(frame).sessionId === 0n) {
      throw new Error('no session');
    }
    return new KillWriter(directory, connection);
  }

  /** Writes until the connection is cut; `onAcknowledged` is called for each acknowledgement. */
  async run(onAcknowledged: () => void): Promise<void> {
    for (let i = 0; i < DEPTH; i++) this.#send();
    for (;;) {
      const frame = await this.#connection.next(30_000);
      if (frame === undefined) return;
      const { xid, err, body } = readReply(frame);
      if (xid !== this.acknowledgedCount + 1 || err !== 0) {
        throw new Error(`reply ${xid} with ${err} when ${this.acknowledgedCount + 1} was due`);
      }
      if (xid % 3 === 2 && body.int() === OpCode.error) throw new Error(`multi ${xid} failed`);
      this.acknowledgedCount = xid;
      onAcknowledged();
      this.#send();
    }
  }

  #send(): void {
    const i = ++this.sentCount;
    const { type, body } = requestOf(this.directory, i);
    this.#connection.send(requestFrame(i, type, body));
  }
}

/** Reads a directory's children and their data, by one pipelined burst. */
export async function readContent(port: number, directory: string): Promise<Content> {
  const session = await WireSession.open(port);
  const names = (await session.ok(OpCode.getChildren, bodies.pathAndWatch(directory))).texts();
  const writer = new JuteWriter();
  names.forEach((name, i) => {
    const mark = writer.startFrame();
    writer.int(i);
    writer.int(OpCode.getData);
    bodies.pathAndWatch(`${directory}/${name}`)(writer);
    writer.endFrame(mark);
  });
  session.connection.sendRaw(writer.copy());
  const content = new Map<string, string>();
  for (const name of names) {
    const frame = await session.connection.next();
    if (frame === undefined) throw new Error('connection closed');
    const { err, body } = readReply(frame);
    if (err !== 0) throw new Error(`getData of ${directory}/${name} failed: ${err}`);
    content.set(name, Buffer.from(body.buffer() ?? []).toString());
  }
  await session.close();
  return content;
}
