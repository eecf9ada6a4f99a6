import { CreateMode } from '@zooid/protocol';
import { describe, expect, it } from 'vitest';
import type { CleanerOptions } from '../src/cleaner.ts';
import {
  containerRequest,
  createRequest,
  Harness,
  setDataRequest,
  TICK_MS,
  ttlRequest,
} from './harness.ts';

function cleaned(cleaner: Partial<CleanerOptions> = {}): Harness {
  return new Harness({
    core: {
      sessionTimeoutMsMax: 10_000_000,
      cleaner: {
        checkIntervalMs: 4000,
        deletesPerMinuteMax: 60_000,
        neverUsedMsMax: 0,
        ...cleaner,
      },
    },
  });
}

const forever = { timeoutMs: 10_000_000 };
const names = (h: Harness): string[] => {
  const found: string[] = [];
  h.tree.forEachChild(0, (row) => {
    found.push(h.tree.name(row));
  });
  return found.filter((name) => name !== 'zookeeper').sort();
};

describe('a container', () => {
  it('goes once its last child has gone, and not before it had one', () => {
    const h = cleaned();
    const client = h.connect(forever);
    client.call(containerRequest('/used'));
    client.call(containerRequest('/unused'));
    client.call(containerRequest('/full'));
    client.create('/used/x');
    client.create('/full/x');
    client.delete('/used/x');
    h.advance(10_000);
    expect(names(h)).toEqual(['full', 'unused']);
    expect(h.factsOf('cleaner-delete')).toMatchObject([{ path: '/used' }]);
  });

  it('that nobody ever used goes after neverUsedMsMax', () => {
    const h = cleaned({ neverUsedMsMax: 20_000 });
    const client = h.connect(forever);
    client.call(containerRequest('/unused'));
    h.advance(20_000);
    expect(names(h)).toEqual(['unused']);
    h.advance(8000);
    expect(names(h)).toEqual([]);
  });

  it('stays when a child is on its way as it is about to go', () => {
    const h = cleaned({ checkIntervalMs: TICK_MS });
    const client = h.connect(forever);
    client.call(containerRequest('/c'));
    client.create('/c/x');
    client.delete('/c/x');
    h.nowMs += TICK_MS;
    h.tick();
    h.sync();
    client.take();
    client.send(createRequest('/c/y'));
    h.nowMs += TICK_MS;
    h.tick();
    expect(h.factsOf('cleaner-delete')).toMatchObject([{ path: '/c' }]);
    h.sync();
    expect(client.take()).toMatchObject([{ err: 0 }]);
    expect(client.children('/c')).toEqual(['y']);
    expect(h.factsOf('digest-mismatch')).toEqual([]);
  });
});

describe('a TTL znode', () => {
  it('goes when it was not changed for its TTL and has no children', () => {
    const h = cleaned();
    const client = h.connect(forever);
    client.call(ttlRequest('/short', 5000));
    client.call(ttlRequest('/long', 60_000));
    client.call(ttlRequest('/parent', 5000));
    client.create('/parent/x');
    client.call(ttlRequest('/changed', 5000));
    for (let i = 0; i < 5; i++) {
      h.advance(4000);
      client.call(setDataRequest('/changed', `${i}`));
    }
    expect(names(h)).toEqual(['changed', 'long', 'parent']);
    client.delete('/parent/x');
    h.advance(20_000);
    expect(names(h)).toEqual(['long']);
  });

  it('goes after a restart, too', () => {
    const h = cleaned();
    h.connect(forever).call(ttlRequest('/t', 5000));
    const again = h.restart();
    again.advance(12_000);
    expect(names(again)).toEqual([]);
  });
});

describe('the cleaner', () => {
  it('leaves all other znodes alone', () => {
    const h = cleaned();
    const client = h.connect(forever);
    client.create('/p');
    client.create('/e', { flags: CreateMode.ephemeral });
    h.advance(100_000);
    expect(names(h)).toEqual(['e', 'p']);
  });

  it('deletes no faster than it may', () => {
    const h = cleaned({ deletesPerMinuteMax: 30 });
    const client = h.connect(forever);
    for (let i = 0; i < 10; i++) client.call(ttlRequest(`/t${i}`, 1000));
    h.advance(4000);
    expect(names(h).length).toBeGreaterThanOrEqual(9);
    h.advance(8000);
    const left = names(h).length;
    expect(left).toBeGreaterThanOrEqual(5);
    expect(left).toBeLessThan(9);
    h.advance(20_000);
    expect(names(h)).toEqual([]);
  });

  it('writes its deletions into the log as anybody would, with session 0', () => {
    const h = cleaned();
    h.connect(forever).call(ttlRequest('/t', 1000));
    h.advance(8000);
    expect(names(h.restart())).toEqual([]);
    expect(h.log.txns.at(-1)?.slice(0, 8)).toEqual(new Uint8Array(8));
  });
});
