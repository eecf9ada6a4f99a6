import * as protocol from '@zooid/protocol';
import {
  decodeRequest,
  decodeResponse,
  decodeTxn,
  encodeRequest,
  encodeResponse,
  encodeTxn,
  isOpCode,
  JuteReader,
  JuteWriter,
  MalformedError,
  OpCode,
  opName,
} from '@zooid/protocol';
import { describe, expect, test } from 'vitest';
import { codecs } from './codecs.ts';
import { loadVectorBytes, vectors } from './vectors/vectors.ts';

const bytesByName = loadVectorBytes();

function bytesOf(name: string): Uint8Array {
  const bytes = bytesByName.get(name);
  if (bytes === undefined) throw new Error(`no vector ${name}`);
  return bytes;
}

function encoded(encode: (writer: JuteWriter) => void): Uint8Array {
  // A capacity of nothing makes every write grow.
  const writer = new JuteWriter(0);
  encode(writer);
  return writer.copy();
}

describe("bytes of Apache's own classes", () => {
  test.each(vectors)('$name is read as what was written', ({ name, codec, value }) => {
    const bytes = bytesOf(name);
    const reader = new JuteReader(bytes);
    expect(codecs.get(codec)!.decode(reader)).toEqual(value);
    expect(reader.remaining).toBe(0);
  });

  test.each(vectors.filter((vector) => vector.encodesOtherwise === undefined))(
    '$name is written byte for byte',
    ({ name, codec, value }) => {
      expect(encoded((writer) => codecs.get(codec)!.encode(writer, value as never))).toEqual(
        bytesOf(name),
      );
    },
  );

  test.each(vectors.filter((vector) => vector.encodesOtherwise !== undefined))(
    '$name means the same when it is written anew',
    ({ name, codec, value }) => {
      const bytes = encoded((writer) => codecs.get(codec)!.encode(writer, value as never));
      expect(bytes).not.toEqual(bytesOf(name));
      expect(codecs.get(codec)!.decode(new JuteReader(bytes))).toEqual(value);
    },
  );

  test.each(vectors)(
    '$name is refused wherever it is cut short',
    ({ name, codec, shorterForms }) => {
      const bytes = bytesOf(name);
      const { decode, encode } = codecs.get(codec)!;
      const reader = new JuteReader(bytes);
      for (let length = 0; length < bytes.byteLength; length++) {
        reader.reset(bytes, 0, length);
        if (shorterForms?.(length) !== true) {
          expect(() => decode(reader), `${length} bytes`).toThrow(MalformedError);
          continue;
        }
        // What is left is an older or shorter form: it must be whole in itself.
        const value = decode(reader);
        const again = encoded((writer) => encode(writer, value as never));
        expect(decode(new JuteReader(again)), `${length} bytes`).toEqual(value);
      }
    },
  );

  test.each(vectors)('$name is read the same from the middle of a chunk', (vector) => {
    const bytes = bytesOf(vector.name);
    const chunk = new Uint8Array(bytes.byteLength + 40).fill(0xff);
    chunk.set(bytes, 17);
    const reader = new JuteReader();
    reader.reset(chunk, 17, 17 + bytes.byteLength);
    expect(codecs.get(vector.codec)!.decode(reader)).toEqual(vector.value);
    expect(reader.position).toBe(17 + bytes.byteLength);
  });
});

