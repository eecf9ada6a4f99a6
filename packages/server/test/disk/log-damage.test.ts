import fs from 'node:fs';
import path from 'node:path';
import { describe, expect, test } from 'vitest';
import { RecoveryError } from '../../src/disk/recovery-error.ts';
import {
  payloadOf,
  range,
  rawLog,
  recoverDirectory,
  temporaryDirectory,
  treeOf,
  writeLog,
  writeSnapshot,
} from './support.ts';

/** A directory with an empty snapshot. */
async function emptyDatabase(): Promise<string> {
  const directory = temporaryDirectory();
  await writeSnapshot(directory, 0, treeOf(0));
  return directory;
}

function refusal(directory: string): RecoveryError {
  try {
    recoverDirectory(directory);
  } catch (error) {
    if (error instanceof RecoveryError) return error;
    throw error;
  }
  throw new Error('the directory was not refused');
}

describe('immunity: ZK-2560, 2561, 4744: a torn tail', () => {
  test('at every byte of the last record is cut off, and the records before it are all there', async () => {
    const directory = await emptyDatabase();
    const log = writeLog(directory, 1, 3);
    const lastAt = log.offsets[2]!;
    for (let end = lastAt + 1; end < log.offsets[3]!; end++) {
      const torn = log.bytes.slice();
      torn.fill(0, end);
      fs.writeFileSync(log.path, torn);

      const { zxids, result } = recoverDirectory(directory);

      expect(zxids, `cut at ${end}`).toEqual([1, 2]);
      // A record begins with the zeros of its checksum: as long as nothing else is there, nothing is torn.
      const isVisible = torn.subarray(lastAt).some((byte) => byte !== 0);
      expect(
        result.facts.map((fact) => fact.kind),
        `cut at ${end}`,
      ).toEqual(isVisible ? ['log-tail-torn'] : []);
      if (isVisible) expect(fs.statSync(log.path).size).toBe(lastAt);
      expect(recoverDirectory(directory).result.facts).toEqual([]);
    }
  });

  test('is cut off likewise where the snapshot has the records before it', async () => {
    const directory = temporaryDirectory();
    await writeSnapshot(directory, 2, treeOf(2));
    const log = writeLog(directory, 1, 3);
    for (let end = log.offsets[2]! + 5; end < log.offsets[3]!; end++) {
      const torn = log.bytes.slice();
      torn.fill(0, end);
      fs.writeFileSync(log.path, torn);

      const { result } = recoverDirectory(directory);

      expect(result, `cut at ${end}`).toMatchObject({ lastZxid: 2, recordCount: 0 });
      expect(fs.statSync(log.path).size).toBe(log.offsets[2]);
    }
  });

  test('at every byte of the last record, without padding, is cut off likewise', async () => {
    const directory = await emptyDatabase();
    const log = writeLog(directory, 1, 3, { paddingBytes: 0 });
    for (let end = log.offsets[2]!; end < log.offsets[3]!; end++) {
      fs.writeFileSync(log.path, log.bytes.subarray(0, end));

      expect(recoverDirectory(directory).zxids, `cut at ${end}`).toEqual([1, 2]);
    }
  });

  test('at every byte of the only record removes the file, so that its name is free', async () => {
    const directory = await emptyDatabase();
    const log = writeLog(directory, 1, 1, { paddingBytes: 64 });
    for (let end = 0; end < log.offsets[1]!; end++) {
      const torn = log.bytes.slice();
      torn.fill(0, end);
      fs.writeFileSync(log.path, torn);

      expect(recoverDirectory(directory).zxids, `cut at ${end}`).toEqual([]);
      expect(fs.existsSync(log.path)).toBe(false);
    }
  });

  test('of garbage after the last record is cut off', async () => {
    const directory = await emptyDatabase();
    const log = writeLog(directory, 1, 3, { paddingBytes: 0 });
    const garbage = new Uint8Array(100).map((_, i) => 0xff - i);
    fs.writeFileSync(log.path, Buffer.concat([log.bytes, garbage]));

    const { zxids, result } = recoverDirectory(directory);

    expect(zxids).toEqual([1, 2, 3]);
    expect(result.facts).toMatchObject([
      { kind: 'log-tail-torn', flaw: { offset: log.bytes.byteLength, contentBytes: 100 } },
    ]);
  });

  test('with missing pages in the middle of one group is cut off at the first, and what was whole is kept aside', async () => {
    const directory = await emptyDatabase();
    const log = writeLog(directory, 1, 100, { fillBytes: 200 });
    const torn = log.bytes.slice();
    torn.fill(0, 8192, 12288);
    fs.writeFileSync(log.path, torn);

    const { zxids, result } = recoverDirectory(directory);

    const whole = log.offsets.findIndex((offset) => offset > 8192) - 1;
    expect(zxids).toEqual(range(1, whole));
    const fact = result.facts[0];
    if (fact?.kind !== 'log-tail-torn') throw new Error('no torn tail was reported');
    expect(fact.flaw.holds).toBe('whole-records');
    const saved = fs.readFileSync(fact.savedAs!);
    const cut = torn.subarray(log.offsets[whole], log.offsets.at(-1));
    expect(Buffer.compare(saved, cut)).toBe(0);
    // Neither of the two servers takes the copy for a log.
    expect(path.basename(fact.savedAs!)).toBe(`torn.log.1.${log.offsets[whole]}`);
  });

  test('is only told when nothing may be written', async () => {
    const directory = await emptyDatabase();
    const log = writeLog(directory, 1, 3);
    const torn = log.bytes.slice();
    torn.fill(0, log.offsets[3]! - 5);
    fs.writeFileSync(log.path, torn);

    const { zxids, result } = recoverDirectory(directory, { tornTail: 'reported' });

    expect(zxids).toEqual([1, 2]);
    expect(result.facts.length).toBe(1);
    expect(Buffer.compare(fs.readFileSync(log.path), torn)).toBe(0);
  });
});

