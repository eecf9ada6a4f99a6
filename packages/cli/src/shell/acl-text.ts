import { type Acl, Permission } from '@zooid/client';
import type { ShellContext } from './command.ts';

/** In the order in which Apache prints them. Source: ZKUtil.constructPermString. */
const letters: readonly (readonly [letter: string, bit: number])[] = [
  ['c', Permission.create],
  ['d', Permission.delete],
  ['r', Permission.read],
  ['w', Permission.write],
  ['a', Permission.admin],
];

/** Permissions as letters. */
export function permissionText(perms: number): string {
  return letters.map(([letter, bit]) => ((perms & bit) === 0 ? '' : letter)).join('');
}

/**
 * Reads `scheme:id:perms,...`. What is malformed is left out with a remark, as Apache's shell does: the server
 * then refuses a list that is empty.
 *
 * Source: AclParser.
 */
export function parseAcl(text: string, { note }: Pick<ShellContext, 'note'>): readonly Acl[] {
  const acl: Acl[] = [];
  for (const entry of text.split(',')) {
    const first = entry.indexOf(':');
    const last = entry.lastIndexOf(':');
    if (first === last) {
      note(`${entry} does not have the form scheme:id:perm`);
      continue;
    }
    let perms = 0;
    for (const char of entry.slice(last + 1)) {
      const bit = letters.find(([letter]) => letter === char)?.[1];
      if (bit === undefined) note(`Unknown perm type: ${char}`);
      else perms |= bit;
    }
    acl.push({ perms, scheme: entry.slice(0, first), id: entry.slice(first + 1, last) });
  }
  return acl;
}

/** Reads one `scheme:id:perms`, of which the id may hold colons; undefined for what is none, also for letters that mean nothing. */
export function tryAclEntry(text: string): Acl | undefined {
  const [, scheme = '', id = '', permissions = ''] = /^([^:]+):(.*):([cdrwa]*)$/s.exec(text) ?? [];
  if (scheme === '') return undefined;
  const perms = letters.reduce(
    (all, [letter, bit]) => all | (permissions.includes(letter) ? bit : 0),
    0,
  );
  return { perms, scheme, id };
}
