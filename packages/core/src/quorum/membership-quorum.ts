import { type Membership, participantsOf } from '@zooid/protocol';
import { GroupQuorum, MajorityQuorum, type Quorum } from './quorum.ts';

/** Who may decide in an ensemble of these members: more than half of them, unless it has groups. */
export function quorumOf(membership: Membership): Quorum {
  const voters = participantsOf(membership).map(({ id }) => id);
  if (membership.groups.size === 0) return new MajorityQuorum(voters);
  const isVoter = new Set(voters);
  const groups = [...membership.groups.values()].map((ids) => ({
    members: ids.filter((id) => isVoter.has(id)),
  }));
  return new GroupQuorum(groups, membership.weights);
}
