/**
 * Every pair of decoder and encoder that the package exports, and arbitrary values for it. The vectors and the
 * laws are run over this list; a test fails when an exported pair is missing here.
 */

import * as protocol from '@zooid/protocol';
import { type JuteReader, type JuteWriter, OpCode } from '@zooid/protocol';
import fc, { type Arbitrary } from 'fast-check';

export interface Codec {
  readonly decode: (reader: JuteReader) => unknown;
  readonly encode: (writer: JuteWriter, value: never) => void;
  readonly arbitrary: Arbitrary<unknown>;
}

function codec<T>(
  decode: (reader: JuteReader) => T,
  encode: (writer: JuteWriter, value: never) => void,
  arbitrary: Arbitrary<T>,
): Codec {
  return { decode, encode, arbitrary };
}

const int = fc.integer({ min: -(2 ** 31), max: 2 ** 31 - 1 });
/** What a long holds that is kept as a number. */
const exactLong = fc.maxSafeInteger();
const long = fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n });
const text = fc.string({ unit: 'grapheme', maxLength: 12 });
const nullableText = fc.option(text);
const bytes = fc.uint8Array({ maxLength: 40 });
const buffer = fc.option(bytes);
const texts = fc.array(text, { maxLength: 4 });
const boolean = fc.boolean();
const optionalBoolean = fc.option(boolean, { nil: undefined });

const id = fc.record({ scheme: text, id: text });
const acl = fc.record({ perms: int, scheme: text, id: text });
const acls = fc.array(acl, { maxLength: 3 });
const statPersistedShape = {
  czxid: exactLong,
  mzxid: exactLong,
  ctime: exactLong,
  mtime: exactLong,
  version: int,
  cversion: int,
  aversion: int,
  ephemeralOwner: long,
  pzxid: exactLong,
};
const statPersisted = fc.record(statPersistedShape);
const stat = fc.record({ ...statPersistedShape, dataLength: int, numChildren: int });

const create = { path: text, data: buffer, acl: acls, flags: int };
const pathVersion = { path: text, version: int };
const setData = { path: text, data: buffer, version: int };
const pathWatch = { path: text, watch: boolean };

const op = <Op extends keyof typeof OpCode>(...names: Op[]) =>
  fc.constantFrom(...names.map((name) => OpCode[name]));

const multiWriteOp = fc.oneof(
  fc.record({ op: op('create', 'create2', 'createContainer'), ...create }),
  fc.record({ op: op('createTTL'), ...create, ttl: long }),
  fc.record({ op: op('delete', 'check'), ...pathVersion }),
  fc.record({ op: op('setData'), ...setData }),
);
const multiReadOp = fc.record({ op: op('getData', 'getChildren'), ...pathWatch });
const multiResult = fc.oneof(
  fc.record({ op: op('create'), path: text }),
  fc.record({ op: op('create2'), path: text, stat }),
  fc.record({ op: op('setData'), stat }),
  fc.record({ op: op('getData'), data: buffer, stat }),
  fc.record({ op: op('getChildren'), children: texts }),
  fc.record({ op: op('delete', 'check') }),
  fc.record({ op: op('error'), err: int }),
);

const createTxn = { path: text, data: buffer, acl: acls, parentCversion: int };
const watches = {
  relativeZxid: exactLong,
  dataWatches: texts,
  existWatches: texts,
  childWatches: texts,
};
const sessionTimeout = fc.record({ sessionId: long, timeoutMs: int });
const txnHeaderShape = { sessionId: long, cxid: int, zxid: exactLong, timeMs: exactLong };
const multiTxn = { txns: fc.array(fc.record({ type: int, data: buffer }), { maxLength: 3 }) };
const txn = fc.oneof(
  fc.record({ type: op('create', 'create2'), ...createTxn, ephemeral: boolean }),
  fc.record({ type: op('createContainer'), ...createTxn }),
  fc.record({ type: op('createTTL'), ...createTxn, ttl: long }),
  fc.record({ type: op('delete', 'deleteContainer'), path: text }),
  fc.record({ type: op('setData', 'reconfig'), ...setData }),
  fc.record({ type: op('setACL'), path: text, acl: acls, version: int }),
  fc.record({ type: op('check'), ...pathVersion }),
  fc.record({ type: op('createSession'), timeoutMs: int }),
  // Paths are never empty: what tells a digest from a list of two.
  fc.record({
    type: op('closeSession'),
    paths: fc.option(fc.array(fc.string({ unit: 'grapheme', minLength: 1 }), { maxLength: 3 })),
  }),
  fc.record({ type: op('error'), err: int }),
  fc.record({ type: op('multi'), ...multiTxn }),
);
const txnDigest = fc.record({ version: fc.constant(2), treeDigest: long });
const voteShape = {
  state: int,
  leader: long,
  zxid: long,
  electionEpoch: long,
  peerEpoch: long,
};

