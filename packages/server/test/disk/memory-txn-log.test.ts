import { expect, test } from 'vitest';
import { MemoryTxnLog } from '../../src/disk/memory-txn-log.ts';
import { describeTxnLog } from '../compliance/log-suite.ts';
import { payloadOf } from './support.ts';

describeTxnLog('memory', (events, lastZxid) => {
  const log = new MemoryTxnLog({ lastZxid, payloads: 'kept' }, events);
  return { log, readBack: () => log.records.map((record) => record.payload) };
});

test('a memory log that forgets payloads holds none of them', async () => {
  const log = new MemoryTxnLog(
    { lastZxid: 0, payloads: 'forgotten' },
    { onSynced: () => {}, onFailed: () => {} },
  );
  const payload = payloadOf(1);
  log.append(1, payload, 0, payload.byteLength);

  await log.close();

  expect(log.records).toEqual([]);
  expect(log.lastSyncedZxid).toBe(1);
});
