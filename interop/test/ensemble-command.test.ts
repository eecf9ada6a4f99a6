/** `zooid ensemble start`: real servers in processes of their own, in a pipe and in a terminal. */

import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { connect } from '@zooid/client';
import { describe, expect, onTestFinished, test } from 'vitest';
import { hasTmux, Terminal } from '../../packages/cli/test/support/terminal.ts';
import { pollUntil, startProcess } from '../harness/process.ts';
import { ZOOID_BIN } from '../harness/server.ts';

const command = [process.execPath, ZOOID_BIN, 'ensemble', 'start'];

describe('zooid ensemble start', () => {
  test('in a pipe runs until it is ended, and the next start finds the data', async () => {
    const directory = mkdtempSync(join(tmpdir(), 'zooid-ensemble-test-'));
    onTestFinished(() => rmSync(directory, { recursive: true }));
    for (const round of ['first', 'second']) {
      const [program, ...args] = command;
      const running = startProcess(program!, [...args, '--dir', directory], { cwd: directory });
      onTestFinished(async () => void (await running.stop('SIGTERM')));
      const hosts = await pollUntil(
        async () => /^serves (.*)$/m.exec(running.output())?.[1],
        60_000,
        () => `it serves\n${running.output()}`,
      );
      expect(hosts.split(',')).toHaveLength(3);
      await using zk = await connect(hosts, { timeoutMs: 20_000 });
      if (round === 'first') await zk.create('/kept', 'x');
      expect((await zk.get('/kept')).text()).toBe('x');
      await zk.close();
      const ended = await running.stop('SIGTERM');
      expect(ended.code).toBe(0);
      expect(running.output()).toMatch(/^\d 127\.0\.0\.1:\d+ leader$/m);
      for (const host of hosts.split(','))
        await expect(connect(host, { timeoutMs: 300 })).rejects.toMatchObject({
          code: 'CONNECT_TIMEOUT',
        });
    }
    expect(readdirSync(directory).sort()).toEqual(['1', '2', '3']);
  });

  test('ends with 1 when a member cannot be started, and says why', async () => {
    const [program, ...args] = command;
    const directory = mkdtempSync(join(tmpdir(), 'zooid-ensemble-test-'));
    onTestFinished(() => rmSync(directory, { recursive: true }));
    const taken = createServer();
    await new Promise<void>((listening) => taken.listen(0, '127.0.0.1', listening));
    const { port } = taken.address() as { readonly port: number };
    const options = ['--dir', directory, '--client-port', `${port}`];
    const running = startProcess(program!, [...args, ...options], { cwd: directory });
    const ended = await running.finished;
    taken.close();
    expect(ended.code).toBe(1);
    expect(running.output()).toMatch(/zooid: member 1 ended with 1: zooid: port \d+ is in use/);
  });

  test.skipIf(!hasTmux)(
    'in a terminal shows the members; a leader that is killed is followed by another, and comes back',
    async () => {
      const terminal = new Terminal(110, 20);
      await terminal.until(/READY>/);
      terminal.run(command);
      const first = await terminal.until(
        /It serves\.\n(?:.*\n)+?(?:.*\b(?:leader|follower) .*\n){3}/,
      );
      const leader = /^[> ] (\d) .* leader /m.exec(first)![1]!;
      terminal.keys(leader);
      await terminal.until(new RegExp(`^> ${leader} .* leader `, 'm'));
      terminal.keys('k');
      await terminal.until(new RegExp(`^> ${leader} .* down `, 'm'));
      await terminal.until(/It serves\.\n(?:.*\n)+?.* leader /);
      expect(await terminal.until(/Member \d was killed\./)).toMatch(/q quit/);
      terminal.keys('r');
      await terminal.until(new RegExp(`^> ${leader} .* follower `, 'm'));
      terminal.keys('q');
      await terminal.until(/Stopping 3 servers \.\.\.\nREADY>\s*$/);
    },
  );
});
