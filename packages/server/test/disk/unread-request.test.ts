import fs from 'node:fs';
import path from 'node:path';
import { ErrorCode, encodeTxnRecord, JuteWriter, OpCode } from '@zooid/protocol';
import { expect, test } from 'vitest';
import {
  payloadOf,
  rawLog,
  recoverDirectory,
  temporaryDirectory,
  treeOf,
  writeSnapshot,
} from './support.ts';

async function emptyDatabase(): Promise<string> {
  const directory = temporaryDirectory();
  await writeSnapshot(directory, 0, treeOf(0));
  return directory;
}

/** A refusal as Apache logs it. */
function refusalOf(zxid: number, err: number): Uint8Array {
  const out = new JuteWriter();
  const type = OpCode.error;
  const header = { sessionId: 1n, cxid: 7, zxid, timeMs: 0, type };
  encodeTxnRecord(out, { header, txn: { type, err }, digest: null });
  return out.copy();
}

test('a request that Apache 3.9 could not decode shares the zxid of the one before, and is passed over', async () => {
  const directory = await emptyDatabase();
  const file = path.join(directory, 'log.1');
  const unread = refusalOf(2, ErrorCode.marshallingError);
  fs.writeFileSync(file, rawLog([payloadOf(1), payloadOf(2), unread, unread, payloadOf(3)]).bytes);
  expect(recoverDirectory(directory).zxids).toEqual([1, 2, 3]);
});

test('any other transaction with the zxid of the one before is refused', async () => {
  const directory = await emptyDatabase();
  const file = path.join(directory, 'log.1');
  const refused = refusalOf(2, ErrorCode.noNode);
  fs.writeFileSync(file, rawLog([payloadOf(1), payloadOf(2), refused, payloadOf(3)]).bytes);
  expect(() => recoverDirectory(directory)).toThrow('0x2 stands where 0x3');
});
