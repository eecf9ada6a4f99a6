import { accepted, type ConfigKey, honoured, isNotTrue, refused } from '../config-key.ts';
import { Secret } from '../secret.ts';
import type { DigestAlgorithm } from '../server-config.ts';
import { guardBoolean, offUnlessYes, oneOf, type Reader, someText } from '../value-readers.ts';

/** Java's names of digests, in capitals, and Node's. */
const digestAlgorithms: ReadonlyMap<string, DigestAlgorithm> = new Map<string, DigestAlgorithm>([
  ['SHA1', 'sha1'],
  ['SHA-1', 'sha1'],
  ['SHA', 'sha1'],
  ['MD5', 'md5'],
  ['SHA-224', 'sha224'],
  ['SHA-256', 'sha256'],
  ['SHA-384', 'sha384'],
  ['SHA-512', 'sha512'],
  ['SHA-512/224', 'sha512-224'],
  ['SHA-512/256', 'sha512-256'],
  ['SHA3-224', 'sha3-224'],
  ['SHA3-256', 'sha3-256'],
  ['SHA3-384', 'sha3-384'],
  ['SHA3-512', 'sha3-512'],
]);

const digestAlgorithm: Reader<DigestAlgorithm> = (text) =>
  oneOf(digestAlgorithms, 'problem')(text.toUpperCase());

/** Schemes that a connection can authenticate with here. */
const enforceableSchemes: ReadonlySet<string> = new Set(['digest', 'ip']);

const schemeList: Reader<readonly string[]> = (text) => {
  const schemes = text.split(',').map((scheme) => scheme.trim());
  if (schemes.every((scheme) => enforceableSchemes.has(scheme)))
    return { kind: 'value', value: schemes };
  return {
    kind: 'problem',
    reason: 'names a scheme that this server does not have',
    remedy: `Use a comma list of: ${[...enforceableSchemes].join(', ')}.`,
  };
};

const superDigest: Reader<Secret> = (text) => {
  if (/^[^:]+:[A-Za-z0-9+/]+={0,2}$/.test(text)) return { kind: 'value', value: new Secret(text) };
  return {
    kind: 'problem',
    reason: 'is not super:<base64 of a digest>',
    remedy: 'Make it as Apache does: the base64 of the digest of super:<password>, after "super:".',
  };
};

type ProvidedScheme = 'digest' | 'ip' | 'ensemble';

const PROVIDER_PACKAGE = 'org.apache.zookeeper.server.auth';

const providerClasses: ReadonlyMap<string, ProvidedScheme> = new Map<string, ProvidedScheme>([
  [`${PROVIDER_PACKAGE}.DigestAuthenticationProvider`, 'digest'],
  [`${PROVIDER_PACKAGE}.IPAuthenticationProvider`, 'ip'],
  [`${PROVIDER_PACKAGE}.EnsembleAuthenticationProvider`, 'ensemble'],
]);

const providerClass: Reader<ProvidedScheme> = (text) => {
  const value = providerClasses.get(text);
  if (value !== undefined) return { kind: 'value', value };
  return {
    kind: 'problem',
    reason:
      'names an authentication scheme that this server does not have, SASL and X.509 included',
    remedy: 'Remove the key; clients can use the schemes digest and ip.',
  };
};

const builtInConnectionFactories: ReadonlySet<string> = new Set([
  '',
  'org.apache.zookeeper.server.NIOServerCnxnFactory',
  'org.apache.zookeeper.server.NettyServerCnxnFactory',
]);

