/** The table from facts of an ensemble to log lines; the rest of it is `facts-to-log.ts`. */

import type { MemberFact } from '@zooid/core';
import type { MemberHealthFact } from '../ensemble/member-health.ts';
import type { ElectionPortFact } from '../net/election-port.ts';
import type { QuorumPortFact } from '../net/quorum-port-fact.ts';

/** One thing that happened to a member of an ensemble. */
export type EnsembleFact = MemberFact | ElectionPortFact | QuorumPortFact | MemberHealthFact;

/** A line without its rest: `provoked` ones another server can cause as often as it likes. */
export interface MemberLine {
  readonly level: 'error' | 'warn' | 'info' | 'debug';
  readonly message: string;
  readonly fields: Readonly<Record<string, string | number | undefined>>;
  readonly pace: 'each' | 'provoked';
}

/** The line that a fact is worth. */
export function memberLineOf(fact: EnsembleFact): MemberLine {
  switch (fact.kind) {
    case 'looking': {
      const { round, epoch } = fact;
      return line('info', 'looking for a leader', { round, zxid: hex(fact.zxid), epoch });
    }
    case 'elected':
      return line('info', 'leader elected', { leader: fact.leader, durationMs: fact.durationMs });
    case 'epoch-accepted':
      return line('info', 'epoch accepted', { epoch: fact.epoch });
    case 'serving': {
      const { role, leader, epoch, durationMs } = fact;
      return line('info', role, { leader, epoch, durationMs });
    }
    case 'role-ended':
      return line('warn', `${fact.role} ended`, { reason: fact.reason });
    case 'learner-joined':
      return line('info', 'learner connected', { server: fact.server, address: fact.address });
    case 'learner-sync': {
      const { server, plan } = fact;
      const fields = { server, plan, from: hex(fact.from), to: hex(fact.to) };
      return line('info', 'learner is brought up', fields);
    }
    case 'learner-synced':
      return line('info', 'learner is up to date', { server: fact.server });
    case 'learner-lost': {
      const { server, address, reason } = fact;
      return line('warn', 'learner lost', { server, address, reason });
    }
    case 'sync-received':
      return line('info', 'leader brings this server up', {
        plan: fact.plan,
        zxid: hex(fact.zxid),
      });
    case 'read-only':
      return line('warn', 'no leader: only clients that are content to read are served', {});
    case 'membership-changed':
      return line('info', 'configuration changed', {
        version: hex(fact.version),
        servers: fact.text.replaceAll('\n', ', '),
      });
    case 'peer-malformed': {
      const { address, message: detail } = fact;
      return provoked('warn', 'malformed packet on the quorum port', { address, detail });
    }
    case 'election-port-unavailable': {
      const { port, reason } = fact;
      return line('error', 'the election port cannot be had yet', {
        port,
        reason,
        remedy: 'end whatever has the port, or give this server another one in every list',
      });
    }
    case 'election-peer-unreachable': {
      const { server, address, reason } = fact;
      return provoked('info', 'server cannot be reached', { server, address, reason });
    }
    case 'election-malformed': {
      const { address, message: detail } = fact;
      return provoked('warn', 'malformed message on the election port', { address, detail });
    }
    case 'election-same-id':
      return provoked('error', 'another server has the id of this one', {
        address: fact.address,
        remedy:
          'give each server a number of its own in its file myid, and an address of its own in the list',
      });
    case 'election-nowhere-to-call': {
      const { server, address } = fact;
      return provoked('warn', 'a server that is not in the list did not say where it is', {
        server,
        address,
        remedy: 'add it to the server list of this one, or remove it from that of the other',
      });
    }
    case 'ensemble-list-differs': {
      const { server, differences, areHostsOnly } = fact;
      return areHostsOnly
        ? provoked('info', 'another server knows machines of the ensemble by other names', {
            server,
            differences,
          })
        : provoked('warn', 'the server list of another server differs from the one here', {
            server,
            differences,
            remedy:
              'make the lines server.N the same on every server, and restart those that were wrong',
          });
    }
    case 'member-failed':
      return line('error', 'this member cannot go on, and stops', { reason: fact.reason });
    case 'election-peer-mute': {
      const { server, address } = fact;
      return provoked('warn', 'what answers for another server hangs up without a word', {
        server,
        address,
        remedy: 'look whether the last port of its line in the list is its election port',
      });
    }
    case 'election-too-many':
      return provoked('warn', 'too many servers on the election port', { address: fact.address });
    case 'quorum-port-unavailable': {
      const { port, reason } = fact;
      return line('error', 'the quorum port cannot be had', {
        port,
        reason,
        remedy: 'end whatever has the port, or give this server another one in every list',
      });
    }
    case 'leader-unreachable': {
      const { address, reason } = fact;
      return line('info', 'the leader cannot be reached yet', { address, reason });
    }
    case 'quorum-too-many':
      return provoked('warn', 'too many servers on the quorum port', { address: fact.address });
  }
}

function line(
  level: MemberLine['level'],
  message: string,
  fields: MemberLine['fields'],
): MemberLine {
  return { level, message, fields, pace: 'each' };
}

function provoked(
  level: MemberLine['level'],
  message: string,
  fields: MemberLine['fields'],
): MemberLine {
  return { level, message, fields, pace: 'provoked' };
}

function hex(zxid: number): string {
  return zxid < 0 ? String(zxid) : `0x${zxid.toString(16)}`;
}
