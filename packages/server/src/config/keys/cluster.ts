import { accepted, type ConfigKey, ensemble, honoured } from '../config-key.ts';
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

const peerType: Reader<string> = (text) =>
  oneOf(
    new Map([
      ['participant', 'participant'],
      ['observer', 'observer'],
    ]),
    'problem',
  )(text.toLowerCase());

export const clusterKeys: readonly ConfigKey[] = [
  // The server lines are read together, in `server-lines.ts`; this line is for the reference page.
  ensemble({
    name: 'server.N',
    form: 'file',
    pattern: /^server\./,
    isQuiet: true,
    meaning:
      'Addresses of server N: `host:quorumPort:electionPort[:participant|observer][;[host:]clientPort]`. One line is a standalone server, as with Apache; its client part counts when `myid` in dataDir names it. More than one is refused: ensembles are not supported yet.',
    reader: anyText,
  }),
  ensemble({
    name: 'group.N',
    form: 'file',
    pattern: /^group/,
    meaning: 'Servers of a group, for hierarchical quorums.',
    reader: anyText,
  }),
  ensemble({
    name: 'weight.N',
    form: 'file',
    pattern: /^weight/,
    meaning: 'Votes of a server, for hierarchical quorums.',
    reader: anyText,
  }),
  ensemble({
    name: 'initLimit',
    form: 'file',
    isQuiet: true,
    meaning: 'Ticks that a follower may take to connect and to copy the state.',
    reader: integer(),
  }),
  ensemble({
    name: 'syncLimit',
    form: 'file',
    isQuiet: true,
    meaning: 'Ticks that a follower may fall behind.',
    reader: integer(),
  }),
  ensemble({
    name: 'connectToLearnerMasterLimit',
    form: 'file',
    default: '0',
    meaning: 'Ticks for which a learner tries to connect. 0 stands for initLimit.',
    reader: integer(),
  }),
  ensemble({
    name: 'electionAlg',
    form: 'file',
    default: '3',
    isQuiet: true,
    meaning: 'Only 3, fast leader election, is accepted.',
    reader: oneOf(new Map([['3', 3]]), 'problem'),
  }),
  ensemble({
    name: 'electionPort',
    form: 'file',
    meaning: 'Left over from old versions; nobody reads it.',
    reader: anyText,
  }),
  ensemble({
    name: 'peerType',
    form: 'file',
    default: 'participant',
    meaning: 'participant or observer.',
    reader: peerType,
  }),
  honoured({
    name: 'standaloneEnabled',
    form: 'file',
    default: 'true',
    meaning:
      'False asks for a quorum of one. That is an ensemble, so it is refused until ensembles are supported.',
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
  ensemble({
    name: 'syncEnabled',
    form: 'file',
    aliases: ['zookeeper.observer.syncEnabled'],
    default: 'true',
    meaning: 'Observers keep a log and snapshots.',
    reader: strictBoolean,
  }),
  ensemble({
    name: 'observerMasterPort',
    form: 'file',
    default: '0',
    meaning: 'Port on which a follower serves observers. 0 has none.',
    reader: integer({ max: 65_535 }),
  }),
  ensemble({
    name: 'observerMaster.sizeLimit',
    form: 'both',
    default: '33554432',
    meaning: 'Bytes that a follower keeps for its observers.',
    reader: propertyInteger(),
  }),
  ensemble({
    name: 'observer.reconnectDelayMs',
    form: 'both',
    default: '0',
    meaning: 'Milliseconds that an observer waits before it connects again.',
    reader: propertyInteger(),
  }),
  ensemble({
    name: 'observer.election.DelayMs',
    form: 'both',
    default: '200',
    meaning: 'Milliseconds that an observer waits before it looks for a leader.',
    reader: propertyInteger(),
  }),
  ensemble({
    name: 'leaderServes',
    form: 'both',
    default: 'yes',
    meaning: 'no: the leader takes no clients.',
    reader: onUnlessNo,
  }),
  ensemble({
    name: 'cnxTimeout',
    form: 'both',
    default: '5000',
    meaning: 'Milliseconds to open an election connection.',
    reader: propertyInteger(),
  }),
  ensemble({
    name: 'quorumCnxnTimeoutMs',
    form: 'both',
    default: '-1',
    meaning: 'Milliseconds of silence on an election connection. -1 stands for syncLimit ticks.',
    reader: propertyInteger(),
  }),
  ensemble({
    name: 'electionPortBindRetry',
    form: 'both',
    default: '3',
    meaning: 'Attempts to bind the election port. 0 is without end.',
    reader: propertyInteger(),
  }),
  ensemble({
    name: 'quorumListenOnAllIPs',
    form: 'file',
    default: 'false',
    meaning: 'The ports for other servers are bound to every address.',
    reader: strictBoolean,
  }),
  ensemble({
    name: 'multiAddress.enabled',
    form: 'file',
    aliases: ['zookeeper.multiAddress.enabled'],
    default: 'false',
    meaning: 'Allows several addresses for a server.',
    reader: strictBoolean,
  }),
  ensemble({
    name: 'multiAddress.reachabilityCheckTimeoutMs',
    form: 'file',
    aliases: ['zookeeper.multiAddress.reachabilityCheckTimeoutMs'],
    default: '1000',
    meaning: 'Milliseconds for the check of one address.',
    reader: integer(),
  }),
  ensemble({
    name: 'multiAddress.reachabilityCheckEnabled',
    form: 'file',
    aliases: ['zookeeper.multiAddress.reachabilityCheckEnabled'],
    default: 'true',
    meaning: 'Addresses are checked before one is used.',
    reader: strictBoolean,
  }),
  ensemble({
    name: 'fastleader.minNotificationInterval',
    form: 'both',
    default: '200',
    meaning: 'Milliseconds after which a vote is first sent again.',
    reader: propertyInteger(),
  }),
  ensemble({
    name: 'fastleader.maxNotificationInterval',
    form: 'both',
    default: '60000',
    meaning: 'Milliseconds at which the doubling of that interval ends.',
    reader: propertyInteger(),
  }),
  ensemble({
    name: 'leader.maxTimeToWaitForEpoch',
    form: 'both',
    default: '-1',
    meaning: 'Milliseconds after which a leader without enough followers gives up. -1 is never.',
    reader: propertyInteger(),
  }),
  ensemble({
    name: 'leaderConnectDelayDuringRetryMs',
    form: 'both',
    default: '100',
    meaning: 'Milliseconds between two attempts to reach the leader.',
    reader: propertyInteger(),
  }),
  ensemble({
    name: 'oraclePath',
    form: 'file',
    meaning: 'File that decides who goes on when one of two servers is gone.',
    reader: anyText,
  }),
  ensemble({
    name: 'follower.nodelay',
    form: 'property',
    default: 'true',
    meaning: 'TCP_NODELAY towards the leader.',
    reader: anyText,
  }),
  ensemble({
    name: 'leader.nodelay',
    form: 'property',
    default: 'true',
    meaning: 'TCP_NODELAY towards followers.',
    reader: anyText,
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
  ensemble({
    name: 'localSessionsEnabled',
    form: 'file',
    default: 'false',
    meaning: 'Sessions that only one server knows.',
    reader: strictBoolean,
  }),
  ensemble({
    name: 'localSessionsUpgradingEnabled',
    form: 'file',
    default: 'false',
    meaning: 'A local session becomes a global one when it needs to.',
    reader: strictBoolean,
  }),
  ensemble({
    name: 'leader.ackLoggingFrequency',
    form: 'both',
    default: '1000',
    meaning: 'Every how many acknowledgements a trace line is written.',
    reader: propertyInteger(),
  }),
  ensemble({
    name: 'tcpKeepAlive',
    form: 'both',
    default: 'false',
    meaning: 'The system probes silent connections between servers.',
    reader: propertyBoolean,
  }),
  accepted({
    name: 'db.autocreate',
    form: 'both',
    default: 'true',
    meaning: 'False: a server with an empty database does not vote.',
    instead: 'A standalone server does not vote; it starts with an empty database.',
  }),
  ensemble({
    name: 'sslQuorum',
    form: 'file',
    default: 'false',
    meaning: 'TLS between servers.',
    reader: strictBoolean,
  }),
  ensemble({
    name: 'portUnification',
    form: 'file',
    default: 'false',
    meaning: 'The ports for other servers take TLS and plain text.',
    reader: strictBoolean,
  }),
  ensemble({
    name: 'sslQuorumReloadCertFiles',
    form: 'file',
    default: 'false',
    meaning: 'The key stores for the connections between servers are read again when they change.',
    reader: strictBoolean,
  }),
];