/** By the name that decoder and encoder share. */
export const codecs: ReadonlyMap<string, Codec> = new Map<string, Codec>([
  ['Id', codec(protocol.decodeId, protocol.encodeId, id)],
  ['Ids', codec(protocol.decodeIds, protocol.encodeIds, fc.array(id, { maxLength: 3 }))],
  ['Acl', codec(protocol.decodeAcl, protocol.encodeAcl, acl)],
  ['Acls', codec(protocol.decodeAcls, protocol.encodeAcls, acls)],
  ['Stat', codec(protocol.decodeStat, protocol.encodeStat, stat)],
  [
    'StatPersisted',
    codec(protocol.decodeStatPersisted, protocol.encodeStatPersisted, statPersisted),
  ],
  [
    'ConnectRequest',
    codec(
      protocol.decodeConnectRequest,
      protocol.encodeConnectRequest,
      fc.record({
        protocolVersion: int,
        lastZxidSeen: exactLong,
        timeoutMs: int,
        sessionId: long,
        password: buffer,
        readOnly: optionalBoolean,
      }),
    ),
  ],
  [
    'ConnectResponse',
    codec(
      protocol.decodeConnectResponse,
      protocol.encodeConnectResponse,
      fc.record({
        protocolVersion: int,
        timeoutMs: int,
        sessionId: long,
        password: buffer,
        readOnly: optionalBoolean,
      }),
    ),
  ],
  [
    'RequestHeader',
    codec(
      protocol.decodeRequestHeader,
      protocol.encodeRequestHeader,
      fc.record({ xid: int, type: int }),
    ),
  ],
  [
    'ReplyHeader',
    codec(
      protocol.decodeReplyHeader,
      protocol.encodeReplyHeader,
      fc.record({ xid: int, zxid: exactLong, err: int }),
    ),
  ],
  [
    'WatcherEvent',
    codec(
      protocol.decodeWatcherEvent,
      protocol.encodeWatcherEvent,
      fc.record({ type: int, state: int, path: text }),
    ),
  ],
  [
    'MultiHeader',
    codec(
      protocol.decodeMultiHeader,
      protocol.encodeMultiHeader,
      fc.record({ type: int, done: boolean, err: int }),
    ),
  ],
  [
    'CreateRequest',
    codec(protocol.decodeCreateRequest, protocol.encodeCreateRequest, fc.record(create)),
  ],
  [
    'CreateTtlRequest',
    codec(
      protocol.decodeCreateTtlRequest,
      protocol.encodeCreateTtlRequest,
      fc.record({ ...create, ttl: long }),
    ),
  ],
  [
    'PathRequest',
    codec(protocol.decodePathRequest, protocol.encodePathRequest, fc.record({ path: text })),
  ],
  [
    'DeleteContainerRequest',
    codec(
      protocol.decodeDeleteContainerRequest,
      protocol.encodePathRequest,
      fc.record({ path: text }),
    ),
  ],
  [
    'PathWatchRequest',
    codec(protocol.decodePathWatchRequest, protocol.encodePathWatchRequest, fc.record(pathWatch)),
  ],
  [
    'PathVersionRequest',
    codec(
      protocol.decodePathVersionRequest,
      protocol.encodePathVersionRequest,
      fc.record(pathVersion),
    ),
  ],
  [
    'SetDataRequest',
    codec(protocol.decodeSetDataRequest, protocol.encodeSetDataRequest, fc.record(setData)),
  ],
  [
    'SetAclRequest',
    codec(
      protocol.decodeSetAclRequest,
      protocol.encodeSetAclRequest,
      fc.record({ path: text, acl: acls, version: int }),
    ),
  ],
  [
    'ReconfigRequest',
    codec(
      protocol.decodeReconfigRequest,
      protocol.encodeReconfigRequest,
      fc.record({
        joiningServers: nullableText,
        leavingServers: nullableText,
        newMembers: nullableText,
        curConfigId: long,
      }),
    ),
  ],
  [
    'WatchesRequest',
    codec(
      protocol.decodeWatchesRequest,
      protocol.encodeWatchesRequest,
      fc.record({ path: text, type: int }),
    ),
  ],
  [
    'AddWatchRequest',
    codec(
      protocol.decodeAddWatchRequest,
      protocol.encodeAddWatchRequest,
      fc.record({ path: text, mode: int }),
    ),
  ],
  [
    'SetWatchesRequest',
    codec(protocol.decodeSetWatchesRequest, protocol.encodeSetWatchesRequest, fc.record(watches)),
  ],
  [
    'SetWatches2Request',
    codec(
      protocol.decodeSetWatches2Request,
      protocol.encodeSetWatches2Request,
      fc.record({ ...watches, persistentWatches: texts, persistentRecursiveWatches: texts }),
    ),
  ],
  [
    'GetEphemeralsRequest',
    codec(
      protocol.decodeGetEphemeralsRequest,
      protocol.encodeGetEphemeralsRequest,
      fc.record({ prefixPath: nullableText }),
    ),
  ],
  [
    'AuthRequest',
    codec(
      protocol.decodeAuthRequest,
      protocol.encodeAuthRequest,
      fc.record({ type: int, scheme: text, auth: buffer }),
    ),
  ],
  [
    'SaslToken',
    codec(protocol.decodeSaslToken, protocol.encodeSaslToken, fc.record({ token: buffer })),
  ],
  [
    'MultiRequest',
    codec(
      protocol.decodeMultiRequest,
      protocol.encodeMultiRequest,
      fc.oneof(fc.array(multiWriteOp, { maxLength: 4 }), fc.array(multiReadOp, { maxLength: 4 })),
    ),
  ],
  [
    'PathResponse',
    codec(protocol.decodePathResponse, protocol.encodePathResponse, fc.record({ path: text })),
  ],
  [
    'Create2Response',
    codec(
      protocol.decodeCreate2Response,
      protocol.encodeCreate2Response,
      fc.record({ path: text, stat }),
    ),
  ],
  [
    'StatResponse',
    codec(protocol.decodeStatResponse, protocol.encodeStatResponse, fc.record({ stat })),
  ],
  [
    'GetDataResponse',
    codec(
      protocol.decodeGetDataResponse,
      protocol.encodeGetDataResponse,
      fc.record({ data: buffer, stat }),
    ),
  ],
  [
    'GetAclResponse',
    codec(
      protocol.decodeGetAclResponse,
      protocol.encodeGetAclResponse,
      fc.record({ acl: acls, stat }),
    ),
  ],
  [
    'GetChildrenResponse',
    codec(
      protocol.decodeGetChildrenResponse,
      protocol.encodeGetChildrenResponse,
      fc.record({ children: texts }),
    ),
  ],
  [
    'GetChildren2Response',
    codec(
      protocol.decodeGetChildren2Response,
      protocol.encodeGetChildren2Response,
      fc.record({ children: texts, stat }),
    ),
  ],
  [
    'GetAllChildrenNumberResponse',
    codec(
      protocol.decodeGetAllChildrenNumberResponse,
      protocol.encodeGetAllChildrenNumberResponse,
      fc.record({ totalNumber: int }),
    ),
  ],
  [
    'GetEphemeralsResponse',
    codec(
      protocol.decodeGetEphemeralsResponse,
      protocol.encodeGetEphemeralsResponse,
      fc.record({ ephemerals: texts }),
    ),
  ],
  [
    'ClientInfo',
    codec(
      protocol.decodeClientInfo,
      protocol.encodeClientInfo,
      fc.record({ authScheme: text, user: text }),
    ),
  ],
  [
    'WhoAmIResponse',
    codec(
      protocol.decodeWhoAmIResponse,
      protocol.encodeWhoAmIResponse,
      fc.record({
        clientInfo: fc.array(fc.record({ authScheme: text, user: text }), { maxLength: 3 }),
      }),
    ),
  ],
  [
    'ErrorResponse',
    codec(protocol.decodeErrorResponse, protocol.encodeErrorResponse, fc.record({ err: int })),
  ],
  [
    'MultiResponse',
    codec(
      protocol.decodeMultiResponse,
      protocol.encodeMultiResponse,
      fc.array(multiResult, { maxLength: 4 }),
    ),
  ],
  [
    'TxnHeader',
    codec(
      protocol.decodeTxnHeader,
      protocol.encodeTxnHeader,
      fc.record({ ...txnHeaderShape, type: int }),
    ),
  ],
  [
    'TxnDigest',
    codec(
      protocol.decodeTxnDigest,
      protocol.encodeTxnDigest,
      fc.record({ version: int, treeDigest: long }),
    ),
  ],
  [
    'CreateTxnV0',
    codec(
      protocol.decodeCreateTxnV0,
      protocol.encodeCreateTxnV0,
      fc.record({ path: text, data: buffer, acl: acls, ephemeral: boolean }),
    ),
  ],
  [
    'CreateTxn',
    codec(
      protocol.decodeCreateTxn,
      protocol.encodeCreateTxn,
      fc.record({ ...createTxn, ephemeral: boolean }),
    ),
  ],
  [
    'CreateContainerTxn',
    codec(
      protocol.decodeCreateContainerTxn,
      protocol.encodeCreateContainerTxn,
      fc.record(createTxn),
    ),
  ],
  [
    'CreateTtlTxn',
    codec(
      protocol.decodeCreateTtlTxn,
      protocol.encodeCreateTtlTxn,
      fc.record({ ...createTxn, ttl: long }),
    ),
  ],
  [
    'DeleteTxn',
    codec(protocol.decodeDeleteTxn, protocol.encodeDeleteTxn, fc.record({ path: text })),
  ],
  ['SetDataTxn', codec(protocol.decodeSetDataTxn, protocol.encodeSetDataTxn, fc.record(setData))],
  [
    'SetAclTxn',
    codec(
      protocol.decodeSetAclTxn,
      protocol.encodeSetAclTxn,
      fc.record({ path: text, acl: acls, version: int }),
    ),
  ],
  [
    'CheckVersionTxn',
    codec(protocol.decodeCheckVersionTxn, protocol.encodeCheckVersionTxn, fc.record(pathVersion)),
  ],
  [
    'CreateSessionTxn',
    codec(
      protocol.decodeCreateSessionTxn,
      protocol.encodeCreateSessionTxn,
      fc.record({ timeoutMs: int }),
    ),
  ],
  [
    'CloseSessionTxn',
    codec(
      protocol.decodeCloseSessionTxn,
      protocol.encodeCloseSessionTxn,
      fc.record({
        paths: fc.option(fc.array(fc.string({ unit: 'grapheme', minLength: 1 }), { maxLength: 3 })),
      }),
    ),
  ],
  ['ErrorTxn', codec(protocol.decodeErrorTxn, protocol.encodeErrorTxn, fc.record({ err: int }))],
  ['MultiTxn', codec(protocol.decodeMultiTxn, protocol.encodeMultiTxn, fc.record(multiTxn))],
  [
    'TxnRecord',
    codec(
      protocol.decodeTxnRecord,
      protocol.encodeTxnRecord,
      fc.record({ txn, header: fc.record(txnHeaderShape), digest: fc.option(txnDigest) }).map(
        ({ txn, header, digest }): protocol.TxnRecord => ({
          header: { ...header, type: txn.type },
          txn,
          digest,
        }),
      ),
    ),
  ],
  [
    'QuorumPacket',
    codec(
      protocol.decodeQuorumPacket,
      protocol.encodeQuorumPacket,
      fc.record({
        type: int,
        zxid: exactLong,
        data: buffer,
        authinfo: fc.option(fc.array(id, { maxLength: 3 })),
      }),
    ),
  ],
  [
    'LearnerInfo',
    codec(
      protocol.decodeLearnerInfo,
      protocol.encodeLearnerInfo,
      fc.record({
        serverId: long,
        protocolVersion: int,
        configVersion: fc.option(long, { nil: undefined }),
      }),
    ),
  ],
  [
    'LeaderInfo',
    codec(
      protocol.decodeLeaderInfo,
      protocol.encodeLeaderInfo,
      fc.record({ protocolVersion: int }),
    ),
  ],
  [
    'AckEpoch',
    codec(protocol.decodeAckEpoch, protocol.encodeAckEpoch, fc.record({ currentEpoch: int })),
  ],
  [
    'PingSessions',
    codec(
      protocol.decodePingSessions,
      protocol.encodePingSessions,
      fc.array(sessionTimeout, { maxLength: 5 }),
    ),
  ],
  [
    'RevalidateRequest',
    codec(protocol.decodeRevalidateRequest, protocol.encodeRevalidateRequest, sessionTimeout),
  ],
  [
    'RevalidateAnswer',
    codec(
      protocol.decodeRevalidateAnswer,
      protocol.encodeRevalidateAnswer,
      fc.record({ sessionId: long, valid: boolean }),
    ),
  ],
  [
    'ForwardedRequest',
    codec(
      protocol.decodeForwardedRequest,
      protocol.encodeForwardedRequest,
      fc.record({ sessionId: long, cxid: int, type: int, body: bytes }),
    ),
  ],
  [
    'CommitAndActivate',
    codec(
      protocol.decodeCommitAndActivate,
      protocol.encodeCommitAndActivate,
      fc.record({ designatedLeader: long }),
    ),
  ],
  [
    'InformAndActivate',
    codec(
      protocol.decodeInformAndActivate,
      protocol.encodeInformAndActivate,
      fc.record({ designatedLeader: long, txnRecord: bytes }),
    ),
  ],
  [
    'QuorumAuthPacket',
    codec(
      protocol.decodeQuorumAuthPacket,
      protocol.encodeQuorumAuthPacket,
      fc.record({ magic: long, status: int, token: buffer }),
    ),
  ],
  [
    'Notification',
    codec(
      protocol.decodeNotification,
      protocol.encodeNotification,
      fc.oneof(
        fc.record({ ...voteShape, version: fc.constant(2), config: bytes }),
        fc.record({ ...voteShape, version: fc.constant(0), config: fc.constant(null) }),
      ),
    ),
  ],
  [
    'InitialMessage',
    codec(
      protocol.decodeInitialMessage,
      protocol.encodeInitialMessage,
      fc.oneof(
        fc.record({
          protocolVersion: fc.constantFrom(
            protocol.INITIAL_MESSAGE_V1,
            protocol.INITIAL_MESSAGE_V2,
          ),
          serverId: long,
          addresses: fc.array(fc.stringMatching(/^[a-z0-9.]{1,9}:[0-9]{1,5}$/), {
            minLength: 1,
            maxLength: 3,
          }),
        }),
        fc.record({
          protocolVersion: fc.constant(null),
          serverId: fc.bigInt({ min: 0n, max: 2n ** 63n - 1n }),
          addresses: fc.constant([]),
        }),
      ),
    ),
  ],
  [
    'FileHeader',
    codec(
      protocol.decodeFileHeader,
      protocol.encodeFileHeader,
      fc.record({ magic: int, version: int, dbid: long }),
    ),
  ],
  [
    'LogEntry',
    codec(
      protocol.decodeLogEntry,
      protocol.encodeLogEntry,
      fc.record({
        checksum: fc.nat(2 ** 32 - 1),
        record: fc.uint8Array({ minLength: 1, maxLength: 40 }),
      }),
    ),
  ],
  [
    'SnapshotSession',
    codec(protocol.decodeSnapshotSession, protocol.encodeSnapshotSession, sessionTimeout),
  ],
  [
    'SnapshotAcl',
    codec(
      protocol.decodeSnapshotAcl,
      protocol.encodeSnapshotAcl,
      fc.record({ aclId: long, acl: acls }),
    ),
  ],
  [
    'SnapshotZnode',
    codec(
      protocol.decodeSnapshotZnode,
      protocol.encodeSnapshotZnode,
      fc.oneof(
        fc.record({
          path: text.map((name) => (name === '' ? '' : `/${name}`)),
          data: buffer,
          aclId: long,
          stat: statPersisted,
        }),
        fc.constant(undefined),
      ),
    ),
  ],
  [
    'ZxidDigest',
    codec(
      protocol.decodeZxidDigest,
      protocol.encodeZxidDigest,
      fc.record({ zxid: exactLong, digestVersion: fc.integer({ min: 2, max: 9 }), digest: long }),
    ),
  ],
  [
    'SnapshotSeal',
    codec(
      protocol.decodeSnapshotSeal,
      protocol.encodeSnapshotSeal,
      fc.record({ checksum: fc.nat(2 ** 32 - 1) }),
    ),
  ],
]);
