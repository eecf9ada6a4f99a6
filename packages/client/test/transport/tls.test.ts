import { once } from 'node:events';
import type tls from 'node:tls';
import { inspect } from 'node:util';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { type TlsOptions, tcpTransport } from '../../src/transport/tcp-transport.ts';
import { type ConnectAttemptError, TlsOptionsError } from '../../src/transport/transport-errors.ts';
import {
  certificate,
  inOrder,
  Listener,
  nextTurn,
  startServer,
  type TestServer,
  until,
} from './support.ts';

/** Far longer than any of these tests: time passes only where a test lets it. */
const TIMEOUT_MS = 3_600_000;
const PASSPHRASE = 'open-sesame';

const authority = certificate('authority.pem');
const serverIdentity = { cert: certificate('server.pem'), key: certificate('server-key.pem') };
const clientIdentity = { cert: certificate('client.pem'), key: certificate('client-key.pem') };
/** Asks clients for a certificate of the authority. */
const mutual = { ...serverIdentity, ca: authority, requestCert: true, rejectUnauthorized: true };

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'performance'] });
});

afterEach(() => {
  const timers = vi.getTimerCount();
  vi.useRealTimers();
  expect(timers, 'timers that are left').toBe(0);
});

/** Opens a connection to `host`, which resolves to 127.0.0.1 if it is a name. */
function open(server: TestServer, options: TlsOptions, host = 'zk.test') {
  const listener = new Listener();
  const transport = tcpTransport({
    tls: { ca: authority, ...options },
    lookup: async () => ['127.0.0.1'],
  });
  const connection = transport.open({ host, port: server.port }, listener, TIMEOUT_MS);
  return { connection, listener };
}

/** Fails unless the connection opens; then closes it. */
async function expectOpens(server: TestServer, options: TlsOptions, host?: string): Promise<void> {
  const { connection, listener } = open(server, options, host);
  const failed = listener.closed.then((error) => {
    throw error ?? new Error('closed');
  });
  await Promise.race([listener.opened, failed]).finally(() => {
    failed.catch(() => {});
    connection.destroy();
  });
  await listener.closed;
}

async function failureOf(server: TestServer, options: TlsOptions, host?: string) {
  const { listener } = open(server, options, host);
  const error = await listener.closed;
  return { error, message: error?.message ?? 'no error', events: listener.events };
}

/** Lets a socket whose time is over end, if it is. */
async function fewTurns(): Promise<void> {
  for (let i = 0; i < 3; i++) await nextTurn();
}

