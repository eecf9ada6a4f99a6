import { expect, test } from 'vitest';
import { good } from '../config/parse.ts';
import { diskServer, temporaryDirectory } from '../integration/test-server.ts';
import { freePort } from '../net/free-port.ts';
import { askWord, connectPayload } from '../raw-client.ts';

test('with leaderServes=no a leader sends clients away, and operators see that it leads', async () => {
  const line = `server.1=127.0.0.1:${await freePort()}:${await freePort()}`;
  const text = `standaloneEnabled=false\nleaderServes=no\ninitLimit=10\nsyncLimit=5\n${line}`;
  const { ensemble } = good(text, { readTextFile: () => '1' });
  const { log, port, stranger } = await diskServer(temporaryDirectory(), {
    ensemble: ensemble!,
    fourLetterWords: new Set(['srvr', 'ruok']),
  });
  await log.until('leading');
  const client = await stranger();
  client.sendFrame(connectPayload());
  expect(await client.closed()).toEqual([]);
  expect(await askWord(port, 'srvr')).toContain('not currently serving requests');
  expect(await askWord(port, 'ruok')).toBe('imok');
});