/** Name without prefix, default, meaning. */
const tlsKeys: readonly (readonly [name: string, value: string | undefined, meaning: string])[] = [
  ['keyStore.location', undefined, 'File of the own key.'],
  ['keyStore.password', undefined, 'Its password.'],
  ['keyStore.passwordPath', undefined, 'File with its password.'],
  ['keyStore.type', undefined, 'JKS, PEM, PKCS12 or BCFKS.'],
  ['trustStore.location', undefined, 'File of the trusted certificates.'],
  ['trustStore.password', undefined, 'Its password.'],
  ['trustStore.passwordPath', undefined, 'File with its password.'],
  ['trustStore.type', undefined, 'JKS, PEM, PKCS12 or BCFKS.'],
  ['protocol', 'TLSv1.2', 'Protocol.'],
  ['enabledProtocols', undefined, 'Protocols that are taken.'],
  ['ciphersuites', undefined, 'Cipher suites that are taken.'],
  ['context.supplier.class', undefined, 'Java class that makes the context.'],
  ['hostnameVerification', 'true', "The name in a server's certificate is checked."],
  ['clientHostnameVerification', undefined, "The name in a client's certificate is checked."],
  ['allowReverseDnsLookup', 'false', 'That check may ask for the name of an address.'],
  ['crl', 'false', 'Certificates are looked up in revocation lists.'],
  ['ocsp', 'false', 'Certificates are asked for by OCSP.'],
  ['clientAuth', 'need', 'none, want or need a certificate of the client.'],
  ['handshakeDetectionTimeoutMillis', '5000', 'Milliseconds to tell TLS from plain text.'],
  ['authProvider', 'x509', 'Scheme for connections on secureClientPort.'],
  ['sslProvider', 'JDK', 'JDK or OPENSSL.'],
];

const TLS_INSTEAD =
  'TLS is not supported yet; the key stores have no use without secureClientPort or sslQuorum, which are not accepted.';
const QUORUM_TLS_INSTEAD =
  'It has a meaning only in an ensemble and for HTTPS of the admin server; neither is supported yet.';

function tlsKey(
  prefix: string,
  instead: string,
  [name, value, meaning]: (typeof tlsKeys)[number],
): ConfigKey {
  return accepted({
    name: `${prefix}${name}`,
    form: 'both',
    ...(value === undefined ? {} : { default: value }),
    ...(name.endsWith('.password') ? { isSecret: true } : {}),
    meaning,
    instead,
  });
}

