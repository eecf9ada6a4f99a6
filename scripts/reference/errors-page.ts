// docs/reference/errors.md, from the table of error codes in @zooid/protocol and what is said about each here.

import { ErrorCode } from '../../packages/protocol/src/error-code.ts';

interface ErrorMeaning {
  /** Name in Apache's Java client. */
  readonly apacheName: string;
  /** When a client gets it. */
  readonly when: string;
  /** What the client can do. */
  readonly remedy: string;
}

const CLIENT_MAKES_IT = 'No server sends it: the Java client makes it itself.';

const meanings: { readonly [Name in keyof typeof ErrorCode]: ErrorMeaning } = {
  ok: { apacheName: 'OK', when: 'The request was done.', remedy: '' },
  systemError: {
    apacheName: 'SYSTEMERROR',
    when: 'Never sent alone: the codes from -2 to -99 are errors of the system.',
    remedy: '',
  },
  runtimeInconsistency: {
    apacheName: 'RUNTIMEINCONSISTENCY',
    when: 'In a multi, for the operations after the one that failed.',
    remedy: 'Look at the first other error of the multi.',
  },
  dataInconsistency: {
    apacheName: 'DATAINCONSISTENCY',
    when: 'Never sent by this server.',
    remedy: '',
  },
  connectionLoss: {
    apacheName: 'CONNECTIONLOSS',
    when: CLIENT_MAKES_IT,
    remedy: 'The request may or may not have been done. Look before trying again.',
  },
  marshallingError: {
    apacheName: 'MARSHALLINGERROR',
    when: 'The body of a request could not be decoded.',
    remedy: 'A defect of the client, or a request that is longer than its type allows.',
  },
  unimplemented: {
    apacheName: 'UNIMPLEMENTED',
    when: 'The operation is not known, not switched on (TTL znodes without extendedTypesEnabled), or not possible here (reconfig on a single server).',
    remedy: 'Switch it on, or do without.',
  },
  operationTimeout: {
    apacheName: 'OPERATIONTIMEOUT',
    when: CLIENT_MAKES_IT,
    remedy: 'As for connectionLoss.',
  },
  badArguments: {
    apacheName: 'BADARGUMENTS',
    when: 'A path is malformed, a mode or a TTL does not exist, or a znode must not be deleted.',
    remedy: 'Correct the request.',
  },
  invalidState: { apacheName: 'INVALIDSTATE', when: 'Of the C client.', remedy: '' },
  unknownSession: {
    apacheName: 'UNKNOWNSESSION',
    when: 'Between servers only.',
    remedy: '',
  },
  newConfigNoQuorum: {
    apacheName: 'NEWCONFIGNOQUORUM',
    when: 'Reconfiguration of an ensemble; never sent by a single server.',
    remedy: '',
  },
  reconfigInProgress: {
    apacheName: 'RECONFIGINPROGRESS',
    when: 'Reconfiguration of an ensemble; never sent by a single server.',
    remedy: '',
  },
  apiError: {
    apacheName: 'APIERROR',
    when: 'Never sent alone: the codes from -101 on are answers to a request.',
    remedy: '',
  },
  noNode: {
    apacheName: 'NONODE',
    when: 'The znode, or the parent of a new one, does not exist.',
    remedy: 'Create it, or treat it as absent.',
  },
  noAuth: {
    apacheName: 'NOAUTH',
    when: 'The ACL does not allow it to any identity of this connection.',
    remedy: 'Authenticate with addAuth, or have the ACL changed.',
  },
  badVersion: {
    apacheName: 'BADVERSION',
    when: 'The version that was given is not that of the znode: somebody changed it.',
    remedy: 'Read it again and decide again.',
  },
  noChildrenForEphemerals: {
    apacheName: 'NOCHILDRENFOREPHEMERALS',
    when: 'The parent of a new znode is ephemeral.',
    remedy: 'Choose another parent.',
  },
  nodeExists: {
    apacheName: 'NODEEXISTS',
    when: 'A znode of this path exists.',
    remedy: 'Treat it as present, or choose another name.',
  },
  notEmpty: {
    apacheName: 'NOTEMPTY',
    when: 'A znode to delete has children.',
    remedy: 'Delete them first.',
  },
  sessionExpired: {
    apacheName: 'SESSIONEXPIRED',
    when: 'The session has ended, and its ephemerals with it.',
    remedy: 'Begin a new session and make its ephemerals and watches again.',
  },
  invalidCallback: { apacheName: 'INVALIDCALLBACK', when: CLIENT_MAKES_IT, remedy: '' },
  invalidACL: {
    apacheName: 'INVALIDACL',
    when: 'An ACL is empty, names a scheme that does not exist, or an identity of the wrong form.',
    remedy: 'Correct the ACL; for the scheme auth, authenticate first.',
  },
  authFailed: {
    apacheName: 'AUTHFAILED',
    when: 'The scheme is not known or refused the credentials. The connection is closed after it.',
    remedy: 'Correct the credentials, then connect again.',
  },
  closing: { apacheName: 'CLOSING', when: 'Of the C client.', remedy: '' },
  nothing: { apacheName: 'NOTHING', when: 'Of the C client.', remedy: '' },
  sessionMoved: {
    apacheName: 'SESSIONMOVED',
    when: 'The session is now used by another connection.',
    remedy: 'Close this connection.',
  },
  notReadOnly: {
    apacheName: 'NOTREADONLY',
    when: 'A write in read-only mode; never sent by a single server.',
    remedy: '',
  },
  ephemeralOnLocalSession: {
    apacheName: 'EPHEMERALONLOCALSESSION',
    when: 'An ephemeral znode of a local session, in an ensemble where those do not become global.',
    remedy: 'Set localSessionsUpgradingEnabled, or do without ephemeral znodes.',
  },
  noWatcher: {
    apacheName: 'NOWATCHER',
    when: 'A watch to check or to remove does not exist.',
    remedy: 'Treat it as removed.',
  },
  requestTimeout: {
    apacheName: 'REQUESTTIMEOUT',
    when: CLIENT_MAKES_IT,
    remedy: 'As for connectionLoss.',
  },
  reconfigDisabled: {
    apacheName: 'RECONFIGDISABLED',
    when: 'reconfigEnabled is not true.',
    remedy: 'A single server cannot be reconfigured in either case.',
  },
  sessionClosedRequireSaslAuth: {
    apacheName: 'SESSIONCLOSEDREQUIRESASLAUTH',
    when: 'enforce.auth.enabled is true and the connection has not authenticated. It is closed after this answer.',
    remedy: 'Call addAuth before anything else.',
  },
  quotaExceeded: {
    apacheName: 'QUOTAEXCEEDED',
    when: 'A hard quota would be exceeded, with enforceQuota=true.',
    remedy: 'Delete something below the quota, or raise it.',
  },
  throttledOp: {
    apacheName: 'THROTTLEDOP',
    when: 'The request waited longer than throttled_op_wait_time. It was not done.',
    remedy: 'Try again later, more slowly.',
  },
};

const INTRODUCTION = `# Error codes

<!-- Made by "npm run docs" from packages/protocol/src/error-code.ts and scripts/reference/errors-page.ts. Do not edit. -->

Every reply carries one of these numbers; they are Apache ZooKeeper's. A request that is refused has changed nothing,
unless the table says otherwise. In a multi, either everything is done or nothing.

| Code | Name | Apache's name | When | What to do |
| --- | --- | --- | --- | --- |
`;

/** The whole page. */
export function errorsPage(): string {
  const rows = Object.entries(ErrorCode).map(([name, code]) => {
    const { apacheName, when, remedy } = meanings[name as keyof typeof ErrorCode];
    return `| ${code} | ${name} | ${apacheName} | ${when} | ${remedy} |\n`;
  });
  return `${INTRODUCTION}${rows.join('')}`;
}
