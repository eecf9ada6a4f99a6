import { decodeUtf8, ErrorCode, encodeUtf8 } from '@zooid/protocol';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { describeQuotaExceeded, type QuotaExceeded, QuotaTable } from '../../src/quota/quota.ts';
import { DataTree, newCreateZnode } from '../../src/tree/data-tree.ts';

/** A tree and its quotas, changed together as the server does. */
class Server {
  readonly tree = new DataTree({ digestEnabled: false });
  readonly exceeded: QuotaExceeded[] = [];
  readonly quotas = new QuotaTable(this.tree, { onExceeded: (fact) => this.exceeded.push(fact) });
  #zxid = 0;

  create(path: string, text: string | null = ''): void {
    const slash = path.lastIndexOf('/');
    const name = encodeUtf8(path.slice(slash + 1));
    const data = text === null ? null : encodeUtf8(text);
    const c = newCreateZnode();
    c.parentRow = this.tree.findPath(path.slice(0, slash) || '/');
    c.nameBytes = name;
    c.nameStart = 0;
    c.nameEnd = name.length;
    c.data = data;
    c.dataStart = 0;
    c.dataEnd = data?.length ?? 0;
    c.aclId = -1;
    c.zxid = ++this.#zxid;
    c.parentCversion = -1;
    this.tree.create(c);
    this.quotas.onCreated(path, data?.length ?? 0);
  }