describe('rot', () => {
  test('immunity: NATS 2.12.1: a flipped bit at any byte is refused or cuts nothing but the damaged tail', async () => {
    const directory = await emptyDatabase();
    const log = writeLog(directory, 1, 4, { fillBytes: 30 });
    const content = log.offsets[4]!;
    let refused = 0;
    for (let at = 16; at < content; at++) {
      for (const bit of [0, 3, 7]) {
        const rotten = log.bytes.slice();
        rotten[at]! ^= 1 << bit;
        fs.writeFileSync(log.path, rotten);

        let error: RecoveryError | undefined;
        let zxids: readonly number[] = [];
        try {
          ({ zxids } = recoverDirectory(directory));
        } catch (caught) {
          error = caught as RecoveryError;
        }

        // All four records were acknowledged: to lose any of them in silence is what must not happen.
        if (error === undefined) {
          expect(zxids, `bit ${bit} of byte ${at}`).toEqual([1, 2, 3, 4]);
        } else {
          refused++;
          const record = log.offsets.findLastIndex((offset) => offset <= at);
          expect(error, `bit ${bit} of byte ${at}`).toMatchObject({
            code: 'LOG_DAMAGED',
            file: log.path,
            offset: log.offsets[record],
          });
          expect(error.remedy).not.toBe('');
          expect(Buffer.compare(fs.readFileSync(log.path), rotten)).toBe(0);
        }
      }
    }
    expect(refused).toBe((content - 16) * 3);
  });

  test('a flipped bit in the header is refused or of no account', async () => {
    const directory = await emptyDatabase();
    const log = writeLog(directory, 1, 2);
    for (let at = 0; at < 16; at++) {
      const rotten = log.bytes.slice();
      rotten[at]! ^= 4;
      fs.writeFileSync(log.path, rotten);

      if (at < 4) expect(refusal(directory).code).toBe('LOG_FOREIGN');
      else expect(recoverDirectory(directory).zxids).toEqual([1, 2]);
    }
  });

  test('zeros over part of a record in the middle are refused', async () => {
    const directory = await emptyDatabase();
    const log = writeLog(directory, 1, 5);
    const rotten = log.bytes.slice();
    rotten.fill(0, log.offsets[2]!, log.offsets[2]! + 20);
    fs.writeFileSync(log.path, rotten);

    const error = refusal(directory);

    expect(error).toMatchObject({ code: 'LOG_DAMAGED', offset: log.offsets[2] });
    expect(error.message).toContain(`offset ${log.offsets[2]}`);
    expect(error.message).toContain(`offset ${log.offsets[3]}`);
  });

  test('a missing page more than one write before the end is refused: that was acknowledged', async () => {
    const directory = await emptyDatabase();
    const log = writeLog(directory, 1, 400, { fillBytes: 4000 });
    const rotten = log.bytes.slice();
    rotten.fill(0, 8192, 12288);
    fs.writeFileSync(log.path, rotten);

    expect(refusal(directory).code).toBe('LOG_DAMAGED');
  });

  test('a torn last record in a log that another epoch follows is passed over, a rotten one is refused', async () => {
    const directory = await emptyDatabase();
    const log = writeLog(directory, 1, 3);
    const next = 0x1_0000_0001;
    writeLog(directory, next, next + 1);
    const torn = log.bytes.slice();
    torn.fill(0, log.offsets[3]! - 3);
    fs.writeFileSync(log.path, torn);

    const { zxids, result } = recoverDirectory(directory);
    expect(zxids).toEqual([1, 2, next, next + 1]);
    expect(result.facts).toMatchObject([{ kind: 'log-tail-torn', flaw: { place: 'earlier' } }]);
    expect(Buffer.compare(fs.readFileSync(log.path), torn)).toBe(0);

    const rotten = log.bytes.slice();
    rotten[log.offsets[3]! - 5]! ^= 1;
    fs.writeFileSync(log.path, rotten);
    expect(refusal(directory)).toMatchObject({ code: 'LOG_DAMAGED', offset: log.offsets[2] });
  });

  test('whatever a crashed Apache server left behind its last record is harmless if the next log goes on from there', async () => {
    const directory = await emptyDatabase();
    const log = writeLog(directory, 1, 3);
    for (const damage of [0, 1, 13, 40]) {
      const torn = log.bytes.slice();
      torn[log.offsets[2]! + damage]! ^= 0x55;
      fs.writeFileSync(log.path, torn);
      writeLog(directory, 3, 6);

      expect(recoverDirectory(directory).zxids, `damage at ${damage}`).toEqual(range(1, 6));
    }
  });
});

