import { type ConfigKey, honoured, refused } from '../config-key.ts';
import { integer, propertyBoolean, propertyInteger, someText } from '../value-readers.ts';

/** Twenty ticks, the longest session unless set, must still be a Java int. */
const TICK_TIME_MS_MAX = 107_374_182;

export const basicKeys: readonly ConfigKey[] = [
  honoured({
    name: 'clientPort',
    form: 'file',
    meaning: 'Port for clients, 0 to 65535. 0 lets the system choose. Required.',
    reader: integer({ min: 0, max: 65_535 }),
    put: (draft, port) => {
      draft.clientPort = port;
    },
  }),
  honoured({
    name: 'clientPortAddress',
    form: 'file',
    meaning: 'Name or address to bind the client port to. Every address of the machine unless set.',
    reader: someText,
    put: (draft, host) => {
      draft.clientHost = host;
    },
  }),
  refused({
    name: 'secureClientPort',
    form: 'file',
    meaning: 'Port for clients that use TLS.',
    isHarmless: () => false,
    reason: 'asks for TLS, which is not supported yet',
    remedy: 'Remove the key, and put a TLS proxy in front of clientPort if clients need TLS.',
  }),
  refused({
    name: 'secureClientPortAddress',
    form: 'file',
    meaning: 'Address to bind secureClientPort to.',
    isHarmless: () => false,
    reason: 'asks for TLS, which is not supported yet',
    remedy: 'Remove the key together with secureClientPort.',
  }),
  honoured({
    name: 'clientPortListenBacklog',
    form: 'file',
    default: '-1',
    meaning: 'Connections that may wait to be accepted. -1 leaves it to the system.',
    reader: integer(),
    put: (draft, count) => {
      draft.network.listenBacklog = count > 0 ? count : undefined;
    },
  }),
  honoured({
    name: 'dataDir',
    form: 'file',
    meaning:
      'Directory of the snapshots, and of the log unless dataLogDir is set. A relative path starts at the working directory. Required.',
    reader: someText,
    put: (draft, dir) => {
      draft.dataDir = dir;
    },
  }),
  honoured({
    name: 'dataLogDir',
    form: 'file',
    meaning:
      'Directory of the transaction log. The same as dataDir unless set; best on a disk of its own.',
    reader: someText,
    put: (draft, dir) => {
      draft.dataLogDir = dir;
    },
  }),
  honoured({
    name: 'tickTime',
    form: 'file',
    default: '3000',
    meaning: 'Milliseconds of one tick, the unit in which sessions expire. At least 1.',
    reader: integer({ min: 1, max: TICK_TIME_MS_MAX }),
    put: (draft, tickTimeMs) => {
      draft.session.tickTimeMs = tickTimeMs;
    },
  }),
  honoured({
    name: 'minSessionTimeout',
    form: 'file',
    default: '-1',
    meaning: 'Shortest session timeout a client can get, in milliseconds. -1 stands for two ticks.',
    reader: integer({ min: -1 }),
    put: (draft, timeoutMs) => {
      draft.timeoutMsMin = timeoutMs;
    },
  }),
  honoured({
    name: 'maxSessionTimeout',
    form: 'file',
    default: '-1',
    meaning:
      'Longest session timeout a client can get, in milliseconds. -1 stands for twenty ticks. Not less than minSessionTimeout.',
    reader: integer({ min: -1 }),
    put: (draft, timeoutMs) => {
      draft.timeoutMsMax = timeoutMs;
    },
  }),
  honoured({
    name: 'datadir.autocreate',
    form: 'both',
    default: 'true',
    meaning: 'False: missing data directories stop the server instead of being made.',
    reader: propertyBoolean,
    put: (draft, isOn) => {
      draft.storage.isDirCreated = isOn;
    },
  }),
  honoured({
    name: 'znode.container.checkIntervalMs',
    form: 'property',
    default: '60000',
    meaning:
      'Milliseconds between two searches for container and TTL znodes that are due. At least 1.',
    reader: propertyInteger({ min: 1 }),
    put: (draft, intervalMs) => {
      draft.tree.containerCheckIntervalMs = intervalMs;
    },
  }),
  honoured({
    name: 'znode.container.maxPerMinute',
    form: 'property',
    default: '10000',
    meaning: 'Container and TTL znodes that are deleted in a minute at most. At least 1.',
    reader: propertyInteger({ min: 1 }),
    put: (draft, count) => {
      draft.tree.containerDeleteCountPerMinuteMax = count;
    },
  }),
  honoured({
    name: 'znode.container.maxNeverUsedIntervalMs',
    form: 'property',
    default: '0',
    defaultNote: '3.10: 300000',
    meaning: 'Milliseconds after which a container that never had a child is deleted. 0 keeps it.',
    reader: propertyInteger({ min: 0, max: Number.MAX_SAFE_INTEGER }),
    put: (draft, intervalMs) => {
      draft.tree.containerNeverUsedMs = intervalMs;
    },
  }),
  honoured({
    name: 'extendedTypesEnabled',
    form: 'both',
    default: 'false',
    meaning: 'True allows TTL znodes.',
    reader: propertyBoolean,
    put: (draft, isOn) => {
      draft.tree.isExtendedTypesOn = isOn;
    },
  }),
  honoured({
    name: 'emulate353TTLNodes',
    form: 'both',
    default: 'false',
    meaning: 'True reads the owners of stored TTL znodes the way ZooKeeper 3.5.3 wrote them.',
    reader: propertyBoolean,
    put: (draft, isOn) => {
      draft.tree.isTtl353Emulated = isOn;
    },
  }),
  honoured({
    name: 'clientTcpKeepAlive',
    form: 'both',
    default: 'false',
    meaning: 'True lets the system probe silent connections of clients.',
    reader: propertyBoolean,
    put: (draft, isOn) => {
      draft.network.isTcpKeepAliveOn = isOn;
    },
  }),
];
