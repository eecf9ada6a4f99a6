import type { ServerRole } from '@zooid/protocol';
import { accepted, type ConfigKey, ensemble, honoured, isNotTrue } from '../config-key.ts';
import {
  integer,
  oneOf,
  onUnlessNo,
  propertyBoolean,
  propertyInteger,
  type Reader,
  strictBoolean,
} from '../value-readers.ts';

/** For texts of which nothing is asked. */
const anyText: Reader<string> = (text) => ({ kind: 'value', value: text });

const peerType: Reader<ServerRole> = (text) =>
  oneOf(
    new Map<string, ServerRole>([
      ['participant', 'participant'],
      ['observer', 'observer'],
    ]),
    'problem',
  )(text.toLowerCase());

export const clusterKeys: readonly ConfigKey[] = [
  // The server lines are read together, in `read-ensemble.ts`; this line is for the reference page.
  ensemble({
    name: 'server.N',
    form: 'file',
    pattern: /^server\./,
    isQuiet: true,
    meaning:
      'Addresses of server N: `host:quorumPort:electionPort[:participant|observer][;[host:]clientPort]`. One participant is a standalone server unless `standaloneEnabled=false`; more are an ensemble. The line that `myid` in dataDir names is this server: its client part counts. Of several addresses with `|` between them the first is used.',
    reader: anyText,
  }),
  ensemble({
    name: 'group.N',
    form: 'file',
    pattern: /^group/,
    meaning:
      'Servers of group N, such as 1:2:3, for hierarchical quorums: more than half of the votes in more than half of the groups. Each participant is in exactly one.',
    reader: anyText,
  }),
  ensemble({
    name: 'weight.N',
    form: 'file',
    pattern: /^weight/,
    meaning: 'Votes of server N, for hierarchical quorums. 1 unless set; with 0 it never leads.',
    reader: anyText,
  }),
  ensemble({
    name: 'initLimit',
    form: 'file',
    isQuiet: true,
    meaning:
      'Ticks that a follower may take to connect and to copy the state. Required in an ensemble.',
    reader: integer(),
    put: (draft, value) => {
      draft.ensemble.initLimitTicks = value;
    },
  }),
  ensemble({
    name: 'syncLimit',
    form: 'file',
    isQuiet: true,
    meaning: 'Ticks that a follower may fall behind. Required in an ensemble.',
    reader: integer(),
    put: (draft, value) => {
      draft.ensemble.syncLimitTicks = value;
    },
  }),
  ensemble({
    name: 'connectToLearnerMasterLimit',
    form: 'file',
    default: '0',
    meaning:
      'Ticks for which a learner tries to connect to a leader. 0 stands for 1.5 seconds, or initLimit if that is less.',
    reader: integer(),
    put: (draft, value) => {
      draft.ensemble.connectLimitTicks = value;
    },
  }),
  ensemble({
    name: 'electionAlg',
    form: 'file',
    default: '3',
    isQuiet: true,
    meaning: 'Only 3, fast leader election, is accepted.',
    reader: oneOf(new Map([['3', 3]]), 'problem'),
  }),
  accepted({
    name: 'electionPort',
    form: 'file',
    meaning: 'Left over from old versions; nobody reads it.',
    instead: 'The election port of a server stands in its line.',
  }),
  ensemble({
    name: 'peerType',
    form: 'file',
    default: 'participant',
    meaning:
      'participant or observer. The role in the own server line counts; a different one here is warned of.',
    reader: peerType,
    put: (draft, value) => {
      draft.ensemble.peerType = value;
    },
  }),
  honoured({
    name: 'standaloneEnabled',
    form: 'file',
    default: 'true',
    meaning:
      'False: one server line is an ensemble of one, which others can join by reconfiguration.',
    reader: strictBoolean,
    put: (draft, isAllowed) => {
      draft.isStandaloneAllowed = isAllowed;
    },
  }),
  honoured({
    name: 'reconfigEnabled',
    form: 'file',
    default: 'false',
    meaning:
      'Dynamic reconfiguration. A single server refuses it in either case: with ReconfigDisabled, or with Unimplemented if this is true.',
    reader: strictBoolean,
    put: (draft, isOn) => {
      draft.tree.isReconfigOn = isOn;
    },
  }),
  honoured({
    name: 'dynamicConfigFile',
    form: 'file',
    meaning: 'File with the server lines. Then zoo.cfg itself must have none.',
    reader: anyText,
    put: (draft, file) => {
      draft.dynamicConfigFile = file;
    },
  }),
  accepted({
    name: 'syncEnabled',
    form: 'file',
    aliases: ['zookeeper.observer.syncEnabled'],
    default: 'true',
    meaning: 'Observers keep a log and snapshots.',
    instead: 'An observer always keeps a log and snapshots.',
  }),
  accepted({
    name: 'observerMasterPort',
    form: 'file',
    default: '0',
    meaning: 'Port on which a follower serves observers. 0 has none.',
    instead: 'Observers are served by the leader.',
  }),
  accepted({
    name: 'observerMaster.sizeLimit',
    form: 'both',
    default: '33554432',
    meaning: 'Bytes that a follower keeps for its observers.',
    instead: 'Observers are served by the leader.',
  }),
  accepted({
    name: 'observer.reconnectDelayMs',
    form: 'both',
    default: '0',
    meaning: 'Milliseconds that an observer waits before it connects again.',
    instead: 'An observer looks for a leader at once.',
  }),
  accepted({
    name: 'observer.election.DelayMs',
    form: 'both',
    default: '200',
    meaning: 'Milliseconds that an observer waits before it looks for a leader.',
    instead: 'An observer looks for a leader at once.',
  }),
  ensemble({
    name: 'leaderServes',
    form: 'both',
    default: 'yes',
    meaning: 'no: the leader takes no clients.',
    reader: onUnlessNo,
    put: (draft, value) => {
      draft.ensemble.leader.isServingClients = value;
    },
  }),
  ensemble({
    name: 'cnxTimeout',
    form: 'both',
    default: '5000',
    meaning: 'Milliseconds to open an election connection.',
    reader: propertyInteger({ min: 1 }),
    put: (draft, value) => {
      draft.ensemble.election.connectTimeoutMs = value;
    },
  }),
  ensemble({
    name: 'quorumCnxnTimeoutMs',
    form: 'both',
    default: '-1',
    meaning:
      'Milliseconds for a server that connects to the election port to say who it is. -1 stands for syncLimit ticks.',
    reader: propertyInteger(),
    put: (draft, value) => {
      draft.ensemble.election.greetingTimeoutMs = value;
    },
  }),
  ensemble({
    name: 'electionPortBindRetry',
    form: 'both',
    default: '3',
    meaning: 'Attempts to bind the election port, a second apart. 0 is without end.',
    reader: propertyInteger({ min: 0 }),
    put: (draft, value) => {
      draft.ensemble.election.bindAttemptCountMax = value;
    },
  }),
  ensemble({
    name: 'quorumListenOnAllIPs',
    form: 'file',
    default: 'false',
    meaning: 'The ports for other servers are bound to every address.',
    reader: strictBoolean,
    put: (draft, value) => {
      draft.ensemble.isListeningOnAllAddresses = value;
    },
  }),
  ensemble({
    name: 'multiAddress.enabled',
    form: 'file',
    aliases: ['zookeeper.multiAddress.enabled'],
    default: 'false',
    meaning: 'Allows several addresses in a server line.',
    reader: strictBoolean,
    put: (draft, value) => {
      draft.ensemble.isMultiAddressOn = value;
    },
  }),
  accepted({
    name: 'multiAddress.reachabilityCheckTimeoutMs',
    form: 'file',
    aliases: ['zookeeper.multiAddress.reachabilityCheckTimeoutMs'],
    default: '1000',
    meaning: 'Milliseconds for the check of one address.',
    instead: 'The first address of a line is used.',
  }),
  accepted({
    name: 'multiAddress.reachabilityCheckEnabled',
    form: 'file',
    aliases: ['zookeeper.multiAddress.reachabilityCheckEnabled'],
    default: 'true',
    meaning: 'Addresses are checked before one is used.',
    instead: 'The first address of a line is used.',
  }),
  ensemble({
    name: 'fastleader.minNotificationInterval',
    form: 'both',
    default: '200',
    meaning: 'Milliseconds after which a vote is first sent again.',
    reader: propertyInteger({ min: 1 }),
    put: (draft, value) => {
      draft.ensemble.election.notificationIntervalMsMin = value;
    },
  }),
  ensemble({
    name: 'fastleader.maxNotificationInterval',
    form: 'both',
    default: '60000',
    meaning: 'Milliseconds at which the doubling of that interval ends.',
    reader: propertyInteger({ min: 1 }),
    put: (draft, value) => {
      draft.ensemble.election.notificationIntervalMsMax = value;
    },
  }),
  ensemble({
    name: 'leader.maxTimeToWaitForEpoch',
    form: 'both',
    default: '-1',
    meaning:
      'Milliseconds after which a leader without enough followers gives up, initLimit at most. -1 stands for initLimit.',
    reader: propertyInteger(),
    put: (draft, value) => {
      draft.ensemble.leader.epochWaitMsMax = value < 0 ? undefined : value;
    },
  }),
  ensemble({
    name: 'leaderConnectDelayDuringRetryMs',
    form: 'both',
    default: '20',
    defaultNote: "Apache's: 100",
    meaning: 'Milliseconds between two attempts to reach the leader.',
    reader: propertyInteger({ min: 0 }),
    put: (draft, value) => {
      draft.ensemble.connectRetryDelayMs = value;
    },
  }),
  ensemble({
    name: 'oraclePath',
    form: 'file',
    meaning: 'File that decides who goes on when one of two servers is gone.',
    reader: anyText,
    refusal: {
      isHarmless: (text) => text === '',
      reason: 'asks for an oracle, which is not supported',
      remedy: 'Remove the key, and run three servers: then no oracle is needed.',
    },
  }),
  accepted({
    name: 'follower.nodelay',
    form: 'property',
    default: 'true',
    meaning: 'TCP_NODELAY towards the leader.',
    instead: 'TCP_NODELAY is always on.',
  }),
  accepted({
    name: 'leader.nodelay',
    form: 'property',
    default: 'true',
    meaning: 'TCP_NODELAY towards followers.',
    instead: 'TCP_NODELAY is always on.',
  }),
  honoured({
    name: 'readonlymode.enabled',
    form: 'property',
    default: 'false',
    meaning:
      'Read-only mode of a server without a quorum. On a standalone server it only adds `isro` to the four-letter words, as with Apache.',
    reader: propertyBoolean,
    put: (draft, isOn) => {
      draft.isReadOnlyModeOn = isOn;
    },
  }),
  honoured({
    name: 'localSessionsEnabled',
    form: 'file',
    default: 'false',
    meaning:
      'New sessions are known to their server only, and cost no transaction. Their clients cannot go on at another server, and a leader must have this, too, or it refuses their writes: set it the same in all servers. A standalone server has no use for it.',
    reader: strictBoolean,
    put: (draft, areOn) => {
      draft.areLocalSessionsOn = areOn;
    },
  }),
  honoured({
    name: 'localSessionsUpgradingEnabled',
    form: 'file',
    default: 'false',
    meaning:
      'A local session becomes a global one before it creates its first ephemeral znode. Without this it is refused with EphemeralOnLocalSession.',
    reader: strictBoolean,
    put: (draft, areUpgraded) => {
      draft.areLocalSessionsUpgraded = areUpgraded;
    },
  }),
  accepted({
    name: 'leader.ackLoggingFrequency',
    form: 'both',
    default: '1000',
    meaning: 'Every how many acknowledgements a trace line is written.',
    instead: 'Acknowledgements are counted in the metrics.',
  }),
  accepted({
    name: 'tcpKeepAlive',
    form: 'both',
    default: 'false',
    meaning: 'The system probes silent connections between servers.',
    instead: 'It always does, after 10 seconds of silence.',
  }),
  ensemble({
    name: 'db.autocreate',
    form: 'both',
    default: 'true',
    meaning:
      'False: a server with an empty database does not vote, unless there is a file `initialize` in dataDir. Its first epoch removes the file.',
    reader: propertyBoolean,
    put: (draft, value) => {
      draft.ensemble.isEmptyDatabaseTrusted = value;
    },
  }),
  ensemble({
    name: 'sslQuorum',
    form: 'file',
    default: 'false',
    meaning: 'TLS between servers.',
    reader: strictBoolean,
    refusal: {
      isHarmless: isNotTrue,
      reason: 'asks for TLS between servers, which is not supported yet',
      remedy: 'Remove the key in all servers, and keep their ports in a network of their own.',
    },
  }),
  ensemble({
    name: 'portUnification',
    form: 'file',
    default: 'false',
    meaning: 'The ports for other servers take TLS and plain text.',
    reader: strictBoolean,
    refusal: {
      isHarmless: isNotTrue,
      reason: 'asks for TLS between servers, which is not supported yet',
      remedy: 'Remove the key in all servers, once none of them uses TLS.',
    },
  }),
  accepted({
    name: 'sslQuorumReloadCertFiles',
    form: 'file',
    default: 'false',
    meaning: 'The key stores for the connections between servers are read again when they change.',
    instead: 'TLS between servers is not supported yet.',
  }),
];
