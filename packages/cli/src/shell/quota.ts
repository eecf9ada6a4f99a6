// Quotas are znodes below /zookeeper/quota, which the server reads. Source: Quotas, StatsTrack.

/** Where they are. */
export const QUOTA_ROOT = '/zookeeper/quota';
/** Name of the znode that holds the limits. */
export const LIMITS_NAME = 'zookeeper_limits';

/** The znode that stands for `path`. */
export function quotaPath(path: string): string {
  return QUOTA_ROOT + path;
}

/** The limits of `path`. */
export function limitsPath(path: string): string {
  return `${QUOTA_ROOT}${path}/${LIMITS_NAME}`;
}

/** What the server has counted at and below `path`. */
export function statsPath(path: string): string {
  return `${QUOTA_ROOT}${path}/zookeeper_stats`;
}

/** Limits, or what was counted; -1 for none. */
export type QuotaNumbers = Map<string, bigint>;

/** Reads `count=4,bytes=5=;countHardLimit=10`. A number that is none is left out. */
export function parseQuota(text: string): QuotaNumbers {
  const numbers: QuotaNumbers = new Map();
  for (const pair of text.split(/[,;]+/)) {
    const [key = '', value = ''] = pair.split('=');
    if (key !== '' && /^-?\d+$/.test(value)) numbers.set(key, BigInt(value));
  }
  return numbers;
}

/** A number of a quota; -1 when it has none of that name. */
export function quotaNumber(numbers: QuotaNumbers, key: string): bigint {
  return numbers.get(key) ?? -1n;
}

/**
 * The text that a quota's znode holds. `count` and `bytes` come first, and what follows begins with `=;`, so that ZooKeeper before 3.7
 * reads it, too.
 */
export function quotaText(numbers: QuotaNumbers): string {
  const first = `count=${quotaNumber(numbers, 'count')},bytes=${quotaNumber(numbers, 'bytes')}`;
  const others = [...numbers.keys()].filter((key) => key !== 'count' && key !== 'bytes').sort();
  if (others.length === 0) return first;
  return `${first}=${others.map((key) => `;${key}=${numbers.get(key)}`).join('')}`;
}
