import { expect, test } from 'vitest';
import { parseOptions } from '../src/options.ts';

test('an ensemble is measured by loads, failovers and a join, which --only names', () => {
  expect(parseOptions([]).ensemble).toBeUndefined();
  const { ensemble } = parseOptions(['--ensemble']);
  expect(ensemble).toMatchObject({ kills: 7, stops: 3, znodes: 1_000_000, isFullSize: true });
  expect(ensemble?.loads.map(({ id }) => id)).toEqual([
    'set 33x16 100B',
    'mixed-90-10 33x16 100B',
    'set 99x1 100B',
    'set 1x1 100B at the leader p50',
    'set 1x1 100B at a follower p50',
    'create 33x16 100B',
  ]);
  const killed = parseOptions(['--ensemble', '--quick', '--only', 'failover, kill']).ensemble;
  expect(killed).toMatchObject({ loads: [], kills: 3, stops: 0, znodes: 0, isFullSize: false });
  const joined = parseOptions(['--ensemble', '--only', 'join', '--znodes', '500']).ensemble;
  expect(joined).toMatchObject({ loads: [], kills: 0, stops: 0, znodes: 500, isFullSize: false });
});

test('a soak is measured by itself', () => {
  const { ensemble } = parseOptions(['--ensemble', '--soak', '10']);
  expect(ensemble).toMatchObject({ loads: [], kills: 0, stops: 0, znodes: 0, soakMs: 600_000 });
});
