// docs/reference/client-errors.md, from the error classes of @zooid/client and what is said about each here.

import * as client from '../../packages/client/src/index.ts';

type ClientModule = typeof client;

/** Names of the exported classes that calls reject with. */
type ErrorName = {
  [Name in keyof ClientModule]: ClientModule[Name] extends new (
    ...args: never[]
  ) => client.ZooKeeperError
    ? Exclude<Name, 'ZooKeeperError'>
    : never;
}[keyof ClientModule];

interface ErrorMeaning {
  /** `either`: the error's own `outcome` says which. */
  readonly outcome: 'not-applied' | 'either';
  /** When a call gets it. */
  readonly when: string;
  /** What the caller can do. */
  readonly remedy: string;
}

const LOOK = 'If the outcome is `unknown`, look whether it happened before trying again.';

/** Every class has its line, or this does not compile. */
const meanings: { readonly [Name in ErrorName]: ErrorMeaning } = {
  NoNodeError: {
    outcome: 'either',
    when: 'The znode, or the parent of a new one, does not exist. (`unknown` only of a `create` by a server that cannot tell the stat with it, early ClickHouse Keepers: created, and gone again before it was asked.)',
    remedy:
      'Treat it as absent, or create it: `ensurePath` makes parents. `exists` does not throw it.',
  },
  NodeExistsError: {
    outcome: 'not-applied',
    when: 'A znode of this path exists.',
    remedy: 'Treat it as present, or take a sequential mode.',
  },
  BadVersionError: {
    outcome: 'not-applied',
    when: 'The znode has another version than the `version` given: somebody changed it.',
    remedy: 'Read it again and decide again: `update` does.',
  },
  NotEmptyError: {
    outcome: 'not-applied',
    when: 'A znode to delete has children.',
    remedy: 'Delete them first: `deleteTree` does.',
  },
  NoChildrenForEphemeralsError: {
    outcome: 'not-applied',
    when: 'The parent of a new znode is ephemeral.',
    remedy: 'Choose another parent.',
  },
  NoAuthError: {
    outcome: 'not-applied',
    when: 'The ACL does not allow it to any identity of this connection.',
    remedy: 'Show credentials (`auth`, `addAuth`), or have the ACL changed.',
  },
  InvalidAclError: {
    outcome: 'not-applied',
    when: 'The ACL is empty, or an entry has a scheme or an identity that the server does not take.',
    remedy: 'Correct it. `creatorAcl` needs credentials shown before.',
  },
  BadArgumentsError: {
    outcome: 'not-applied',
    when: 'A path, mode, TTL, version or other argument is not allowed. Most are found before anything is sent.',
    remedy: 'Correct the call; the message says what is wrong.',
  },
  QuotaExceededError: {
    outcome: 'not-applied',
    when: 'The quota of a subtree is used up, on servers that enforce quotas.',
    remedy: 'Delete something below the quota, or raise it.',
  },
  NoWatcherError: {
    outcome: 'not-applied',
    when: '`removeWatches` found no such watch; or a watch was waited for that `removeWatches` has taken away.',
    remedy: 'Treat it as removed.',
  },
  NotReadOnlyError: {
    outcome: 'not-applied',
    when: 'A write while the state is `read-only`.',
    remedy: "Wait: `untilState('connected')`.",
  },
  EphemeralOnLocalSessionError: {
    outcome: 'not-applied',
    when: 'A local session may not own ephemeral znodes, and could not be made a global one.',
    remedy: 'Connect to servers that upgrade sessions, or do without ephemerals.',
  },
  UnimplementedError: {
    outcome: 'not-applied',
    when: 'The server is too old for the operation, or it is not switched on there (TTL znodes).',
    remedy:
      'Switch it on, or do without. Watches and `create` fall back on what older servers have by themselves.',
  },
  ReconfigError: {
    outcome: 'not-applied',
    when: 'A reconfiguration was refused: another one runs, the new ensemble has no quorum, or it is switched off.',
    remedy: 'Wait for the other one, start the new members first, or set `reconfigEnabled`.',
  },
  ThrottledError: {
    outcome: 'not-applied',
    when: 'The server was overloaded and gave the request up.',
    remedy: 'Try again later, more slowly.',
  },
  RequestTooLargeError: {
    outcome: 'not-applied',
    when: 'The request is longer than `maxRequestBytes`; it was not sent, since the server would end the connection.',
    remedy: 'Store less, or raise the option together with `jute.maxbuffer` of all servers.',
  },
  TooManyPendingError: {
    outcome: 'not-applied',
    when: 'As many calls wait for answers as `maxPending` allows; this one was not sent.',
    remedy: 'Await some of them first.',
  },
  ServerError: {
    outcome: 'either',
    when: 'The server answered with a code that has no class here; `errorCode` is the number.',
    remedy: `See [error codes](errors.md). ${LOOK}`,
  },
  TransactionError: {
    outcome: 'not-applied',
    when: 'One operation of a transaction was refused, so nothing was changed. `index` says which, `cause` why.',
    remedy: 'What the cause asks for.',
  },
  ConnectionLossError: {
    outcome: 'either',
    when: 'The connection was lost before the answer came. Reads are sent again instead, unless `retryReads` is false; so are writes with `idempotent`.',
    remedy: `The session may go on, and the next call waits for a connection. ${LOOK}`,
  },
  OperationTimeoutError: {
    outcome: 'either',
    when: "The call's `timeoutMs` has passed.",
    remedy: LOOK,
  },
  ConnectTimeoutError: {
    outcome: 'not-applied',
    when: '`connect` got no session in time. The message names the servers and what the last attempt failed of, which is `cause`, too.',
    remedy: 'Check addresses, network, TLS; try again.',
  },
  ProtocolError: {
    outcome: 'either',
    when: 'The server sent what is not the protocol, or a reply above `maxReplyBytes`. The connection was closed; another one is opened.',
    remedy: `Check that it is a ZooKeeper server and no proxy in between. ${LOOK}`,
  },
  WatchOverflowError: {
    outcome: 'not-applied',
    when: 'More than `maxQueued` events of a watch wait to be taken. The watch has ended.',
    remedy: 'Watch again and look at everything again; take events faster.',
  },
  SessionExpiredError: {
    outcome: 'either',
    when: 'The session has ended: its ephemeral znodes are gone or will be, its watches are lost. Every later call gets it, too.',
    remedy: `\`connect\` again and make ephemerals and watches anew. ${LOOK}`,
  },
  AuthFailedError: {
    outcome: 'either',
    when: 'The server refused the credentials, of `auth`, `addAuth` or SASL. That ends the session. Every later call gets it, too.',
    remedy: 'Correct the credentials, then `connect` again.',
  },
  ClosedError: {
    outcome: 'either',
    when: 'The client was closed, by `close` or at the end of an `await using` block.',
    remedy: 'Nothing, or `connect` again.',
  },
};

