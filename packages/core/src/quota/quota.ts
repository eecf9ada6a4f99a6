import { decodeUtf8, ErrorCode, encodeUtf8 } from '@zooid/protocol';
import type { DataTree } from '../tree/data-tree.ts';
import {
  isBelowQuotaRoot,
  isLimitsName,
  limitsPath,
  QUOTA_ROOT,
  quotaZnodeAt,
  statsPath,
} from './quota-path.ts';
import { StatsTrack } from './stats-track.ts';

/** What quotas need of the tree. */
export type QuotaTree = Pick<
  DataTree,
  | 'findPath'
  | 'path'
  | 'name'
  | 'childCount'
  | 'forEachChild'
  | 'copyData'
  | 'dataLength'
  | 'replaceDataQuietly'
>;

/** A request would bring a subtree above a limit. */
export interface QuotaExceeded {
  /** The subtree that has the quota. */
  readonly subtree: string;
  /** Path of the request. */
  readonly path: string;
  readonly unit: 'count' | 'bytes';
  /** Only a hard limit refuses the request. */
  readonly isHard: boolean;
  /** What the subtree would hold. */
  readonly current: number;
  readonly limit: number;
}

/** What a QuotaTable may be given. */
export interface QuotaTableOptions {
  /** Told of each request above a limit, soft or hard: the receiver limits the rate of what it logs. */
  readonly onExceeded?: (fact: QuotaExceeded) => void;
}

/** One quota. Texts are read when first needed, and again after somebody wrote the znode. */
interface Quota {
  readonly subtree: string;
  readonly limitsPath: string;
  readonly statsPath: string;
  limits: StatsTrack | undefined;
  stats: StatsTrack | undefined;
}

/**
 * Quotas on subtrees: checks requests against the limits while they are prepared, and keeps count of
 * what each subtree holds while they are applied. The counts live in znodes of the tree, which are
 * rewritten without a transaction: every server comes to the same text.
 *
 * A znode counts for the quota on the longest prefix of its path only, the path itself included; a
 * quota on the root does not exist.
 *
 * The limits of 3.7 and later are known here, hard ones included; texts of 3.6 read the same.
 *
 * Sources: ZooKeeperServer.checkQuota; DataTree.updateQuotaStat, updateQuotaForPath, setupQuota;
 * PathTrie.
 */
export class QuotaTable {
  readonly #tree: QuotaTree;
  readonly #onExceeded: QuotaTableOptions['onExceeded'];
  /** By subtree. A quota is here as long as its limits znode exists. */
  readonly #quotas = new Map<string, Quota>();
  /**
   * No subtree is shorter or longer than this: prefixes of other lengths need no look-up. Wider than
   * need be once a quota was removed.
   */
  #lengthMin = Number.POSITIVE_INFINITY;
  #lengthMax = 0;

  /** Knows the quotas that are in the tree already. */
  constructor(tree: QuotaTree, options: QuotaTableOptions = {}) {
    this.#tree = tree;
    this.#onExceeded = options.onExceeded;
    this.rebuild();
  }

  /** There is no quota: nothing to check. */
  get isEmpty(): boolean {
    return this.#quotas.size === 0;
  }

  /** The longest subtree with a quota that `path` is in; undefined when there is none. */
  subtreeOf(path: string): string | undefined {
    return this.#find(path)?.subtree;
  }

  /**
   * Whether a request may go on that adds `countDelta` znodes and `bytesDelta` bytes of data at `path`.
   * Compares with what is applied; what is still outstanding is not seen, as in Apache. Soft limits
   * are reported, hard ones refuse. Call it only with `enforceQuota`.
   */
  check(path: string, countDelta: number, bytesDelta: number): ErrorCode {
    const quota = this.#find(path);
    if (quota === undefined) return ErrorCode.ok;
    const limits = this.#limitsOf(quota);
    if (limits === undefined) return ErrorCode.ok;
    const isCounted = countDelta !== 0 && (limits.count > -1 || limits.countHardLimit > -1);
    const isWeighed = bytesDelta !== 0 && (limits.bytes > -1 || limits.byteHardLimit > -1);
    if (!isCounted && !isWeighed) return ErrorCode.ok;

    const stats = this.#statsOf(quota);
    if (stats === undefined) return ErrorCode.ok;
    if (isCounted) {
      const isHard = limits.countHardLimit > -1;
      const limit = isHard ? limits.countHardLimit : limits.count;
      const current = stats.count + countDelta;
      if (current > limit) {
        this.#onExceeded?.({ subtree: quota.subtree, path, unit: 'count', isHard, current, limit });
        if (isHard) return ErrorCode.quotaExceeded;
      }
    }
    if (isWeighed) {
      const isHard = limits.byteHardLimit > -1;
      const limit = isHard ? limits.byteHardLimit : limits.bytes;
      const current = stats.bytes + bytesDelta;
      if (current > limit) {
        this.#onExceeded?.({ subtree: quota.subtree, path, unit: 'bytes', isHard, current, limit });
        if (isHard) return ErrorCode.quotaExceeded;
      }
    }
    return ErrorCode.ok;
  }

  /** The znode at `path` was created with so many bytes of data (0 for null) and is in the tree. */
  onCreated(path: string, dataBytes: number): void {
    if (isBelowQuotaRoot(path)) this.#onQuotaZnodeCreated(path);
    this.#addToStats(path, 1, dataBytes);
  }

