import { readFileSync } from 'node:fs';
import { isSystemError } from '../../exit.ts';
import type { Arguments } from '../arguments.ts';
import type { ShellCommand } from '../command.ts';
import { parseProperties } from '../properties.ts';
import { ShellError } from '../shell-error.ts';
import { printStat, statJson } from '../stat-text.ts';

export const reconfig: ShellCommand = {
  name: 'reconfig',
  usage:
    '[-s] [-v version] [[-file path] | [-members serverID=host:port1:port2;port3[,...]*]] | [-add serverId=host:port1:port2;port3[,...]]* [-remove serverId[,...]*]',
  summary: 'changes the members of the ensemble',
  options: {
    s: { help: 'stat, too' },
    v: { value: 'version', help: 'version that the configuration must have, hexadecimal' },
    file: { value: 'path', help: 'a file with all members' },
    members: { value: 'members', help: 'all members' },
    add: { value: 'members', help: 'members to add' },
    remove: { value: 'ids', help: 'ids of members that leave' },
  },
  run: async (context, args) => {
    const { zk, print, json, signal } = context;
    const changes = changesOf(args);
    const node = await zk.reconfig({ ...changes, signal });
    print(`Committed new configuration:\n${node.text()}`);
    if (args.has('s')) printStat(context, node.stat);
    json({ config: node.text(), stat: statJson(node.stat) });
  },
};

function changesOf(args: Arguments) {
  const replaces = args.has('file') || args.has('members');
  const amends = args.has('add') || args.has('remove');
  if (!replaces && !amends)
    throw new ShellError(`${reconfig.name} ${reconfig.usage}`, { code: 'USAGE' });
  const version = args.value('v');
  if (version !== undefined && !/^-?[0-9a-fA-F]{1,16}$/.test(version))
    throw new ShellError('-v must be followed by a long (configuration version)');
  if (replaces && amends)
    throw new ShellError(
      "Can't use -file or -members together with -add or -remove (mixing incremental and non-incremental modes is not allowed)",
    );
  if (args.has('file') && args.has('members'))
    throw new ShellError(
      "Can't use -file and -members together (conflicting non-incremental modes)",
    );
  const file = args.value('file');
  return {
    joining: listOf(args.value('add')),
    leaving: listOf(args.value('remove')),
    members: file === undefined ? listOf(args.value('members')) : membersIn(file),
    version: version === undefined ? undefined : versionOf(version),
  };
}

function versionOf(text: string): bigint {
  return text.startsWith('-') ? -BigInt(`0x${text.slice(1)}`) : BigInt(`0x${text}`);
}

function listOf(text: string | undefined): readonly string[] | undefined {
  return text === undefined ? undefined : [text.toLowerCase()];
}

function membersIn(file: string): readonly string[] {
  try {
    return [...parseProperties(readFileSync(file, 'latin1'))]
      .filter(([key]) => /^(server|group|weight)\./.test(key))
      .map(([key, value]) => `${key}=${value}`);
  } catch (error) {
    if (!isSystemError(error)) throw error;
    throw new ShellError(`Error processing ${file}: ${error.message}`);
  }
}