describe('gaps', () => {
  test('immunity: ZK-4925: a missing record between two logs is refused, naming where', async () => {
    const directory = await emptyDatabase();
    writeLog(directory, 1, 3);
    const later = writeLog(directory, 5, 6);

    const error = refusal(directory);

    expect(error).toMatchObject({ code: 'LOG_GAP', file: later.path, offset: 16 });
    expect(error.message).toContain('0x5');
    expect(error.message).toContain('0x4');
  });

  test('a missing record inside of a log is refused', async () => {
    const directory = await emptyDatabase();
    const { bytes, offsets } = rawLog([payloadOf(1), payloadOf(2), payloadOf(4)]);
    fs.writeFileSync(path.join(directory, 'log.1'), bytes);

    expect(refusal(directory)).toMatchObject({ code: 'LOG_GAP', offset: offsets[2] });
  });

  test('a log that begins later than the snapshot ends is refused', async () => {
    const directory = await emptyDatabase();
    writeLog(directory, 2, 3);

    expect(refusal(directory).code).toBe('LOG_GAP');
  });

  test('a zxid that goes back is refused, unless it is the same record once more', async () => {
    const directory = await emptyDatabase();
    const file = path.join(directory, 'log.1');
    fs.writeFileSync(file, rawLog([payloadOf(1), payloadOf(2), payloadOf(2), payloadOf(3)]).bytes);
    const { zxids, result } = recoverDirectory(directory);
    expect(zxids).toEqual([1, 2, 3]);
    expect(result.facts).toEqual([{ kind: 'duplicate-records', count: 1 }]);

    fs.writeFileSync(file, rawLog([payloadOf(1), payloadOf(2), payloadOf(2, 21)]).bytes);
    expect(refusal(directory).code).toBe('LOG_GAP');
    fs.writeFileSync(file, rawLog([payloadOf(1), payloadOf(2), payloadOf(1)]).bytes);
    expect(refusal(directory).code).toBe('LOG_GAP');
  });

  test('a new epoch begins at its first counter, and the last counter of one is followed by the next epoch', async () => {
    const directory = await emptyDatabase();
    const file = path.join(directory, 'log.1');
    const epoch = 0x1_0000_0000;
    fs.writeFileSync(file, rawLog([payloadOf(1), payloadOf(epoch + 1)]).bytes);
    expect(recoverDirectory(directory).zxids).toEqual([1, epoch + 1]);

    fs.writeFileSync(file, rawLog([payloadOf(1), payloadOf(epoch + 2)]).bytes);
    expect(refusal(directory).code).toBe('LOG_GAP');
  });
});