describe('the server', () => {
  test('is told the name, proves it, and then bytes go both ways', async () => {
    const server = await startServer((socket) => socket.pipe(socket), serverIdentity);
    const accepted = server.nextSocket();
    const { connection, listener } = open(server, {});
    await listener.opened;

    connection.write(Buffer.from('ping'));
    await until(() => listener.received.length === 4);
    connection.end();

    expect(await listener.closed).toBeUndefined();
    expect((await accepted) as tls.TLSSocket).toMatchObject({ servername: 'zk.test' });
    expect(listener.events).toEqual(['open', 'data', 'close']);
  });

  test('is known by a name that is written with the dot of the root, and is told it without', async () => {
    const server = await startServer(undefined, serverIdentity);
    const accepted = server.nextSocket();

    const { connection, listener } = open(server, {}, 'zk.test.');

    expect((await accepted) as tls.TLSSocket).toMatchObject({ servername: 'zk.test' });
    await listener.opened;
    connection.destroy();
    await listener.closed;
  });

  test('of another name is refused, and the error says which names it has', async () => {
    const server = await startServer(undefined, serverIdentity);

    const { error, message, events } = await failureOf(server, {}, 'other.test');

    expect(error).toMatchObject({
      code: 'CONNECT_FAILED',
      cause: { code: 'ERR_TLS_CERT_ALTNAME_INVALID' },
    });
    expect(message).toMatch(
      /the certificate of the server is for other names: .*other\.test.*zk\.test/,
    );
    expect(events).toEqual(['close']);
  });

  test('immunity: CVE-2026-24281, a certificate for the address that the name resolves to proves nothing', async () => {
    const server = await startServer(undefined, {
      cert: certificate('server-by-address.pem'),
      key: certificate('server-by-address-key.pem'),
    });

    expect((await failureOf(server, {}, 'zk.test')).error).toMatchObject({
      cause: { code: 'ERR_TLS_CERT_ALTNAME_INVALID' },
    });
    // Where the connect string has the address itself, it is the name that counts.
    await expectOpens(server, {}, '127.0.0.1');
  });

  test('immunity: CVE-2026-24281, an address is not looked up for a name that the certificate has', async () => {
    const server = await startServer(undefined, serverIdentity);

    // Its certificate is for localhost, as which 127.0.0.1 is known everywhere.
    expect((await failureOf(server, {}, '127.0.0.1')).error).toMatchObject({
      cause: { code: 'ERR_TLS_CERT_ALTNAME_INVALID' },
    });
  });

  test('may be known by another name than that of the connect string, when the options say so', async () => {
    const server = await startServer(undefined, serverIdentity);

    await expectOpens(server, { servername: 'zk.test' }, '127.0.0.1');
    await expectOpens(server, { servername: 'localhost' }, 'other.test');
    expect((await failureOf(server, { servername: '127.0.0.1' })).error).toMatchObject({
      cause: { code: 'ERR_TLS_CERT_ALTNAME_INVALID' },
    });
  });

  test('of an authority that the client does not know is refused', async () => {
    const server = await startServer(undefined, serverIdentity);

    const { error, message } = await failureOf(server, {
      ca: certificate('stranger-authority.pem'),
    });

    expect(error).toMatchObject({ cause: { code: 'UNABLE_TO_VERIFY_LEAF_SIGNATURE' } });
    expect(message).toContain('no authority in tls.ca has signed the certificate of the server');
  });

  test('may be of any of several authorities', async () => {
    const server = await startServer(undefined, serverIdentity);

    await expectOpens(server, { ca: [certificate('stranger-authority.pem'), String(authority)] });
  });

  test('whose certificate has expired is refused', async () => {
    const server = await startServer(undefined, {
      cert: certificate('server-expired.pem'),
      key: certificate('server-expired-key.pem'),
    });

    const { error, message } = await failureOf(server, {});

    expect(error).toMatchObject({ cause: { code: 'CERT_HAS_EXPIRED' } });
    expect(message).toContain('the certificate of the server, or of its authority, has expired');
  });

  test('is not asked for a proof when the options say so, and only then', async () => {
    const server = await startServer(undefined, serverIdentity);
    vi.stubEnv('NODE_TLS_REJECT_UNAUTHORIZED', '0');
    // Node says aloud what it thinks of that.
    const warned = vi.spyOn(process, 'emitWarning').mockImplementation(() => {});
    try {
      const { error } = await failureOf(server, {}, 'other.test');
      expect(error).toMatchObject({ cause: { code: 'ERR_TLS_CERT_ALTNAME_INVALID' } });
    } finally {
      vi.unstubAllEnvs();
      warned.mockRestore();
    }

    await expectOpens(server, { rejectUnauthorized: false }, 'other.test');
  });

  test('that does not speak TLS is refused', async () => {
    const server = await startServer((socket) => {
      socket.once('data', () => socket.write('This is not a record of TLS.'));
    });

    expect((await failureOf(server, {})).message).toContain(
      'the server does not speak TLS on this port (ERR_SSL_WRONG_VERSION_NUMBER)',
    );
  });

  test('that speaks older versions only is refused', async () => {
    const server = await startServer(undefined, { ...serverIdentity, maxVersion: 'TLSv1.2' });

    expect((await failureOf(server, { minVersion: 'TLSv1.3' })).message).toContain(
      'no version of TLS suits both sides',
    );
  });

  test('that hangs up during the handshake is refused', async () => {
    const server = await startServer((socket) => {
      socket.once('data', () => socket.end());
    });

    const { error, events } = await failureOf(server, clientIdentity);
    const { message } = await failureOf(server, {});

    expect(error).toMatchObject({ code: 'CONNECT_FAILED', cause: { code: 'ECONNRESET' } });
    expect(error?.message).toMatch(/the server cut the connection \(ECONNRESET\)$/);
    expect(events).toEqual(['close']);
    expect(message).toMatch(/; perhaps it does not speak TLS on this port, or wants a certificate/);
  });

  test('is tried at each address for its share of the time, when it says nothing', async () => {
    const server = await startServer();
    const listener = new Listener();
    // Two ways to write one address, so that one server is at both.
    const addresses = ['127.0.0.1', '::ffff:127.0.0.1'];
    const transport = tcpTransport({ tls: {}, lookup: async () => addresses, random: inOrder });
    let accepted = server.nextAccepted();
    const connection = transport.open({ host: 'zk.test', port: server.port }, listener, 1000);
    await once(await accepted, 'data');

    accepted = server.nextAccepted();
    vi.advanceTimersByTime(499);
    await fewTurns();
    expect(connection.remote).toMatch(/\(127\.0\.0\.1\)$/);
    vi.advanceTimersByTime(1);
    await once(await accepted, 'data');
    vi.advanceTimersByTime(499);
    await fewTurns();
    expect(listener.events).toEqual([]);
    vi.advanceTimersByTime(1);

    const { attempts } = (await listener.closed) as ConnectAttemptError;
    expect(attempts).toMatchObject([
      { address: `127.0.0.1:${server.port}`, reason: 'no answer in time (ETIMEDOUT)' },
      { address: `[::ffff:127.0.0.1]:${server.port}`, error: { code: 'ETIMEDOUT' } },
    ]);
  });

  test('is given enough time at few of many addresses, rather than too little at all', async () => {
    const server = await startServer();
    const listener = new Listener();
    const addresses = Array.from({ length: 100 }, (_, i) => `127.0.1.${i}`);
    const lookup = async () => ['127.0.0.1', ...addresses];
    const transport = tcpTransport({ tls: {}, lookup, random: inOrder });
    const accepted = server.nextAccepted();
    const connection = transport.open({ host: 'zk.test', port: server.port }, listener, 250);
    await once(await accepted, 'data');

    vi.advanceTimersByTime(249);
    await fewTurns();
    expect(connection.remote).toMatch(/\(127\.0\.0\.1\)$/);
    expect(listener.events).toEqual([]);
    vi.advanceTimersByTime(1);

    const error = (await listener.closed) as ConnectAttemptError;
    expect(error.attempts).toHaveLength(1);
    expect(error.message).toMatch(/; no time was left for 100 more of its addresses$/);
  });

  test('is let go at once by destroy() during the handshake', async () => {
    const server = await startServer();
    const accepted = server.nextAccepted();
    const { connection, listener } = open(server, {});
    const socket = await accepted;
    await once(socket, 'data');

    connection.destroy();
    connection.destroy();

    expect(await listener.closed).toBeUndefined();
    expect(listener.events).toEqual(['close']);
    await until(() => socket.destroyed);
  });
});