  setData(path: string, text: string | null): void {
    const row = this.tree.findPath(path);
    const before = Math.max(0, this.tree.dataLength(row));
    const data = text === null ? null : encodeUtf8(text);
    this.tree.setData(row, data, 0, data?.length ?? 0, 1, ++this.#zxid, 0);
    this.quotas.onDataChanged(path, (data?.length ?? 0) - before);
  }

  delete(path: string): void {
    const row = this.tree.findPath(path);
    const bytes = Math.max(0, this.tree.dataLength(row));
    this.tree.delete(row, ++this.#zxid);
    this.quotas.onDeleted(path, bytes);
  }

  text(path: string): string | undefined {
    const row = this.tree.findPath(path);
    if (row < 0) return undefined;
    const data = this.tree.copyData(row);
    return data === null ? undefined : decodeUtf8(data, 0, data.length);
  }

  /** As `setquota` of zkCli does it: parents, limits, then statistics. */
  setQuota(subtree: string, limits: string): void {
    let parent = '/zookeeper/quota';
    for (const part of subtree.split('/').slice(1)) {
      parent += `/${part}`;
      if (this.tree.findPath(parent) < 0) this.create(parent);
    }
    this.create(`${parent}/zookeeper_limits`, limits);
    this.create(`${parent}/zookeeper_stats`, 'count=-1,bytes=-1');
  }

  stats(subtree: string): string | undefined {
    return this.text(`/zookeeper/quota${subtree}/zookeeper_stats`);
  }
}

function serverWithQuota(limits: string): Server {
  const server = new Server();
  server.create('/app');
  server.setQuota('/app', limits);
  return server;
}

describe('the statistics of a quota', () => {
  it('count what is there when they are created, the subtree itself included', () => {
    const server = new Server();
    server.create('/app', 'ab');
    server.create('/app/x', 'cde');
    server.create('/app/x/y', null);
    server.create('/apple', 'not in it');
    server.setQuota('/app', 'count=10,bytes=100');
    expect(server.stats('/app')).toBe('count=3,bytes=5');
  });

  it('follow creations, data and deletions at and below the subtree', () => {
    const server = serverWithQuota('count=10,bytes=100');
    expect(server.stats('/app')).toBe('count=1,bytes=0');
    server.create('/app/x', '12345');
    expect(server.stats('/app')).toBe('count=2,bytes=5');
    server.setData('/app/x', '12');
    expect(server.stats('/app')).toBe('count=2,bytes=2');
    server.setData('/app', '1');
    expect(server.stats('/app')).toBe('count=2,bytes=3');
    server.delete('/app/x');
    expect(server.stats('/app')).toBe('count=1,bytes=1');
    server.setData('/app', null);
    expect(server.stats('/app')).toBe('count=1,bytes=0');
  });

  it('do not follow siblings whose name begins alike', () => {
    const server = serverWithQuota('count=10,bytes=100');
    server.create('/apple', 'x');
    server.create('/ap', 'x');
    expect(server.stats('/app')).toBe('count=1,bytes=0');
  });

  it('of the longest prefix alone follow a change', () => {
    const server = serverWithQuota('count=10,bytes=100');
    server.create('/app/in');
    server.setQuota('/app/in', 'count=5,bytes=50');
    server.create('/app/in/x', 'abc');
    expect(server.stats('/app/in')).toBe('count=2,bytes=3');
    expect(server.stats('/app')).toBe('count=2,bytes=0');
    server.create('/app/out', 'abc');
    expect(server.stats('/app')).toBe('count=3,bytes=3');
    expect(server.quotas.subtreeOf('/app/in/x/y')).toBe('/app/in');
    expect(server.quotas.subtreeOf('/app/in')).toBe('/app/in');
    expect(server.quotas.subtreeOf('/app/inn')).toBe('/app');
    expect(server.quotas.subtreeOf('/other')).toBeUndefined();
    expect(server.quotas.subtreeOf('/')).toBeUndefined();
  });

  it('change without changing the stat of their znode', () => {
    const server = serverWithQuota('count=10,bytes=100');
    const row = server.tree.findPath('/zookeeper/quota/app/zookeeper_stats');
    const mzxid = server.tree.mzxid(row);
    server.create('/app/x', 'abc');
    expect([server.tree.version(row), server.tree.mzxid(row)]).toEqual([0, mzxid]);
  });

  it('go on from what somebody wrote there', () => {
    const server = serverWithQuota('count=10,bytes=100');
    server.create('/app/x');
    server.setData('/zookeeper/quota/app/zookeeper_stats', 'count=100,bytes=1000');
    server.create('/app/y', 'abc');
    expect(server.stats('/app')).toBe('count=101,bytes=1003');
  });

  it('that are damaged do not stop the server', () => {
    const server = serverWithQuota('count=10,bytes=100');
    server.setData('/zookeeper/quota/app/zookeeper_stats', 'nonsense');
    server.create('/app/y', 'abc');
    expect(server.stats('/app')).toBe('count=0,bytes=2');
    server.setData('/zookeeper/quota/app/zookeeper_stats', null);
    server.create('/app/z', 'abc');
    expect(server.stats('/app')).toBe('count=0,bytes=2');
  });

  it('that are missing are not made up, and count everything once they are created', () => {
    const server = new Server();
    server.create('/app');
    server.create('/zookeeper/quota/app');
    server.create('/zookeeper/quota/app/zookeeper_limits', 'count=1,bytes=-1');
    server.create('/app/x', 'abc');
    expect(server.quotas.check('/app/y', 1, 0)).toBe(ErrorCode.ok);
    server.create('/zookeeper/quota/app/zookeeper_stats');
    expect(server.stats('/app')).toBe('count=2,bytes=3');
    server.delete('/zookeeper/quota/app/zookeeper_stats');
    server.create('/app/y');
    expect(server.stats('/app')).toBeUndefined();
  });

  it('of a subtree that does not exist are zero', () => {
    const server = new Server();
    server.setQuota('/nothing', 'count=1,bytes=1');
    expect(server.stats('/nothing')).toBe('count=0,bytes=0');
    server.create('/nothing', 'a');
    expect(server.stats('/nothing')).toBe('count=1,bytes=1');
  });
});

describe('a quota', () => {
  it('ends when its limits are deleted', () => {
    const server = serverWithQuota('count=1,bytes=-1=;countHardLimit=1');
    expect(server.quotas.check('/app/x', 1, 0)).toBe(ErrorCode.quotaExceeded);
    server.delete('/zookeeper/quota/app/zookeeper_limits');
    expect(server.quotas.check('/app/x', 1, 0)).toBe(ErrorCode.ok);
    server.create('/app/x', 'abc');
    expect(server.stats('/app')).toBe('count=1,bytes=0');
    expect(server.quotas.isEmpty).toBe(true);
  });

  it('on the root does not exist, and asking for one harms nobody', () => {
    const server = new Server();
    server.create('/zookeeper/quota/zookeeper_limits', 'count=0,bytes=0=;countHardLimit=0');
    server.create('/zookeeper/quota/zookeeper_stats');
    expect(server.quotas.isEmpty).toBe(true);
    expect(server.quotas.check('/a', 1, 1)).toBe(ErrorCode.ok);
    server.create('/a');
    server.delete('/zookeeper/quota/zookeeper_limits');
    server.quotas.rebuild();
    expect(server.quotas.isEmpty).toBe(true);
  });

  it('comes only from znodes below /zookeeper/quota', () => {
    const server = new Server();
    server.create('/zookeeper/quotas');
    server.create('/zookeeper/quotas/zookeeper_limits', 'count=0,bytes=0');
    server.create('/zookeeper_limits', 'count=0,bytes=0');
    expect(server.quotas.isEmpty).toBe(true);
    server.delete('/zookeeper/quotas/zookeeper_limits');
    expect(server.quotas.isEmpty).toBe(true);
  });

  it('is found again after a load, and what the subtree holds is counted anew', () => {
    const server = serverWithQuota('count=10,bytes=100');
    server.create('/app/x', 'abc');
    server.create('/app/zookeeper_limits', 'no limits of a quota');
    server.setData('/zookeeper/quota/app/zookeeper_stats', 'count=100,bytes=1000');
    const loaded = new QuotaTable(server.tree);
    expect(server.stats('/app')).toBe('count=3,bytes=23');
    expect(loaded.isEmpty).toBe(false);
    expect(loaded.subtreeOf('/app/x')).toBe('/app');
  });

  it('begins with its limits, not with their parents', () => {
    const server = new Server();
    expect(server.quotas.isEmpty).toBe(true);
    server.create('/zookeeper/quota/app');
    expect(server.quotas.isEmpty).toBe(true);
    server.create('/zookeeper/quota/app/zookeeper_limits', 'count=1,bytes=1');
    expect(server.quotas.isEmpty).toBe(false);
  });
});

describe('a limit', () => {
  const { ok, quotaExceeded } = ErrorCode;

  it('that is hard refuses the request that would go above it, and no other', () => {
    const server = serverWithQuota('count=-1,bytes=-1=;byteHardLimit=5;countHardLimit=2');
    expect(server.quotas.check('/app/x', 1, 5)).toBe(ok);
    expect(server.quotas.check('/app/x', 1, 6)).toBe(quotaExceeded);
    server.create('/app/x', '12345');
    expect(server.quotas.check('/app/y', 1, 0)).toBe(quotaExceeded);
    expect(server.quotas.check('/app/x', 0, 1)).toBe(quotaExceeded);
    expect(server.quotas.check('/app/x', 0, 0)).toBe(ok);
    expect(server.quotas.check('/app/x', 0, -5)).toBe(ok);
    expect(server.quotas.check('/other', 1, 1000)).toBe(ok);
  });

  it('that is soft is reported and refuses nothing', () => {
    const server = serverWithQuota('count=1,bytes=3');
    expect(server.quotas.check('/app/x', 1, 4)).toBe(ok);
    expect(server.exceeded.map(describeQuotaExceeded)).toEqual([
      'Quota exceeded: /app [current count=2, softCountLimit=1]',
      'Quota exceeded: /app [current bytes=4, softByteLimit=3]',
    ]);
  });

  it('that is hard stands in place of a soft one', () => {
    const server = serverWithQuota('count=1,bytes=1=;byteHardLimit=10;countHardLimit=10');
    expect(server.quotas.check('/app/x', 1, 5)).toBe(ok);
    expect(server.exceeded).toEqual([]);
    expect(server.quotas.check('/app/x', 1, 11)).toBe(quotaExceeded);
    expect(server.exceeded.map(describeQuotaExceeded)).toEqual([
      'Quota exceeded: /app [current bytes=11, hardByteLimit=10]',
    ]);
  });

  it('of zero allows nothing', () => {
    const server = serverWithQuota('count=-1,bytes=-1=;byteHardLimit=0');
    expect(server.quotas.check('/app/x', 1, 0)).toBe(ok);
    expect(server.quotas.check('/app/x', 1, 1)).toBe(quotaExceeded);
  });

  it('of -1, a damaged text and no text are no limits', () => {
    for (const limits of ['count=-1,bytes=-1', 'nonsense', '']) {
      const server = serverWithQuota(limits);
      expect(server.quotas.check('/app/x', 1, 1_000_000)).toBe(ok);
      expect(server.exceeded).toEqual([]);
    }
  });

  it('that is changed is in force at once', () => {
    const server = serverWithQuota('count=-1,bytes=-1');
    expect(server.quotas.check('/app/x', 1, 0)).toBe(ok);
    server.setData('/zookeeper/quota/app/zookeeper_limits', 'count=-1,bytes=-1=;countHardLimit=1');
    expect(server.quotas.check('/app/x', 1, 0)).toBe(quotaExceeded);
  });
});

const names = fc.constantFrom('a', 'b', 'ab');
const path = fc.array(names, { minLength: 1, maxLength: 3 }).map((parts) => `/${parts.join('/')}`);
const step = fc.oneof(
  fc.record({ do: fc.constantFrom('create', 'setData'), path, text: fc.string({ maxLength: 5 }) }),
  fc.record({ do: fc.constant('delete'), path, text: fc.constant('') }),
);

describe('QuotaTable', () => {
  it('counts step by step what counting from scratch gives, at any interleaving', () => {
    fc.assert(
      fc.property(
        fc.uniqueArray(path, { minLength: 1, maxLength: 2 }),
        fc.array(step, { maxLength: 60 }),
        (subtrees, steps) => {
          const server = new Server();
          const { tree } = server;
          for (const subtree of subtrees) server.setQuota(subtree, 'count=-1,bytes=-1');
          for (const s of steps) {
            const row = tree.findPath(s.path);
            const parent = s.path.slice(0, s.path.lastIndexOf('/')) || '/';
            if (s.do === 'create' && row < 0 && tree.findPath(parent) >= 0) {
              server.create(s.path, s.text);
            } else if (s.do === 'setData' && row >= 0) {
              server.setData(s.path, s.text);
            } else if (s.do === 'delete' && row >= 0 && tree.childCount(row) === 0) {
              server.delete(s.path);
            }
          }
          for (const subtree of subtrees) {
            const inner = subtrees.find((s) => s.startsWith(`${subtree}/`));
            let count = 0;
            let bytes = 0;
            const visit = (at: string) => {
              if (at === inner) return;
              const row = tree.findPath(at);
              if (row < 0) return;
              count++;
              bytes += Math.max(0, tree.dataLength(row));
              tree.forEachChild(row, (child) => visit(tree.path(child)));
            };
            visit(subtree);
            expect(server.stats(subtree)).toBe(`count=${count},bytes=${bytes}`);
          }
        },
      ),
      { numRuns: 200 },
    );
  });
});
