import fs from 'node:fs';
import path from 'node:path';
import { epochOf } from '@zooid/core';
import { describe, expect, test } from 'vitest';
import { EpochFiles, type Epochs } from '../../src/disk/epoch-files.ts';
import { RecoveryError } from '../../src/disk/recovery-error.ts';
import { Crash, CrashingFiles, type PowerCut, powerCuts } from './crashing-files.ts';
import { temporaryDirectory } from './support.ts';

function zxidOf(epoch: number, counter: number): number {
  return epoch * 2 ** 32 + counter;
}

function write(directory: string, accepted: string | undefined, current: string | undefined): void {
  if (accepted !== undefined) fs.writeFileSync(path.join(directory, 'acceptedEpoch'), accepted);
  if (current !== undefined) fs.writeFileSync(path.join(directory, 'currentEpoch'), current);
}

function texts(directory: string): readonly string[] {
  return ['acceptedEpoch', 'currentEpoch'].map((name) =>
    fs.readFileSync(path.join(directory, name), 'latin1'),
  );
}

function refusal(directory: string, lastZxid: number): RecoveryError {
  try {
    new EpochFiles(directory).load(lastZxid);
  } catch (error) {
    if (error instanceof RecoveryError) return error;
    throw error;
  }
  throw new Error('was accepted');
}

describe('the epoch files', () => {
  test('begin with the epoch of the last zxid', () => {
    const directory = temporaryDirectory();
    expect(new EpochFiles(directory).load(zxidOf(3, 9))).toEqual({ accepted: 3, current: 3 });
    expect(texts(directory)).toEqual(['3', '3']);
    expect(fs.readdirSync(directory).sort()).toEqual(['acceptedEpoch', 'currentEpoch']);
  });

  test('hold what was saved, in the form of Apache', () => {
    const directory = temporaryDirectory();
    const files = new EpochFiles(directory);
    files.load(0);
    files.saveAccepted(12);
    expect(files.load(0)).toEqual({ accepted: 12, current: 0 });
    files.saveCurrent(12);
    expect(files.load(0)).toEqual({ accepted: 12, current: 12 });
    expect(texts(directory)).toEqual(['12', '12']);
  });

  test('may end with a line end, as an editor leaves it', () => {
    const directory = temporaryDirectory();
    write(directory, '5\n', '4\r\n');
    expect(new EpochFiles(directory).load(0)).toEqual({ accepted: 5, current: 4 });
  });

  test('follow the log when an accepted epoch is already in it', () => {
    const directory = temporaryDirectory();
    write(directory, '5', '4');
    expect(new EpochFiles(directory).load(zxidOf(5, 2))).toEqual({ accepted: 5, current: 5 });
    expect(texts(directory)).toEqual(['5', '5']);
  });

  test('do not believe a currentEpoch.tmp, which may be ahead of the history', () => {
    const directory = temporaryDirectory();
    write(directory, '6', '4');
    fs.writeFileSync(path.join(directory, 'currentEpoch.tmp'), '6');
    expect(new EpochFiles(directory).load(zxidOf(4, 2))).toEqual({ accepted: 6, current: 4 });
    expect(new EpochFiles(directory).load(zxidOf(5, 2))).toEqual({ accepted: 6, current: 5 });
  });

  test('refuse a log of an epoch that was never accepted', () => {
    const directory = temporaryDirectory();
    write(directory, '4', '4');
    const error = refusal(directory, zxidOf(5, 1));
    expect(error.code).toBe('EPOCH_BEHIND');
    expect(error.message).toMatch(
      /currentEpoch, offset 0: the last zxid, 0x500000001, is of epoch 5, which this server never took part in.*copy acceptedEpoch and currentEpoch/,
    );
    expect(texts(directory)).toEqual(['4', '4']);
  });

  test('refuse an accepted epoch before the current one', () => {
    const directory = temporaryDirectory();
    write(directory, '3', '4');
    expect(refusal(directory, 0)).toMatchObject({ code: 'EPOCH_BEHIND' });
    write(directory, undefined, '4');
    fs.rmSync(path.join(directory, 'acceptedEpoch'));
    expect(refusal(directory, zxidOf(2, 1)).message).toMatch(/write 4 into acceptedEpoch/);
  });

  test.each(['', 'x', '-1', '1 2', '9999999999999999'])('refuse the text %j', (text) => {
    const directory = temporaryDirectory();
    write(directory, text, '4');
    expect(refusal(directory, 0)).toMatchObject({ code: 'EPOCH_UNREADABLE' });
  });
});

/** What a member does from its first start to its third epoch, with a log that has records of that epoch before it is current. */
function takeEpochs(files: EpochFiles, done: { zxid: number; saved: Epochs }): void {
  const save = (change: Partial<Epochs>) => {
    done.saved = { ...done.saved, ...change };
  };
  files.load(done.zxid);
  for (const epoch of [1, 2, 3]) {
    files.saveAccepted(epoch);
    save({ accepted: epoch });
    // The history of a leader that serves already: the log is durable before the epoch is.
    done.zxid = zxidOf(epoch, 5);
    files.saveCurrent(epoch);
    save({ current: epoch });
  }
}

function crashedAt(call: number, cut: PowerCut): 'crashed' | 'finished' {
  const directory = temporaryDirectory();
  const disk = new CrashingFiles(directory, call);
  const done = { zxid: 0, saved: { accepted: 0, current: 0 } };
  let outcome: 'crashed' | 'finished' = 'finished';
  try {
    takeEpochs(new EpochFiles(directory, disk), done);
  } catch (error) {
    if (!(error instanceof Crash)) throw error;
    outcome = 'crashed';
  }
  disk.cutPower(cut);
  const epochs = new EpochFiles(directory).load(done.zxid);
  expect(epochs.accepted).toBeGreaterThanOrEqual(done.saved.accepted);
  expect(epochs.current).toBeGreaterThanOrEqual(done.saved.current);
  expect(epochs.current).toBeGreaterThanOrEqual(epochOf(done.zxid));
  expect(epochs.accepted).toBeGreaterThanOrEqual(epochs.current);
  expect(epochs.accepted).toBeLessThanOrEqual(done.saved.accepted + 1);
  return outcome;
}

test.each(powerCuts)(
  'wherever a server stops, with names $names and contents $contents, it starts again and has what was saved',
  (cut) => {
    let call = 1;
    while (crashedAt(call, cut) === 'crashed') call++;
    // Eight files are written, with five calls each that change something.
    expect(call).toBeGreaterThan(40);
  },
);
