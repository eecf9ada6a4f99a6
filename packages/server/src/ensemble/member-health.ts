/**
 * Why a member does not serve, in one sentence for `/readyz`, and what operators have got wrong as far as this server can see.
 *
 * It hears what is reported anyway, and asks the member the rest. What it notices itself becomes a fact, once.
 */
import type { Member, MemberFact, ServerId } from '@zooid/core';
import { decodeUtf8, type Membership, parseMembership } from '@zooid/protocol';
import type { ElectionPortFact } from '../net/election-port.ts';
import { formatHostPort, type PeerAddress } from '../net/peer-address.ts';
import type { QuorumPortFact } from '../net/quorum-port-fact.ts';
import { differencesOf } from './membership-differences.ts';

/** What an operator should look at. */
export type MemberHealthFact =
  /** The configuration of another server, of the same version, is another one. Told once for each difference. */
  | {
      readonly kind: 'ensemble-list-differs';
      readonly server: ServerId;
      readonly differences: string;
      readonly areHostsOnly: boolean;
    }
  /** The data cannot be brought to where the leader wants it: this server stops. */
  | { readonly kind: 'member-failed'; readonly reason: string }
  /** Something takes connections where a server should have its election port, and says nothing. Told once. */
  | {
      readonly kind: 'election-peer-mute';
      readonly server: ServerId;
      readonly address: string;
    };

/** A server that hangs up so often without a word is none, or that is not its election port. */
const MUTE_COUNT = 3;
/** A mistake that was not seen for so long may be mended. Votes are told again at least once a minute. */
const REMEMBERED_MS = 120_000;

export interface MemberHealthParts {
  readonly serverId: ServerId;
  readonly peers: () => ReadonlyMap<ServerId, PeerAddress>;
  /** Monotonic. */
  readonly nowMs: () => number;
  readonly report: (fact: MemberHealthFact) => void;
}

type HeardFact = MemberFact | ElectionPortFact | QuorumPortFact;

/** What is known of another server. */
interface Peer {
  /** Why the last attempt to reach it failed. */
  failure: { readonly address: string; readonly reason: string } | undefined;
  /** It has said something on this connection. */
  hasSpoken: boolean;
  /** Connections that ended before it said anything, in a row. */
  muteCount: number;
  /** What comes from there is no message of a server. */
  malformed: string | undefined;
  /** Its list differs, so. */
  differences: string | undefined;
}

export class MemberHealth {
  readonly #parts: MemberHealthParts;
  readonly #peers = new Map<ServerId, Peer>();
  #sameId: { readonly address: string; readonly atMs: number } | undefined;
  #leaderFailure: string | undefined;
  #lastEnd: string | undefined;

  constructor(parts: MemberHealthParts) {
    this.#parts = parts;
  }

  // ── What it hears ─────────────────────────────────────────────────────────────────────────────────

  onFact(fact: HeardFact): void {
    switch (fact.kind) {
      case 'election-peer-unreachable':
        this.#peer(fact.server).failure = fact;
        break;
      case 'election-malformed': {
        const server = /\(server (\d+)\)$/.exec(fact.address)?.[1];
        if (server !== undefined) this.#peer(Number(server)).malformed = fact.message;
        break;
      }
      case 'election-same-id':
        this.#sameId = { address: fact.address, atMs: this.#parts.nowMs() };
        break;
      case 'leader-unreachable':
        this.#leaderFailure = `${fact.address} (${codeOf(fact.reason)})`;
        break;
      case 'peer-malformed':
        this.#leaderFailure = `${fact.address}, where something else answers (${fact.message})`;
        break;
      case 'elected':
        this.#leaderFailure = undefined;
        break;
      case 'role-ended':
        this.#lastEnd = `${fact.role} ended: ${fact.reason}`;
        break;
      case 'serving':
        this.#lastEnd = undefined;
        break;
      default:
        break;
    }
  }

  onConnected(server: ServerId): void {
    const peer = this.#peer(server);
    peer.failure = undefined;
    peer.hasSpoken = false;
  }

  onDisconnected(server: ServerId): void {
    const peer = this.#peer(server);
    if (peer.hasSpoken) return;
    peer.muteCount++;
    const address = this.#electionAddress(server);
    if (peer.muteCount === MUTE_COUNT && address !== undefined) {
      this.#parts.report({ kind: 'election-peer-mute', server, address });
    }
  }

  /** @param config - text of the configuration in force there, if it said. @param own - that in force here. */
  onNotification(server: ServerId, config: Uint8Array | undefined, own: Membership): void {
    // An observer without an id is nobody that could be named.
    if (server < 0) return;
    const peer = this.#peer(server);
    peer.hasSpoken = true;
    peer.muteCount = 0;
    peer.malformed = undefined;
    if (config === undefined) return;
    const reading = parseMembership(decodeUtf8(config, 0, config.byteLength));
    // Of two versions one is about to be replaced.
    const isComparable = reading.ok && reading.membership.version === own.version;
    const found = isComparable ? differencesOf(own, reading.membership) : undefined;
    const differences = found?.entries.join('; ');
    const isNew = differences !== undefined && differences !== peer.differences;
    peer.differences = differences;
    if (!isNew) return;
    const { areHostsOnly } = found!;
    this.#parts.report({ kind: 'ensemble-list-differs', server, differences, areHostsOnly });
  }

