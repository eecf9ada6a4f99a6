import { expect, it } from 'vitest';
import { AckDeadline } from '../../src/zab/ack-deadline.ts';

it('nothing is late when nothing was sent, or all is acknowledged', () => {
  const acks = new AckDeadline();
  expect(acks.isLate(1e9, 10)).toBe(false);
  acks.onSent(1, 100);
  acks.onSent(2, 200);
  expect(acks.onAcked(2, 250)).toBe(150);
  expect(acks.isLate(1e9, 10)).toBe(false);
});

it('the oldest counts, however many follow', () => {
  const acks = new AckDeadline();
  for (let zxid = 1; zxid <= 100; zxid++) acks.onSent(zxid, 1000 + zxid);
  expect(acks.isLate(1001 + 500, 500)).toBe(false);
  expect(acks.isLate(1001 + 501, 500)).toBe(true);
});

it('whoever acknowledges in time is not late, though there always is something outstanding', () => {
  const acks = new AckDeadline();
  // Each acknowledgement comes 400 ms after its proposal.
  for (let now = 0; now < 10_000; now += 100) {
    acks.onSent(now / 100 + 1, now);
    if (now >= 400) acks.onAcked((now - 400) / 100 + 1, now);
    expect(acks.isLate(now, 500)).toBe(false);
  }
});

it('whoever falls back is late, though acknowledgements keep coming', () => {
  const acks = new AckDeadline();
  let lateMs: number | undefined;
  // A proposal each 100 ms, an acknowledgement each 300 ms.
  for (let now = 0; now < 20_000 && lateMs === undefined; now += 100) {
    acks.onSent(now / 100 + 1, now);
    if (now % 300 === 0) acks.onAcked(now / 300, now);
    if (acks.isLate(now, 2000)) lateMs = now;
  }
  expect(lateMs).toBeLessThan(9000);
});

it('an acknowledgement of what came before does not help', () => {
  const acks = new AckDeadline();
  acks.onSent(5, 100);
  expect(acks.onAcked(4, 300)).toBe(-1);
  expect(acks.isLate(700, 500)).toBe(true);
});
