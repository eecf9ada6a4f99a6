// What the arguments, a client configuration of Apache's and CLIENT_JVMFLAGS say about the connection.
//
// Source: ZKClientConfig, ClientX509Util: zookeeper.client.secure, zookeeper.ssl.keyStore.*, zookeeper.ssl.trustStore.*.

import { readFileSync } from 'node:fs';
import type { ConnectOptions, Credentials, TlsOptions } from '@zooid/client';
import { CommandError, ExitCode, isSystemError } from '../exit.ts';
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

function propertiesOf(
  { clientConfiguration }: Invocation,
  environment: Readonly<Record<string, string | undefined>>,
): ReadonlyMap<string, string> {
  const flags = `${environment['CLIENT_JVMFLAGS'] ?? ''} ${environment['JVMFLAGS'] ?? ''}`;
  const properties = new Map(
    [...flags.matchAll(/(?:^|\s)-D([^=\s]+)=(\S*)/g)].map(([, key, value]) => [key!, value!]),
  );
  if (clientConfiguration === undefined) return properties;
  const text = readNamed(clientConfiguration).toString('latin1');
  for (const [key, value] of parseProperties(text)) properties.set(key, value);
  return properties;
}

function tlsOptions(
  { ca, cert, key }: Invocation,
  properties: ReadonlyMap<string, string>,
): TlsOptions | undefined {
  const isSecure = properties.get('zookeeper.client.secure')?.toLowerCase() === 'true';
  if (!isSecure && ca === undefined && cert === undefined && key === undefined) return undefined;
  const keyStore = properties.get('zookeeper.ssl.keyStore.location');
  const trustStore = properties.get('zookeeper.ssl.trustStore.location');
  const isChecked = properties.get('zookeeper.ssl.hostnameVerification')?.toLowerCase() !== 'false';
  return {
    ...(keyStore === undefined ? {} : keyOf(keyStore, properties)),
    ...(trustStore === undefined ? {} : { ca: trustOf(trustStore) }),
    ...(ca === undefined ? {} : { ca: readNamed(ca) }),
    ...(cert === undefined ? {} : { cert: readNamed(cert) }),
    ...(key === undefined ? {} : { key: readNamed(key) }),
    ...(isChecked ? {} : { rejectUnauthorized: false }),
  };
}

function keyOf(file: string, properties: ReadonlyMap<string, string>): TlsOptions {
  const passwordFile = properties.get('zookeeper.ssl.keyStore.passwordPath');
  const passphrase =
    passwordFile === undefined
      ? properties.get('zookeeper.ssl.keyStore.password')
      : readNamed(passwordFile).toString('utf8').trimEnd();
  const bytes = readNamed(file);
  refuseJks(file, bytes);
  return isPem(bytes) ? { cert: bytes, key: bytes, passphrase } : { pfx: bytes, passphrase };
}

function trustOf(file: string): Uint8Array {
  const bytes = readNamed(file);
  refuseJks(file, bytes);
  if (isPem(bytes)) return bytes;
  throw new CommandError(`the trust store ${file} is not PEM`, {
    exitCode: ExitCode.badInvocation,
    remedy: `Convert it: openssl pkcs12 -in ${file} -nokeys -out trust.pem`,
  });
}

function refuseJks(file: string, bytes: Buffer): void {
  if (bytes.length < 4 || bytes.readUInt32BE(0) !== 0xfeedfeed) return;
  throw new CommandError(`${file} is a store of Java's own format (JKS)`, {
    exitCode: ExitCode.badInvocation,
    remedy: `Convert it: keytool -importkeystore -srckeystore ${file} -destkeystore store.p12 -deststoretype PKCS12`,
  });
}

function isPem(bytes: Buffer): boolean {
  return bytes.includes('-----BEGIN ');
}

function readNamed(file: string): Buffer {
  try {
    return readFileSync(file);
  } catch (error) {
    if (!isSystemError(error)) throw error;
    throw new CommandError(`${file} cannot be read (${error.code})`, {
      exitCode: ExitCode.badInvocation,
    });
  }
}

function credentialsOf(text: string): Credentials {
  const colon = text.indexOf(':');
  if (colon > 0) return { scheme: text.slice(0, colon), auth: text.slice(colon + 1) };
  throw new CommandError('--auth takes scheme:auth, such as digest:user:password', {
    exitCode: ExitCode.badInvocation,
  });
}