describe('the certificate of the client', () => {
  test.each([
    { what: 'certificate and key', options: clientIdentity },
    {
      what: 'text',
      options: { cert: String(clientIdentity.cert), key: String(clientIdentity.key) },
    },
    {
      what: 'an encrypted key',
      options: {
        cert: clientIdentity.cert,
        key: certificate('client-key-encrypted.pem'),
        passphrase: PASSPHRASE,
      },
    },
    { what: 'PKCS #12', options: { pfx: certificate('client.p12'), passphrase: PASSPHRASE } },
  ])('is shown to a server that asks for it: $what', async ({ options }) => {
    const server = await startServer(undefined, mutual);
    const accepted = server.nextSocket();
    const { connection, listener } = open(server, options);

    const socket = (await accepted) as tls.TLSSocket;

    expect(socket.getPeerCertificate().subject.CN).toBe('Zooid test client');
    await listener.opened;
    connection.destroy();
    await listener.closed;
  });

  // With TLS 1.3 the client is done before the server has looked at its certificate: the connection is open, then breaks.
  describe.each(['TLSv1.2', 'TLSv1.3'] as const)('with %s', (version) => {
    const start = () => startServer(undefined, { ...mutual, maxVersion: version });
    const expectedCode = version === 'TLSv1.2' ? 'CONNECT_FAILED' : 'CONNECTION_BROKEN';

    test('is missing, and the error says so', async () => {
      const { error, message } = await failureOf(await start(), {});

      expect(error).toMatchObject({
        code: expectedCode,
        cause: {
          code:
            version === 'TLSv1.2'
              ? 'ERR_SSL_SSLV3_ALERT_HANDSHAKE_FAILURE'
              : 'ERR_SSL_TLSV13_ALERT_CERTIFICATE_REQUIRED',
        },
      });
      expect(message).toContain('the server wants a certificate of this client (tls.cert)');
    });

    test('has expired, and the error says so although the server just hangs up', async () => {
      const { error, message } = await failureOf(await start(), {
        cert: certificate('client-expired.pem'),
        key: certificate('client-expired-key.pem'),
      });

      expect(error).toBeDefined();
      expect(message).toContain(
        'the certificate of this client (tls.cert) was valid until Jan  1 00:00:00 2021 GMT',
      );
    });

    test('is of an authority that the server does not know: it is let in nowhere', async () => {
      const server = await start();
      let isLetIn = false;
      void server.nextSocket().then(() => {
        isLetIn = true;
      });

      const { listener } = open(server, {
        cert: certificate('client-of-stranger.pem'),
        key: certificate('client-of-stranger-key.pem'),
      });

      await listener.closed;
      expect(isLetIn).toBe(false);
      expect(listener.received).toHaveLength(0);
    });
  });

  test.each([
    ['CERTIFICATE_EXPIRED', 45, 'the certificate of this client (tls.cert) has expired'],
    ['UNKNOWN_CA', 48, 'the server does not trust the authority that signed the certificate'],
    ['BAD_CERTIFICATE', 42, 'the server refuses the certificate of this client (tls.cert)'],
    ['CERTIFICATE_UNKNOWN', 46, 'the server refuses the certificate of this client (tls.cert)'],
  ])('is refused by the alert %s, in words', async (name, alert, words) => {
    const server = await startServer((socket) => {
      // A record of type alert (21), of TLS 1.2, two bytes: fatal, and which.
      socket.once('data', () => socket.end(Buffer.of(21, 3, 3, 0, 2, 2, alert)));
    });

    const { error, message } = await failureOf(server, clientIdentity);

    expect(message).toContain(words);
    expect(error).toMatchObject({ cause: { code: expect.stringContaining(name) } });
  });
});