describe('unions by opcode', () => {
  const withRequests = vectors.flatMap((vector) =>
    (vector.requests ?? []).map((op) => ({ ...vector, op })),
  );
  test.each(withRequests)('a $op request is a $name', ({ name, op, value }) => {
    const request = decodeRequest(new JuteReader(bytesOf(name)), OpCode[op]);
    expect(request).toEqual({ op: OpCode[op], ...(value as object) });
    expect(encoded((writer) => encodeRequest(writer, request))).toEqual(bytesOf(name));
  });

  const withResponses = vectors.flatMap((vector) =>
    (vector.responses ?? []).map((op) => ({ ...vector, op })),
  );
  test.each(withResponses)('the reply to $op is a $name', ({ name, op, value }) => {
    const response = decodeResponse(new JuteReader(bytesOf(name)), OpCode[op]);
    expect(response).toEqual({ op: OpCode[op], ...(value as object) });
    expect(encoded((writer) => encodeResponse(writer, response))).toEqual(bytesOf(name));
  });

  const withTxns = vectors.flatMap((vector) =>
    (vector.txns ?? []).map((type) => ({ ...vector, type })),
  );
  test.each(withTxns)('a txn of $type is a $name', ({ name, type, value }) => {
    const txn = decodeTxn(new JuteReader(bytesOf(name)), OpCode[type]);
    expect(txn).toEqual({ type: OpCode[type], ...(value as object) });
    expect(encoded((writer) => encodeTxn(writer, txn))).toEqual(bytesOf(name));
  });

  test.each(['multi', 'multiRead'] as const)('%s wraps its operations and results', (name) => {
    const op = OpCode[name];
    const kind = name === 'multi' ? '' : '/read';
    const requestBytes = bytesOf(`MultiOperationRecord${kind}`);
    const request = decodeRequest(new JuteReader(requestBytes), op);
    expect(encoded((writer) => encodeRequest(writer, request))).toEqual(requestBytes);
    const responseBytes = bytesOf(`MultiResponse${kind}`);
    const response = decodeResponse(new JuteReader(responseBytes), op);
    expect(encoded((writer) => encodeResponse(writer, response))).toEqual(responseBytes);
  });

  /** Opcodes that no client sends. */
  const internal: readonly number[] = [OpCode.notification, OpCode.createSession, OpCode.error];
  const everyOp = Array.from({ length: 300 }, (_, i) => i - 100).filter((op) => isOpCode(op));

  test('every opcode that a client may send has a request and a reply', () => {
    const bodies = ['ping', 'whoAmI', 'closeSession', 'multi', 'multiRead'];
    const covered = [...withRequests.map(({ op }) => op as string), ...bodies];
    const wanted = everyOp.filter((op) => !internal.includes(op)).map((op) => opName(op));
    expect([...new Set(covered)].sort()).toEqual(wanted.sort());
    const empty = new JuteReader();
    for (const op of everyOp) {
      // Nothing to read: refused as too short or accepted as empty, but known.
      if (internal.includes(op)) {
        expect(() => decodeRequest(empty, op)).toThrow('is no request');
        expect(() => decodeResponse(empty, op)).toThrow('has no reply');
        continue;
      }
      for (const decode of [decodeRequest, decodeResponse]) {
        try {
          expect(decode(empty, op).op).toBe(op);
        } catch (error) {
          expect((error as Error).message).toMatch(/bytes? wanted/);
        }
      }
    }
  });

  test('what no txn can be is refused', () => {
    expect(() => decodeTxn(new JuteReader(), OpCode.getData)).toThrow(MalformedError);
    expect(() => protocol.decodeSubTxn({ type: OpCode.multi, data: null })).toThrow(MalformedError);
    expect(() => protocol.decodeSubTxn({ type: OpCode.closeSession, data: null })).toThrow(
      MalformedError,
    );
  });

  test('the txns of a multi decode by their types', () => {
    const { txns } = protocol.decodeMultiTxn(new JuteReader(bytesOf('MultiTxn')));
    expect(txns.map(protocol.decodeSubTxn)).toMatchObject([
      { type: OpCode.create, path: '/a/b', parentCversion: 4 },
      { type: OpCode.delete, path: '/d' },
      { type: OpCode.check, path: '/v', version: 2 },
    ]);
  });
});

describe('the list of vectors', () => {
  test('every exported pair of decoder and encoder is in the list of codecs', () => {
    /** Not records: text, the unions above, a txn without its type. */
    const others = ['Ascii', 'Utf8', 'Utf8Into', 'Request', 'Response', 'Txn', 'SubTxn'];
    const exported = Object.keys(protocol)
      .map((name) => /^(?:decode|encode)(.+)$/.exec(name)?.[1])
      .filter((name): name is string => name !== undefined && !others.includes(name));
    expect([...new Set(exported)].sort()).toEqual([...codecs.keys()].sort());
  });

  test('every codec has a vector', () => {
    const covered = new Set(vectors.map(({ codec }) => codec));
    expect([...covered].sort()).toEqual([...codecs.keys()].sort());
  });

  test('every line of the file is used', () => {
    // Other tests read these.
    const other = /^(?:file|path|owner|sequence)\//;
    const records = [...bytesByName.keys()].filter((name) => !other.test(name));
    expect(records.sort()).toEqual(vectors.map(({ name }) => name).sort());
  });
});
