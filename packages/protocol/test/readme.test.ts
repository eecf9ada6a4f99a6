import { readFileSync } from 'node:fs';
import * as protocol from '@zooid/protocol';
import {
  encodeReplyHeader,
  encodeStat,
  JuteWriter,
  OpCode,
  type Stat,
  splitFrames,
} from '@zooid/protocol';
import { expect, test } from 'vitest';

test('the example in the README asks, and understands the answers', () => {
  const readme = readFileSync(new URL('../README.md', import.meta.url), 'utf8');
  const code = /```ts\n([\s\S]*?)```/.exec(readme)![1]!.replace(/^import [^;]*;\n/gm, '');
  const sent: Uint8Array[] = [];
  const printed: unknown[][] = [];
  let feed: (chunk: Uint8Array) => void = () => {};
  new Function('send', 'onChunk', 'print', ...Object.keys(protocol), code)(
    (bytes: Uint8Array) => sent.push(bytes.slice()),
    (listener: (chunk: Uint8Array) => void) => {
      feed = listener;
    },
    (...values: unknown[]) => printed.push(values),
    ...Object.values(protocol),
  );

  const [frame] = splitFrames(sent[0]!);
  expect(frame).toEqual(Uint8Array.from(Buffer.from('0000000100000003000000042f61707001', 'hex')));

  const stat: Stat = {
    czxid: 1,
    mzxid: 2,
    ctime: 3,
    mtime: 4,
    version: 5,
    cversion: 6,
    aversion: 7,
    ephemeralOwner: 0n,
    dataLength: 8,
    numChildren: 9,
    pzxid: 10,
  };
  const writer = new JuteWriter();
  const found = writer.startFrame();
  encodeReplyHeader(writer, { xid: 1, zxid: 10, err: 0 });
  encodeStat(writer, stat);
  writer.endFrame(found);
  const missing = writer.startFrame();
  encodeReplyHeader(writer, { xid: 2, zxid: 10, err: -101 });
  writer.endFrame(missing);
  feed(writer.view().slice(0, 50));
  feed(writer.view().slice(50));
  expect(printed).toEqual([
    [1, { op: OpCode.exists, stat }],
    [2, 'NoNode'],
  ]);
});
