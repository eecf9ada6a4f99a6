import { expect, it } from 'vitest';
import { Epochs } from '../../src/zab/epochs.ts';

function epochs(accepted: number, current: number) {
  const saved: string[] = [];
  const made: Epochs = new Epochs(
    { accepted, current },
    {
      saveAcceptedEpoch: (epoch) => saved.push(`accepted ${epoch}, was ${made.accepted}`),
      saveCurrentEpoch: (epoch) => saved.push(`current ${epoch}, was ${made.current}`),
    },
  );
  return { epochs: made, saved };
}

it('an epoch is on disk before anybody can hear of it', () => {
  const { epochs: made, saved } = epochs(3, 2);
  made.accept(5);
  made.adopt(5);
  expect(saved).toEqual(['accepted 5, was 3', 'current 5, was 2']);
  expect([made.accepted, made.current]).toEqual([5, 5]);
});

it('the epoch of the history is not written again', () => {
  const { epochs: made, saved } = epochs(3, 3);
  made.adopt(3);
  expect(saved).toEqual([]);
});

it.each<[string, (made: Epochs) => void]>([
  ['an epoch is accepted twice', (made) => made.accept(3)],
  ['an older epoch is accepted', (made) => made.accept(2)],
  ['a history is of an epoch that was not accepted', (made) => made.adopt(4)],
  ['the epoch of the history goes back', (made) => made.adopt(1)],
])('the server stops when %s', (_title, act) => {
  const { epochs: made, saved } = epochs(3, 2);
  expect(() => act(made)).toThrow();
  expect(saved).toEqual([]);
});

it('an epoch that cannot be saved is not in force', () => {
  const fail = (): never => {
    throw new Error('ENOSPC');
  };
  const made = new Epochs(
    { accepted: 1, current: 1 },
    { saveAcceptedEpoch: fail, saveCurrentEpoch: fail },
  );
  expect(() => made.accept(2)).toThrow('ENOSPC');
  expect(made.accepted).toBe(1);
});
