import { describe, expect, test } from 'vitest';
import { BoundedQueue } from '../src/bounded-queue.ts';

describe('a bounded queue', () => {
  test('hands out values in order, to those who wait and from what waits', async () => {
    const queue = new BoundedQueue<number>(10);
    const early = [queue.next(), queue.next()];
    for (let i = 1; i <= 4; i++) expect(queue.push(i)).toBe(true);
    const late = [queue.next(), queue.next()];
    const taken = await Promise.all([...early, ...late]);
    expect(taken.map(({ value }) => value)).toEqual([1, 2, 3, 4]);
  });

  test('takes in no more than it may hold, and more again when some were taken', async () => {
    const queue = new BoundedQueue<number>(2);
    expect([queue.push(1), queue.push(2), queue.push(3)]).toEqual([true, true, false]);
    await queue.next();
    expect(queue.push(4)).toBe(true);
    queue.end();
    const rest: number[] = [];
    for await (const value of queue) rest.push(value);
    expect(rest).toEqual([2, 4]);
  });

  test('fails once, behind the values before', async () => {
    const queue = new BoundedQueue<number>(2);
    const error = new Error('over');
    queue.push(1);
    queue.fail(error);
    queue.fail(new Error('later'));
    queue.push(2);
    expect(await queue.next()).toEqual({ value: 1, done: false });
    await expect(queue.next()).rejects.toBe(error);
    expect(await queue.next()).toEqual({ value: undefined, done: true });
  });

  test('fails only the first of those who wait', async () => {
    const queue = new BoundedQueue<number>(2);
    const waiting = [queue.next(), queue.next()];
    queue.fail(new Error('over'));
    await expect(waiting[0]).rejects.toThrow('over');
    expect(await waiting[1]).toMatchObject({ done: true });
  });

  test('that its taker leaves says so once, and lets go of what waits', async () => {
    let returns = 0;
    const queue = new BoundedQueue<number>(2, () => returns++);
    const waiting = queue.next();
    await queue.return();
    await queue.return();
    expect(await waiting).toMatchObject({ done: true });
    expect(queue.push(1)).toBe(true);
    expect(await queue.next()).toMatchObject({ done: true });
    expect([returns, queue.isEnded]).toEqual([1, true]);
  });

  test('that has ended does not tell of its taker leaving', async () => {
    let returns = 0;
    const queue = new BoundedQueue<number>(2, () => returns++);
    queue.push(1);
    queue.end();
    for await (const _value of queue) break;
    expect([returns, (await queue.next()).done]).toEqual([0, true]);
  });
});
