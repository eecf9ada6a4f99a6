/**
 * Where quotas are kept: the quota of the subtree `/a/b` is at
 *
 *     /zookeeper/quota/a/b/zookeeper_limits     what it may hold
 *     /zookeeper/quota/a/b/zookeeper_stats      what it holds
 *
 * Source: Quotas.
 */

export const QUOTA_ROOT = '/zookeeper/quota';
const BELOW_QUOTA_ROOT = `${QUOTA_ROOT}/`;

const LIMITS = 'zookeeper_limits';
const STATS = 'zookeeper_stats';

/** Path of the limits of the quota on `subtree`. */
export function limitsPath(subtree: string): string {
  return `${QUOTA_ROOT}${subtree}/${LIMITS}`;
}

/** Path of the statistics of the quota on `subtree`. */
export function statsPath(subtree: string): string {
  return `${QUOTA_ROOT}${subtree}/${STATS}`;
}

/** Whether `path` is below `/zookeeper/quota`. */
export function isBelowQuotaRoot(path: string): boolean {
  return path.startsWith(BELOW_QUOTA_ROOT);
}

/** Whether a znode of this name keeps limits. */
export function isLimitsName(name: string): boolean {
  return name === LIMITS;
}

/**
 * What a znode below `/zookeeper/quota` is to a quota; undefined for one that is only a parent of
 * others. `subtree` is '' for the root, on which there is no quota.
 */
export function quotaZnodeAt(
  path: string,
): { readonly kind: 'limits' | 'stats'; readonly subtree: string } | undefined {
  const slash = path.lastIndexOf('/');
  const name = path.slice(slash + 1);
  const kind = name === LIMITS ? 'limits' : name === STATS ? 'stats' : undefined;
  return kind && { kind, subtree: path.slice(QUOTA_ROOT.length, slash) };
}