const INTRODUCTION = `# Errors of the client

<!-- Made by "npm run docs" from packages/client/src/errors.ts and scripts/reference/client-errors-page.ts. Do not edit. -->

Whatever a call of \`@zooid/client\` rejects with because of the server or the connection is a \`ZooKeeperError\`: \`code\` is the stable name,
\`operation\` and \`path\` say where, \`outcome\` whether it may have happened all the same, \`kind\` which of ZooKeeper's three kinds it is:

- **state**: an answer about the tree. The session is well; decide.
- **recoverable**: the connection failed, or somebody had no time. The session may go on.
- **unrecoverable**: the session has ended. Another one is needed.

An outcome of *not-applied* is for certain. Where it says *either*, the error's own \`outcome\` tells: \`unknown\` only for writes that were sent and
not answered. How to live with it: [errors and retries](../guides/errors-and-retries.md).

| Class | Code | Kind | Outcome | When | What to do |
| --- | --- | --- | --- | --- | --- |
`;

const OTHERS = `
Besides there are the reason of a call's \`signal\`, as it is, and a \`TypeError\` for data that is neither a string, nor bytes, nor null.
\`connect\` may also reject with:

| Class | Code | When |
| --- | --- | --- |
| ConnectStringError | \`INVALID_CONNECT_STRING\` | The connect string does not say where to connect; \`part\` is what is wrong in it. |
| TlsOptionsError | \`INVALID_TLS_OPTIONS\` | Certificate, key or another option for TLS cannot be used. Nothing was tried. |

And these are seen as \`cause\`:

| Class | Code | When |
| --- | --- | --- |
| ConnectAttemptError | \`CONNECT_FAILED\` | No address of a server could be reached; \`attempts\` has each with its reason. |
| ConnectionBrokenError | \`CONNECTION_BROKEN\` | An open connection broke. |
`;

/** The whole page. */
export function clientErrorsPage(): string {
  const rows = (Object.keys(meanings) as ErrorName[]).map((name) => {
    const { outcome, when, remedy } = meanings[name];
    const { code, kind } = exampleOf(name);
    const codeText = name === 'TransactionError' ? 'that of its cause' : `\`${code}\``;
    return `| ${name} | ${codeText} | ${kind} | ${outcome} | ${when} | ${remedy} |\n`;
  });
  return `${INTRODUCTION}${rows.join('')}${OTHERS}`;
}

function exampleOf(name: ErrorName): client.ZooKeeperError {
  const classes: Pick<ClientModule, ErrorName> = client;
  const facts = { operation: 'get' };
  switch (name) {
    case 'TransactionError':
      return new client.TransactionError(0, new client.NoNodeError(facts));
    case 'ServerError':
      return new client.ServerError(-1, facts);
    default:
      return new classes[name](facts);
  }
}
