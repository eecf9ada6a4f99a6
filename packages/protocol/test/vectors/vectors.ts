/**
 * What each line of apache-3.8.tsv means: the values that interop/vectors/CaptureVectors.java gave to Apache's
 * classes.
 */

import { readFileSync } from 'node:fs';
import { OpCode } from '@zooid/protocol';

export interface Vector {
  /** Name in the file: Apache's class, and what is special. */
  readonly name: string;
  /** Name in codecs.ts. */
  readonly codec: string;
  readonly value: unknown;
  /** Opcodes whose request has this body. */
  readonly requests?: readonly (keyof typeof OpCode)[];
  /** Opcodes whose reply has this body. */
  readonly responses?: readonly (keyof typeof OpCode)[];
  /** Types whose txn has this body. */
  readonly txns?: readonly (keyof typeof OpCode)[];
  /** Lengths less than the whole at which the bytes are an older or shorter form of the record. */
  readonly shorterForms?: (length: number) => boolean;
  /** Why encoding gives other bytes, where it does. */
  readonly encodesOtherwise?: string;
}

const SESSION = 0x100123456789abcn;
const NEGATIVE_SESSION = BigInt.asIntN(64, 0xff12345678abcdefn);
const ZXID = 0x500000007;
const TIME = 1700000000123;
const data = Uint8Array.of(1, 2, 3, 0, 255);
const empty = new Uint8Array(0);
const password = Uint8Array.from({ length: 16 }, (_, i) => i * 16);
const path = '/a/b';
const widePath = '/größe/日本';
const open = [{ perms: 31, scheme: 'world', id: 'anyone' }];
const two = [
  { perms: 1, scheme: 'world', id: 'anyone' },
  { perms: 31, scheme: 'digest', id: 'user:hash=' },
];
const stat = {
  czxid: 0x500000001,
  mzxid: 0x500000002,
  ctime: TIME,
  mtime: TIME + 1,
  version: 3,
  cversion: 4,
  aversion: 5,
  ephemeralOwner: SESSION,
  dataLength: 6,
  numChildren: 7,
  pzxid: 0x500000003,
};
const stored = {
  czxid: 0x500000001,
  mzxid: 0x500000002,
  ctime: TIME,
  mtime: TIME + 1,
  version: 3,
  cversion: 4,
  aversion: 5,
  ephemeralOwner: -(2n ** 63n),
  pzxid: 0x500000003,
};
const config = 'server.1=127.0.0.1:2888:3888:participant\nversion=100000000';
const ascii = (text: string) => new TextEncoder().encode(text);
const hex = (text: string) => Uint8Array.from(Buffer.from(text, 'hex'));

const createTxn = { path, data, acl: open, ephemeral: true, parentCversion: 4 };
const txnHeader = { sessionId: SESSION, cxid: 9, zxid: ZXID, timeMs: TIME, type: OpCode.create };
const closeHeader = { ...txnHeader, cxid: 10, zxid: ZXID + 1, type: OpCode.closeSession };
const multiTxn = {
  txns: [
    {
      type: OpCode.create,
      data: hex(
        '000000042f612f620000000501020300ff000000010000001f00000005776f726c6400000006616e796f6e650100000004',
      ),
    },
    { type: OpCode.delete, data: hex('000000022f64') },
    { type: OpCode.check, data: hex('000000022f7600000002') },
  ],
};
const NULL_VECTOR = 'a null vector is read as an empty one';

