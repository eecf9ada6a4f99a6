import { hostname } from 'node:os';
import type { Acl, ZooKeeper } from '@zooid/client';
import { Deadline, type WaitOptions } from '../deadline.ts';
import type { ChangesOptions } from '../latest-feed.ts';
import { joinPath } from '../paths.ts';
import { openSession, type SessionSource } from '../sessions/session-source.ts';
import { dataOfChildren, namesAt, snapshots } from './members.ts';
import { PersistentNode } from './persistent-node.ts';

export interface PartyOptions {
  /** What the others see of this member. Default: nothing in a party, host name and process id in a shallow one. */
  readonly identifier?: string | undefined;
  /** Of the znodes that are created. Default: everybody everything. */
  readonly acl?: readonly Acl[] | undefined;
}

/** What follows the unique part of a name in a party. Source: kazoo/recipe/party.py. */
const PARTY_SUFFIX = '__party__';

/** What both kinds of party have in common. */
abstract class BaseParty implements AsyncDisposable {
  protected readonly path: string;
  readonly #source: SessionSource;
  readonly #acl: readonly Acl[] | undefined;
  readonly #name: string;
  readonly #data: string;
  #node: PersistentNode | undefined;

  constructor(
    source: SessionSource,
    path: string,
    znode: { readonly name: string; readonly data: string },
    options: PartyOptions,
  ) {
    this.#source = source;
    this.path = path;
    this.#name = znode.name;
    this.#data = znode.data;
    this.#acl = options.acl;
  }

  /** Whether this member has joined and not left. */
  get isParticipating(): boolean {
    return this.#node !== undefined && !this.#node.failed.aborted;
  }

  /** The path of this member's znode, whether it is there or not. */
  get ownPath(): string {
    return joinPath(this.path, this.#name);
  }

  /** Joins, and stays until {@link leave}: also when the znode was deleted, or a new session begins. Again is harmless. */
  async join(options: WaitOptions = {}): Promise<void> {
    this.#node ??= new PersistentNode(this.#source, this.ownPath, this.#data, {
      acl: this.#acl,
      // kazoo creates them so, and expects them to stay.
      parents: 'persistent',
    });
    await this.#node.start(options);
  }

  /** Leaves. Resolves when its znode is gone. Again is harmless; it may join once more. */
  async leave(): Promise<void> {
    const node = this.#node;
    this.#node = undefined;
    await node?.close();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.leave();
  }

  /** Identifiers of all members now, in no order. Two members may have the same. */
  async members(options: WaitOptions = {}): Promise<string[]> {
    using deadline = new Deadline('members', this.path, options);
    return this.read(await openSession(this.#source, deadline.signal), deadline.signal);
  }

  /** Identifiers of all members, now and whenever that may have changed; of changes that follow each other fast only the last. */
  changes(options: ChangesOptions = {}): AsyncIterableIterator<string[]> {
    return snapshots(this.#source, this.path, (zk, signal) => this.read(zk, signal), options);
  }

  protected abstract read(zk: ZooKeeper, signal: AbortSignal | undefined): Promise<string[]>;
}

/** Those who take part in something, as kazoo's Party has it: the identifier is the data of a znode. */
export class Party extends BaseParty {
  constructor(source: SessionSource, path: string, options: PartyOptions = {}) {
    const name = uuidHex() + PARTY_SUFFIX;
    super(source, path, { name, data: options.identifier ?? '' }, options);
  }

  protected override async read(zk: ZooKeeper, signal: AbortSignal | undefined): Promise<string[]> {
    const names = await namesAt(zk, this.path, signal);
    const ours = names.filter((name) => name.includes(PARTY_SUFFIX));
    const data = await dataOfChildren(zk, this.path, ours, signal);
    return [...data.values()].map((bytes) => new TextDecoder().decode(bytes));
  }
}

/** The same with the identifier in the znode's name, as kazoo's ShallowParty: one request tells all members. */
export class ShallowParty extends BaseParty {
  /** @throws RangeError for an identifier that cannot be part of a name. */
  constructor(source: SessionSource, path: string, options: PartyOptions = {}) {
    const identifier = options.identifier ?? defaultIdentifier();
    if (identifier.includes('/')) throw new RangeError(`${identifier}: no name can have a slash`);
    super(source, path, { name: `${uuidHex()}-${identifier}`, data: identifier }, options);
  }

  protected override async read(zk: ZooKeeper, signal: AbortSignal | undefined): Promise<string[]> {
    const names = await namesAt(zk, this.path, signal);
    // Other names are taken as a whole, as kazoo does.
    return names.map((name) => name.slice(name.indexOf('-') + 1));
  }
}

/** Host name and process id: what kazoo's recipes call themselves. */
export function defaultIdentifier(): string {
  return `${hostname()}-${process.pid}`;
}

function uuidHex(): string {
  return crypto.randomUUID().replaceAll('-', '');
}
