// A difference as a person reads it.

import type { Acl } from '@zooid/client';
import { type Line, type Style, span } from '../../terminal/text-table.ts';
import type { Step } from './difference.ts';
import { aclEntryText, tryText } from './tree-node.ts';

/** Longer data is told by its length. */
const SHOWN_CHARACTERS_MAX = 40;

const marks: Readonly<Record<Step['kind'], { readonly mark: string; readonly style: Style }>> = {
  create: { mark: '+', style: 'good' },
  set: { mark: '~', style: 'warning' },
  'set-acl': { mark: '~', style: 'warning' },
  delete: { mark: '-', style: 'bad' },
};

/** One line: a mark, the path, what is other. */
export function stepLine(step: Step): Line {
  const { mark, style } = marks[step.kind];
  const what = detail(step);
  const line = [span(mark, style), span(' '), span(step.path, style)];
  return what === '' ? line : [...line, span(`  ${what}`)];
}

function detail(step: Step): string {
  switch (step.kind) {
    case 'create':
      return step.data === null ? '' : shown(step.data);
    case 'set':
      return `${shown(step.before)} -> ${shown(step.data)}`;
    case 'set-acl':
      return `acl ${aclText(step.before)} -> ${aclText(step.acl)}`;
    case 'delete':
      return '';
  }
}

/** Short text as it is, everything else by its length. */
function shown(data: Uint8Array | null): string {
  if (data === null) return 'no data';
  const text = data.length > SHOWN_CHARACTERS_MAX ? undefined : tryText(data);
  if (text === undefined || /\p{Cc}/u.test(text)) return `${data.length} bytes`;
  return JSON.stringify(text);
}

function aclText(acl: readonly Acl[]): string {
  return acl.map(aclEntryText).join(',');
}

/** For `--json`: without data, which may be large. */
export function stepJson(step: Step): object {
  const { kind, path } = step;
  return { change: kind, path };
}
