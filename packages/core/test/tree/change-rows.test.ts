import { openAcl, readAcl } from '@zooid/protocol';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { ChangeRows, TREE_ROW } from '../../src/tree/change-rows.ts';
import { ROW_SHIFT, VERSION } from '../../src/tree/row.ts';
import { bytesOf } from './helpers.ts';

/** Few hashes for short paths, so that they meet; others for numbers. */
const hashOf = (path: string): number => Number(path.slice(1)) || path.length % 3;

function find(changes: ChangeRows, path: string): number {
  const bytes = bytesOf(`..${path}..`);
  return changes.find(hashOf(path), bytes, 2, 2 + path.length);
}

/** Adds a change that leaves `version`, which tells it from others. */
function add(changes: ChangeRows, zxid: number, path: string, version: number): number {
  changes.reserve(1);
  const change = changes.add(
    zxid,
    hashOf(path),
    bytesOf(`.${path}`),
    1,
    1 + path.length,
    find(changes, path),
  );
  changes.words[(change << ROW_SHIFT) + VERSION] = version;
  changes.words[(change << ROW_SHIFT) + TREE_ROW] = version * 2;
  changes.acls[change] = readAcl;
  return change;
}

const versionAt = (changes: ChangeRows, change: number) =>
  changes.words[(change << ROW_SHIFT) + VERSION];

describe('changes in flight', () => {
  const paths = ['', '/a', '/b', '/cc', '/dd', '/a/b', '/a/c/long'];
  const step = fc.oneof(
    {
      weight: 6,
      arbitrary: fc.record({
        do: fc.constant('propose' as const),
        paths: fc.array(fc.constantFrom(...paths), { minLength: 1, maxLength: 4 }),
        end: fc.constantFrom('kept', 'kept', 'gone', 'rolled-back'),
      }),
    },
    { weight: 3, arbitrary: fc.record({ do: fc.constant('apply' as const), count: fc.nat(4) }) },
    // As many as it takes for the ring to grow, and to shrink again when they are applied.
    { weight: 1, arbitrary: fc.record({ do: fc.constant('burst' as const), count: fc.nat(3000) }) },
  );

  test('are found by path, the newest first, whatever is applied or taken back meanwhile', () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 40 }), (steps) => {
        const changes = new ChangeRows();
        let model: { zxid: number; path: string; version: number; isGone: boolean }[] = [];
        let zxid = 0;
        let version = 0;
        for (const one of steps) {
          if (one.do === 'apply') {
            const applied = model[0] === undefined ? 0 : model[0].zxid + one.count;
            const told = model.filter((change) => change.zxid === model[0]?.zxid);
            for (const { version } of told) {
              const change = changes.next(told[0]!.zxid);
              expect(versionAt(changes, change)).toBe(version);
              expect(changes.treeRow(change)).toBe(version * 2);
            }
            if (told.length > 0) expect(changes.next(told[0]!.zxid)).toBe(-1);
            expect(changes.next(applied + 1000)).toBe(-1);
            changes.applied(applied);
            model = model.filter((change) => change.zxid > applied);
          } else if (one.do === 'burst') {
            for (let i = 0; i < one.count; i++) {
              const path = `/burst/${i % 50}`;
              add(changes, ++zxid, path, ++version);
              model.push({ zxid, path, version, isGone: false });
            }
          } else {
            zxid++;
            for (const path of one.paths) {
              const change = add(changes, zxid, path, ++version);
              if (one.end === 'gone') changes.markGone(change);
              model.push({ zxid, path, version, isGone: one.end === 'gone' });
            }
            if (one.end === 'rolled-back') {
              changes.rollback(zxid);
              model = model.filter((change) => change.zxid !== zxid);
            }
          }
          expect(changes.size).toBe(model.length);
          for (const path of [...paths, '/burst/7', '/burst/49', '/none']) {
            const expected = model.findLast((change) => change.path === path);
            const found = find(changes, path);
            expect(found >= 0 ? versionAt(changes, found) : undefined).toBe(expected?.version);
            if (found >= 0) expect(changes.exists(found)).toBe(!expected!.isGone);
          }
        }
        const seen: string[] = [];
        changes.forEach((change) => {
          seen.push(new TextDecoder().decode(changes.path(change)));
          expect(changes.acls[change]).toBe(readAcl);
        });
        expect(seen).toEqual(model.map((change) => change.path));
      }),
      { numRuns: 60 },
    );
  });

  test('give memory back after a burst, and keep nothing of what is applied', () => {
    const changes = new ChangeRows();
    for (let i = 1; i <= 40_000; i++) add(changes, i, `/${i}`, i);
    const grown = changes.words.length;
    changes.applied(39_999);
    expect(versionAt(changes, find(changes, '/40000'))).toBe(40_000);
    expect(changes.words.length).toBe(grown);
    changes.applied(40_000);
    expect(changes.words.length).toBeLessThan(grown);
    expect(changes.acls.every((acls) => acls === openAcl)).toBe(true);
  });

  test('need room that was reserved', () => {
    const changes = new ChangeRows();
    const fill = () => {
      for (let i = 0; i < 5000; i++) changes.add(i, i, bytesOf(''), 0, 0, -1);
    };
    expect(fill).toThrow('reserved');
  });
});
