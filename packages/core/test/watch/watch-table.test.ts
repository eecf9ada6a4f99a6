import { EventType, WatcherType } from '@zooid/protocol';
import { describe, expect, it } from 'vitest';
import { WatchTable } from '../../src/watch/watch-table.ts';

interface Connection {
  readonly name: string;
}

const alice: Connection = { name: 'alice' };
const bob: Connection = { name: 'bob' };

const eventNames = new Map<number, string>([
  [EventType.nodeCreated, 'created'],
  [EventType.nodeDeleted, 'deleted'],
  [EventType.nodeDataChanged, 'changed'],
  [EventType.nodeChildrenChanged, 'children'],
]);

/** A table and the events of each change, written as "alice created /a". */
function newTable() {
  const counts: string[] = [];
  const table = new WatchTable<Connection>({
    onFired: (type, count) => counts.push(`${eventNames.get(type)} ${count}`),
  });
  const events = (change: 'nodeCreated' | 'nodeDeleted' | 'nodeDataChanged', path: string) => {
    const seen: string[] = [];
    table[change](path, (w, type, at) => seen.push(`${w.name} ${eventNames.get(type)} ${at}`));
    return seen;
  };
  return {
    table,
    counts,
    create: (path: string) => events('nodeCreated', path),
    remove: (path: string) => events('nodeDeleted', path),
    setData: (path: string) => events('nodeDataChanged', path),
  };
}

describe('a data watch', () => {
  it('fires once when the data changes', () => {
    const { table, setData } = newTable();
    table.addData('/a', alice);
    expect(setData('/a')).toEqual(['alice changed /a']);
    expect(setData('/a')).toEqual([]);
    expect(table.isEmpty).toBe(true);
  });

  it('left by exists on an absent znode fires when it is created', () => {
    const { table, create } = newTable();
    table.addData('/a', alice);
    expect(create('/a')).toEqual(['alice created /a']);
    expect(create('/a')).toEqual([]);
  });

  it('fires when the znode is deleted', () => {
    const { table, remove } = newTable();
    table.addData('/a', alice);
    expect(remove('/a')).toEqual(['alice deleted /a']);
    expect(table.isEmpty).toBe(true);
  });

  it('does not fire for children, siblings, parents or paths that begin alike', () => {
    const { table, create, remove, setData } = newTable();
    table.addData('/a/b', alice);
    for (const path of ['/a', '/a/bb', '/a/b/c', '/a/c']) {
      expect([...create(path), ...setData(path), ...remove(path)]).toEqual([]);
    }
    expect(table.watchCount).toBe(1);
  });

  it('registered twice fires once', () => {
    const { table, setData } = newTable();
    table.addData('/a', alice);
    table.addData('/a', alice);
    expect(table.watchCount).toBe(1);
    expect(setData('/a')).toEqual(['alice changed /a']);
  });

  it('of one connection leaves those of others alone', () => {
    const { table, setData } = newTable();
    table.addData('/a', alice);
    table.addData('/a', bob);
    table.removeAll(alice);
    expect(setData('/a')).toEqual(['bob changed /a']);
  });
});

describe('a child watch', () => {
  it('fires once when a child is created or deleted', () => {
    const { table, create, remove } = newTable();
    table.addChild('/a', alice);
    expect(create('/a/b')).toEqual(['alice children /a']);
    expect(remove('/a/b')).toEqual([]);
    table.addChild('/a', alice);
    expect(remove('/a/b')).toEqual(['alice children /a']);
  });

  it('fires with NodeDeleted when its znode is deleted', () => {
    const { table, remove } = newTable();
    table.addChild('/a', alice);
    expect(remove('/a')).toEqual(['alice deleted /a']);
    expect(table.isEmpty).toBe(true);
  });

  it('on the root fires for its children', () => {
    const { table, create } = newTable();
    table.addChild('/', alice);
    expect(create('/a/b')).toEqual([]);
    expect(create('/a')).toEqual(['alice children /']);
  });

  it('does not fire for data, grandchildren or the creation of its own znode', () => {
    const { table, create, setData } = newTable();
    table.addChild('/a', alice);
    expect([...setData('/a'), ...create('/a/b/c'), ...create('/a')]).toEqual([]);
  });
});

