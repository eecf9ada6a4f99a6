import { encodeUtf8, FRAME_BYTES_MAX_DEFAULT } from '@zooid/protocol';
import { Chroot } from './chroot.ts';
import { ConnectTimeoutError, OperationTimeoutError } from './errors.ts';
import { Limit } from './limit.ts';
import type { ConnectOptions, Credentials } from './options.ts';
import { Session } from './session/session.ts';
import { Backoff } from './transport/backoff.ts';
import {
  type ConnectString,
  formatServer,
  parseConnectString,
} from './transport/connect-string.ts';
import { ServerList } from './transport/server-list.ts';
import { tcpTransport } from './transport/tcp-transport.ts';
import { ZooKeeper } from './zookeeper.ts';

const SESSION_TIMEOUT_MS_DEFAULT = 30_000;
const HANDSHAKE_TIMEOUT_MS_MIN = 1_000;
/** A server that takes the connection and says nothing must not cost the session: there is time for others, or for it once more. */
const HANDSHAKES_IN_A_SESSION_MIN = 4;
const RECONNECT_DELAY_MS_BASE = 20;
const RECONNECT_DELAY_MS_MAX_DEFAULT = 2_000;
const PENDING_MAX_DEFAULT = 65_536;
const REPLY_BYTES_MAX_DEFAULT = 64 * 1024 * 1024;

/**
 * Begins a session.
 *
 * @param servers - `host:port,host:port/chroot`; the port is 2181 unless given, IPv6 addresses stand in brackets.
 * @returns the client, connected. `await using` closes it at the end of the block.
 * @throws ConnectStringError when `servers` is malformed; ConnectTimeoutError when no server gave a session in time; AuthFailedError
 *   when the credentials are refused; SessionExpiredError when `options.session` has; the signal's reason.
 */
export async function connect(servers: string, options: ConnectOptions = {}): Promise<ZooKeeper> {
  const target = parseConnectString(servers);
  options.signal?.throwIfAborted();
  const session = createSession(target, { ...options, auth: undefined });
  const accepted = (options.auth ?? []).map((credentials) => show(session, credentials));
  session.open();
  const timeoutMs = options.timeoutMs ?? options.sessionTimeoutMs ?? SESSION_TIMEOUT_MS_DEFAULT;
  using limit = new Limit(options.signal, timeoutMs, () => {
    return new OperationTimeoutError({ operation: 'connect' });
  });
  try {
    const connected = session.untilState(['connected', 'read-only']);
    await limit.race(Promise.all([connected, ...accepted]));
  } catch (error) {
    const cause = session.lastFailure;
    await session.close();
    if (!(error instanceof OperationTimeoutError)) throw error;
    throw new ConnectTimeoutError({
      operation: 'connect',
      sentence: `none of ${target.servers.map(formatServer).join(', ')} gave a session in time${
        cause === undefined ? '' : ` (${cause.message})`
      }`,
      cause,
    });
  }
  return new ZooKeeper(session, new Chroot(target.chroot));
}

/** A session that is ready to connect: `open` begins it. */
export function createSession(target: ConnectString, options: ConnectOptions): Session {
  const sessionTimeoutMs = options.sessionTimeoutMs ?? SESSION_TIMEOUT_MS_DEFAULT;
  const session = new Session(
    {
      sessionTimeoutMs,
      handshakeTimeoutMs:
        options.handshakeTimeoutMs ??
        Math.max(
          HANDSHAKE_TIMEOUT_MS_MIN,
          sessionTimeoutMs / Math.max(HANDSHAKES_IN_A_SESSION_MIN, target.servers.length),
        ),
      allowsReadOnly: options.readOnly ?? false,
      usesSasl: options.sasl !== undefined,
      resendsReads: options.retryReads ?? true,
      pendingMax: options.maxPending ?? PENDING_MAX_DEFAULT,
      requestBytesMax: options.maxRequestBytes ?? FRAME_BYTES_MAX_DEFAULT,
      replyBytesMax: options.maxReplyBytes ?? REPLY_BYTES_MAX_DEFAULT,
      keepsCallSites: options.callSites ?? false,
      resume: options.session,
    },
    {
      transport: options.transport ?? tcpTransport({ tls: options.tls }),
      servers: new ServerList(target.servers, Math.random),
      backoff: new Backoff(
        {
          baseMs: RECONNECT_DELAY_MS_BASE,
          maxMs: options.maxReconnectDelayMs ?? RECONNECT_DELAY_MS_MAX_DEFAULT,
        },
        Math.random,
      ),
      sasl: options.sasl,
    },
  );
  for (const credentials of options.auth ?? []) {
    // Refused credentials end the session, and that is what its owner hears of.
    show(session, credentials).catch(() => undefined);
  }
  return session;
}

function show(session: Session, { scheme, auth }: Credentials): Promise<void> {
  return session.addAuth(scheme, typeof auth === 'string' ? encodeUtf8(auth) : auth);
}
