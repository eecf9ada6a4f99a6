/**
 * What Node's and OpenSSL's codes mean for whoever connects to ZooKeeper, in words.
 */

const untrusted = 'no authority in tls.ca has signed the certificate of the server';
const certificateRefused =
  'the server refuses the certificate of this client (tls.cert), or wants one that was not given';

/** By `code` of Node's errors; the last of them are alerts that the server sends. Source: Node's and OpenSSL's documentation. */
const reasons: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'nobody listens there',
  ECONNRESET: 'the server cut the connection',
  EPIPE: 'the server cut the connection',
  ETIMEDOUT: 'no answer in time',
  EHOSTUNREACH: 'the host cannot be reached',
  ENETUNREACH: 'the network cannot be reached',
  EADDRNOTAVAIL: 'no local address or port is left for it',
  ENOTFOUND: 'the name is not known',
  EAI_AGAIN: 'the name service does not answer',

  UNABLE_TO_VERIFY_LEAF_SIGNATURE: untrusted,
  UNABLE_TO_GET_ISSUER_CERT: untrusted,
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: untrusted,
  SELF_SIGNED_CERT_IN_CHAIN: untrusted,
  DEPTH_ZERO_SELF_SIGNED_CERT: untrusted,
  CERT_UNTRUSTED: untrusted,
  CERT_SIGNATURE_FAILURE: untrusted,
  CERT_HAS_EXPIRED: 'the certificate of the server, or of its authority, has expired',
  CERT_NOT_YET_VALID: 'the certificate of the server, or of its authority, is not valid yet',
  CERT_REVOKED: 'the certificate of the server was revoked',
  INVALID_PURPOSE: 'the certificate of the server is not one for servers',

  ERR_SSL_WRONG_VERSION_NUMBER: 'the server does not speak TLS on this port',
  ERR_SSL_PACKET_LENGTH_TOO_LONG: 'the server does not speak TLS on this port',
  ERR_SSL_UNSUPPORTED_PROTOCOL: 'no version of TLS suits both sides',
  ERR_SSL_TLSV1_ALERT_PROTOCOL_VERSION: 'no version of TLS suits both sides',
  ERR_SSL_SSLV3_ALERT_HANDSHAKE_FAILURE:
    'no cipher suits both sides, or the server wants a certificate of this client (tls.cert)',
  ERR_SSL_TLSV13_ALERT_CERTIFICATE_REQUIRED:
    'the server wants a certificate of this client (tls.cert), and none was given',
  ERR_SSL_SSLV3_ALERT_BAD_CERTIFICATE: certificateRefused,
  ERR_SSL_SSLV3_ALERT_CERTIFICATE_UNKNOWN: certificateRefused,
  ERR_SSL_SSLV3_ALERT_UNSUPPORTED_CERTIFICATE: certificateRefused,
  ERR_SSL_TLSV1_ALERT_ACCESS_DENIED: certificateRefused,
  ERR_SSL_TLSV1_ALERT_DECRYPT_ERROR: certificateRefused,
  ERR_SSL_SSLV3_ALERT_CERTIFICATE_EXPIRED: 'the certificate of this client (tls.cert) has expired',
  ERR_SSL_SSLV3_ALERT_CERTIFICATE_REVOKED: 'the certificate of this client (tls.cert) was revoked',
  ERR_SSL_TLSV1_ALERT_UNKNOWN_CA:
    'the server does not trust the authority that signed the certificate of this client (tls.cert)',

  ERR_OSSL_X509_KEY_VALUES_MISMATCH: 'tls.key does not belong to tls.cert',
  ERR_SSL_NO_CIPHER_MATCH: 'no cipher in tls.ciphers is known',
};

/** The code of an error, as Node names it; undefined when it has none. */
export function codeOf(error: Error): string | undefined {
  return 'code' in error && typeof error.code === 'string' ? error.code : undefined;
}

/** Why something failed, in words, with Node's code behind it. */
export function failureReason(error: Error): string {
  const code = codeOf(error);
  if (code === undefined) return error.message;
  // Node says here which names the certificate has.
  if (code === 'ERR_TLS_CERT_ALTNAME_INVALID' && 'reason' in error) {
    return `the certificate of the server is for other names: ${error.reason} (${code})`;
  }
  const known = reasons[code];
  return known === undefined ? error.message : `${known} (${code})`;
}
