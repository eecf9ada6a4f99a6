import { accepted, type ConfigKey, honoured } from '../config-key.ts';
import { propertyBoolean } from '../value-readers.ts';

const ONE_THREAD = 'One thread does all the work of a server; there is no pool to size.';
const NO_CACHE = 'Replies are encoded straight from the tree, so there is no cache to size.';
const WATCHES = 'There is one table of watches, which forgets a closed connection at once.';
const NO_JVM =
  'There is no Java machine here that could pause; the time that the event loop was held up is among the metrics.';
const CLOSES_AT_ONCE = 'Closing a socket makes nothing wait.';
const NO_PATH_STATS = 'Requests are not counted by path yet.';

/** Name, default, meaning, what stands in its place. */
const standIns: readonly (readonly [string, string, string, string])[] = [
  [
    'nio.numSelectorThreads',
    'from the number of cores',
    'Threads that wait for sockets.',
    ONE_THREAD,
  ],
  [
    'nio.numWorkerThreads',
    'twice the number of cores',
    'Threads that read and write sockets.',
    ONE_THREAD,
  ],
  [
    'nio.directBufferBytes',
    '65536',
    'Buffer of each of them.',
    'Replies leave through one scratch buffer of its own size.',
  ],
  ['nio.shutdownTimeout', '5000', 'Milliseconds that a stop waits for them.', ONE_THREAD],
  [
    'commitProcessor.numWorkerThreads',
    'the number of cores',
    'Threads that answer reads.',
    ONE_THREAD,
  ],
  ['commitProcessor.maxReadBatchSize', '-1', 'Reads before commits are looked at.', ONE_THREAD],
  ['commitProcessor.maxCommitBatchSize', '1', 'Commits before reads are looked at.', ONE_THREAD],
  [
    'commitProcessor.shutdownTimeout',
    '5000',
    'Milliseconds that a stop waits for them.',
    ONE_THREAD,
  ],
  ['maxResponseCacheSize', '400', 'Replies of getData that are kept.', NO_CACHE],
  ['maxGetChildrenResponseCacheSize', '400', 'Replies of getChildren that are kept.', NO_CACHE],
  [
    'watchManagerName',
    'org.apache.zookeeper.server.watch.WatchManager',
    'Java class that keeps the watches.',
    WATCHES,
  ],
  ['watcherCleanThreadsNum', '2', 'Threads that forget closed connections.', WATCHES],
  ['watcherCleanThreshold', '1000', 'Closed connections that are forgotten together.', WATCHES],
  ['watcherCleanIntervalInSeconds', '600', 'Seconds after which they are in any case.', WATCHES],
  ['maxInProcessingDeadWatchers', '-1', 'Closed connections that may wait for that.', WATCHES],
  ['bitHashCacheSize', '10', 'Cache of the optimized watch manager.', WATCHES],
  ['pathStats.enabled', 'false', 'Logs the paths with the most requests.', NO_PATH_STATS],
  ['pathStats.slotCapacity', '60', 'Time slots that are kept.', NO_PATH_STATS],
  ['pathStats.slotDuration', '15', 'Seconds of a slot.', NO_PATH_STATS],
  ['pathStats.maxDepth', '6', 'Depth to which paths are told apart.', NO_PATH_STATS],
  ['pathStats.sampleRate', '0.1', 'Share of the requests that is counted.', NO_PATH_STATS],
  ['pathStats.initialDelay', '5', 'Minutes before the first line.', NO_PATH_STATS],
  ['pathStats.delay', '5', 'Minutes between two lines.', NO_PATH_STATS],
  ['pathStats.topPathMax', '20', 'Paths in a line.', NO_PATH_STATS],
];

function pauseKey(name: string, value: string, meaning: string): ConfigKey {
  return accepted({ name, form: 'file', default: value, meaning, instead: NO_JVM });
}

/** Name, meaning, what stands in their place: keys of leaders and learners, all of them off unless set. */
const pipelineKeys: readonly (readonly [string, string, string])[] = [
  [
    'enableEagerACLCheck',
    'A follower refuses what the leader would refuse.',
    'The leader refuses it.',
  ],
  ['learner.asyncSending', 'A learner sends from a thread of its own.', ONE_THREAD],
  ['learner.closeSocketAsync', 'A learner closes its socket in the background.', CLOSES_AT_ONCE],
  ['leader.closeSocketAsync', 'A leader closes its sockets in the background.', CLOSES_AT_ONCE],
  [
    'forward_learner_requests_to_commit_processor_disabled',
    "Writes of learners do not queue in the leader's commit processor.",
    'They never do.',
  ],
  [
    'follower.skipLearnerRequestToNextProcessor',
    "Requests of observers skip the follower's next processor.",
    'Observers are served by the leader.',
  ],
];

export const performanceKeys: readonly ConfigKey[] = [
  honoured({
    name: 'enforceQuota',
    form: 'both',
    default: 'false',
    meaning: 'True: a write above a hard quota is refused with QuotaExceeded.',
    reader: propertyBoolean,
    put: (draft, isOn) => {
      draft.tree.isQuotaEnforced = isOn;
    },
  }),
  ...standIns.map(([name, value, meaning, instead]) =>
    accepted({ name, form: 'both', default: value, meaning, instead }),
  ),
  pauseKey('jvm.pause.monitor', 'false', 'Watches for pauses of the Java machine.'),
  pauseKey('jvm.pause.info-threshold.ms', '1000', 'Milliseconds above which a pause is mentioned.'),
  pauseKey('jvm.pause.warn-threshold.ms', '10000', 'Milliseconds above which it is a warning.'),
  pauseKey('jvm.pause.sleep.time.ms', '500', 'Milliseconds between two looks.'),
  accepted({
    name: 'leader.maxConcurrentSnapSyncs',
    form: 'both',
    default: '10',
    meaning: 'Learners that are sent the whole state at the same time.',
    instead: 'One learner at a time is sent the whole state; the others wait.',
  }),
  accepted({
    name: 'leader.maxConcurrentDiffSyncs',
    form: 'both',
    default: '100',
    meaning: 'Learners that are sent missed transactions at the same time.',
    instead:
      'What is missed is sent from memory to all who ask for it, and from the log on disk to one at a time.',
  }),
  ...pipelineKeys.map(([name, meaning, instead]) =>
    accepted({ name, form: 'both', default: 'false', meaning, instead }),
  ),
];
