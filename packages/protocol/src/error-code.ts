/** Outcome of a request as it stands in the reply header. Source: KeeperException.Code. */
export const ErrorCode = {
  ok: 0,
  systemError: -1,
  runtimeInconsistency: -2,
  dataInconsistency: -3,
  connectionLoss: -4,
  marshallingError: -5,
  unimplemented: -6,
  operationTimeout: -7,
  badArguments: -8,
  invalidState: -9,
  unknownSession: -12,
  newConfigNoQuorum: -13,
  reconfigInProgress: -14,
  apiError: -100,
  noNode: -101,
  noAuth: -102,
  badVersion: -103,
  noChildrenForEphemerals: -108,
  nodeExists: -110,
  notEmpty: -111,
  sessionExpired: -112,
  invalidCallback: -113,
  invalidACL: -114,
  authFailed: -115,
  closing: -116,
  nothing: -117,
  sessionMoved: -118,
  notReadOnly: -119,
  ephemeralOnLocalSession: -120,
  noWatcher: -121,
  requestTimeout: -122,
  reconfigDisabled: -123,
  sessionClosedRequireSaslAuth: -124,
  quotaExceeded: -125,
  throttledOp: -127,
} as const;

export type ErrorCode = (typeof ErrorCode)[keyof typeof ErrorCode];

/** Name as Apache writes it, and what it means for whoever asked. */
interface ErrorFacts {
  readonly name: string;
  readonly sentence: string;
}

const factsByCode: ReadonlyMap<number, ErrorFacts> = new Map([
  [0, { name: 'Ok', sentence: 'The request was carried out.' }],
  [-1, { name: 'SystemError', sentence: 'The server failed.' }],
  [
    -2,
    {
      name: 'RuntimeInconsistency',
      sentence: 'The operation was not tried, because one before it in the same multi failed.',
    },
  ],
  [-3, { name: 'DataInconsistency', sentence: 'The server found its data inconsistent.' }],
  [
    -4,
    {
      name: 'ConnectionLoss',
      sentence: 'The connection was lost; whether the request was carried out is not known.',
    },
  ],
  [-5, { name: 'MarshallingError', sentence: 'The request or the reply could not be decoded.' }],
  [
    -6,
    {
      name: 'Unimplemented',
      sentence: 'The server does not know or does not allow this operation.',
    },
  ],
  [-7, { name: 'OperationTimeout', sentence: 'The operation took too long.' }],
  [
    -8,
    { name: 'BadArguments', sentence: 'A path, flag, version or other argument is not allowed.' },
  ],
  [-9, { name: 'InvalidState', sentence: 'The client is closed or cannot do this now.' }],
  [-12, { name: 'UnknownSession', sentence: 'The server does not know this session.' }],
  [
    -13,
    { name: 'NewConfigNoQuorum', sentence: 'No quorum of the new configuration is connected.' },
  ],
  [-14, { name: 'ReconfigInProgress', sentence: 'Another reconfiguration is in progress.' }],
  [-100, { name: 'APIError', sentence: 'The request failed for a reason of the API.' }],
  [-101, { name: 'NoNode', sentence: 'The znode, or the parent of a new one, does not exist.' }],
  [-102, { name: 'NoAuth', sentence: 'The ACL does not allow this.' }],
  [-103, { name: 'BadVersion', sentence: 'The znode has another version than the one expected.' }],
  [-108, { name: 'NoChildrenForEphemerals', sentence: 'An ephemeral znode cannot have children.' }],
  [-110, { name: 'NodeExists', sentence: 'The znode exists already.' }],
  [-111, { name: 'NotEmpty', sentence: 'The znode has children.' }],
  [
    -112,
    { name: 'SessionExpired', sentence: 'The session has expired; its ephemeral znodes are gone.' },
  ],
  [-113, { name: 'InvalidCallback', sentence: 'The callback given is not valid.' }],
  [-114, { name: 'InvalidACL', sentence: 'The ACL is empty or holds an entry that is not valid.' }],
  [-115, { name: 'AuthFailed', sentence: 'The server did not accept who the client says it is.' }],
  [-116, { name: 'Closing', sentence: 'The client is closing.' }],
  [-117, { name: 'Nothing', sentence: 'There is nothing to do.' }],
  [
    -118,
    { name: 'SessionMoved', sentence: 'The session has moved to another connection or server.' },
  ],
  [-119, { name: 'NotReadOnly', sentence: 'A read-only server cannot carry out a write.' }],
  [
    -120,
    { name: 'EphemeralOnLocalSession', sentence: 'A local session cannot own ephemeral znodes.' },
  ],
  [-121, { name: 'NoWatcher', sentence: 'There is no such watch.' }],
  [-122, { name: 'RequestTimeout', sentence: 'The request was not answered in time.' }],
  [-123, { name: 'ReconfigDisabled', sentence: 'Reconfiguration is switched off on the server.' }],
  [
    -124,
    {
      name: 'SessionClosedRequireSaslAuth',
      sentence: 'The server closed the session, because it requires authentication.',
    },
  ],
  [-125, { name: 'QuotaExceeded', sentence: 'The quota of the subtree does not allow this.' }],
  [-127, { name: 'ThrottledOp', sentence: 'The server is overloaded and put the request off.' }],
]);

/** Name of an error code as Apache writes it: `NoNode`, `BadVersion`; `Unknown error n` for any other. */
export function errorName(code: number): string {
  return factsByCode.get(code)?.name ?? `Unknown error ${code}`;
}

/** What an error code means, as one sentence in plain English. */
export function errorSentence(code: number): string {
  return factsByCode.get(code)?.sentence ?? `The server answered with the unknown error ${code}.`;
}
