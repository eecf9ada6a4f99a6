// What `zooid doctor` looks for in the files that only members of an ensemble have.

import fs from 'node:fs';
import path from 'node:path';
import type { Places } from './directory-checks.ts';
import type { Notes } from './finding.ts';

const TWO_32 = 0x1_0000_0000;

/** Whether the epochs fit each other and the log; undefined: the last zxid is not known. Source: QuorumPeer.loadDataBase. */
export function checkEpochs(notes: Notes, places: Places, lastZxid: number | undefined): void {
  const accepted = readNumber(notes, places, 'acceptedEpoch');
  const current = readNumber(notes, places, 'currentEpoch');
  if (accepted === undefined && current === undefined) return;
  const directory = places.snapshotDirectory;
  if (accepted === undefined || current === undefined) {
    const name = accepted === undefined ? 'acceptedEpoch' : 'currentEpoch';
    notes.find(
      'warning',
      'EPOCH_MISSING',
      path.join(directory, name),
      'it is missing, while the other epoch is there.',
      'A member finds its epoch in its log then; if it does not start, take the data of another member.',
    );
    return;
  }
  notes.facts.push(`epochs: accepted ${accepted}, current ${current}`);
  if (accepted < current) {
    notes.find(
      'error',
      'EPOCHS_WRONG',
      directory,
      `acceptedEpoch (${accepted}) is less than currentEpoch (${current}): a member does not start.`,
      'Take the data of another member: remove this version-2 and start, if the others are a quorum.',
    );
  }
  const ofLog = lastZxid === undefined ? 0 : Math.floor(lastZxid / TWO_32);
  if (ofLog > current) {
    notes.find(
      'error',
      'EPOCHS_WRONG',
      directory,
      `currentEpoch (${current}) is less than the epoch of the last transaction (${ofLog}): a member does not start.`,
      'Was a file replaced by an older one? Take the data of another member.',
    );
  }
}

/** A number in a file of version-2; undefined if there is none, or none that can be read, which is told. */
function readNumber(notes: Notes, places: Places, name: string): number | undefined {
  const file = path.join(places.snapshotDirectory, name);
  let text: string;
  try {
    text = fs.readFileSync(file, 'utf8').trim();
  } catch {
    return undefined;
  }
  if (/^-?\d{1,15}$/.test(text)) return Number(text);
  notes.find(
    'error',
    'EPOCHS_WRONG',
    file,
    `it should hold one number and holds ${JSON.stringify(text.slice(0, 40))}.`,
    'Take the data of another member.',
  );
  return undefined;
}

/** The number of a member of an ensemble. */
export function checkMyId(notes: Notes, places: Places): void {
  const file = path.join(places.dataDir, 'myid');
  let text: string | undefined;
  try {
    text = fs.readFileSync(file, 'utf8').split('\n', 1)[0]!.trim();
  } catch {
    text = undefined;
  }
  if (text === undefined) {
    if (!fs.existsSync(path.join(places.snapshotDirectory, 'currentEpoch'))) return;
    notes.find(
      'warning',
      'MYID_MISSING',
      file,
      'it is missing, though this was a member of an ensemble.',
      'Write the number of its server.N line into it.',
    );
    return;
  }
  if (/^\d{1,3}$/.test(text) && Number(text) <= 255) notes.facts.push(`myid: ${text}`);
  else
    notes.find(
      'error',
      'MYID_WRONG',
      file,
      `it holds ${JSON.stringify(text.slice(0, 40))} and not a number from 0 to 255.`,
      'Write the number of its server.N line into it.',
    );
}
