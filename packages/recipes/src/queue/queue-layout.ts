/** How the queues name their znodes, and what order the names mean. */

import { compareSequences } from '../sequence.ts';

/** What an item's name says. */
export interface ItemName {
  readonly name: string;
  /** Items of a lesser rank come first, whatever their numbers. Of one queue all are numbers, or all texts. */
  readonly rank: number | string;
  /** The number that the server gave. */
  readonly sequence: number;
  /** The name without its number: for the same item once more, at the end. */
  readonly base: string;
}

/** A name without its prefix, taken apart. */
interface NameParts {
  readonly rank: number | string;
  /** The number as it is written, at the end. */
  readonly digits: string;
}

/** The naming of one kind of queue. */
export interface QueueLayout {
  /** What all names begin with. */
  readonly prefix: string;
  /** Whether the data is in Curator's format, with any number of items, or is the item itself. */
  readonly payload: 'items' | 'raw';
  /** What a name says without its prefix; undefined when it is no item's. */
  readonly parse: (rest: string) => NameParts | undefined;
  /** Whether ranks are times in ms since 1970, before which an item is not to be taken. */
  readonly isDelayed?: boolean;
}

/** A number alone: ten digits, or a minus sign and at least nine. */
const SEQUENCE = /^(?:-\d{9,10}|\d{10})$/;

function plain(rest: string): NameParts {
  return { rank: 0, digits: rest };
}

/** `|<text>|<number>`. */
function barred(rest: string): { readonly text: string; readonly digits: string } | undefined {
  const [, text, digits] = /^\|([^|]*)\|([^|]*)$/.exec(rest) ?? [];
  return text === undefined || digits === undefined ? undefined : { text, digits };
}

/** Curator's DistributedQueue: `queue-<number>`. */
export const plainLayout: QueueLayout = { prefix: 'queue-', payload: 'items', parse: plain };

/** Curator's DistributedIdQueue: `queue-|<id>|<number>`. */
export const idLayout: QueueLayout = {
  prefix: 'queue-',
  payload: 'items',
  parse: (rest) => {
    const item = barred(rest);
    return item && { rank: 0, digits: item.digits };
  },
};

/** Curator's DistributedPriorityQueue: `queue-` with 0 or 1 for the sign, 8 hexadecimal digits and the number. */
export const priorityLayout: QueueLayout = {
  prefix: 'queue-',
  payload: 'items',
  parse: (rest) => {
    const [, rank, digits = ''] = /^([01][0-9A-F]{8})(.*)$/.exec(rest) ?? [];
    if (rank !== undefined && SEQUENCE.test(digits)) return { rank, digits };
    // Curator's own consumers drop the priority of what they put back; by its text it then comes before all others.
    return { rank: '', digits: rest };
  },
};

/** Curator's DistributedDelayQueue: `queue-|<ms since 1970, hexadecimal>|<number>`. */
export const delayLayout: QueueLayout = {
  prefix: 'queue-',
  payload: 'items',
  isDelayed: true,
  parse: (rest) => {
    const item = barred(rest);
    // What Curator's consumers put back has no time, and is due.
    if (item === undefined) return plain(rest);
    const isTime = /^[0-9A-F]+$/i.test(item.text);
    return { rank: isTime ? Number.parseInt(item.text, 16) : 0, digits: item.digits };
  },
};

/** ZooKeeper's own recipe, and Curator's SimpleDistributedQueue: `qn-<number>`. */
export const simpleLayout: QueueLayout = { prefix: 'qn-', payload: 'raw', parse: plain };

/** kazoo's Queue and LockingQueue: `entry-<three digits>-<number>`. */
export const kazooLayout: QueueLayout = {
  prefix: 'entry-',
  payload: 'raw',
  parse: (rest) => {
    const [, rank, digits = ''] = /^(\d{3})-(.*)$/.exec(rest) ?? [];
    return rank === undefined ? undefined : { rank, digits };
  },
};

/** The name's meaning; undefined for a stranger's. */
export function parseName(layout: QueueLayout, name: string): ItemName | undefined {
  if (!name.startsWith(layout.prefix)) return undefined;
  const parts = layout.parse(name.slice(layout.prefix.length));
  if (parts === undefined || !SEQUENCE.test(parts.digits)) return undefined;
  const { rank, digits } = parts;
  const base = name.slice(0, name.length - digits.length);
  return { name, rank, sequence: Number(digits), base };
}

/** Which of two items is to be taken first: negative when it is `a`. */
export function compareItems(a: ItemName, b: ItemName): number {
  if (a.rank !== b.rank) return a.rank < b.rank ? -1 : 1;
  return compareSequences(a.sequence, b.sequence);
}
