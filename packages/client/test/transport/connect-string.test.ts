import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  ConnectStringError,
  formatServer,
  parseConnectString,
} from '../../src/transport/connect-string.ts';

const port = fc.integer({ min: 1, max: 65_535 });
const host = fc.oneof(fc.domain(), fc.ipV4(), fc.ipV6(), fc.constant('fe80::1%eth0'));
const server = fc.record({ host, port });

describe('a connect string', () => {
  test('names servers with ports, and a chroot', () => {
    expect(parseConnectString('h1:2182,h2:2183/a/b')).toEqual({
      servers: [
        { host: 'h1', port: 2182 },
        { host: 'h2', port: 2183 },
      ],
      chroot: '/a/b',
    });
  });

  test.each([
    ['h', { host: 'h', port: 2181 }],
    ['h:', { host: 'h', port: 2181 }],
    ['127.0.0.1', { host: '127.0.0.1', port: 2181 }],
    ['[::1]', { host: '::1', port: 2181 }],
    ['[::1]:2182', { host: '::1', port: 2182 }],
    ['[2001:db8::ffff:10.0.0.1]:1', { host: '2001:db8::ffff:10.0.0.1', port: 1 }],
    ['[fe80::1%eth0]:65535', { host: 'fe80::1%eth0', port: 65_535 }],
    ['zk_1.example.com.:2181', { host: 'zk_1.example.com.', port: 2181 }],
    ['zoökeeper.example', { host: 'zoökeeper.example', port: 2181 }],
    ['H:02181', { host: 'H', port: 2181 }],
  ])('"%s" is one server', (text, expected) => {
    expect(parseConnectString(text)).toEqual({ servers: [expected], chroot: '' });
  });

  test.each([
    ['h/', ''],
    ['h/a', '/a'],
    ['h/a,b:1', '/a,b:1'],
    ['h/zookeeper', '/zookeeper'],
    ['h/a b', '/a b'],
  ])('the chroot of "%s" is "%s"', (text, chroot) => {
    expect(parseConnectString(text)).toEqual({ servers: [{ host: 'h', port: 2181 }], chroot });
  });

  test('spaces around servers and empty entries do not count', () => {
    const { servers, chroot } = parseConnectString('\t h1:1 ,, h2:2 ,\n');

    expect(servers.map(formatServer)).toEqual(['h1:1', 'h2:2']);
    expect(chroot).toBe('');
  });

  test.each([
    ['', '', 'it names no server'],
    [' , ', ',', 'it names no server'],
    ['/a', '', 'it names no server'],
    ['h1,:2181', ':2181', 'the host is missing'],
    ['h:0', 'h:0', 'the port is not a number from 1 to 65535'],
    ['h:65536', 'h:65536', 'the port is not a number from 1 to 65535'],
    ['h:+1', 'h:+1', 'the port is not a number from 1 to 65535'],
    ['h: 1', 'h: 1', 'the port is not a number from 1 to 65535'],
    ['h:1e3', 'h:1e3', 'the port is not a number from 1 to 65535'],
    ['h:000001', 'h:000001', 'the port is not a number from 1 to 65535'],
    ['h1,h:2181:2182', 'h:2181:2182', 'an IPv6 address stands in brackets, a server has one port'],
    ['::1', '::1', 'an IPv6 address stands in brackets, a server has one port'],
    ['[::1', '[::1', 'the bracket is not closed'],
    ['[]:1', '[]:1', 'in the brackets is no IPv6 address'],
    ['[h]:1', '[h]:1', 'in the brackets is no IPv6 address'],
    ['[10.0.0.1]:1', '[10.0.0.1]:1', 'in the brackets is no IPv6 address'],
    ['[1:2:3]:1', '[1:2:3]:1', 'in the brackets is no IPv6 address'],
    ['[::1]2181', '[::1]2181', 'only a port follows the bracket'],
    ['[::1]:', '[::1]:', 'the port is not a number from 1 to 65535'],
    ['h1 h2', 'h1 h2', 'a host has no " "'],
    ['h1;h2', 'h1;h2', 'a host has no ";"'],
    ['a@h:1', 'a@h:1', 'a host has no "@"'],
    ['h\u0000:1', 'h\u0000:1', String.raw`a host has no "\u0000"`],
    ['zk://h:1', 'zk://', 'it begins with a server, not a scheme'],
    ['dns-srv://name', 'dns-srv://', 'it begins with a server, not a scheme'],
    ['h/a/', '/a/', 'as a chroot, it ends with /'],
    ['h//a', '//a', 'as a chroot, a name at 1 is empty'],
    ['h/a/../b', '/a/../b', 'as a chroot, the relative name at 3 is not allowed'],
  ])('"%s" is refused', (text, part, problem) => {
    const error = refusal(text);

    expect(error).toMatchObject({
      name: 'ConnectStringError',
      code: 'INVALID_CONNECT_STRING',
      part,
    });
    expect(error.message).toBe(`the connect string is wrong at "${part}": ${problem}`);
  });

  test('what a server is formatted as is parsed as the same server', () => {
    fc.assert(
      fc.property(fc.array(server, { minLength: 1 }), (servers) => {
        const text = servers.map(formatServer).join(',');

        expect(parseConnectString(`${text}/chroot`)).toEqual({ servers, chroot: '/chroot' });
      }),
    );
  });

  test('any other text is refused with the error for it, or names usable servers', () => {
    const text = fc.string({ unit: fc.constantFrom(...'h1:,[]/. \t%@é\0-') });
    fc.assert(
      fc.property(text, (candidate) => {
        const found = parsedOrRefused(candidate);
        if (found instanceof ConnectStringError) return;

        expect(found.servers.length).toBeGreaterThan(0);
        for (const { host: name, port: number } of found.servers) {
          expect(name).toMatch(/^[^\s[\]/,]+$/);
          expect(number > 0 && number < 65_536).toBe(true);
        }
        expect(found.chroot).toMatch(/^$|^\/./);
      }),
    );
  });
});

function parsedOrRefused(text: string) {
  try {
    return parseConnectString(text);
  } catch (error) {
    if (error instanceof ConnectStringError) return error;
    throw error;
  }
}

function refusal(text: string): ConnectStringError {
  const result = parsedOrRefused(text);
  if (result instanceof ConnectStringError) return result;
  throw new Error(`"${text}" was taken`);
}
