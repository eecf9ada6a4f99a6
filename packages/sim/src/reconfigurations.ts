/** Reconfigurations as operators ask for them: servers come, go and change their role, one by one or all at once. */

import { formatServerLine, OpCode, type Request, type ServerLine } from '@zooid/protocol';
import type { SeededRandom } from './random.ts';
import { lineOf, type World } from './world.ts';

/** What one may ask for now, which need not be possible. */
export function anyReconfiguration(world: World, random: SeededRandom): Request {
  const { membership, version } = world.memberships.current;
  const inside = [...membership.servers.values()];
  const outside = world.machines.filter(({ id }) => !membership.servers.has(id));
  const curConfigId = random.chance(0.85) ? -1n : BigInt(random.pick([version, version, 1]));
  const incremental = (joining: readonly ServerLine[], leaving: readonly number[]): Request => ({
    op: OpCode.reconfig,
    joiningServers: joining.length === 0 ? null : joining.map(entryOf).join(','),
    leavingServers: leaving.length === 0 ? null : leaving.join(','),
    newMembers: null,
    curConfigId,
  });
  const anyRole = () => (random.chance(0.65) ? 'participant' : 'observer');
  const leaving = () =>
    random.chance(0.3) ? (leaderOf(world) ?? random.pick(inside).id) : random.pick(inside).id;
  const draw = random.next();
  if (draw < 0.35 && outside.length > 0) {
    return incremental([lineOf(random.pick(outside).id, anyRole())], []);
  }
  if (draw < 0.55) return incremental([], [leaving()]);
  if (draw < 0.75) {
    const { id, role } = random.pick(inside);
    return incremental([lineOf(id, role === 'observer' ? 'participant' : 'observer')], []);
  }
  if (draw < 0.85 && outside.length > 0) {
    return incremental([lineOf(random.pick(outside).id, anyRole())], [leaving()]);
  }
  const members = random
    .shuffled(world.machines)
    .slice(0, random.integer(1, world.machines.length));
  const lines = members.map(({ id }, index) => lineOf(id, index === 0 ? 'participant' : anyRole()));
  return {
    op: OpCode.reconfig,
    joiningServers: null,
    leavingServers: null,
    newMembers: lines.map(entryOf).join(','),
    curConfigId,
  };
}

function entryOf(line: ServerLine): string {
  return `server.${line.id}=${formatServerLine(line)}`;
}

function leaderOf(world: World): number | undefined {
  return world.machines.find(({ process }) => process?.member.leading?.isEstablished === true)?.id;
}
