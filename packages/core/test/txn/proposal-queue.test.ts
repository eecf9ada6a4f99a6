import { describe, expect, test } from 'vitest';
import { Queue } from '../../src/queue.ts';
import { ProposalQueue } from '../../src/txn/proposal-queue.ts';

const txn = new Uint8Array(40);
const path = new Uint8Array(4);

/** What is queued: the zxid of a proposal, `s` and the zxid of a sync. */
function contentOf(queue: ProposalQueue): string {
  return Array.from(queue.pending(), ({ isSync, zxid }) => `${isSync ? 's' : ''}${zxid}`).join(' ');
}

describe('a sync', () => {
  test('stands behind everything up to its zxid, and before what is above it', () => {
    const queue = new ProposalQueue();
    for (const zxid of [1, 2, 3]) queue.learn(zxid, txn, 0, txn.length);
    queue.pushSync(1, path);
    queue.pushSync(3, path);
    queue.pushSync(1, path);
    queue.pushSync(0, path);
    expect(contentOf(queue)).toBe('s0 1 s1 s1 2 3 s3');
  });

  test('that waits for nothing stands first', () => {
    const queue = new ProposalQueue();
    queue.learn(8, txn, 0, txn.length);
    expect(queue.pushSync(7, path).isSync).toBe(true);
    expect(contentOf(queue)).toBe('s7 8');
  });
});

test('an element is inserted at any place of a queue, also around the end of the ring and when it is full', () => {
  const queue = new Queue<number>(4);
  queue.push(-1);
  queue.push(0);
  queue.shift();
  for (const element of [1, 2, 3]) queue.push(element);
  queue.insert(1, 10);
  queue.insert(5, 20);
  queue.insert(0, 30);
  expect([...queue]).toEqual([30, 0, 10, 1, 2, 3, 20]);
  expect(queue.at(2)).toBe(10);
  expect(queue.at(7)).toBeUndefined();
});