describe('one change', () => {
  it('tells the watchers of the path before those of the parent', () => {
    const { table, create, remove } = newTable();
    table.addChild('/a', bob);
    table.addData('/a/b', alice);
    expect(create('/a/b')).toEqual(['alice created /a/b', 'bob children /a']);
    table.addChild('/a', bob);
    table.addData('/a/b', alice);
    expect(remove('/a/b')).toEqual(['alice deleted /a/b', 'bob children /a']);
  });

  it('tells a connection of a deletion once though it holds a data and a child watch', () => {
    const { table, remove, counts } = newTable();
    table.addData('/a', alice);
    table.addChild('/a', alice);
    table.addChild('/a', bob);
    expect(remove('/a')).toEqual(['alice deleted /a', 'bob deleted /a']);
    expect(table.isEmpty).toBe(true);
    expect(counts).toEqual(['deleted 1', 'deleted 2']);
  });

  it('tells a connection of a deletion once though a recursive watch above saw it first', () => {
    const { table, remove } = newTable();
    table.addPersistentRecursive('/', alice);
    table.addChild('/a', alice);
    expect(remove('/a')).toEqual(['alice deleted /a']);
    expect(table.has('/a', WatcherType.children, alice)).toBe(false);
  });

  it('tells a connection both that the znode is gone and that its parent has other children', () => {
    const { table, remove } = newTable();
    table.addData('/a/b', alice);
    table.addChild('/a', alice);
    expect(remove('/a/b')).toEqual(['alice deleted /a/b', 'alice children /a']);
  });
});

describe('a persistent watch', () => {
  it('gets all four kinds of events for its path and stays', () => {
    const { table, create, remove, setData } = newTable();
    table.addPersistent('/a', alice);
    for (let i = 0; i < 2; i++) {
      expect(create('/a')).toEqual(['alice created /a']);
      expect(setData('/a')).toEqual(['alice changed /a']);
      expect(create('/a/b')).toEqual(['alice children /a']);
      expect(remove('/a/b')).toEqual(['alice children /a']);
      expect(remove('/a')).toEqual(['alice deleted /a']);
    }
  });

  it('sees nothing below its children', () => {
    const { table, create, setData } = newTable();
    table.addPersistent('/a', alice);
    expect([...create('/a/b/c'), ...setData('/a/b')]).toEqual([]);
  });

  it('and a standard one on the same path are one event, and the persistent one stays', () => {
    const { table, setData } = newTable();
    table.addPersistent('/a', alice);
    table.addData('/a', alice);
    expect(setData('/a')).toEqual(['alice changed /a']);
    expect(table.has('/a', WatcherType.data, alice)).toBe(false);
    expect(setData('/a')).toEqual(['alice changed /a']);
  });
});

describe('a persistent recursive watch', () => {
  it('gets every creation, deletion and data change at and below its path, and stays', () => {
    const { table, create, remove, setData } = newTable();
    table.addPersistentRecursive('/a', alice);
    expect(create('/a')).toEqual(['alice created /a']);
    expect(create('/a/b/c')).toEqual(['alice created /a/b/c']);
    expect(setData('/a/b/c')).toEqual(['alice changed /a/b/c']);
    expect(remove('/a/b/c')).toEqual(['alice deleted /a/b/c']);
    expect(create('/ab')).toEqual([]);
    expect(table.hasRecursive).toBe(true);
  });

  it('never gets NodeChildrenChanged', () => {
    const { table, create, remove } = newTable();
    table.addPersistentRecursive('/', alice);
    table.addPersistentRecursive('/a', alice);
    expect([...create('/a/b'), ...remove('/a/b')]).toEqual([
      'alice created /a/b',
      'alice deleted /a/b',
    ]);
  });

  it('on the root sees everything', () => {
    const { table, create } = newTable();
    table.addPersistentRecursive('/', alice);
    expect(create('/a/b/c')).toEqual(['alice created /a/b/c']);
  });

  it('is one event though the connection watches several ancestors and the path itself', () => {
    const { table, setData } = newTable();
    table.addPersistentRecursive('/', alice);
    table.addPersistentRecursive('/a', alice);
    table.addPersistent('/a/b', alice);
    table.addData('/a/b', alice);
    expect(setData('/a/b')).toEqual(['alice changed /a/b']);
  });

  it('next to a persistent one on the same path leaves that its NodeChildrenChanged', () => {
    const { table, create } = newTable();
    table.addPersistentRecursive('/a', alice);
    table.addPersistent('/a', alice);
    expect(create('/a/b')).toEqual(['alice created /a/b', 'alice children /a']);
  });

  it('of an ancestor is not reached through a mere persistent or standard watch there', () => {
    const { table, setData } = newTable();
    table.addPersistentRecursive('/z', bob);
    table.addPersistent('/a', alice);
    table.addData('/a', alice);
    expect(setData('/a/b')).toEqual([]);
  });

  it('is forgotten with the last of them, however it goes', () => {
    const { table } = newTable();
    table.addPersistentRecursive('/a', alice);
    table.addPersistentRecursive('/a', alice);
    table.addPersistentRecursive('/b', alice);
    table.addPersistentRecursive('/c', bob);
    table.remove('/a', WatcherType.persistentRecursive, alice);
    expect(table.hasRecursive).toBe(true);
    table.removeAll(alice);
    expect(table.hasRecursive).toBe(true);
    table.remove('/c', WatcherType.any, bob);
    expect(table.hasRecursive).toBe(false);
  });
});

