import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { commandTable } from '../../src/command-table.ts';
import { ExitCode } from '../../src/exit.ts';

const unit = readFileSync(
  join(import.meta.dirname, '../../../../packaging/systemd/zooid.service'),
  'utf8',
);

test('the unit of systemd runs a command that exists, in the foreground', () => {
  const [, command] = /^ExecStart=\/usr\/bin\/env zooid (\S+) \/etc\/zooid\/zoo\.cfg$/m.exec(unit)!;
  expect(command).toBe('start-foreground');
  expect(commandTable.map(({ name }) => name)).toContain(command);
});

test('the unit of systemd does not start again what cannot start', () => {
  const { badInvocation, dataDir, storage } = ExitCode;
  expect(unit).toContain(`\nRestartPreventExitStatus=${badInvocation} ${dataDir} ${storage}\n`);
});
