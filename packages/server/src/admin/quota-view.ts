/** The quotas that stand in a tree, read from the znodes that hold them. Source: Quotas, QuotaMetricsUtils. */
import type { DataTree } from '@zooid/core';
import type { QuotaView } from './admin-view.ts';

const QUOTA_ROOT = '/zookeeper/quota';
const LIMITS = 'zookeeper_limits';
const STATS = 'zookeeper_stats';

/** What this needs of a tree. */
export type QuotaTreeReader = Pick<DataTree, 'findPath' | 'forEachChild' | 'name' | 'copyData'>;

/** Every quota; what a client wrote there that is no number reads as -1. */
export function quotasOf(tree: QuotaTreeReader): readonly QuotaView[] {
  const quotas: QuotaView[] = [];
  const root = tree.findPath(QUOTA_ROOT);
  if (root < 0) return quotas;
  // A stack of its own: how deep the tree is decides the client.
  const waiting: { readonly row: number; readonly path: string }[] = [{ row: root, path: '' }];
  for (let at = waiting.pop(); at !== undefined; at = waiting.pop()) {
    const { path } = at;
    let limits: ReadonlyMap<string, number> | undefined;
    let stats: ReadonlyMap<string, number> | undefined;
    tree.forEachChild(at.row, (row) => {
      const name = tree.name(row);
      if (name === LIMITS) limits = numbersOf(tree.copyData(row));
      else if (name === STATS) stats = numbersOf(tree.copyData(row));
      else waiting.push({ row, path: `${path}/${name}` });
    });
    if (limits === undefined) continue;
    const limit = (key: string): number => limits?.get(key) ?? -1;
    quotas.push({
      path,
      countLimit: limit('count'),
      countHardLimit: limit('countHardLimit'),
      bytesLimit: limit('bytes'),
      bytesHardLimit: limit('byteHardLimit'),
      count: stats?.get('count') ?? 0,
      bytes: stats?.get('bytes') ?? 0,
    });
  }
  return quotas;
}

/** `key=number` pairs between commas and semicolons. */
function numbersOf(data: Uint8Array | null): ReadonlyMap<string, number> {
  const numbers = new Map<string, number>();
  const text = data === null ? '' : new TextDecoder().decode(data);
  for (const [, key, digits] of text.matchAll(/([A-Za-z]+)=([+-]?\d{1,19})/g)) {
    numbers.set(key!, Number(digits));
  }
  return numbers;
}