export const vectors: readonly Vector[] = [
  { name: 'Stat', codec: 'Stat', value: stat },
  {
    name: 'Stat/negative',
    codec: 'Stat',
    value: {
      czxid: 0,
      mzxid: -1,
      ctime: 0,
      mtime: 0,
      version: -1,
      cversion: -2,
      aversion: -(2 ** 31),
      ephemeralOwner: NEGATIVE_SESSION,
      dataLength: 0,
      numChildren: 0,
      pzxid: 2 ** 53 - 1,
    },
  },
  { name: 'StatPersisted', codec: 'StatPersisted', value: stored },
  { name: 'Id', codec: 'Id', value: { scheme: 'digest', id: 'user:hash=' } },
  { name: 'ACL', codec: 'Acl', value: two[1] },
  {
    name: 'vector<Id>',
    codec: 'Ids',
    value: [
      { scheme: 'ip', id: '127.0.0.1' },
      { scheme: '', id: '' },
    ],
  },
  { name: 'vector<ACL>', codec: 'Acls', value: two },
  { name: 'vector<ACL>/empty', codec: 'Acls', value: [] },
  { name: 'ClientInfo', codec: 'ClientInfo', value: { authScheme: 'ip', user: '127.0.0.1' } },

  {
    name: 'ConnectRequest',
    codec: 'ConnectRequest',
    value: {
      protocolVersion: 0,
      lastZxidSeen: ZXID,
      timeoutMs: 30000,
      sessionId: SESSION,
      password,
      readOnly: true,
    },
    shorterForms: (length) => length === 44,
  },
  {
    name: 'ConnectRequest/new',
    codec: 'ConnectRequest',
    value: {
      protocolVersion: 0,
      lastZxidSeen: 0,
      timeoutMs: 4000,
      sessionId: 0n,
      password,
      readOnly: false,
    },
    shorterForms: (length) => length === 44,
  },
  {
    name: 'ConnectRequest/3.3',
    codec: 'ConnectRequest',
    value: {
      protocolVersion: 0,
      lastZxidSeen: 0,
      timeoutMs: 4000,
      sessionId: 0n,
      password: null,
      readOnly: undefined,
    },
  },
  {
    name: 'ConnectResponse',
    codec: 'ConnectResponse',
    value: {
      protocolVersion: 0,
      timeoutMs: 30000,
      sessionId: NEGATIVE_SESSION,
      password,
      readOnly: false,
    },
    shorterForms: (length) => length === 36,
  },
  {
    name: 'ConnectResponse/3.3',
    codec: 'ConnectResponse',
    value: { protocolVersion: 0, timeoutMs: 0, sessionId: 0n, password, readOnly: undefined },
  },
  { name: 'RequestHeader', codec: 'RequestHeader', value: { xid: 7, type: OpCode.getData } },
  { name: 'RequestHeader/ping', codec: 'RequestHeader', value: { xid: -2, type: OpCode.ping } },
  { name: 'ReplyHeader', codec: 'ReplyHeader', value: { xid: 7, zxid: ZXID, err: 0 } },
  {
    name: 'ReplyHeader/notification',
    codec: 'ReplyHeader',
    value: { xid: -1, zxid: -1, err: 0 },
  },
  { name: 'ReplyHeader/error', codec: 'ReplyHeader', value: { xid: 8, zxid: ZXID, err: -101 } },
  { name: 'WatcherEvent', codec: 'WatcherEvent', value: { type: 4, state: 3, path: widePath } },
  { name: 'MultiHeader', codec: 'MultiHeader', value: { type: 1, done: false, err: -1 } },
  { name: 'MultiHeader/end', codec: 'MultiHeader', value: { type: -1, done: true, err: -1 } },

  {
    name: 'CreateRequest',
    codec: 'CreateRequest',
    value: { path: widePath, data, acl: two, flags: 3 },
    requests: ['create', 'create2', 'createContainer'],
  },
  {
    name: 'CreateRequest/null data',
    codec: 'CreateRequest',
    value: { path: '/', data: null, acl: open, flags: 0 },
    requests: ['create'],
  },
  {
    name: 'CreateRequest/null acl',
    codec: 'CreateRequest',
    value: { path: '', data: empty, acl: [], flags: -1 },
    encodesOtherwise: NULL_VECTOR,
  },
  {
    name: 'CreateTTLRequest',
    codec: 'CreateTtlRequest',
    value: { path, data, acl: open, flags: 6, ttl: 0xff_ffff_ffffn },
    requests: ['createTTL'],
  },
  {
    name: 'CreateTTLRequest/negative',
    codec: 'CreateTtlRequest',
    value: { path, data, acl: open, flags: 5, ttl: -(2n ** 63n) },
    requests: ['createTTL'],
  },
  {
    name: 'DeleteRequest',
    codec: 'PathVersionRequest',
    value: { path, version: -1 },
    requests: ['delete'],
  },
  {
    name: 'CheckVersionRequest',
    codec: 'PathVersionRequest',
    value: { path, version: 9 },
    requests: ['check'],
  },
  {
    name: 'DeleteContainerRequest/3.8',
    codec: 'DeleteContainerRequest',
    value: { path },
    shorterForms: (length) => length > 0,
    encodesOtherwise: 'the form of 3.9 is written',
  },
  {
    name: 'ExistsRequest',
    codec: 'PathWatchRequest',
    value: { path, watch: true },
    requests: ['exists'],
  },
  {
    name: 'GetDataRequest',
    codec: 'PathWatchRequest',
    value: { path: widePath, watch: false },
    requests: ['getData'],
  },
  {
    name: 'GetChildrenRequest',
    codec: 'PathWatchRequest',
    value: { path, watch: true },
    requests: ['getChildren'],
  },
  {
    name: 'GetChildren2Request',
    codec: 'PathWatchRequest',
    value: { path, watch: false },
    requests: ['getChildren2'],
  },
  { name: 'GetACLRequest', codec: 'PathRequest', value: { path }, requests: ['getACL'] },
  {
    name: 'SyncRequest',
    codec: 'PathRequest',
    value: { path },
    requests: ['sync', 'deleteContainer'],
  },
  {
    name: 'GetAllChildrenNumberRequest',
    codec: 'PathRequest',
    value: { path },
    requests: ['getAllChildrenNumber'],
  },
  {
    name: 'SetDataRequest',
    codec: 'SetDataRequest',
    value: { path, data, version: 3 },
    requests: ['setData'],
  },
  {
    name: 'SetDataRequest/null data',
    codec: 'SetDataRequest',
    value: { path, data: null, version: -1 },
    requests: ['setData'],
  },
  {
    name: 'SetACLRequest',
    codec: 'SetAclRequest',
    value: { path, acl: two, version: 2 },
    requests: ['setACL'],
  },
  {
    name: 'ReconfigRequest',
    codec: 'ReconfigRequest',
    value: {
      joiningServers: 'server.4=h:1:2;3',
      leavingServers: '1,2',
      newMembers: null,
      curConfigId: -1n,
    },
    requests: ['reconfig'],
  },
  {
    name: 'ReconfigRequest/members',
    codec: 'ReconfigRequest',
    value: {
      joiningServers: null,
      leavingServers: null,
      newMembers: 'server.1=h:1:2;3',
      curConfigId: 0x100000000n,
    },
    requests: ['reconfig'],
  },
  {
    name: 'CheckWatchesRequest',
    codec: 'WatchesRequest',
    value: { path, type: 3 },
    requests: ['checkWatches'],
  },
  {
    name: 'RemoveWatchesRequest',
    codec: 'WatchesRequest',
    value: { path, type: 1 },
    requests: ['removeWatches'],
  },
  {
    name: 'AddWatchRequest',
    codec: 'AddWatchRequest',
    value: { path, mode: 1 },
    requests: ['addWatch'],
  },
  {
    name: 'SetWatches',
    codec: 'SetWatchesRequest',
    value: {
      relativeZxid: ZXID,
      dataWatches: ['/d', '/e'],
      existWatches: [],
      childWatches: ['/c'],
    },
    requests: ['setWatches'],
  },
  {
    name: 'SetWatches/null',
    codec: 'SetWatchesRequest',
    value: { relativeZxid: 0, dataWatches: [], existWatches: [], childWatches: [] },
    encodesOtherwise: NULL_VECTOR,
  },
  {
    name: 'SetWatches2',
    codec: 'SetWatches2Request',
    value: {
      relativeZxid: ZXID,
      dataWatches: ['/d'],
      existWatches: ['/e'],
      childWatches: ['/c'],
      persistentWatches: ['/p'],
      persistentRecursiveWatches: ['/r', widePath],
    },
    requests: ['setWatches2'],
  },
  {
    name: 'GetEphemeralsRequest',
    codec: 'GetEphemeralsRequest',
    value: { prefixPath: '/a' },
    requests: ['getEphemerals'],
  },
  {
    name: 'GetEphemeralsRequest/null',
    codec: 'GetEphemeralsRequest',
    value: { prefixPath: null },
    requests: ['getEphemerals'],
  },
  {
    name: 'AuthPacket',
    codec: 'AuthRequest',
    value: { type: 0, scheme: 'digest', auth: ascii('user:password') },
    requests: ['auth'],
  },
  {
    name: 'GetSASLRequest',
    codec: 'SaslToken',
    value: { token: data },
    requests: ['sasl'],
  },
  {
    name: 'SetSASLResponse',
    codec: 'SaslToken',
    value: { token: null },
    responses: ['sasl'],
  },

  {
    name: 'CreateResponse',
    codec: 'PathResponse',
    value: { path: '/a/b0000000007' },
    responses: ['create'],
  },
  { name: 'SyncResponse', codec: 'PathResponse', value: { path }, responses: ['sync'] },
  {
    name: 'Create2Response',
    codec: 'Create2Response',
    value: { path: '/a/b0000000007', stat },
    responses: ['create2', 'createContainer', 'createTTL'],
  },
  { name: 'ExistsResponse', codec: 'StatResponse', value: { stat }, responses: ['exists'] },
  { name: 'SetDataResponse', codec: 'StatResponse', value: { stat }, responses: ['setData'] },
  { name: 'SetACLResponse', codec: 'StatResponse', value: { stat }, responses: ['setACL'] },
  {
    name: 'GetDataResponse',
    codec: 'GetDataResponse',
    value: { data, stat },
    responses: ['getData', 'reconfig'],
  },
  {
    name: 'GetDataResponse/null data',
    codec: 'GetDataResponse',
    value: { data: null, stat },
    responses: ['getData'],
  },
  {
    name: 'GetDataResponse/empty data',
    codec: 'GetDataResponse',
    value: { data: empty, stat },
    responses: ['getData'],
  },
  {
    name: 'GetACLResponse',
    codec: 'GetAclResponse',
    value: { acl: two, stat },
    responses: ['getACL'],
  },
  {
    name: 'GetChildrenResponse',
    codec: 'GetChildrenResponse',
    value: { children: ['a', 'größe', '日本'] },
    responses: ['getChildren'],
  },
  {
    name: 'GetChildrenResponse/empty',
    codec: 'GetChildrenResponse',
    value: { children: [] },
    responses: ['getChildren'],
  },
  {
    name: 'GetChildren2Response',
    codec: 'GetChildren2Response',
    value: { children: ['a'], stat },
    responses: ['getChildren2'],
  },
  {
    name: 'GetAllChildrenNumberResponse',
    codec: 'GetAllChildrenNumberResponse',
    value: { totalNumber: 123456789 },
    responses: ['getAllChildrenNumber'],
  },
  {
    name: 'GetEphemeralsResponse',
    codec: 'GetEphemeralsResponse',
    value: { ephemerals: ['/a', '/b'] },
    responses: ['getEphemerals'],
  },
  {
    name: 'WhoAmIResponse',
    codec: 'WhoAmIResponse',
    value: {
      clientInfo: [
        { authScheme: 'ip', user: '127.0.0.1' },
        { authScheme: 'digest', user: 'user' },
      ],
    },
    responses: ['whoAmI'],
  },
  {
    name: 'ErrorResponse',
    codec: 'ErrorResponse',
    value: { err: -121 },
    responses: ['addWatch'],
  },

  {
    name: 'MultiOperationRecord',
    codec: 'MultiRequest',
    value: [
      { op: OpCode.create, path, data, acl: open, flags: 0 },
      { op: OpCode.createContainer, path: '/c', data: null, acl: two, flags: 4 },
      { op: OpCode.createTTL, path: '/t', data: empty, acl: open, flags: 5, ttl: 5000n },
      { op: OpCode.delete, path: '/d', version: 4 },
      { op: OpCode.setData, path: '/s', data, version: -1 },
      { op: OpCode.check, path: '/v', version: 2 },
    ],
  },
  {
    name: 'MultiOperationRecord/create2',
    codec: 'MultiRequest',
    value: [{ op: OpCode.create2, path, data, acl: open, flags: 0 }],
  },
  {
    name: 'MultiOperationRecord/read',
    codec: 'MultiRequest',
    value: [
      { op: OpCode.getData, path: '/g', watch: false },
      { op: OpCode.getChildren, path: '/h', watch: false },
    ],
  },
  { name: 'MultiOperationRecord/empty', codec: 'MultiRequest', value: [] },
  {
    name: 'MultiResponse',
    codec: 'MultiResponse',
    value: [
      { op: OpCode.create, path },
      { op: OpCode.create2, path: '/c', stat },
      { op: OpCode.delete },
      { op: OpCode.setData, stat },
      { op: OpCode.check },
    ],
  },
  {
    name: 'MultiResponse/failed',
    codec: 'MultiResponse',
    value: [
      { op: OpCode.error, err: 0 },
      { op: OpCode.error, err: -110 },
      { op: OpCode.error, err: -2 },
    ],
  },
  {
    name: 'MultiResponse/read',
    codec: 'MultiResponse',
    value: [
      { op: OpCode.getData, data, stat },
      { op: OpCode.getChildren, children: ['x', 'y'] },
      { op: OpCode.error, err: -101 },
    ],
  },

  { name: 'TxnHeader', codec: 'TxnHeader', value: txnHeader },
  { name: 'TxnDigest', codec: 'TxnDigest', value: { version: 2, treeDigest: -2n } },
  {
    name: 'CreateTxnV0',
    codec: 'CreateTxnV0',
    value: { path, data, acl: open, ephemeral: true },
  },
  {
    name: 'CreateTxn',
    codec: 'CreateTxn',
    value: createTxn,
    txns: ['create', 'create2'],
    shorterForms: (length) => length === 45,
  },
  {
    name: 'CreateTxn/V0',
    codec: 'CreateTxn',
    value: { path, data: null, acl: two, ephemeral: false, parentCversion: -1 },
    encodesOtherwise: 'the form of 3.4 is written',
  },
  {
    name: 'CreateContainerTxn',
    codec: 'CreateContainerTxn',
    value: { path, data: null, acl: two, parentCversion: 4 },
    txns: ['createContainer'],
  },
  {
    name: 'CreateTTLTxn',
    codec: 'CreateTtlTxn',
    value: { path, data, acl: open, parentCversion: 4, ttl: 5000n },
    txns: ['createTTL'],
  },
  {
    name: 'DeleteTxn',
    codec: 'DeleteTxn',
    value: { path },
    txns: ['delete', 'deleteContainer'],
  },
  {
    name: 'SetDataTxn',
    codec: 'SetDataTxn',
    value: { path, data, version: 4 },
    txns: ['setData', 'reconfig'],
  },
  {
    name: 'SetACLTxn',
    codec: 'SetAclTxn',
    value: { path, acl: two, version: 4 },
    txns: ['setACL'],
  },
  {
    name: 'CheckVersionTxn',
    codec: 'CheckVersionTxn',
    value: { path, version: 4 },
    txns: ['check'],
  },
  {
    name: 'CreateSessionTxn',
    codec: 'CreateSessionTxn',
    value: { timeoutMs: 30000 },
    txns: ['createSession'],
  },
  {
    name: 'CloseSessionTxn',
    codec: 'CloseSessionTxn',
    value: { paths: ['/a/b', '/a/c'] },
    txns: ['closeSession'],
    // A count of two and eight bytes more are a digest: twelve bytes here.
    shorterForms: (length) => length === 0 || length === 12,
  },
  {
    name: 'CloseSessionTxn/absent',
    codec: 'CloseSessionTxn',
    value: { paths: null },
    txns: ['closeSession'],
  },
  { name: 'ErrorTxn', codec: 'ErrorTxn', value: { err: -101 }, txns: ['error'] },
  { name: 'MultiTxn', codec: 'MultiTxn', value: multiTxn, txns: ['multi'] },
  {
    name: 'TxnRecord',
    codec: 'TxnRecord',
    value: {
      header: txnHeader,
      txn: { type: OpCode.create, ...createTxn },
      digest: { version: 2, treeDigest: 0x123456789abcdef0n },
    },
    shorterForms: (length) => length === 32 + 45 || length === 32 + 49,
  },
  {
    name: 'TxnRecord/no digest',
    codec: 'TxnRecord',
    value: { header: txnHeader, txn: { type: OpCode.create, ...createTxn }, digest: null },
    shorterForms: (length) => length === 32 + 45,
  },
  {
    name: 'TxnRecord/close',
    codec: 'TxnRecord',
    value: {
      header: closeHeader,
      txn: { type: OpCode.closeSession, paths: [path] },
      digest: { version: 2, treeDigest: 5n },
    },
    shorterForms: (length) => length === 32 || length === 32 + 12,
  },
  {
    name: 'TxnRecord/close absent',
    codec: 'TxnRecord',
    value: {
      header: closeHeader,
      txn: { type: OpCode.closeSession, paths: null },
      digest: { version: 2, treeDigest: 5n },
    },
    shorterForms: (length) => length === 32,
  },
  {
    name: 'TxnRecord/multi',
    codec: 'TxnRecord',
    value: {
      header: { ...txnHeader, cxid: 11, zxid: ZXID + 2, type: OpCode.multi },
      txn: { type: OpCode.multi, ...multiTxn },
      digest: null,
    },
  },

  {
    name: 'QuorumPacket',
    codec: 'QuorumPacket',
    value: {
      type: 1,
      zxid: -1,
      data,
      authinfo: [
        { scheme: 'ip', id: '127.0.0.1' },
        { scheme: 'super', id: '' },
      ],
    },
  },
  {
    name: 'QuorumPacket/null',
    codec: 'QuorumPacket',
    value: { type: 5, zxid: ZXID, data: null, authinfo: null },
  },
  {
    name: 'QuorumPacket/empty',
    codec: 'QuorumPacket',
    value: { type: 10, zxid: 0x600000000, data: empty, authinfo: [] },
  },
  {
    name: 'LearnerInfo',
    codec: 'LearnerInfo',
    value: { serverId: 2n, protocolVersion: 0x10000, configVersion: 0x100000000n },
    shorterForms: (length) => length === 8 || length === 12,
  },
  {
    name: 'LearnerInfo/3.4',
    codec: 'LearnerInfo',
    value: { serverId: 2n, protocolVersion: 0x10000, configVersion: undefined },
    shorterForms: (length) => length === 8,
  },
  { name: 'LeaderInfo', codec: 'LeaderInfo', value: { protocolVersion: 0x10000 } },
  { name: 'AckEpoch', codec: 'AckEpoch', value: { currentEpoch: -1 } },
  {
    name: 'PingSessions',
    codec: 'PingSessions',
    value: [
      { sessionId: SESSION, timeoutMs: 30000 },
      { sessionId: NEGATIVE_SESSION, timeoutMs: 4000 },
    ],
    shorterForms: (length) => length === 0 || length === 12,
  },
  { name: 'PingSessions/empty', codec: 'PingSessions', value: [] },
  {
    name: 'RevalidateRequest',
    codec: 'RevalidateRequest',
    value: { sessionId: SESSION, timeoutMs: 30000 },
  },
  {
    name: 'RevalidateAnswer',
    codec: 'RevalidateAnswer',
    value: { sessionId: SESSION, valid: true },
  },
  {
    name: 'ForwardedRequest',
    codec: 'ForwardedRequest',
    value: {
      sessionId: SESSION,
      cxid: 9,
      type: OpCode.delete,
      body: hex('000000042f612f62ffffffff'),
    },
    shorterForms: (length) => length >= 16,
  },
  { name: 'CommitAndActivate', codec: 'CommitAndActivate', value: { designatedLeader: 3n } },
  {
    name: 'InformAndActivate',
    codec: 'InformAndActivate',
    value: { designatedLeader: 3n, txnRecord: data },
    shorterForms: (length) => length >= 8,
  },
  {
    name: 'QuorumAuthPacket',
    codec: 'QuorumAuthPacket',
    value: { magic: 0x5f2435013501edccn, status: -1, token: data },
  },

  {
    name: 'Notification',
    codec: 'Notification',
    value: {
      state: 0,
      leader: 3n,
      zxid: BigInt(ZXID),
      electionEpoch: 8n,
      peerEpoch: 5n,
      version: 2,
      config: ascii(config),
    },
    shorterForms: (length) => length === 28 || length === 40,
  },
  {
    name: 'Notification/observer',
    codec: 'Notification',
    value: {
      state: 3,
      leader: -(2n ** 63n),
      zxid: -(2n ** 63n),
      electionEpoch: 1n,
      peerEpoch: -(2n ** 63n),
      version: 2,
      config: empty,
    },
    shorterForms: (length) => length === 28 || length === 40,
  },
  {
    name: 'Notification/40 bytes',
    codec: 'Notification',
    value: {
      state: 2,
      leader: 3n,
      zxid: BigInt(ZXID),
      electionEpoch: 8n,
      peerEpoch: 5n,
      version: 0,
      config: null,
    },
    shorterForms: (length) => length === 28,
  },
  {
    name: 'Notification/28 bytes',
    codec: 'Notification',
    value: {
      state: 1,
      leader: 3n,
      zxid: BigInt(ZXID),
      electionEpoch: 8n,
      peerEpoch: 5n,
      version: 0,
      config: null,
    },
    encodesOtherwise: 'the form of 40 bytes is written',
  },
  {
    name: 'InitialMessage/V1',
    codec: 'InitialMessage',
    value: { protocolVersion: -65536n, serverId: 2n, addresses: ['127.0.0.1:3888'] },
  },
  {
    name: 'InitialMessage/V2',
    codec: 'InitialMessage',
    value: { protocolVersion: -65535n, serverId: 2n, addresses: ['h1:3888', '[::1]:3889'] },
  },
  {
    name: 'InitialMessage/3.4',
    codec: 'InitialMessage',
    value: { protocolVersion: null, serverId: 3n, addresses: [] },
  },

  {
    name: 'FileHeader',
    codec: 'FileHeader',
    value: { magic: 0x5a4b4c47, version: 2, dbid: 0n },
  },
  {
    name: 'FileHeader/snapshot',
    codec: 'FileHeader',
    value: { magic: 0x5a4b534e, version: 2, dbid: -1n },
  },
  { name: 'LogEntry', codec: 'LogEntry', value: { checksum: 0x011a0106, record: data } },
  {
    name: 'SnapshotSession',
    codec: 'SnapshotSession',
    value: { sessionId: NEGATIVE_SESSION, timeoutMs: 30000 },
  },
  { name: 'SnapshotAcl', codec: 'SnapshotAcl', value: { aclId: 4n, acl: two } },
  {
    name: 'SnapshotZnode',
    codec: 'SnapshotZnode',
    value: { path, data, aclId: 4n, stat: stored },
  },
  { name: 'SnapshotZnode/end', codec: 'SnapshotZnode', value: undefined },
  {
    name: 'ZxidDigest',
    codec: 'ZxidDigest',
    value: { zxid: ZXID, digestVersion: 2, digest: -7n },
  },
  { name: 'SnapshotSeal', codec: 'SnapshotSeal', value: { checksum: 0xfedcba98 } },
];

/** What Apache's classes wrote, by name. Records first; `file/`, `path/`, `owner/` and `sequence/` are what they say. */
export function loadVectorBytes(): ReadonlyMap<string, Uint8Array> {
  const lines = readFileSync(new URL('./apache-3.8.tsv', import.meta.url), 'utf8').trimEnd();
  return new Map(
    lines.split('\n').map((line) => {
      const [name, bytes] = line.split('\t');
      return [name!, hex(bytes!)] as const;
    }),
  );
}
