import { EventType, WatcherType } from '@zooid/protocol';
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { WatchTable } from '../../src/watch/watch-table.ts';

// The model is a list of single watches, searched through for every event.
interface ModelWatch {
  readonly table: 'data' | 'child';
  readonly mode: 'standard' | 'persistent' | 'recursive';
  readonly path: string;
  readonly watcher: number;
}

class Model {
  watches: ModelWatch[] = [];

  add(table: ModelWatch['table'], mode: ModelWatch['mode'], path: string, watcher: number): void {
    const same = { table, mode, path, watcher };
    if (!this.watches.some((w) => matches(w, same))) this.watches.push(same);
  }

  select(path: string, type: number, watcher: number): ModelWatch[] {
    return this.watches.filter((w) => {
      if (w.path !== path || w.watcher !== watcher) return false;
      if (type === WatcherType.any) return true;
      if (type === WatcherType.persistent) return w.mode === 'persistent';
      if (type === WatcherType.persistentRecursive) return w.mode === 'recursive';
      const table = type === WatcherType.data ? 'data' : 'child';
      return w.mode === 'standard' && w.table === table;
    });
  }

  drop(watches: readonly ModelWatch[]): void {
    this.watches = this.watches.filter((w) => !watches.includes(w));
  }

  fire(table: ModelWatch['table'], path: string, skip: ReadonlySet<number>): Set<number> {
    const isAbove = (p: string) => path.startsWith(p === '/' ? '/' : `${p}/`);
    const reached = this.watches.filter(
      (w) => w.table === table && (w.path === path || (w.mode === 'recursive' && isAbove(w.path))),
    );
    this.drop(reached.filter((w) => w.mode === 'standard'));
    return new Set(reached.map((w) => w.watcher).filter((w) => !skip.has(w)));
  }

  change(kind: 'create' | 'delete' | 'setData', path: string): string[] {
    const events: string[] = [];
    const none = new Set<number>();
    const tell = (type: number, at: string, watchers: ReadonlySet<number>) => {
      for (const w of [...watchers].sort()) events.push(`${w} ${type} ${at}`);
      return watchers;
    };
    if (kind === 'setData') {
      tell(EventType.nodeDataChanged, path, this.fire('data', path, none));
      return events;
    }
    if (kind === 'create') {
      tell(EventType.nodeCreated, path, this.fire('data', path, none));
    } else {
      const told = tell(EventType.nodeDeleted, path, this.fire('data', path, none));
      tell(EventType.nodeDeleted, path, this.fire('child', path, told));
    }
    const parent = path.slice(0, path.lastIndexOf('/')) || '/';
    tell(EventType.nodeChildrenChanged, parent, this.fire('child', parent, none));
    return events;
  }

  pairs(table: ModelWatch['table']): number {
    return new Set(this.watches.filter((w) => w.table === table).map((w) => w.path + w.watcher))
      .size;
  }
}

function matches(a: ModelWatch, b: ModelWatch): boolean {
  return a.table === b.table && a.mode === b.mode && a.path === b.path && a.watcher === b.watcher;
}

const watched = fc.constantFrom('/', '/a', '/a/b', '/a/b/c', '/ab', '/b');
const changed = fc.constantFrom('/a', '/a/b', '/a/b/c', '/ab', '/b', '/a/b/d');
const watcher = fc.integer({ min: 0, max: 3 });
const step = fc.oneof(
  fc.record({
    do: fc.constant('add' as const),
    how: fc.constantFrom('data', 'child', 'persistent', 'recursive'),
    path: watched,
    watcher,
  }),
  fc.record({
    do: fc.constantFrom('create' as const, 'delete' as const, 'setData' as const),
    path: changed,
  }),
  fc.record({
    do: fc.constantFrom('has' as const, 'remove' as const),
    type: fc.integer({ min: 1, max: 5 }),
    path: watched,
    watcher,
  }),
  fc.record({ do: fc.constant('close' as const), watcher }),
);

/** Within one event Apache's order of connections is that of a hash set: any order is right. */
function sortWithinEvents(events: readonly string[]): string[] {
  const groups: string[][] = [];
  let last = '';
  for (const event of events) {
    const what = event.slice(event.indexOf(' '));
    if (what !== last) groups.push([]);
    last = what;
    groups.at(-1)!.push(event);
  }
  return groups.flatMap((group) => group.sort());
}

it('fires, finds and removes what a plain list of watches does, at any interleaving', () => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
      const watchers = [0, 1, 2, 3].map((n) => ({ n }));
      const table = new WatchTable<{ n: number }>();
      const model = new Model();
      for (const s of steps) {
        if (s.do === 'add') {
          const w = watchers[s.watcher]!;
          if (s.how === 'data') {
            table.addData(s.path, w);
            model.add('data', 'standard', s.path, w.n);
          } else if (s.how === 'child') {
            table.addChild(s.path, w);
            model.add('child', 'standard', s.path, w.n);
          } else if (s.how === 'persistent') {
            table.addPersistent(s.path, w);
            model.add('data', 'persistent', s.path, w.n);
            model.add('child', 'persistent', s.path, w.n);
          } else {
            table.addPersistentRecursive(s.path, w);
            model.add('data', 'recursive', s.path, w.n);
          }
        } else if (s.do === 'has') {
          const expected = model.select(s.path, s.type, s.watcher).length > 0;
          expect(table.has(s.path, s.type, watchers[s.watcher]!)).toBe(expected);
        } else if (s.do === 'remove') {
          const selected = model.select(s.path, s.type, s.watcher);
          model.drop(selected);
          const removed = table.remove(s.path, s.type, watchers[s.watcher]!);
          expect(removed).toBe(selected.length > 0);
        } else if (s.do === 'close') {
          model.drop(model.watches.filter((w) => w.watcher === s.watcher));
          table.removeAll(watchers[s.watcher]!);
        } else {
          const events: string[] = [];
          const emit = (w: { n: number }, type: number, path: string) =>
            events.push(`${w.n} ${type} ${path}`);
          if (s.do === 'create') table.nodeCreated(s.path, emit);
          else if (s.do === 'delete') table.nodeDeleted(s.path, emit);
          else table.nodeDataChanged(s.path, emit);
          // Two groups of one delete may carry the same event, so groups are compared sorted.
          expect(sortWithinEvents(events)).toEqual(sortWithinEvents(model.change(s.do, s.path)));
        }
        expect(table.isEmpty).toBe(model.watches.length === 0);
        expect(table.hasRecursive).toBe(model.watches.some((w) => w.mode === 'recursive'));
        expect(table.dataWatchCount).toBe(model.pairs('data'));
        expect(table.watchCount).toBe(model.pairs('data') + model.pairs('child'));
      }
    }),
    { numRuns: 500 },
  );
});
