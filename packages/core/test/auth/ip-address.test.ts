import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { hostAddress, isInNetwork, parseAddress, parseNetwork } from '../../src/auth/ip-address.ts';

const bytesOf = (text: string) => {
  const bytes = parseAddress(text);
  return bytes === undefined ? undefined : [...bytes];
};

describe('parseAddress', () => {
  it('reads four decimal parts', () => {
    expect(bytesOf('10.0.255.1')).toEqual([10, 0, 255, 1]);
    // Integer.parseInt takes a sign and leading zeros.
    expect(bytesOf('+10.-0.007.1')).toEqual([10, 0, 7, 1]);
  });

  it.each([
    '',
    '1',
    '1.2.3',
    '1.2.3.4.5',
    '1.2.3.256',
    '1.2.3.-1',
    '1.2.3.x',
    '1.2.3.',
    ' 1.2.3.4',
    '1.2.3.4e0',
  ])('refuses %j', (text) => expect(parseAddress(text)).toBeUndefined());

  it('reads IPv6 in full and compressed', () => {
    const full = [0x20, 1, 0xd, 0xb8, 0x85, 0xa3, 0, 0, 0, 0, 0x8a, 0x2e, 3, 0x70, 0x73, 0x34];
    expect(bytesOf('2001:0db8:85a3:0000:0000:8a2e:0370:7334')).toEqual(full);
    expect(bytesOf('2001:DB8:85a3::8a2e:370:7334')).toEqual(full);
    expect(bytesOf('::1')).toEqual([...new Array(15).fill(0), 1]);
    expect(bytesOf('1::')).toEqual([0, 1, ...new Array(14).fill(0)]);
    expect(bytesOf('::')).toEqual(new Array(16).fill(0));
  });

  it.each([
    '1:',
    '1:2',
    '1::2:',
    ':1::2:',
    '1:2:3:4:5:6:7:8:',
    '1:2:3:4:5:6:7:8:9',
    '1:2::3:4:5:6:7:8',
    '1::2::',
    '1:abcdf::',
    'efgh::',
    '1:: ',
    ' 1::',
    ':::',
    '1:2:3:4:5:6:7::8',
    'fe80::1%eth0',
  ])('refuses %j', (text) => expect(parseAddress(text)).toBeUndefined());
});

describe('isInNetwork', () => {
  it.each([
    ['10.1.2.3', '10.1.2.3', true],
    ['10.1.2.3', '10.1.2.4', false],
    ['10.1.2.3', '10.1.0.0/16', true],
    ['10.2.2.3', '10.1.0.0/16', false],
    ['10.1.2.3', '10.1.255.255/16', true],
    ['10.1.129.3', '10.1.128.0/17', true],
    ['10.1.127.3', '10.1.128.0/17', false],
    ['10.1.2.3', '0.0.0.0/0', true],
    ['10.1.2.3', '10.1.2.3/32', true],
    ['10.1.2.3', '10.1.2.2/31', true],
    ['10.1.2.3', '10.1.2.3/33', false],
    ['10.1.2.3', '10.1.2.3/-1', false],
    ['10.1.2.3', '10.1.2.3/', false],
    ['10.1.2.3', '10.1.2.3/8/8', false],
    ['0:0:0:0:0:0:0:1', '::1', true],
    ['2001:db8:0:0:0:0:0:5', '2001:db8::/32', true],
    ['2001:db9:0:0:0:0:0:5', '2001:db8::/32', false],
    ['2001:db9:0:0:0:0:0:5', '2001:db8::/31', true],
    ['2001:db8:0:0:0:0:0:5', '::/0', true],
    ['2001:db8:0:0:0:0:0:5', '2001:db8::5/129', false],
    ['10.1.2.3', '::/0', false],
    ['0:0:0:0:0:0:0:1', '0.0.0.0/0', false],
    ['no address', '0.0.0.0/0', false],
  ])('says that %s in %s is %s', (address, network, expected) => {
    expect(isInNetwork(address, network)).toBe(expected);
  });

  it('agrees with comparing the first bits one by one', () => {
    const byte = fc.integer({ min: 0, max: 255 });
    const v4 = fc.tuple(byte, byte, byte, byte);
    fc.assert(
      fc.property(v4, v4, fc.integer({ min: 0, max: 32 }), (a, b, bits) => {
        const text = (bytes: readonly number[]) =>
          bytes.map((x) => x.toString(2).padStart(8, '0')).join('');
        const expected = text(a).slice(0, bits) === text(b).slice(0, bits);
        expect(isInNetwork(a.join('.'), `${b.join('.')}/${bits}`)).toBe(expected);
      }),
    );
  });
});

describe('parseNetwork', () => {
  it('takes an address alone as the network of just this address', () => {
    expect(parseNetwork('1.2.3.4')?.bits).toBe(32);
    expect(parseNetwork('::1')?.bits).toBe(128);
  });
});

describe('hostAddress', () => {
  // What InetAddress.getByName(text).getHostAddress() gives on OpenJDK 17.
  it.each([
    ['127.0.0.1', '127.0.0.1'],
    ['::1', '0:0:0:0:0:0:0:1'],
    ['::', '0:0:0:0:0:0:0:0'],
    ['fe80::1:2', 'fe80:0:0:0:0:0:1:2'],
    ['2001:db8::8a2e:370:7334', '2001:db8:0:0:0:8a2e:370:7334'],
    ['2001:DB8::', '2001:db8:0:0:0:0:0:0'],
    ['1:2:3:4:5:6:7:8', '1:2:3:4:5:6:7:8'],
    ['::ffff:10.1.2.3', '10.1.2.3'],
    ['::ffff:a01:203', '10.1.2.3'],
    ['::1.2.3.4', '0:0:0:0:0:0:102:304'],
    ['fe80::1%1', 'fe80:0:0:0:0:0:0:1%1'],
    ['nonsense', 'nonsense'],
    ['a:b:c', 'a:b:c'],
    ['::ffff:10.1.2', '::ffff:10.1.2'],
  ])('writes %s as %s', (address, java) => {
    expect(hostAddress(address)).toBe(java);
  });
});
