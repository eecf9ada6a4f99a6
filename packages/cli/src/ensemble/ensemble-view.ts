// What `zooid ensemble start` shows, as lines; no terminal, no process and no network in here.

import { type Column, type Line, type Span, span, textTable } from '../terminal/text-table.ts';
import type { ServerLook } from '../top/look-at-server.ts';
import type { MemberPlace } from './layout.ts';
import type { MemberState } from './member.ts';

/** A member, and what it told of itself last. */
export interface MemberRow {
  readonly place: MemberPlace;
  readonly state: MemberState;
  /** undefined until it was asked. */
  readonly look: ServerLook | undefined;
}

const columns: readonly Column[] = [
  { title: 'MEMBER', align: 'left' },
  { title: 'CLIENTS AT', align: 'left' },
  { title: 'ROLE', align: 'left' },
  { title: 'ZXID', align: 'right' },
  { title: 'MIN/AVG/MAX MS', align: 'right' },
  { title: 'SESSIONS', align: 'right' },
  { title: 'CONNS', align: 'right' },
  { title: 'ZNODES', align: 'right' },
  { title: 'PROCESS', align: 'right' },
];

/** A row for each member, and a line for each that ended by itself. @param selected - id of the member that keys are about. */
export function ensembleLines(
  rows: readonly MemberRow[],
  selected: number | undefined,
): readonly Line[] {
  const reasons = rows.flatMap(({ place, state }) =>
    state.kind === 'failed' ? [[span(`${place.id} ${state.reason}`, 'bad')]] : [],
  );
  const table = textTable(
    columns,
    rows.map((row) => cellsOf(row, selected)),
  );
  return reasons.length === 0 ? table : [...table, [], ...reasons];
}

/** Whether so many members serve that the ensemble takes writes. */
export function hasQuorum(rows: readonly MemberRow[]): boolean {
  const roles = rows.map(roleOf);
  const hasLeader = roles.some((role) => role === 'leader' || role === 'standalone');
  return hasLeader && 2 * roles.filter((role) => role !== undefined).length > rows.length;
}

/** The role in which a member serves; undefined while it does not. */
export function roleOf({ state, look }: MemberRow): string | undefined {
  if (state.kind !== 'running' || look?.kind !== 'answers') return undefined;
  return look.facts.role;
}

const NOTHING = span('-', 'dim');

function cellsOf(row: MemberRow, selected: number | undefined): Line {
  const { place, state, look } = row;
  const mark = place.id === selected ? '> ' : '  ';
  const name = span(`${selected === undefined ? '' : mark}${place.id}`, 'bold');
  const address = span(`127.0.0.1:${place.clientPort}`);
  const role = roleSpan(row);
  const pid = state.kind === 'running' || state.kind === 'ending' ? span(`${state.pid}`) : NOTHING;
  if (roleOf(row) === undefined || look?.kind !== 'answers')
    return [name, address, role, NOTHING, NOTHING, NOTHING, NOTHING, NOTHING, pid];
  const { zxid, latencyMs, sessionCount, connectionCount, nodeCount } = look.facts;
  const latency =
    latencyMs === undefined
      ? NOTHING
      : span(`${latencyMs.min}/${Math.round(latencyMs.avg * 10) / 10}/${latencyMs.max}`);
  return [
    name,
    address,
    role,
    zxid === undefined ? NOTHING : span(zxid),
    latency,
    count(sessionCount),
    count(connectionCount),
    count(nodeCount),
    pid,
  ];
}

function roleSpan(row: MemberRow): Span {
  switch (row.state.kind) {
    case 'down':
      return span('down', 'bad');
    case 'failed':
      return span('failed', 'bad');
    case 'ending':
      return span('ending', 'warning');
    case 'running': {
      const role = roleOf(row);
      if (role === undefined) return span('looking', 'warning');
      return span(role, role === 'leader' ? 'good' : 'plain');
    }
  }
}

function count(value: number | undefined): Span {
  return value === undefined ? NOTHING : span(`${value}`);
}
