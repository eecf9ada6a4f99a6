import { EventType, OpCode } from '@zooid/protocol';
import { describe, expect, test } from 'vitest';
import { ClosedError } from '../../src/errors.ts';
import { WatchRegistry } from '../../src/session/watch-registry.ts';
import { NotedLastingWatch, NotedWatch } from './core-bench.ts';

/** One watch of each kind at `/a/b`, and recursive ones above. */
function watched() {
  const registry = new WatchRegistry();
  const data = new NotedWatch('data', '/a/b');
  const exist = new NotedWatch('exist', '/a/b');
  const children = new NotedWatch('children', '/a/b');
  const persistent = new NotedLastingWatch('persistent', '/a/b');
  const recursive = new NotedLastingWatch('recursive', '/a/b');
  const above = new NotedLastingWatch('recursive', '/a');
  const root = new NotedLastingWatch('recursive', '/');
  const beside = new NotedLastingWatch('recursive', '/a/bb');
  for (const watch of [data, exist, children]) registry.addOneShot(watch);
  for (const watch of [persistent, recursive, above, root, beside]) registry.addLasting(watch);
  return { registry, data, exist, children, persistent, recursive, above, root, beside };
}

type Watches = ReturnType<typeof watched>;
type Name = Exclude<keyof Watches, 'registry'>;
const names: readonly Name[] = [
  'data',
  'exist',
  'children',
  'persistent',
  'recursive',
  'above',
  'root',
  'beside',
];

function told(watches: Watches): readonly Name[] {
  return names.filter((name) => watches[name].told.length > 0);
}

describe('an event', () => {
  // Source: ZKWatchManager.materialize.
  test.each([
    ['nodeCreated', ['data', 'exist', 'persistent', 'recursive', 'above', 'root']],
    ['nodeDataChanged', ['data', 'exist', 'persistent', 'recursive', 'above', 'root']],
    ['nodeDeleted', ['data', 'exist', 'children', 'persistent', 'recursive', 'above', 'root']],
    ['nodeChildrenChanged', ['children', 'persistent']],
  ] as const)('%s is heard by %j', (event, expected) => {
    const watches = watched();
    watches.registry.dispatch(EventType[event], '/a/b');
    expect(told(watches)).toEqual(expected);
  });

  test('fires a one-shot watch once, and a lasting one each time', () => {
    const watches = watched();
    for (let i = 0; i < 3; i++) watches.registry.dispatch(EventType.nodeDeleted, '/a/b');
    expect(watches.data.told).toEqual(['deleted /a/b']);
    expect(watches.persistent.told).toHaveLength(3);
    expect(watches.root.told).toHaveLength(3);
    expect(watches.registry.size).toBe(5);
  });

  test('below a watched path is heard by recursive watches only, with its own path', () => {
    const watches = watched();
    watches.registry.dispatch(EventType.nodeCreated, '/a/b/c');
    expect(told(watches)).toEqual(['recursive', 'above', 'root']);
    expect(watches.root.told).toEqual(['created /a/b/c']);
  });

  test('of another path is heard by nobody else', () => {
    const watches = watched();
    watches.registry.dispatch(EventType.nodeDeleted, '/c');
    expect(told(watches)).toEqual(['root']);
  });

  test('is remembered of a one-shot watch that has fired', () => {
    const watches = watched();
    watches.registry.dispatch(EventType.nodeDataChanged, '/a/b');
    const { registry, data, children } = watches;
    expect([registry.hasFired(data), registry.hasFired(children)]).toEqual([true, false]);
  });

  test('is heard once by a watch that stands twice', () => {
    const registry = new WatchRegistry();
    const watch = new NotedWatch('exist', '/x');
    registry.addOneShot(watch);
    registry.addOneShot(watch, 'data');
    registry.dispatch(EventType.nodeDeleted, '/x');
    expect(watch.told).toEqual(['deleted /x']);
    expect(registry.size).toBe(0);
  });

  test('is heard by everybody at a path, be they thousands', () => {
    const registry = new WatchRegistry();
    const watches = Array.from({ length: 5_000 }, () => new NotedWatch('data', '/x'));
    for (const watch of watches) registry.addOneShot(watch);
    registry.dispatch(EventType.nodeDataChanged, '/x');
    expect(watches.every((watch) => watch.told.length === 1)).toBe(true);
  });
});

