import { accepted, type ConfigKey, ensemble, honoured } from '../config-key.ts';
import type { SnapshotCompression } from '../server-config.ts';
import {
  clamped,
  integer,
  intervalInHours,
  onUnlessNo,
  propertyBoolean,
  propertyInteger,
  type Reader,
} from '../value-readers.ts';

/** Kilobytes that are still an exact number of bytes. */
const KILOBYTES_MAX = Math.floor(Number.MAX_SAFE_INTEGER / 1024);

const SNAP_RETAIN_COUNT_MIN = 3;

const COMMIT_LOG_COUNT_MIN = 500;

/** ZKDatabase: above 1 is the default. */
const snapshotShare: Reader<number> = (text) => {
  const value = Number.parseFloat(text);
  if (Number.isNaN(value))
    return { kind: 'default', warning: 'is not a number: the default is used' };
  if (value > 1) return { kind: 'default', warning: 'is more than 1: the default is used' };
  return { kind: 'value', value };
};

const compression: Reader<SnapshotCompression> = (text) => {
  const mode = text.toLowerCase();
  if (mode === '') return { kind: 'value', value: 'none' };
  if (mode === 'gz' || mode === 'snappy') return { kind: 'value', value: mode };
  return { kind: 'default', warning: 'is neither gz nor snappy: snapshots are not compressed' };
};

/** Long.parseLong with a fallback to the default. */
const preallocation: Reader<number> = (text) => {
  if (!/^[+-]?\d+$/.test(text)) {
    return { kind: 'default', warning: 'is not a whole number: the default is used' };
  }
  return integer({ min: 0, max: KILOBYTES_MAX })(text);
};

