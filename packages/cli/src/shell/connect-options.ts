// What the arguments, a client configuration of Apache's and CLIENT_JVMFLAGS say about the connection.

import type { ConnectOptions, Credentials } from '@zooid/client';
import { CommandError, ExitCode } from '../exit.ts';
import { clientProperties, readNamed, tlsOptions } from '../tls-arguments.ts';
import type { Invocation } from './invocation.ts';
import { parseProperties } from './properties.ts';

/** Longest wait for a session when nobody asked to wait, in ms. */
const CONNECT_MS_MAX = 5000;

/** @throws CommandError for files that cannot be read and values that cannot be used. */
export function connectOptions(
  invocation: Invocation,
  environment: Readonly<Record<string, string | undefined>>,
): ConnectOptions {
  const { timeoutMs, waitsForConnection, readOnly, auth } = invocation;
  return {
    sessionTimeoutMs: timeoutMs,
    timeoutMs: waitsForConnection ? timeoutMs : Math.min(timeoutMs, CONNECT_MS_MAX),
    readOnly,
    tls: tlsOptions(invocation, propertiesOf(invocation, environment)),
    auth: auth.map(credentialsOf),
  };
}

/** Of the environment, and of the file, which counts more. */
function propertiesOf(
  { clientConfiguration }: Invocation,
  environment: Readonly<Record<string, string | undefined>>,
): ReadonlyMap<string, string> {
  const properties = clientProperties(environment);
  if (clientConfiguration === undefined) return properties;
  const text = readNamed(clientConfiguration).toString('latin1');
  return new Map([...properties, ...parseProperties(text)]);
}

function credentialsOf(text: string): Credentials {
  const colon = text.indexOf(':');
  if (colon > 0) return { scheme: text.slice(0, colon), auth: text.slice(colon + 1) };
  throw new CommandError('--auth takes scheme:auth, such as digest:user:password', {
    exitCode: ExitCode.badInvocation,
  });
}