  // ── What it tells ─────────────────────────────────────────────────────────────────────────────────

  /** Why this member should get no traffic; undefined when it serves. */
  notReadyReason(member: Member): string | undefined {
    if (member.isServing && !member.isReadOnly && member.mayAnswer) return undefined;
    return [this.#doing(member), ...this.#mistakes()].join('; ');
  }

  #doing(member: Member): string {
    if (member.isReadOnly) {
      return `only reads are served, to clients that ask for no more, for there is no leader: ${this.#heardOf(member)}`;
    }
    const { leading, learning } = member;
    if (member.isServing) {
      const reason =
        leading === undefined
          ? `the leader, server ${member.leader}, has not heard of this server lately, or too few of the others have been heard of there`
          : 'too few of the other servers have been heard of lately';
      return `clients wait for their answers: ${reason}`;
    }
    if (leading !== undefined) {
      const lacking = leading.phase === 'discovering' ? 'have come' : 'have its history';
      const present = Array.from(leading.learners, ({ serverId }) => serverId);
      const known = present.filter((id) => id !== undefined);
      return `begins to lead: too few servers ${lacking}; connected: ${serversOf(known)}`;
    }
    if (learning !== undefined) {
      const { leader, phase, plan } = learning;
      if (phase === 'connecting') {
        const failure = this.#leaderFailure;
        const trouble = failure === undefined ? '' : `, which cannot be reached at ${failure}`;
        return `connects to the leader, server ${leader}${trouble}`;
      }
      if (plan === undefined) return `agrees on an epoch with the leader, server ${leader}`;
      const to = `${plan.kind.toUpperCase()}, zxid 0x${plan.zxid.toString(16)}`;
      return `is being brought up by server ${leader} (${to})`;
    }
    if (member.role === 'stopped') return 'the server is stopping';
    const before = this.#lastEnd === undefined ? '' : `; before that, ${this.#lastEnd}`;
    return `looks for a leader: ${this.#heardOf(member)}${before}`;
  }

  #heardOf(member: Member): string {
    const { serverId } = this.#parts;
    const others = [...this.#parts.peers().keys()].filter((id) => id !== serverId);
    const heard = others.filter((id) => member.reachable.has(id));
    const missing = others.filter((id) => !member.reachable.has(id));
    return [`heard of ${serversOf(heard)}`, ...missing.map((id) => this.#missingReason(id))].join(
      '; ',
    );
  }

  #missingReason(server: ServerId): string {
    const peer = this.#peers.get(server);
    const address = this.#electionAddress(server);
    if (peer?.failure !== undefined) {
      const { address: failed, reason } = peer.failure;
      return `server ${server} cannot be reached at ${failed} (${codeOf(reason)})`;
    }
    if (peer !== undefined && peer.muteCount >= MUTE_COUNT) {
      return `what answers for server ${server} at ${address} hangs up without a word: is that its election port?`;
    }
    return `server ${server} has not been heard of`;
  }

  *#mistakes(): Iterable<string> {
    const sameId = this.#sameId;
    if (sameId !== undefined && this.#parts.nowMs() - sameId.atMs < REMEMBERED_MS) {
      yield `another server, at ${sameId.address}, has the id of this one: each needs a myid of its own`;
    }
    for (const [server, { differences, malformed }] of this.#peers) {
      if (differences !== undefined) {
        yield `the list of server ${server} differs from the one here: ${differences}: make them the same`;
      }
      if (malformed !== undefined) {
        yield `what answers for server ${server} at ${this.#electionAddress(server)} is no election port (${malformed})`;
      }
    }
  }

  #electionAddress(server: ServerId): string | undefined {
    const address = this.#parts.peers().get(server);
    return address === undefined
      ? undefined
      : formatHostPort({ host: address.host, port: address.electionPort });
  }

  #peer(server: ServerId): Peer {
    const known = this.#peers.get(server);
    if (known !== undefined) return known;
    const peer: Peer = {
      failure: undefined,
      hasSpoken: false,
      muteCount: 0,
      malformed: undefined,
      differences: undefined,
    };
    // Whoever calls itself something else each time is not remembered for ever.
    if (this.#peers.size < PEERS_MAX) this.#peers.set(server, peer);
    return peer;
  }
}

/** Servers that anything is remembered of. */
const PEERS_MAX = 512;

function serversOf(ids: readonly ServerId[]): string {
  if (ids.length === 0) return 'no other server';
  const sorted = [...ids].sort((a, b) => a - b);
  return `${ids.length === 1 ? 'server' : 'servers'} ${sorted.join(', ')}`;
}

/** `ECONNREFUSED` says it shorter than the sentence around it. */
function codeOf(reason: string): string {
  return /\bE[A-Z]{3,}\b/.exec(reason)?.[0] ?? reason;
}