describe('kinds of watches at a path', () => {
  test('are those that stand there, which are what the server must keep', () => {
    const { registry, data, exist, children, persistent, recursive } = watched();
    expect(registry.kindsAt('/a/b')).toEqual([
      'data',
      'exist',
      'children',
      'persistent',
      'recursive',
    ]);
    for (const watch of [data, exist, children]) registry.removeOneShot(watch);
    for (const watch of [persistent, recursive]) registry.removeLasting(watch);
    expect(registry.kindsAt('/a/b')).toEqual([]);
    expect(registry.kindsAt('/a')).toEqual(['recursive']);
  });

  test('count those that a read on its way will leave', () => {
    const registry = new WatchRegistry();
    const first = new NotedWatch('data', '/x');
    const second = new NotedWatch('data', '/x');
    const stopFirst = registry.expectOneShot(first);
    const stopSecond = registry.expectOneShot(second);
    stopFirst();
    expect(registry.kindsAt('/x')).toEqual(['data']);
    stopSecond();
    stopSecond();
    expect(registry.kindsAt('/x')).toEqual([]);
    expect(registry.size).toBe(0);
  });
});

describe('lasting watches at a path', () => {
  test('are those that the server has', () => {
    const { registry, persistent, recursive } = watched();
    registry.expectLasting(new NotedLastingWatch('persistent', '/a/b'));
    expect(registry.lastingAt('/a/b')).toEqual([persistent, recursive]);
    expect(registry.lastingAt('/a/b/c')).toEqual([]);
  });
});

describe('registering again', () => {
  test('asks for each path once, by its kind', () => {
    const { registry } = watched();
    registry.addOneShot(new NotedWatch('data', '/a/b'));
    expect(registry.setWatches(17)).toMatchObject([
      {
        request: {
          op: OpCode.setWatches2,
          relativeZxid: 17,
          dataWatches: ['/a/b'],
          existWatches: ['/a/b'],
          childWatches: ['/a/b'],
          persistentWatches: ['/a/b'],
          persistentRecursiveWatches: ['/a/b', '/a', '/', '/a/bb'],
        },
      },
    ]);
  });

  test('asks for nothing when there is nothing', () => {
    expect(new WatchRegistry().setWatches(1)).toEqual([]);
  });

  test('leaves out lasting watches that no server has confirmed yet: their own request is on its way', () => {
    const registry = new WatchRegistry();
    const watch = new NotedLastingWatch('recursive', '/x');
    registry.expectLasting(watch);
    expect(registry.kindsAt('/x')).toEqual(['recursive']);
    expect(registry.setWatches(1)).toEqual([]);
    registry.dispatch(EventType.nodeCreated, '/x/y');
    expect(watch.told).toEqual(['created /x/y']);
    registry.confirmLasting(watch);
    expect(registry.setWatches(1)).toHaveLength(1);
    registry.removeLasting(watch);
    registry.confirmLasting(watch);
    expect(registry.setWatches(1)).toEqual([]);
    expect(registry.size).toBe(0);
  });

  test('tells of a gap only those whom the server has confirmed', () => {
    const registry = new WatchRegistry();
    const old = new NotedLastingWatch('persistent', '/x');
    registry.addLasting(old);
    registry.expectLasting(new NotedLastingWatch('persistent', '/x'));
    expect(registry.setWatches(1)[0]?.lasting).toEqual([old]);
  });
});

describe('the end', () => {
  test('is told to everybody once, and nobody is left', () => {
    const watches = watched();
    watches.registry.addOneShot(watches.exist, 'data');
    watches.registry.expectLasting(new NotedLastingWatch('persistent', '/new'));
    watches.registry.end(new ClosedError({ operation: 'close' }));
    for (const name of names) expect(watches[name].told).toEqual(['ClosedError']);
    expect(watches.registry.size).toBe(0);
    expect(watches.registry.setWatches(1)).toEqual([]);
  });

  test('at one path and of some kinds leaves the others', () => {
    const watches = watched();
    watches.registry.endAt('/a/b', ['children', 'recursive'], new ClosedError({ operation: 'x' }));
    expect(told(watches)).toEqual(['children', 'recursive']);
    expect(watches.registry.kindsAt('/a/b')).toEqual(['data', 'exist', 'persistent']);
  });
});