export const storageKeys: readonly ConfigKey[] = [
  honoured({
    name: 'preAllocSize',
    form: 'both',
    default: '65536',
    meaning:
      'Kilobytes by which a log file grows ahead of what is written. 0 does not grow it ahead.',
    reader: preallocation,
    put: (draft, kilobytes) => {
      draft.storage.preallocateBytes = kilobytes * 1024;
    },
  }),
  honoured({
    name: 'snapCount',
    form: 'both',
    default: '100000',
    meaning:
      'Transactions between two snapshots: half of it, and a random part of the other half. Less than 2 counts as 2.',
    reader: clamped(propertyInteger(), 2),
    put: (draft, count) => {
      draft.storage.snapshotTxnCount = count;
    },
  }),
  honoured({
    name: 'snapSizeLimitInKb',
    form: 'both',
    default: '4194304',
    meaning: 'The same by kilobytes of log. 0 or less switches it off.',
    reader: propertyInteger({ min: -KILOBYTES_MAX, max: KILOBYTES_MAX }),
    put: (draft, kilobytes) => {
      draft.storage.snapshotLogBytes = kilobytes > 0 ? kilobytes * 1024 : undefined;
    },
  }),
  honoured({
    name: 'txnLogSizeLimitInKb',
    form: 'both',
    default: '-1',
    meaning: 'Kilobytes after which a new log file is begun. 0 or less switches it off.',
    reader: propertyInteger({ min: -KILOBYTES_MAX, max: KILOBYTES_MAX }),
    put: (draft, kilobytes) => {
      draft.storage.logFileBytesMax = kilobytes > 0 ? kilobytes * 1024 : undefined;
    },
  }),
  ensemble({
    name: 'commitLogCount',
    form: 'both',
    default: '500',
    meaning:
      'Committed transactions that are kept in memory for followers that come back. At least 500.',
    reader: clamped(propertyInteger(), COMMIT_LOG_COUNT_MIN),
    put: (draft, value) => {
      draft.ensemble.leader.commitLogCount = value;
    },
  }),
  ensemble({
    name: 'snapshotSizeFactor',
    form: 'both',
    default: '0.33',
    meaning:
      'Share of a snapshot that the log for a follower may have before the snapshot is sent instead. Less than 0 never sends the log on disk.',
    reader: snapshotShare,
    put: (draft, value) => {
      draft.ensemble.leader.logShareMax = value < 0 ? undefined : value;
    },
  }),
  honoured({
    name: 'forceSync',
    form: 'both',
    default: 'yes',
    meaning:
      'no: a write is acknowledged before it is on the disk, and a power cut can lose it. Any other word counts as yes.',
    reader: (text) => {
      const reading = onUnlessNo(text);
      if (text !== 'no') return reading;
      return {
        kind: 'value',
        value: false,
        warning: 'acknowledges writes before they are on the disk: a power cut can lose them',
      };
    },
    put: (draft, isForced) => {
      draft.storage.isSyncForced = isForced;
    },
  }),
  honoured({
    name: 'fsync.warningthresholdms',
    form: 'both',
    aliases: ['fsync.warningthresholdms'],
    default: '1000',
    meaning: 'Milliseconds above which a write to the log is reported as slow.',
    reader: propertyInteger({ min: 0, max: Number.MAX_SAFE_INTEGER }),
    put: (draft, thresholdMs) => {
      draft.storage.syncWarningMs = thresholdMs;
    },
  }),
  honoured({
    name: 'autopurge.snapRetainCount',
    form: 'file',
    default: '3',
    meaning: 'Snapshots that a purge leaves, with the log that they need. Less than 3 counts as 3.',
    reader: clamped(integer(), SNAP_RETAIN_COUNT_MIN),
    put: (draft, count) => {
      draft.storage.purgeRetainCount = count;
    },
  }),
  honoured({
    name: 'autopurge.purgeInterval',
    form: 'file',
    default: '0',
    defaultNote: 'the suffixes come from 3.10',
    meaning: 'Hours between two purges; or a number with ms, s, m, h or d. 0 or less never purges.',
    reader: intervalInHours,
    put: (draft, intervalMs) => {
      draft.storage.purgeIntervalMs = Math.max(0, intervalMs);
    },
  }),
  honoured({
    name: 'snapshot.compression.method',
    form: 'both',
    default: '',
    meaning: 'gz, snappy or nothing.',
    reader: compression,
    put: (draft, method) => {
      draft.storage.snapshotCompression = method;
    },
  }),
  honoured({
    name: 'snapshot.trust.empty',
    form: 'both',
    default: 'false',
    meaning:
      'True accepts a data directory with a log and without any snapshot. For upgrades from 3.4 only.',
    reader: propertyBoolean,
    put: (draft, isTrusted) => {
      draft.storage.isEmptySnapshotTrusted = isTrusted;
    },
  }),
  honoured({
    name: 'digest.enabled',
    form: 'both',
    default: 'true',
    meaning: 'A digest of the whole tree is kept, logged and compared.',
    reader: propertyBoolean,
    put: (draft, isOn) => {
      draft.tree.isDigestOn = isOn;
    },
  }),
  honoured({
    name: 'serializeLastProcessedZxid.enabled',
    form: 'both',
    default: 'true',
    defaultNote: 'since 3.9; Apache 3.8 reads such snapshots, too',
    meaning:
      'Snapshots end with the last zxid. The admin commands `snapshot` and `restore` need it.',
    reader: propertyBoolean,
    put: (draft, isOn) => {
      draft.storage.isLastZxidInSnapshot = isOn;
    },
  }),
  honoured({
    name: 'closeSessionTxn.enabled',
    form: 'both',
    default: 'true',
    meaning: 'The transaction that ends a session lists the znodes that end with it.',
    reader: propertyBoolean,
    put: (draft, isOn) => {
      draft.tree.isCloseSessionTxnOn = isOn;
    },
  }),
  ensemble({
    name: 'forceSnapshotSync',
    form: 'both',
    default: 'false',
    meaning: 'Followers always get a whole snapshot.',
    reader: propertyBoolean,
    put: (draft, value) => {
      draft.ensemble.leader.isSnapshotForced = value;
    },
  }),
  accepted({
    name: 'flushDelay',
    form: 'both',
    default: '0',
    meaning: 'Milliseconds that a write may wait for others, to be synced together.',
    instead:
      'Writes that arrive while a sync is running are synced together by the next one, without a delay.',
  }),
  accepted({
    name: 'maxWriteQueuePollTime',
    form: 'both',
    default: 'flushDelay / 3',
    meaning: 'Milliseconds that the thread of the log waits for more writes.',
    instead:
      'Writes that arrive while a sync is running are synced together by the next one, without a delay.',
  }),
  accepted({
    name: 'maxBatchSize',
    form: 'both',
    default: '1000',
    meaning: 'Writes that are synced together at most.',
    instead: 'Whatever arrives while a sync is running is synced together by the next one.',
  }),
];
