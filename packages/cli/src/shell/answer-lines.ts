// What several commands show on a terminal.

import type { Acl } from '@zooid/client';
import { type Column, type Line, type Span, span, textTable } from '../terminal/text-table.ts';
import { permissionText } from './acl-text.ts';
import type { ShellContext } from './command.ts';
import { parseQuota, quotaNumber } from './quota.ts';

/** The name of a znode; those that the servers keep for themselves stand back. */
export function znodeSpan(name: string): Span {
  return span(name, name === 'zookeeper' ? 'dim' : 'plain');
}

/** A path whose last name stands out. */
export function pathLine(path: string): Line {
  const end = path.lastIndexOf('/') + 1;
  return path === '/'
    ? [span('/', 'bold')]
    : [span(path.slice(0, end), 'dim'), span(path.slice(end), 'bold')];
}

/** Prints a path in a line of its own. */
export function printPath(
  { screen, print }: Pick<ShellContext, 'screen' | 'print'>,
  path: string,
): void {
  if (screen === undefined) print(path);
  else screen.show([pathLine(path)]);
}

const aclColumns: readonly Column[] = [
  { title: 'SCHEME', align: 'left' },
  { title: 'ID', align: 'left' },
  { title: 'MAY', align: 'left' },
];

const permissionWords: readonly (readonly [letter: string, word: string])[] = [
  ['c', 'create'],
  ['d', 'delete'],
  ['r', 'read'],
  ['w', 'write'],
  ['a', 'admin'],
];

/** Who may do what. */
export function aclLines(acl: readonly Acl[]): readonly Line[] {
  const rows = acl.map(({ scheme, id, perms }) => {
    const letters = permissionText(perms);
    const words = permissionWords.filter(([letter]) => letters.includes(letter));
    const text = words.map(([, word]) => word).join(' ');
    return [span(scheme), span(id), text === '' ? span('nothing', 'dim') : span(text)];
  });
  return textTable(aclColumns, rows);
}

const quotaColumns: readonly Column[] = [
  { title: '', align: 'left' },
  { title: 'USED', align: 'right' },
  { title: 'WARNS ABOVE', align: 'right' },
  { title: 'REFUSES ABOVE', align: 'right' },
];

/** What a subtree holds and may hold. The texts are those of the quota's znodes. */
export function quotaLines(limits: string, stats: string): readonly Line[] {
  const [limit, used] = [parseQuota(limits), parseQuota(stats)];
  const row = (name: string, key: string, hardKey: string): Line => {
    const cells = [quotaNumber(used, key), quotaNumber(limit, key), quotaNumber(limit, hardKey)];
    return [
      span(name),
      ...cells.map((value) => (value < 0n ? span('-', 'dim') : span(`${value}`))),
    ];
  };
  return textTable(quotaColumns, [
    row('znodes', 'count', 'countHardLimit'),
    row('bytes', 'bytes', 'byteHardLimit'),
  ]);
}
