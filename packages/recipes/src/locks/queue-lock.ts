import { type DataInput, type NodeData, NoNodeError, type ZooKeeper } from '@zooid/client';
import { deferred } from '@zooid/client/waiting';
import { defaultData } from '../data-local.ts';
import { Deadline, type WaitOptions } from '../deadline.ts';
import { orAborted } from '../or-aborted.ts';
import { joinPath } from '../paths.ts';
import { sortBySequence } from '../sequence.ts';
import { Grant } from './grant.ts';
import type {
  AcquireOptions,
  Contender,
  HeldLock,
  HoldOptions,
  Lock,
  LockOptions,
} from './lock.ts';
import { listChildren, type QueueOptions, takePlace } from './queue.ts';
import type { QueueRule } from './queue-rule.ts';
import { isRevoked } from './revocation.ts';

/** What an owner has, or waits for. */
interface Possession {
  readonly owner: unknown;
  /** undefined while it waits. */
  grant: Grant | undefined;
  /** Resolves when it waits no longer. */
  readonly settled?: Promise<void>;
}

/** How to get a grant. */
export interface EnterOptions extends Pick<QueueOptions, 'waits' | 'signal' | 'onData'> {
  readonly owner: unknown;
  /** For the grant. */
  readonly onEnd: () => void;
}

/** A lock whose contenders stand in one queue. */
export abstract class QueueLock<H extends HeldLock> implements Lock<H> {
  readonly path: string;
  protected readonly zk: ZooKeeper;
  protected readonly rule: QueueRule;
  protected readonly options: LockOptions;
  readonly #possessions = new Map<unknown, Possession>();

  constructor(zk: ZooKeeper, path: string, rule: QueueRule, options: LockOptions) {
    this.zk = zk;
    this.path = path;
    this.rule = rule;
    this.options = options;
  }

  async acquire(options: AcquireOptions = {}): Promise<H> {
    const held = await this.#acquire('until-first', options);
    if (held === undefined) throw new Error('who waits gets it or an error');
    return held;
  }

  tryAcquire(options: AcquireOptions = {}): Promise<H | undefined> {
    return this.#acquire('never', options);
  }

  /** Those who hold it or wait for it, first come first: processes of any kind that have queued by this layout. */
  async contenders(options: WaitOptions = {}): Promise<Contender[]> {
    using deadline = new Deadline('contenders', this.path, options);
    const { signal } = deadline;
    const { markers } = this.rule;
    const names = await listChildren(this.zk, this.path, signal);
    const reads = sortBySequence(names, markers).map(async ({ name, sequence }) => {
      const path = joinPath(this.path, name);
      const identifier = await readText(this.zk, path, signal);
      return identifier === undefined ? undefined : { path, sequence, identifier };
    });
    return (await Promise.all(reads)).filter((contender) => contender !== undefined);
  }

  /** What a caller gets of a grant. */
  protected abstract share(grant: Grant): H;

  /** Waits for a grant. @returns undefined when somebody else has it and we do not wait. */
  protected async enter(options: EnterOptions): Promise<Grant | undefined> {
    const { acl, errorPolicy, onRevoke } = this.options;
    const { waits, signal, onData, onEnd } = options;
    const data = onRevoke === undefined ? dataOf(this.options) : '';
    const place = await takePlace(this.zk, this.path, this.rule, data, {
      waits,
      signal,
      acl,
      errorPolicy,
      onData,
    });
    return place && new Grant(this.zk, place, onEnd);
  }

  /** What `owner` holds now; undefined when it does not, or only waits. */
  protected grantOf(owner: unknown): Grant | undefined {
    const grant = this.#possessions.get(owner)?.grant;
    return grant?.isHeld ? grant : undefined;
  }

  async #acquire(waits: QueueOptions['waits'], options: AcquireOptions): Promise<H | undefined> {
    using deadline = new Deadline('acquire', this.path, options);
    const { signal } = deadline;
    signal.throwIfAborted();
    const { owner } = options;
    // Awaited here: the deadline ends with this call.
    if (owner === undefined) return await this.#enter(waits, signal, { owner, grant: undefined });
    for (;;) {
      const present = this.#possessions.get(owner);
      if (present?.grant === undefined) {
        if (present === undefined) break;
        if (waits === 'never') return undefined;
        await orAborted(present.settled ?? Promise.resolve(), signal);
      } else if (present.grant.isHeld) {
        return this.share(present.grant);
      } else {
        // It is lost, and lines up anew.
        break;
      }
    }
    return await this.#enterFor(owner, waits, signal);
  }

  async #enterFor(
    owner: unknown,
    waits: QueueOptions['waits'],
    signal: AbortSignal,
  ): Promise<H | undefined> {
    const settled = deferred<void>();
    const possession: Possession = { owner, grant: undefined, settled: settled.promise };
    this.#possessions.set(owner, possession);
    try {
      return await this.#enter(waits, signal, possession);
    } finally {
      if (possession.grant === undefined) this.#forget(possession);
      settled.resolve();
    }
  }

  async #enter(
    waits: QueueOptions['waits'],
    signal: AbortSignal,
    possession: Possession,
  ): Promise<H | undefined> {
    const { onRevoke } = this.options;
    let held: H | undefined;
    let isAsked = false;
    const tell = () => {
      if (held?.isHeld) onRevoke?.(held);
    };
    const onData = (node: NodeData) => {
      if (isAsked || !isRevoked(node)) return;
      isAsked = true;
      // Not in here, where what it throws would be ours to catch.
      queueMicrotask(tell);
    };
    const grant = await this.enter({
      owner: possession.owner,
      waits,
      signal,
      onEnd: () => this.#forget(possession),
      onData: onRevoke && onData,
    });
    if (grant === undefined) return undefined;
    possession.grant = grant;
    held = this.share(grant);
    if (isAsked) queueMicrotask(tell);
    return held;
  }

  #forget(possession: Possession): void {
    if (this.#possessions.get(possession.owner) === possession) {
      this.#possessions.delete(possession.owner);
    }
  }
}

/** What a new znode holds. */
export function dataOf({ identifier, layout }: HoldOptions): DataInput {
  return identifier ?? (layout === 'kazoo' ? '' : defaultData());
}

/** A znode's data as text; undefined when it is not there. */
export async function readText(
  zk: ZooKeeper,
  path: string,
  signal: AbortSignal | undefined,
): Promise<string | undefined> {
  try {
    return (await zk.get(path, { signal })).text();
  } catch (error) {
    if (error instanceof NoNodeError) return undefined;
    throw error;
  }
}
