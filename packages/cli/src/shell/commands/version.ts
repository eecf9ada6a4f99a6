import { zooidVersion } from '../../version.ts';
import type { ShellCommand } from '../command.ts';
import { ShellError } from '../shell-error.ts';

/** The release whose shell this one follows. */
const ZOOKEEPER_RELEASE = '3.9.4';

export const version: ShellCommand = {
  name: 'version',
  usage: '',
  summary: 'prints the version of the shell',
  run: ({ print, json }, { operands }) => {
    if (operands.length > 0) throw new ShellError('version ');
    const text = `${ZOOKEEPER_RELEASE}-zooid-${zooidVersion()}`;
    print(`ZooKeeper CLI version: ${text}`);
    json({ version: text });
  },
};
