import { describe, expect, test } from 'vitest';
import { formatHostPort, isReachableFrom, tryParseHostPort } from '../../src/net/peer-address.ts';

describe('the address of a peer', () => {
  test.each([
    ['zk1.example.org:3888', { host: 'zk1.example.org', port: 3888 }],
    ['10.0.0.7:1', { host: '10.0.0.7', port: 1 }],
    ['[fe80::1]:65535', { host: 'fe80::1', port: 65_535 }],
  ])('%s is read and written alike', (text, address) => {
    expect(tryParseHostPort(text)).toEqual(address);
    expect(formatHostPort(address)).toBe(text);
  });

  test.each([
    '',
    'zk1',
    'zk1:',
    ':3888',
    'zk1:0',
    'zk1:65536',
    'zk1:3888:2888',
    '[::1]',
    'a b:1',
    '::1:5',
  ])('%j is none', (text) => {
    expect(tryParseHostPort(text)).toBeUndefined();
  });
});

describe('what a server says of itself', () => {
  test.each(['127.0.0.1', '127.0.1.1', 'localhost', '::1', '0:0:0:0:0:0:0:1'])(
    '%s is that server for those on the same machine only',
    (host) => {
      for (const from of ['127.0.0.1', '::1']) expect(isReachableFrom(host, from)).toBe(true);
      for (const from of ['10.0.0.7', 'fe80::1']) expect(isReachableFrom(host, from)).toBe(false);
    },
  );

  test.each(['10.0.0.7', 'fe80::1', '1:0:0:0:0:0:0:1', '0:0:0:0:0:0:1:1', 'zk1.example.org'])(
    '%s is that server for everybody',
    (host) => {
      for (const from of ['127.0.0.1', '::1', '10.0.0.8']) {
        expect(isReachableFrom(host, from)).toBe(true);
      }
    },
  );

  test.each(['0.0.0.0', '::', '0:0:0:0:0:0:0:0'])('%s is nobody', (host) => {
    expect(isReachableFrom(host, '::1')).toBe(false);
  });
});