describe('options that cannot be used', () => {
  const pfx = certificate('client.p12');
  const encrypted = { cert: clientIdentity.cert, key: certificate('client-key-encrypted.pem') };

  test.each([
    ['a wrong passphrase', { ...encrypted, passphrase: 'wrong-secret' }, 'tls.passphrase is not'],
    ['no passphrase', encrypted, 'the key is encrypted, and there is no tls.passphrase'],
    [
      'a wrong passphrase of PKCS #12',
      { pfx, passphrase: 'wrong-secret' },
      'tls.passphrase is not',
    ],
    ['no passphrase of PKCS #12', { pfx }, 'there is no tls.passphrase'],
    ['PKCS #12 that is none', { pfx: Buffer.from('client.p12') }, 'tls.pfx is not PKCS #12'],
    [
      'a key of another certificate',
      { cert: clientIdentity.cert, key: serverIdentity.key },
      'tls.key does not belong to tls.cert',
    ],
    ['a certificate without a key', { cert: clientIdentity.cert }, 'tls.cert needs tls.key'],
    ['a key without a certificate', { key: clientIdentity.key }, 'tls.key needs tls.cert'],
    ['the name of a file as ca', { ca: ['ca.pem'] }, 'tls.ca is not PEM: it takes the contents'],
    ['the name of a file as cert', { ...clientIdentity, cert: 'c.pem' }, 'tls.cert is not PEM'],
    ['the name of a file as key', { ...clientIdentity, key: 'k.pem' }, 'tls.key is not PEM'],
    ['ciphers that are none', { ciphers: 'none' }, 'no cipher in tls.ciphers is known'],
    [
      'a version that is none',
      { minVersion: 'TLSv9' as 'TLSv1.3' },
      'one of them has a wrong type',
    ],
    [
      'a passphrase that is no text',
      { ...encrypted, passphrase: 4711_4711 as never },
      'wrong type',
    ],
    ['a key that is no text', { ...clientIdentity, key: 4711_4711 as never }, 'wrong type'],
  ])('are refused before any connection: %s', (_what, options, words) => {
    const error = optionsError(options);

    expect(error).toBeInstanceOf(TlsOptionsError);
    expect(error).toMatchObject({ name: 'TlsOptionsError', code: 'INVALID_TLS_OPTIONS' });
    expect(error.message).toContain(words);
    const seen = inspect(error, { depth: null, showHidden: true });
    expect(seen).not.toMatch(/wrong-secret|47114711|PRIVATE KEY/);
  });

  function optionsError(options: TlsOptions): Error {
    try {
      tcpTransport({ tls: options });
    } catch (error) {
      return error as Error;
    }
    throw new Error('the options were taken');
  }
});

test('neither keys nor passphrases are seen in a transport, a connection or an error', async () => {
  const server = await startServer(undefined, {
    ...mutual,
    cert: certificate('server-expired.pem'),
    key: certificate('server-expired-key.pem'),
  });
  const options = {
    ca: authority,
    cert: clientIdentity.cert,
    key: String(certificate('client-key-encrypted.pem')),
    passphrase: PASSPHRASE,
  };
  const transport = tcpTransport({ tls: options, lookup: async () => ['127.0.0.1'] });
  const listener = new Listener();
  const connection = transport.open({ host: 'zk.test', port: server.port }, listener, TIMEOUT_MS);
  const before = inspect([transport, connection], { depth: null, showHidden: true });

  const error = await listener.closed;

  expect(error).toMatchObject({ cause: { code: 'CERT_HAS_EXPIRED' } });
  const seen = before + inspect([error, connection], { depth: null, showHidden: true });
  expect(seen).not.toContain(PASSPHRASE);
  expect(seen).not.toContain('PRIVATE KEY');
  expect(JSON.stringify(error)).not.toContain(PASSPHRASE);
});
