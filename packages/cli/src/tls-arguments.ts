// What arguments, a client configuration of Apache's and CLIENT_JVMFLAGS say about TLS.
//
// Source: ZKClientConfig, ClientX509Util: zookeeper.client.secure, zookeeper.ssl.keyStore.*, zookeeper.ssl.trustStore.*.

import { readFileSync } from 'node:fs';
import type { TlsOptions } from '@zooid/client';
import type { Command } from 'commander';
import { CommandError, ExitCode, isSystemError } from './exit.ts';

/** Names of PEM files; any of them, or `tls`, says that TLS is wanted. */
export interface TlsArguments {
  readonly tls?: true | undefined;
  /** Who may have signed the server's certificate. */
  readonly ca?: string | undefined;
  readonly cert?: string | undefined;
  readonly key?: string | undefined;
}

/** The options of a command that can speak TLS. */
export function addTlsOptions(syntax: Command): Command {
  return syntax
    .option('--tls', 'speak TLS; each of the next three says so, too')
    .option('--ca <file>', 'whom to trust, as PEM (default: whom Node trusts)')
    .option('--cert <file>', 'our certificate, as PEM, for servers that ask for one')
    .option('--key <file>', 'its private key, as PEM');
}

/** Java system properties in CLIENT_JVMFLAGS and JVMFLAGS. */
export function clientProperties(
  environment: Readonly<Record<string, string | undefined>>,
): ReadonlyMap<string, string> {
  const flags = `${environment['CLIENT_JVMFLAGS'] ?? ''} ${environment['JVMFLAGS'] ?? ''}`;
  return new Map(
    [...flags.matchAll(/(?:^|\s)-D([^=\s]+)=(\S*)/g)].map(([, key, value]) => [key!, value!]),
  );
}

/**
 * Undefined when nobody asks for TLS. Stores of the properties come first, files of the arguments replace what they hold.
 *
 * @throws CommandError for files that cannot be read or used.
 */
export function tlsOptions(
  { tls, ca, cert, key }: TlsArguments,
  properties: ReadonlyMap<string, string>,
): TlsOptions | undefined {
  const isSecure = properties.get('zookeeper.client.secure')?.toLowerCase() === 'true';
  const isAsked = tls ?? (ca !== undefined || cert !== undefined || key !== undefined);
  if (!isSecure && !isAsked) return undefined;
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

/** @throws CommandError when it cannot be read. */
export function readNamed(file: string): Buffer {
  try {
    return readFileSync(file);
  } catch (error) {
    if (!isSystemError(error)) throw error;
    throw new CommandError(`${file} cannot be read (${error.code})`, {
      exitCode: ExitCode.badInvocation,
    });
  }
}
