import { describe, expect, test } from 'vitest';
import { nearestName } from '../../src/config/nearest-name.ts';

describe('the name that was probably meant', () => {
  const names = ['tickTime', 'snapCount', 'dataDir', 'dataLogDir'];

  test('is the one with the fewest letters to change', () => {
    expect(nearestName('ticktime', names)).toBe('tickTime');
    expect(nearestName('snapCuont', names)).toBe('snapCount');
    expect(nearestName('datadirs', names)).toBe('dataDir');
  });

  test('is none if too many letters differ', () => {
    expect(nearestName('clientPort', names)).toBeUndefined();
    expect(nearestName('', names)).toBeUndefined();
    expect(nearestName('x'.repeat(100_000), names)).toBeUndefined();
  });
});
