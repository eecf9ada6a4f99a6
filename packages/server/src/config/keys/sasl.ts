import { accepted, type ConfigKey, ensemble, isNotTrue, refused } from '../config-key.ts';
import { strictBoolean } from '../value-readers.ts';

const SASL_INSTEAD = 'SASL is not supported yet, so there is nothing that it could change.';
const CLIENT_INSTEAD = 'It is for clients; no server reads it.';

/** Name, default, meaning, what to say instead. */
const withoutEffect: readonly (readonly [string, string | undefined, string, string])[] = [
  ['sasl.serverconfig', 'Server', 'Section of the JAAS file for the server.', SASL_INSTEAD],
  [
    'letAnySaslUserDoX',
    undefined,
    'Id of an ACL that matches every SASL user.',
    'SASL is not supported yet: the id matches nobody.',
  ],
  [
    'kerberos.removeHostFromPrincipal',
    'false',
    'Leaves the host out of a Kerberos id.',
    SASL_INSTEAD,
  ],
  [
    'kerberos.removeRealmFromPrincipal',
    'false',
    'Leaves the realm out of a Kerberos id.',
    SASL_INSTEAD,
  ],
  [
    'kerberos.canonicalizeHostNames',
    'false',
    'Asks DNS for the whole name of a server.',
    SASL_INSTEAD,
  ],
  ['kerberos.minReLoginTimeMs', '60000', 'Milliseconds between two logins.', SASL_INSTEAD],
  ['security.auth_to_local', undefined, 'Rules that shorten Kerberos names.', SASL_INSTEAD],
  ['server.realm', undefined, 'Realm of the servers.', CLIENT_INSTEAD],
  ['server.principal', undefined, 'Principal of the servers.', CLIENT_INSTEAD],
  ['requireKerberosConfig', 'false', 'A missing Kerberos configuration is fatal.', SASL_INSTEAD],
  ['kinit', '/usr/bin/kinit', 'Command that renews a ticket.', SASL_INSTEAD],
  ['sasl.client', 'true', 'Clients use SASL.', CLIENT_INSTEAD],
  ['sasl.clientconfig', 'Client', 'Section of the JAAS file for a client.', CLIENT_INSTEAD],
  ['sasl.client.username', 'zookeeper', "First part of the servers' principal.", CLIENT_INSTEAD],
  [
    'sasl.client.canonicalize.hostname',
    'true',
    'Clients ask DNS for the whole name.',
    CLIENT_INSTEAD,
  ],
  [
    'sasl.client.allowReverseDnsLookup',
    'false',
    'Clients may ask for the name of an address.',
    CLIENT_INSTEAD,
  ],
];

export const saslKeys: readonly ConfigKey[] = [
  ...withoutEffect.map(([name, value, meaning, instead]) =>
    accepted({
      name,
      // `server.realm` and `server.principal` would be server lines in zoo.cfg.
      form: name.startsWith('server.') ? 'property' : 'both',
      ...(name.startsWith('server.') ? { aliases: [`zookeeper.${name}`] } : {}),
      ...(value === undefined ? {} : { default: value }),
      meaning,
      instead,
    }),
  ),
  accepted({
    name: 'SASLAuthenticationProvider.superPassword',
    form: 'both',
    isSecret: true,
    meaning: 'Password of the user super with DIGEST-MD5.',
    instead: 'SASL is not supported yet: nobody gets these rights.',
  }),
  refused({
    name: 'java.security.auth.login.config',
    form: 'property',
    meaning: 'JAAS file; its section Server switches SASL for clients on.',
    isHarmless: (text) => text === '',
    reason: 'asks for SASL, which is not supported yet: clients that need it could not log in',
    remedy: 'Remove the argument; clients can use the schemes digest and ip.',
  }),
  accepted({
    name: 'java.security.krb5.conf',
    form: 'property',
    meaning: 'Kerberos configuration.',
    instead: SASL_INSTEAD,
  }),
];

export const quorumAuthKeys: readonly ConfigKey[] = [
  ensemble({
    name: 'quorum.auth.enableSasl',
    form: 'file',
    default: 'false',
    meaning: 'SASL between servers.',
    reader: strictBoolean,
    refusal: {
      isHarmless: isNotTrue,
      reason: 'asks for SASL between servers, which is not supported yet',
      remedy: 'Remove the key in all servers, and keep their ports in a network of their own.',
    },
  }),
  ensemble({
    name: 'quorum.auth.learnerRequireSasl',
    form: 'file',
    default: 'false',
    meaning: 'This server authenticates when it connects to another. Needs quorum.auth.enableSasl.',
    reader: strictBoolean,
  }),
  ensemble({
    name: 'quorum.auth.serverRequireSasl',
    form: 'file',
    default: 'false',
    meaning: 'Servers that do not are refused. Needs quorum.auth.learnerRequireSasl.',
    reader: strictBoolean,
  }),
  accepted({
    name: 'quorum.auth.kerberos.servicePrincipal',
    form: 'file',
    default: 'zkquorum/localhost',
    meaning: 'Kerberos principal of the servers.',
    instead: 'SASL between servers is not supported yet.',
  }),
  accepted({
    name: 'quorum.auth.learner.saslLoginContext',
    form: 'file',
    default: 'QuorumLearner',
    meaning: 'Section of the JAAS file for connecting.',
    instead: 'SASL between servers is not supported yet.',
  }),
  accepted({
    name: 'quorum.auth.server.saslLoginContext',
    form: 'file',
    default: 'QuorumServer',
    meaning: 'Section of the JAAS file for being connected to.',
    instead: 'SASL between servers is not supported yet.',
  }),
  accepted({
    name: 'quorum.cnxn.threads.size',
    form: 'file',
    default: '20',
    meaning: 'Threads that open connections between servers.',
    instead: 'No threads are needed for it.',
  }),
];
