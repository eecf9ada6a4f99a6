import { ErrorCode, OpCode } from '@zooid/protocol';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createRequest, Harness, HarnessLog, type HarnessOptions } from '../harness.ts';

/** A disk that says "durable" one write before it is true. */
class LyingLog extends HarnessLog {
  #real = 0;

  override complete(): number {
    this.#real = this.durable;
    return super.complete();
  }

  override get onDisk(): number {
    return this.#real;
  }
}

/** Writes for a while, cuts the power, and tells what was acknowledged and is gone. */
function lostWrites(options: HarnessOptions, plan: readonly ('write' | 'sync')[]): string[] {
  const h = new Harness(options);
  const client = h.connect();
  h.sync();
  client.take();
  const acknowledged: string[] = [];
  for (const [i, what] of plan.entries()) {
    if (what === 'write') client.send(createRequest(`/${i}`));
    else h.syncOnce();
    for (const one of client.take()) {
      if (one.kind === 'reply' && one.body !== undefined && 'path' in one.body) {
        acknowledged.push(one.body.path);
      }
    }
  }
  const after = h.restart();
  return acknowledged.filter((path) => after.tree.findPath(path) < 0);
}

const plan = fc.array(fc.constantFrom('write' as const, 'sync' as const), { maxLength: 40 });

describe('immunity: ZK-4646, 3023: a write is acknowledged only when it is durable', () => {
  it('wherever the power is cut, nothing acknowledged is lost', () => {
    fc.assert(
      fc.property(plan, (steps) => {
        expect(lostWrites({}, steps)).toEqual([]);
      }),
    );
  });

  it('and the same check finds the loss when the disk says so too early', () => {
    const steps = ['write', 'sync', 'write', 'sync'] as const;
    expect(lostWrites({}, steps)).toEqual([]);
    expect(lostWrites({ makeLog: () => new LyingLog() }, steps)).toEqual(['/2']);
  });

  it('and nothing is applied before it is durable, whatever the log says of later zxids', () => {
    const h = new Harness();
    const client = h.connect();
    client.take();
    client.send(createRequest('/a'));
    h.core.onLogSynced(h.core.lastProposedZxid - 1);
    expect(h.tree.findPath('/a')).toBe(-1);
    h.core.onLogSynced(h.core.lastProposedZxid + 100);
    h.core.commitReady(Number.POSITIVE_INFINITY);
    expect(h.core.lastAppliedZxid).toBe(h.core.lastProposedZxid);
  });
});

describe('immunity: ZK-3127: a multi is applied as one', () => {
  it('the last zxid stays where it was until all of it is applied', () => {
    const seen: number[] = [];
    const h: Harness = new Harness({ onWatchesFired: () => seen.push(h.core.lastAppliedZxid) });
    const client = h.connect();
    client.call({ op: OpCode.addWatch, path: '/', mode: 1 });
    const { zxid, err } = client.call({
      op: OpCode.multi,
      ops: [createRequest('/a'), createRequest('/b'), createRequest('/c')],
    });
    expect(err).toBe(ErrorCode.ok);
    // A snapshot that began at any of these moments would be replayed from before the multi.
    expect(seen).toEqual([zxid - 1, zxid - 1, zxid - 1]);
    expect(h.core.lastAppliedZxid).toBe(zxid);
  });

  it('a snapshot with half of it, though named after it, would lose the other half', () => {
    const h = new Harness();
    const client = h.connect();
    client.multi(createRequest('/a'), createRequest('/b'));
    const again = new Harness();
    // The mistake: a snapshot of zxid 2 that has "/a" and not yet "/b".
    again.core.restoredSnapshot(2);
    expect(() => again.core.replayTxn(h.log.txns[1]!, 0, h.log.txns[1]!.byteLength)).toThrow();
    expect(again.tree.findPath('/b')).toBe(-1);
  });
});
