import { mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import type { EnsembleConfig, MemberState, SessionState } from '@zooid/server';
import type { PeerNetwork, PeerPorts } from './peer-network.ts';
import { hexId, type Membership, ServerUnderTest, sessionIdOf } from './server-under-test.ts';
import type { TestServerOptions } from './start-test-server.ts';
import { LOCAL_HOST } from './tcp-proxy.ts';
import type { PartitionOptions, TestEnsemble, TestMember, WaitOptions } from './test-ensemble.ts';
import type { SessionOf } from './test-server.ts';

export interface EnsembleParts {
  /** Of every member. */
  readonly options: Omit<TestServerOptions, 'storage' | 'port'>;
  readonly limits: Partial<EnsembleConfig>;
  /** By rising id. */
  readonly ports: readonly PeerPorts[];
  /** The first ones; the others observe. */
  readonly participantCount: number;
  /** Undefined: members reach each other without a detour, and that cannot fail. */
  readonly network: PeerNetwork | undefined;
  /** With a directory for each member. */
  readonly directory: string;
  /** The directory is removed at the end. */
  readonly isTemporary: boolean;
  /** All is closed: the ports may be others'. */
  readonly onClosed: () => void;
}

/** How often it is looked whether a wait is over. */
const LOOK_MS = 2;

/** The members together. */
export class EnsembleUnderTest implements TestEnsemble {
  readonly members: readonly MemberUnderTest[];
  readonly #parts: EnsembleParts;
  #closing: Promise<void> | undefined;

  constructor(parts: EnsembleParts) {
    this.#parts = parts;
    this.members = parts.ports.map(({ id }) => new MemberUnderTest(id, this.#partsOf(id)));
  }

  /** Starts all members; resolves when all of them serve. */
  async start(): Promise<void> {
    await Promise.all(this.members.map(({ dataDir }) => mkdir(dataDir, { recursive: true })));
    await allOf(this.members.map((member) => member.start()));
    await this.untilServing();
  }

  get connectString(): string {
    return this.members.map((member) => member.connectString).join(',');
  }

  get leader(): MemberUnderTest | undefined {
    let leader: MemberUnderTest | undefined;
    for (const member of this.members) {
      if (member.role !== 'leading' || !member.isServing) continue;
      if (leader === undefined || leader.state!.epoch < member.state!.epoch) leader = member;
    }
    return leader;
  }

  async untilServing(
    members: readonly TestMember[] = this.members.filter(({ isUp }) => isUp),
    options: WaitOptions = {},
  ): Promise<TestMember> {
    for (;;) {
      const leader = members.find(({ role }) => role === 'leading');
      const isLed = (member: TestMember) => member.isServing && member.state?.leader === leader?.id;
      if (leader !== undefined && members.every(isLed)) return leader;
      await delay(LOOK_MS, undefined, { signal: options.signal });
    }
  }

  sessions(): SessionState[] {
    // Who is connected is known where that is.
    const connected = new Set<bigint>();
    for (const { id, isConnected } of this.members.flatMap((member) => member.sessions())) {
      if (isConnected) connected.add(id);
    }
    const all = this.leader?.sessions() ?? [];
    return all.map((session) => ({ ...session, isConnected: connected.has(session.id) }));
  }

  async expireSession(session: SessionOf, options: WaitOptions = {}): Promise<void> {
    const { leader } = this;
    if (leader === undefined) throw new Error('nobody leads the ensemble');
    const id = sessionIdOf(session);
    if (!leader.sessions().some((one) => one.id === id)) {
      throw new Error(`the leader knows no session ${hexId(id)}: it has ended, or is another's`);
    }
    await leader.expireSession(id);
    const { state } = leader;
    const isBehind = (member: TestMember) =>
      member.isServing &&
      member.state!.leader === leader.id &&
      member.state!.lastZxid < (state?.lastZxid ?? 0n);
    while (this.members.some(isBehind)) {
      await delay(LOOK_MS, undefined, { signal: options.signal });
    }
  }

  // ── The network ───────────────────────────────────────────────────────────────────────────────────

  partition(groups: readonly (readonly TestMember[])[], options: PartitionOptions = {}): void {
    const network = this.#network;
    const groupOf = (member: TestMember) => groups.findIndex((group) => group.includes(member));
    for (const one of this.members) {
      for (const other of this.members) {
        if (groupOf(one) === groupOf(other)) continue;
        network.silence(one.id, other.id);
        if (options.ending !== undefined) network.drop(one.id, other.id, options.ending);
      }
    }
  }

  silence(from: TestMember, to: TestMember): void {
    this.#network.silence(from.id, to.id);
  }

  async heal(): Promise<void> {
    await Promise.all([this.#network.heal(), ...this.members.map((member) => member.heal())]);
  }

  get #network(): PeerNetwork {
    const { network } = this.#parts;
    if (network === undefined) {
      throw new Error('the ensemble was started without proxies: its network cannot fail');
    }
    return network;
  }

  // ── The end ───────────────────────────────────────────────────────────────────────────────────────

  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  async #close(): Promise<void> {
    const { network, isTemporary, directory, onClosed } = this.#parts;
    await allOf(this.members.map((member) => member.close()));
    await network?.close();
    if (isTemporary) await rm(directory, { recursive: true, force: true });
    onClosed();
  }

  #partsOf(id: number): MemberParts {
    const { options, limits, ports, participantCount, network, directory } = this.#parts;
    const servers = ports.map(({ id: server, quorumPort, electionPort }) => ({
      id: server,
      role: server <= participantCount ? ('participant' as const) : ('observer' as const),
      addresses: [{ host: LOCAL_HOST, quorumPort, electionPort }] as const,
      client: undefined,
    }));
    return {
      options: {
        ...options,
        config: {
          ...options.config,
          // A machine that loses its power is not what these servers are for.
          storage: { isSyncForced: false, ...options.config?.storage },
        },
      },
      dataDir: join(directory, String(id)),
      membership: {
        ensemble: {
          ...limits,
          serverId: id,
          membership: {
            version: 0,
            servers: new Map(servers.map((server) => [server.id, server])),
            groups: new Map(),
            weights: new Map(),
          },
        },
        peerRoute: network?.routeOf(id),
        onStart: async () => network?.bringUp(id),
        onStop: (ending) => network?.takeDown(id, ending),
      },
    };
  }
}

interface MemberParts {
  readonly options: TestServerOptions;
  readonly dataDir: string;
  readonly membership: Membership;
}

/** A server under test that knows of its ensemble. */
class MemberUnderTest extends ServerUnderTest implements TestMember {
  readonly id: number;
  declare readonly dataDir: string;

  constructor(id: number, parts: MemberParts) {
    super(parts.options, parts.dataDir, parts.membership);
    this.id = id;
  }

  get state(): MemberState | undefined {
    return this.member;
  }

  get role(): MemberState['role'] | undefined {
    return this.member?.role;
  }

  get isServing(): boolean {
    return this.member?.isServing === true;
  }

  kill(): Promise<void> {
    return this.stop({ ending: 'reset' });
  }
}

/** Waits for all of them, also when one fails. @throws what the first failed one says. */
async function allOf(tasks: readonly Promise<void>[]): Promise<void> {
  const settled = await Promise.allSettled(tasks);
  for (const result of settled) if (result.status === 'rejected') throw result.reason;
}
