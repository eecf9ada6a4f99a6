import {
  decodeMultiRequest,
  findInitialMessageEnd,
  JuteReader,
  JuteWriter,
  MalformedError,
  MULTI_HEADER_BYTES,
  OpCode,
  writeMultiEnd,
  writeMultiHeader,
} from '@zooid/protocol';
import { describe, expect, test } from 'vitest';
import { loadVectorBytes, vectors } from './vectors/vectors.ts';

const bytesByName = loadVectorBytes();
const namesOf = (codec: string) =>
  vectors.filter((vector) => vector.codec === codec).map(({ name }) => name);

describe('records that stand in a stream without a length', () => {
  test.each(namesOf('InitialMessage'))('the end of an %s is found when it is all there', (name) => {
    const message = bytesByName.get(name)!;
    const stream = Uint8Array.of(9, ...message, 1, 2);
    for (let end = 1; end <= stream.byteLength; end++) {
      const wanted = end - 1 < message.byteLength ? -1 : 1 + message.byteLength;
      expect(findInitialMessageEnd(stream, 1, end)).toBe(wanted);
    }
  });

  test('an initial message of an unknown version or with absurd addresses is refused', () => {
    const message = (version: bigint, length: number) => {
      const writer = new JuteWriter();
      writer.long(version);
      writer.long(1n);
      writer.int(length);
      return writer.copy();
    };
    const find = (bytes: Uint8Array) => findInitialMessageEnd(bytes, 0, bytes.byteLength);
    expect(find(message(-65536n, 2048))).toBe(-1);
    for (const length of [0, -1, 2049, 2 ** 31 - 1]) {
      expect(() => find(message(-65536n, length))).toThrow(MalformedError);
    }
    for (const version of [-1n, -65537n, -65534n, -(2n ** 63n)]) {
      expect(() => find(message(version, 5))).toThrow(MalformedError);
    }
  });
});

describe('a multi', () => {
  const body = (write: (writer: JuteWriter) => void) => {
    const writer = new JuteWriter();
    write(writer);
    return new JuteReader(writer.copy());
  };
  const check = (writer: JuteWriter) => {
    writeMultiHeader(writer, OpCode.check, -1);
    writer.ustring('/a');
    writer.int(1);
  };
  const read = (writer: JuteWriter) => {
    writeMultiHeader(writer, OpCode.getData, -1);
    writer.ustring('/a');
    writer.boolean(false);
  };

  test('may not mix reads and writes, in either order', () => {
    for (const [first, second] of [
      [check, read],
      [read, check],
    ] as const) {
      const reader = body((writer) => {
        first(writer);
        second(writer);
        writeMultiEnd(writer);
      });
      expect(() => decodeMultiRequest(reader)).toThrow('mixes reads and writes');
    }
  });

  test.each([OpCode.multi, OpCode.exists, OpCode.setACL, OpCode.error, OpCode.createSession, 99])(
    'may not hold opcode %i',
    (op) => {
      const reader = body((writer) => {
        writeMultiHeader(writer, op, -1);
        writer.ustring('/a');
        writeMultiEnd(writer);
      });
      expect(() => decodeMultiRequest(reader)).toThrow(MalformedError);
    },
  );

  test('ends at its end, whatever follows', () => {
    const reader = body((writer) => {
      check(writer);
      writeMultiEnd(writer);
      writer.long(0n);
    });
    expect(decodeMultiRequest(reader)).toHaveLength(1);
    expect(reader.remaining).toBe(8);
    expect(MULTI_HEADER_BYTES).toBe(9);
  });
});