describe('checkWatches and removeWatches', () => {
  const all = [
    WatcherType.children,
    WatcherType.data,
    WatcherType.any,
    WatcherType.persistent,
    WatcherType.persistentRecursive,
  ] as const;
  const adders = {
    addData: WatcherType.data,
    addChild: WatcherType.children,
    addPersistent: WatcherType.persistent,
    addPersistentRecursive: WatcherType.persistentRecursive,
  } as const;

  for (const [add, own] of Object.entries(adders) as [keyof typeof adders, number][]) {
    for (const type of all) {
      const matches = type === own || type === WatcherType.any;
      it(`find ${matches ? 'a' : 'no'} watch of type ${type} after ${add}`, () => {
        const { table } = newTable();
        table[add]('/a', alice);
        expect(table.has('/a', type, alice)).toBe(matches);
        expect(table.remove('/a', type, alice)).toBe(matches);
        expect(table.isEmpty).toBe(matches);
        expect(table.remove('/a', type, alice)).toBe(false);
      });
    }
  }

  it('mean the connection that asks and exactly that path', () => {
    const { table } = newTable();
    table.addPersistentRecursive('/a', alice);
    for (const type of all) {
      expect(table.has('/a', type, bob)).toBe(false);
      expect(table.remove('/a', type, bob)).toBe(false);
      expect(table.has('/a/b', type, alice)).toBe(false);
      expect(table.has('/', type, alice)).toBe(false);
    }
    expect(table.watchCount).toBe(1);
  });

  it('of type any take every mode in both tables', () => {
    const { table } = newTable();
    table.addData('/a', alice);
    table.addChild('/a', alice);
    table.addPersistent('/a', alice);
    table.addPersistentRecursive('/a', alice);
    expect(table.remove('/a', WatcherType.any, alice)).toBe(true);
    expect(table.isEmpty).toBe(true);
    expect(table.hasRecursive).toBe(false);
  });

  it('of an unknown type find and remove nothing', () => {
    const { table } = newTable();
    table.addData('/a', alice);
    for (const type of [0, 6, -1]) {
      expect(table.has('/a', type, alice)).toBe(false);
      expect(table.remove('/a', type, alice)).toBe(false);
    }
    expect(table.watchCount).toBe(1);
  });
});

describe('the end of a connection', () => {
  it('takes all its watches, also where others watch too', () => {
    const { table, create, setData } = newTable();
    table.addData('/a', alice);
    table.addChild('/a', alice);
    table.addPersistent('/a', alice);
    table.addData('/a', bob);
    table.removeAll(alice);
    expect([...create('/a/b'), ...setData('/a')]).toEqual(['bob changed /a']);
    expect([...table.byPath()]).toEqual([]);
  });

  it('without a watch costs and changes nothing', () => {
    const { table } = newTable();
    table.addData('/a', bob);
    table.removeAll(alice);
    expect(table.watchCount).toBe(1);
  });

  it('in the middle of an event that concerns it does not disturb the others', () => {
    const { table } = newTable();
    table.addPersistent('/a', alice);
    table.addPersistent('/a', bob);
    const told: string[] = [];
    table.nodeDataChanged('/a', (w) => {
      told.push(w.name);
      table.removeAll(w);
    });
    expect(told).toEqual(['alice', 'bob']);
    expect(table.isEmpty).toBe(true);
  });
});

describe('the summaries', () => {
  it('count watches of both tables, and paths and connections of the data table', () => {
    const { table } = newTable();
    table.addData('/a', alice);
    table.addPersistent('/a', alice);
    table.addChild('/c', alice);
    table.addPersistent('/b', bob);
    table.addData('/a', bob);
    expect(table.watchCount).toBe(6);
    expect(table.dataWatchCount).toBe(3);
    expect(table.pathCount).toBe(2);
    expect(table.watcherCount).toBe(2);
    expect([...table.byPath()].map(([path, ws]) => [path, [...ws]])).toEqual([
      ['/a', [alice, bob]],
      ['/b', [bob]],
    ]);
    expect([...table.byWatcher()].map(([w, paths]) => [w, [...paths]])).toEqual([
      [alice, ['/a']],
      [bob, ['/b', '/a']],
    ]);
  });

  it('go on counting a connection whose last watch fired, until it removes one or closes', () => {
    const { table, setData } = newTable();
    table.addData('/a', alice);
    table.addData('/b', bob);
    setData('/a');
    expect(table.watcherCount).toBe(2);
    expect([...table.byWatcher()].map(([w, paths]) => [w, [...paths]])).toEqual([
      [alice, []],
      [bob, ['/b']],
    ]);
    table.remove('/b', WatcherType.data, bob);
    expect(table.watcherCount).toBe(1);
    table.removeAll(alice);
    expect(table.watcherCount).toBe(0);
  });

  it('report how many connections each event concerned', () => {
    const { table, create, counts } = newTable();
    table.addData('/a/b', alice);
    table.addPersistentRecursive('/', alice);
    table.addPersistentRecursive('/', bob);
    table.addChild('/a', bob);
    create('/a/b');
    create('/z');
    expect(counts).toEqual(['created 2', 'children 1', 'created 2']);
  });
});
