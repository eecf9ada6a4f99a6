// What `zooid top` shows, as lines; no terminal and no network in here.

import { type Column, type Line, type Span, span, textTable } from '../terminal/text-table.ts';
import type { ServerLook } from './look-at-server.ts';
import type { ConnectionFacts, ServerFacts } from './server-facts.ts';

/** Columns that servers can be sorted by. */
export const sortKeys = [
  'server',
  'role',
  'latency',
  'connections',
  'outstanding',
  'nodes',
  'watches',
  'zxid',
  'received',
  'sent',
] as const;

export type SortKey = (typeof sortKeys)[number];

/** `server` and `role` go up by default, numbers down. */
export interface SortOrder {
  readonly key: SortKey;
  readonly direction: 'default' | 'reversed';
}

/** A server of the table with what was found last. */
interface Row {
  readonly host: string;
  readonly look: ServerLook | undefined;
  /** A second, between the last two looks; undefined before the second one. */
  readonly receivedRate: number | undefined;
  readonly sentRate: number | undefined;
}

const serverColumns: readonly Column[] = [
  { title: 'SERVER', align: 'left' },
  { title: 'ROLE', align: 'left' },
  { title: 'VERSION', align: 'left' },
  { title: 'MIN/AVG/MAX MS', align: 'right' },
  { title: 'CONNS', align: 'right' },
  { title: 'OUTST', align: 'right' },
  { title: 'ZNODES', align: 'right' },
  { title: 'WATCHES', align: 'right' },
  { title: 'ZXID', align: 'right' },
  { title: 'RECV/S', align: 'right' },
  { title: 'SENT/S', align: 'right' },
];

const connectionColumns: readonly Column[] = [
  { title: 'CLIENT', align: 'left' },
  { title: 'SERVER', align: 'left' },
  { title: 'SESSION', align: 'left' },
  { title: 'LAST', align: 'left' },
  { title: 'QUEUED', align: 'right' },
  { title: 'RECEIVED', align: 'right' },
  { title: 'SENT', align: 'right' },
  { title: 'AVG MS', align: 'right' },
];

/** The servers that are watched, and what is known of them. */
export class ServerTable {
  /** In the order in which they were named. */
  readonly #rows: Map<string, Row & { readonly atMs: number }>;

  constructor(hosts: readonly string[]) {
    const unknown = { look: undefined, receivedRate: undefined, sentRate: undefined, atMs: 0 };
    this.#rows = new Map(hosts.map((host) => [host, { host, ...unknown }]));
  }

  /** Notes what was found. `nowMs` is of a clock that only goes forward. */
  update(host: string, look: ServerLook, nowMs: number): void {
    const before = this.#rows.get(host);
    const rate = (count: (facts: ServerFacts) => number | undefined): number | undefined => {
      if (before?.look?.kind !== 'answers' || look.kind !== 'answers') return undefined;
      const [from, to] = [count(before.look.facts), count(look.facts)];
      const seconds = (nowMs - before.atMs) / 1000;
      if (from === undefined || to === undefined || seconds <= 0) return undefined;
      // Fewer than before: it was started again, or somebody reset its counts.
      return to < from ? undefined : (to - from) / seconds;
    };
    const receivedRate = rate((facts) => facts.receivedCount);
    const sentRate = rate((facts) => facts.sentCount);
    this.#rows.set(host, { host, look, receivedRate, sentRate, atMs: nowMs });
  }

  /** The table, with a line below it for each server that has a problem. */
  lines(order: SortOrder): readonly Line[] {
    const rows = this.#sorted(order);
    const problems = rows.flatMap(({ host, look }) =>
      look?.kind === 'problem' ? [[span(`${host} ${look.reason}`, 'bad')]] : [],
    );
    const marked = serverColumns.map((column, index) =>
      keyOfColumn(index) === order.key ? { ...column, title: `${column.title}*` } : column,
    );
    const table = textTable(marked, rows.map(serverCells));
    return problems.length === 0 ? table : [...table, [], ...problems];
  }