  /** The znode at `path`, with so many bytes of data (0 for null), is no longer in the tree. */
  onDeleted(path: string, dataBytes: number): void {
    if (isBelowQuotaRoot(path)) {
      const znode = quotaZnodeAt(path);
      if (znode?.kind === 'limits') this.#quotas.delete(znode.subtree);
      else this.#forgetTexts(znode?.subtree);
    }
    this.#addToStats(path, -1, -dataBytes);
  }

  /** The znode at `path` has data that is longer by `bytesDelta` (null data counts 0). */
  onDataChanged(path: string, bytesDelta: number): void {
    if (isBelowQuotaRoot(path)) this.#forgetTexts(quotaZnodeAt(path)?.subtree);
    if (bytesDelta !== 0) this.#addToStats(path, 0, bytesDelta);
  }

  /** Finds all quotas of the tree, and counts what each subtree holds: after a snapshot was loaded. */
  rebuild(): void {
    this.#quotas.clear();
    this.#lengthMin = Number.POSITIVE_INFINITY;
    this.#lengthMax = 0;
    for (const row of this.#rowsAtAndBelow(this.#tree.findPath(QUOTA_ROOT))) {
      if (this.#tree.childCount(row) > 0 || !isLimitsName(this.#tree.name(row))) continue;
      const subtree = quotaZnodeAt(this.#tree.path(row))?.subtree;
      if (subtree === undefined) continue;
      this.#recount(subtree);
      this.#add(subtree);
    }
  }

  #onQuotaZnodeCreated(path: string): void {
    const znode = quotaZnodeAt(path);
    if (znode === undefined) return;
    if (znode.kind === 'stats') this.#recount(znode.subtree);
    else this.#add(znode.subtree);
  }

  #add(subtree: string): void {
    // Limits of the root itself: Apache's server does not survive the attempt.
    if (subtree === '') return;
    this.#lengthMin = Math.min(this.#lengthMin, subtree.length);
    this.#lengthMax = Math.max(this.#lengthMax, subtree.length);
    this.#quotas.set(subtree, {
      subtree,
      limitsPath: limitsPath(subtree),
      statsPath: statsPath(subtree),
      limits: undefined,
      stats: undefined,
    });
  }

  #find(path: string): Quota | undefined {
    if (this.#quotas.size === 0) return undefined;
    let end = path.length;
    while (end >= this.#lengthMin) {
      if (end <= this.#lengthMax) {
        const quota = this.#quotas.get(end === path.length ? path : path.substring(0, end));
        if (quota !== undefined) return quota;
      }
      end = path.lastIndexOf('/', end - 1);
      if (end <= 0) break;
    }
    return undefined;
  }

  #addToStats(path: string, countDelta: number, bytesDelta: number): void {
    const quota = this.#find(path);
    if (quota === undefined) return;
    const stats = this.#statsOf(quota);
    // Between the creation of the limits and that of the statistics, which then count everything.
    if (stats === undefined) return;
    stats.count += countDelta;
    stats.bytes += bytesDelta;
    this.#tree.replaceDataQuietly(
      this.#tree.findPath(quota.statsPath),
      encodeUtf8(stats.toString()),
    );
  }

  /** Counts a subtree from scratch and writes its statistics, if there is a znode for them. */
  #recount(subtree: string): void {
    const row = this.#tree.findPath(statsPath(subtree));
    if (row < 0) return;
    const stats = new StatsTrack();
    let count = 0;
    let bytes = 0;
    for (const at of this.#rowsAtAndBelow(this.#tree.findPath(subtree === '' ? '/' : subtree))) {
      count++;
      bytes += Math.max(0, this.#tree.dataLength(at));
    }
    stats.count = count;
    stats.bytes = bytes;
    this.#tree.replaceDataQuietly(row, encodeUtf8(stats.toString()));
    this.#forgetTexts(subtree);
  }

  /** Row by row, parents first; nothing for row -1. Not recursive: trees may be deep. */
  *#rowsAtAndBelow(row: number): Generator<number> {
    const waiting = row < 0 ? [] : [row];
    const wait = (child: number) => {
      waiting.push(child);
    };
    for (let at = waiting.pop(); at !== undefined; at = waiting.pop()) {
      this.#tree.forEachChild(at, wait);
      yield at;
    }
  }

  #limitsOf(quota: Quota): StatsTrack | undefined {
    quota.limits ??= this.#read(quota.limitsPath);
    return quota.limits;
  }

  #statsOf(quota: Quota): StatsTrack | undefined {
    quota.stats ??= this.#read(quota.statsPath);
    return quota.stats;
  }

  #read(path: string): StatsTrack | undefined {
    const row = this.#tree.findPath(path);
    if (row < 0) return undefined;
    const data = this.#tree.copyData(row) ?? new Uint8Array(0);
    return StatsTrack.parse(decodeUtf8(data, 0, data.byteLength));
  }

  #forgetTexts(subtree: string | undefined): void {
    const quota = subtree === undefined ? undefined : this.#quotas.get(subtree);
    if (quota === undefined) return;
    quota.limits = undefined;
    quota.stats = undefined;
  }
}

/** The fact as Apache logs it. */
export function describeQuotaExceeded(fact: QuotaExceeded): string {
  const strength = fact.isHard ? 'hard' : 'soft';
  const limitName = fact.unit === 'count' ? 'CountLimit' : 'ByteLimit';
  const counts = `current ${fact.unit}=${fact.current}, ${strength}${limitName}=${fact.limit}`;
  return `Quota exceeded: ${fact.subtree} [${counts}]`;
}