describe('logs without records', () => {
  test.each([
    ['empty', 0],
    ['cut within the header', 7],
    ['only a header', 16],
  ])('the last one, %s, is removed', async (_, bytes) => {
    const directory = await emptyDatabase();
    writeLog(directory, 1, 3);
    const last = path.join(directory, 'log.4');
    fs.writeFileSync(last, rawLog([]).bytes.subarray(0, bytes));

    const { zxids, result } = recoverDirectory(directory);

    expect(zxids).toEqual([1, 2, 3]);
    expect(result.facts.map((fact) => fact.kind)).toEqual(['log-without-records']);
    expect(fs.existsSync(last)).toBe(false);
  });

  test('one in the middle is passed over', async () => {
    const directory = await emptyDatabase();
    writeLog(directory, 1, 3);
    fs.writeFileSync(path.join(directory, 'log.4'), '');
    writeLog(directory, 0x1_0000_0001, 0x1_0000_0002);

    const { zxids } = recoverDirectory(directory);

    expect(zxids).toEqual([1, 2, 3, 0x1_0000_0001, 0x1_0000_0002]);
  });
});

test('a file that is called a log and is something else is refused', async () => {
  const directory = await emptyDatabase();
  fs.writeFileSync(path.join(directory, 'log.1'), 'Nov 20 16:00:00 server started\n');

  const error = refusal(directory);

  expect(error.code).toBe('LOG_FOREIGN');
  expect(error.message).toContain('log.1');
});

test('a record longer than the reading window is read whole', async () => {
  const directory = await emptyDatabase();
  const { bytes } = rawLog([payloadOf(1), payloadOf(2, 9_000_000), payloadOf(3)], 1000);
  fs.writeFileSync(path.join(directory, 'log.1'), bytes);

  const { zxids, payloads } = recoverDirectory(directory);

  expect(zxids).toEqual([1, 2, 3]);
  expect(Buffer.compare(payloads[1]!, payloadOf(2, 9_000_000))).toBe(0);
});

test('immunity: ZK-3496: the size of a record is no reason to refuse it at replay', async () => {
  const directory = await emptyDatabase();
  const { bytes } = rawLog([payloadOf(1, 2_000_000)]);
  fs.writeFileSync(path.join(directory, 'log.1'), bytes);

  expect(recoverDirectory(directory).zxids).toEqual([1]);
});

test('a bit that flips in a record which the snapshot has is refused like any other', async () => {
  const directory = temporaryDirectory();
  await writeSnapshot(directory, 3, treeOf(3));
  const log = writeLog(directory, 1, 6);
  for (let at = log.offsets[1]!; at < log.offsets[2]!; at++) {
    const damaged = log.bytes.slice();
    damaged[at]! ^= 1 << (at % 8);
    fs.writeFileSync(log.path, damaged);

    expect(() => recoverDirectory(directory), `damage at ${at}`).toThrow(RecoveryError);
  }
});