  /** The busiest connections of all servers, at most `countMax`, under a heading. */
  connectionLines(countMax: number): readonly Line[] {
    const silent: string[] = [];
    const connections = this.#sorted({ key: 'server', direction: 'default' }).flatMap(
      ({ host, look }) => {
        if (look?.kind !== 'answers') return [];
        if (look.connections === undefined) silent.push(host);
        return (look.connections ?? [])
          .filter(isClient)
          .map((connection) => ({ host, connection }));
      },
    );
    connections.sort(
      (left, right) =>
        right.connection.queuedCount - left.connection.queuedCount ||
        right.connection.receivedCount - left.connection.receivedCount,
    );
    const shown = connections.slice(0, Math.max(0, countMax));
    const rows = shown.map(({ host, connection }) => connectionCells(host, connection));
    const lines = [...textTable(connectionColumns, rows)];
    const hidden = connections.length - shown.length;
    if (hidden > 0) lines.push([span(`and ${hidden} more`, 'dim')]);
    if (silent.length > 0)
      lines.push([span(`cons is not in the whitelist of ${silent.join(', ')}`, 'dim')]);
    return lines;
  }

  /** How many servers answered when they were asked last. */
  get answeringCount(): number {
    return [...this.#rows.values()].filter(({ look }) => look?.kind === 'answers').length;
  }

  /** For `--json`. */
  toJson(order: SortOrder): readonly object[] {
    return this.#sorted(order).map(({ host, look, receivedRate, sentRate }) => {
      if (look?.kind !== 'answers') return { host, problem: look?.reason ?? 'not asked yet' };
      const { facts, connections } = look;
      return {
        host,
        ...facts,
        ...(receivedRate === undefined ? {} : { receivedPerSecond: receivedRate }),
        ...(sentRate === undefined ? {} : { sentPerSecond: sentRate }),
        ...(connections === undefined ? {} : { connections }),
      };
    });
  }

  #sorted({ key, direction }: SortOrder): readonly Row[] {
    const sign = direction === 'default' ? 1 : -1;
    return [...this.#rows.values()].sort((left, right) => sign * compare(left, right, key));
  }
}

function keyOfColumn(index: number): SortKey | undefined {
  const keys: readonly (SortKey | undefined)[] = [
    'server',
    'role',
    undefined,
    ...sortKeys.slice(2),
  ];
  return keys[index];
}

/** Servers that do not tell stand below those that do. */
function compare(left: Row, right: Row, key: SortKey): number {
  if (key === 'server') return left.host.localeCompare(right.host, 'en', { numeric: true });
  if (key === 'role') return roleRank(left) - roleRank(right);
  return numberOf(right, key) - numberOf(left, key);
}

/** Not one that only asks a word, as this view itself does all the time. */
function isClient({ session, receivedCount }: ConnectionFacts): boolean {
  return session !== undefined || receivedCount > 1;
}

const roles: readonly (string | undefined)[] = [
  'leader',
  'standalone',
  'follower',
  'observer',
  'read-only',
];

function roleRank({ look }: Row): number {
  if (look?.kind !== 'answers') return roles.length + 1;
  const rank = roles.indexOf(look.facts.role);
  return rank < 0 ? roles.length : rank;
}

function numberOf(row: Row, key: Exclude<SortKey, 'server' | 'role'>): number {
  const { look } = row;
  if (look?.kind !== 'answers') return -2;
  const { facts } = look;
  const value = {
    latency: facts.latencyMs?.avg,
    connections: facts.connectionCount,
    outstanding: facts.outstandingCount,
    nodes: facts.nodeCount,
    watches: facts.watchCount,
    zxid: facts.zxid === undefined ? undefined : Number(facts.zxid),
    received: row.receivedRate ?? facts.receivedCount,
    sent: row.sentRate ?? facts.sentCount,
  }[key];
  return value === undefined || Number.isNaN(value) ? -1 : value;
}

const NOTHING = '-';

function serverCells({ host, look, receivedRate, sentRate }: Row): Line {
  const name = span(host, 'bold');
  if (look?.kind !== 'answers') {
    const state = look === undefined ? span('...', 'dim') : span('down', 'bad');
    return [
      name,
      state,
      ...Array.from({ length: serverColumns.length - 2 }, () => span(NOTHING, 'dim')),
    ];
  }
  const { facts } = look;
  const { latencyMs: latency } = facts;
  return [
    name,
    span(facts.role ?? NOTHING, facts.role === 'leader' ? 'good' : 'plain'),
    span(facts.version ?? NOTHING),
    span(
      latency === undefined ? NOTHING : `${latency.min}/${shortNumber(latency.avg)}/${latency.max}`,
    ),
    count(facts.connectionCount),
    span(
      String(facts.outstandingCount ?? NOTHING),
      (facts.outstandingCount ?? 0) > 100 ? 'warning' : 'plain',
    ),
    count(facts.nodeCount),
    count(facts.watchCount),
    span(facts.zxid ?? NOTHING),
    rateCell(receivedRate),
    rateCell(sentRate),
  ];
}

function connectionCells(host: string, connection: ConnectionFacts): Line {
  return [
    span(connection.client),
    span(host),
    span(connection.session ?? NOTHING),
    span(connection.lastOperation ?? NOTHING),
    span(String(connection.queuedCount), connection.queuedCount > 0 ? 'warning' : 'plain'),
    count(connection.receivedCount),
    count(connection.sentCount),
    span(connection.latencyMsAvg === undefined ? NOTHING : shortNumber(connection.latencyMsAvg)),
  ];
}

function count(value: number | undefined): Span {
  return span(value === undefined ? NOTHING : String(value));
}

function rateCell(value: number | undefined): Span {
  return span(value === undefined ? NOTHING : String(Math.round(value)));
}

/** At most one digit behind the point. */
function shortNumber(value: number): string {
  return String(Math.round(value * 10) / 10);
}
