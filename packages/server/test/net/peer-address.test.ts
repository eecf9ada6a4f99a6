import { describe, expect, test } from 'vitest';
import { formatHostPort, tryParseHostPort } from '../../src/net/peer-address.ts';

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