export const securityKeys: readonly ConfigKey[] = [
  ...tlsKeys.map((key) => tlsKey('ssl.', TLS_INSTEAD, key)),
  ...tlsKeys.map((key) => tlsKey('ssl.quorum.', QUORUM_TLS_INSTEAD, key)),
  refused({
    name: 'client.portUnification',
    form: 'both',
    default: 'false',
    meaning: 'The client port takes TLS and plain text.',
    isHarmless: isNotTrue,
    reason: 'asks for TLS, which is not supported yet',
    remedy: 'Remove the key, and put a TLS proxy in front of clientPort if clients need TLS.',
  }),
  accepted({
    name: 'client.certReload',
    form: 'both',
    default: 'false',
    meaning: 'The key stores for clients are read again when they change.',
    instead: TLS_INSTEAD,
  }),
  refused({
    name: 'serverCnxnFactory',
    form: 'both',
    default: 'org.apache.zookeeper.server.NIOServerCnxnFactory',
    meaning:
      'Java class that does the networking. NIO and Netty are taken in silence: one networking stands for both.',
    isHarmless: (text) => builtInConnectionFactories.has(text),
    reason: 'names a Java class, which cannot run here',
    remedy: 'Remove the key.',
  }),
  accepted({
    name: 'fips-mode',
    form: 'both',
    default: 'true',
    defaultNote: '3.8: false',
    meaning: 'Only what FIPS allows for TLS and SASL.',
    instead: 'There is no TLS and no SASL yet that it could limit.',
  }),
  honoured({
    name: 'authProvider.N',
    form: 'both',
    pattern: /^authProvider\./,
    meaning:
      'Java class of a further authentication scheme. EnsembleAuthenticationProvider, of the package org.apache.zookeeper.server.auth, switches the scheme ensemble on; those of digest and ip, which are always there, are taken in silence; any other is refused, SASL and X.509 included.',
    reader: providerClass,
    put: (draft, scheme) => {
      if (scheme === 'ensemble') draft.isEnsembleSchemeOn = true;
    },
  }),
  honoured({
    name: 'DigestAuthenticationProvider.enabled',
    form: 'both',
    default: 'true',
    meaning: 'False takes the scheme digest away, the super user included.',
    reader: guardBoolean,
    put: (draft, isOn) => {
      draft.security.isDigestSchemeOn = isOn;
    },
  }),
  honoured({
    name: 'DigestAuthenticationProvider.digestAlg',
    form: 'both',
    default: 'SHA1',
    meaning: `Digest of the scheme digest: ${[...digestAlgorithms.keys()].join(', ')}.`,
    reader: digestAlgorithm,
    put: (draft, algorithm) => {
      draft.security.digestAlgorithm = algorithm;
    },
  }),
  honoured({
    name: 'DigestAuthenticationProvider.superDigest',
    form: 'both',
    isSecret: true,
    meaning:
      '`super:` and the base64 of the digest of `super:<password>`. Who authenticates with that passes every ACL. Prefer zoo.cfg: arguments can be seen by every user of the machine.',
    reader: superDigest,
    put: (draft, secret) => {
      draft.security.superDigest = secret;
    },
  }),
  accepted({
    name: 'X509AuthenticationProvider.superUser',
    form: 'both',
    meaning: 'Distinguished name of a certificate that passes every ACL.',
    instead: 'Without TLS no client has a certificate, so nobody gets these rights.',
  }),
  honoured({
    name: 'IPAuthenticationProvider.usexforwardedfor',
    form: 'both',
    default: 'false',
    meaning:
      'True: the admin server takes the address of the caller from X-Forwarded-For. Only behind a proxy that sets it.',
    reader: guardBoolean,
    put: (draft, isTrusted) => {
      draft.security.isForwardedForTrusted = isTrusted;
    },
  }),
  accepted({
    name: 'superUser',
    form: 'both',
    meaning: 'Id of SASL or X.509 that passes every ACL.',
    instead: 'Without SASL and TLS no client has such an id, so nobody gets these rights.',
  }),
  accepted({
    name: 'superUser.N',
    form: 'both',
    pattern: /^superUser\./,
    meaning: 'The same, several.',
    instead: 'Without SASL and TLS no client has such an id, so nobody gets these rights.',
  }),
  honoured({
    name: 'skipACL',
    form: 'both',
    default: 'no',
    meaning: 'yes checks no ACL: everybody may do everything. Any other word counts as no.',
    reader: (text) => {
      if (text !== 'yes') return offUnlessYes(text);
      return { kind: 'value', value: true, warning: 'checks no ACL: everybody may do everything' };
    },
    put: (draft, isSkipped) => {
      draft.security.isAclSkipped = isSkipped;
    },
  }),
  honoured({
    name: 'enforce.auth.enabled',
    form: 'both',
    default: 'false',
    meaning:
      'True: a connection must authenticate with one of enforce.auth.schemes before its first request.',
    reader: guardBoolean,
    put: (draft, isOn) => {
      draft.isAuthEnforced = isOn;
    },
  }),
  honoured({
    name: 'enforce.auth.schemes',
    form: 'both',
    meaning: 'Comma list of digest and ip. Required when enforce.auth.enabled is true.',
    reader: schemeList,
    put: (draft, schemes) => {
      draft.security.enforcedSchemes = schemes;
    },
  }),
  honoured({
    name: 'ensembleAuthName',
    form: 'both',
    meaning:
      'Comma list of names. A client that names another ensemble is hung up on, so that it never works on the wrong one. Needs the authProvider of ensemble; with that alone, every name is taken.',
    reader: someText,
    put: (draft, names) => {
      draft.security.ensembleNames = names;
    },
  }),
  refused({
    name: 'sessionRequireClientSASLAuth',
    form: 'both',
    default: 'false',
    meaning: 'Only clients that authenticated with SASL get a session.',
    isHarmless: isNotTrue,
    reason:
      'asks for SASL, which is not supported yet: going on would allow the sessions that it forbids',
    remedy:
      'Remove the key; enforce.auth.enabled with enforce.auth.schemes=digest asks for a password.',
  }),
  accepted({
    name: 'allowSaslFailedClients',
    form: 'both',
    default: 'false',
    meaning: 'A client whose SASL failed may go on without it.',
    instead:
      'SASL is not supported yet; a client that tries it is refused as by an Apache server without SASL.',
  }),
  accepted({
    name: 'requireClientAuthScheme',
    form: 'both',
    meaning: 'Stands in many old files as `requireClientAuthScheme=sasl`.',
    instead:
      'No ZooKeeper server reads it, so nothing is required of clients; enforce.auth.enabled with enforce.auth.schemes=digest asks for a password.',
  }),
];
