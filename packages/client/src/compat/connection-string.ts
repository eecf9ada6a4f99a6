import assert, { AssertionError } from 'node:assert';
import {
  type ConnectString,
  ConnectStringError,
  parseConnectString,
} from '../transport/connect-string.ts';
import { assertPath } from './path.ts';

/** Takes `host:port,host:port/chroot` apart. @throws AssertionError when it does not say where to connect. */
export function parseConnectionString(text: string): ConnectString {
  assert(typeof text === 'string' && text !== '', 'connectionString must be an non-empty string.');
  const slash = text.indexOf('/');
  const hosts = slash < 0 ? text : text.slice(0, slash);
  const chroot = slash < 0 ? '/' : text.slice(slash).trim();
  assertPath(chroot);
  assert(
    hosts.split(',').some((host) => host.trim() !== ''),
    'connectionString must contain at least one server.',
  );
  try {
    return parseConnectString(text);
  } catch (error) {
    if (!(error instanceof ConnectStringError)) throw error;
    throw new AssertionError({ message: `connectionString is malformed: ${error.message}` });
  }
}
