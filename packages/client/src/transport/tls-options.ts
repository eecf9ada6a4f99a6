/**
 * What a user says about TLS, and what becomes of it: one context, made and checked once, that holds the key so that
 * nothing else has to.
 */

import { X509Certificate } from 'node:crypto';
import { createSecureContext, type SecureContext, type SecureVersion } from 'node:tls';
import { codeOf, failureReason } from './failure-reason.ts';
import { TlsOptionsError } from './transport-errors.ts';

/** TLS to the servers. Contents of files, not their names; texts are PEM. */
export interface TlsOptions {
  /** Authorities that may have signed the server's certificate. Default: those that Node trusts. */
  readonly ca?: string | Uint8Array | readonly (string | Uint8Array)[] | undefined;
  /** This client's certificate, and those between it and its authority. For servers that ask for it. */
  readonly cert?: string | Uint8Array | undefined;
  /** The private key of `cert`. */
  readonly key?: string | Uint8Array | undefined;
  /** Decrypts `key` or `pfx`. */
  readonly passphrase?: string | undefined;
  /** `cert` and `key` in one, as PKCS #12. */
  readonly pfx?: Uint8Array | undefined;
  /** The name that the server's certificate must have. Default: the host of the connect string. */
  readonly servername?: string | undefined;
  /** Whether the server must be who it says. Default true, whatever the environment says. */
  readonly rejectUnauthorized?: boolean | undefined;
  /** Default: Node's, TLSv1.2. */
  readonly minVersion?: SecureVersion | undefined;
  /** In OpenSSL's form. Default: Node's. */
  readonly ciphers?: string | undefined;
}

/**
 * Makes the context for every connection with these options.
 *
 * @throws {TlsOptionsError} when certificate, key, passphrase or another of them cannot be used.
 */
export function secureContextOf(options: TlsOptions): SecureContext {
  const { ca, cert, key, passphrase, pfx, minVersion, ciphers } = options;
  if (cert !== undefined && key === undefined && pfx === undefined) {
    throw new TlsOptionsError('tls.cert needs tls.key', undefined);
  }
  if (key !== undefined && cert === undefined && pfx === undefined) {
    throw new TlsOptionsError('tls.key needs tls.cert', undefined);
  }
  try {
    return createSecureContext({
      ca: ca === undefined ? undefined : [ca].flat().map((one) => pemOf('ca', one)),
      cert: cert === undefined ? undefined : pemOf('cert', cert),
      key: key === undefined ? undefined : pemOf('key', key),
      passphrase,
      pfx: pfx === undefined ? undefined : Buffer.from(pfx),
      minVersion,
      ciphers,
    });
  } catch (error) {
    if (error instanceof TlsOptionsError || !(error instanceof Error)) throw error;
    // Node's complaints about arguments show the argument, which may be the passphrase.
    if (error instanceof TypeError) {
      throw new TlsOptionsError(
        `one of them has a wrong type or value (${codeOf(error)})`,
        undefined,
      );
    }
    throw new TlsOptionsError(optionsReason(options, error), error);
  }
}

/** What Node or OpenSSL has against the options, in words. */
function optionsReason({ passphrase, pfx }: TlsOptions, error: Error): string {
  // Of PKCS #12 there is no code; a wrong passphrase is seen by the checksum.
  const isEncrypted =
    codeOf(error) === 'ERR_OSSL_BAD_DECRYPT' || error.message === 'mac verify failure';
  // About a key in PEM, ciphers and all else there is a code.
  if (!isEncrypted && pfx !== undefined && codeOf(error) === undefined) {
    return `tls.pfx is not PKCS #12: ${error.message}`;
  }
  if (!isEncrypted) return failureReason(error);
  return passphrase === undefined
    ? 'the key is encrypted, and there is no tls.passphrase'
    : 'tls.passphrase is not that of the key';
}

/**
 * What is wrong with the time of this client's own certificate: a server need not say, and some just hang up.
 *
 * @returns a phrase; undefined when it is in time, or cannot be read here (as in `pfx`).
 */
export function ownCertificateNote({ cert }: TlsOptions, nowMs: number): string | undefined {
  if (cert === undefined) return undefined;
  const certificate = new X509Certificate(cert);
  if (nowMs > Date.parse(certificate.validTo)) {
    return `the certificate of this client (tls.cert) was valid until ${certificate.validTo}`;
  }
  if (nowMs < Date.parse(certificate.validFrom)) {
    return `the certificate of this client (tls.cert) is valid from ${certificate.validFrom}`;
  }
  return undefined;
}

/** What a server that hangs up may have against this client, as a phrase; undefined when it shows a certificate. */
export function missingCertificateNote({ cert, pfx }: TlsOptions): string | undefined {
  return cert === undefined && pfx === undefined
    ? 'perhaps it does not speak TLS on this port, or wants a certificate of this client (tls.cert)'
    : undefined;
}

/** Checks what Node would not: a `ca` that is none it passes over, so that later nobody is trusted. */
function pemOf(name: string, text: string | Uint8Array): string | Buffer {
  const pem = typeof text === 'string' ? text : Buffer.from(text);
  if (pem.includes('-----BEGIN ')) return pem;
  throw new TlsOptionsError(
    `tls.${name} is not PEM: it takes the contents of a file, not its name`,
    undefined,
  );
}
