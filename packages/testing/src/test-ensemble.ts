import type { MemberState, SessionState } from '@zooid/server';
import type { Ending, NetworkFaults } from './network-faults.ts';
import type { SessionOf, TestServer } from './test-server.ts';

/** One server of an ensemble. Its own faults are between it and its clients; those between members are the ensemble's. */
export interface TestMember extends Omit<TestServer, 'sessions' | 'expireSession' | 'dataDir'> {
  /** 1 for the first member. */
  readonly id: number;
  readonly dataDir: string;
  readonly isUp: boolean;
  /** What it does now: `leading`, `following`, `observing`, or nothing of that yet; undefined while it is down. */
  readonly role: MemberState['role'] | undefined;
  /** Clients are served. */
  readonly isServing: boolean;
  /** The epoch and the last transaction that its clients see; undefined while it is down. */
  readonly state: MemberState | undefined;
  /** Takes it down as when its machine dies: whatever it has not sent yet, to clients or to other members, nobody hears. */
  kill(): Promise<void>;
}

/** How members are told apart from each other. */
export interface PartitionOptions {
  /**
   * Connections between the groups end so first. Unless given they stay, and nothing passes, as when a cable is pulled: members
   * notice that only after some seconds.
   */
  readonly ending?: Ending | undefined;
}

/** What a wait takes. */
export interface WaitOptions {
  /** Ends the wait, with its reason. */
  readonly signal?: AbortSignal | undefined;
}

/** A real ensemble in this process, for one test or for many. */
export interface TestEnsemble extends AsyncDisposable {
  /** By rising id; participants first, then observers. */
  readonly members: readonly TestMember[];
  /** `host:port,host:port,host:port`: all members, as clients take it. */
  readonly connectString: string;
  /** The member that leads now; of two that believe it, the one with the newer epoch. */
  readonly leader: TestMember | undefined;

  /**
   * Resolves when all of these members serve clients and one of them leads the others.
   *
   * @param members - those that are up, unless given.
   * @returns the leader.
   */
  untilServing(members?: readonly TestMember[], options?: WaitOptions): Promise<TestMember>;

  /** The sessions that the leader knows now, oldest first; none while nobody leads. */
  sessions(): SessionState[];

  /**
   * Ends a session at once, as if its timeout had passed. When this resolves it is gone with its ephemerals at every member that
   * follows the leader.
   *
   * @throws Error when nobody leads, or the leader knows no such session.
   */
  expireSession(session: SessionOf, options?: WaitOptions): Promise<void>;

  /**
   * Members of different groups hear nothing of each other any more, until {@link heal}. Those in no group are one together. Clients
   * are not concerned.
   *
   *     ensemble.partition([[leader]]); // alone, and the others among themselves
   */
  partition(groups: readonly (readonly TestMember[])[], options?: PartitionOptions): void;

  /** What the first one says does not reach the second any more, until {@link heal}; the other way it does. */
  silence(from: TestMember, to: TestMember): void;

  /** Ends all faults of the network: between the members, and between each of them and its clients ({@link NetworkFaults.heal}). */
  heal(): Promise<void>;

  /** Ends all members for good and removes what they made. Resolves when nothing is left, also when it was called before. */
  close(): Promise<void>;
}
