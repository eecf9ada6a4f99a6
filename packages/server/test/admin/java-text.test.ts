import { describe, expect, it } from 'vitest';
import { javaAddress, javaDouble, javaHex, javaSocketAddress } from '../../src/admin/java-text.ts';
import { Double, jsonText } from '../../src/admin/json-text.ts';

describe('values as Java prints them', () => {
  it("hex is two's complement of 64 bits", () => {
    expect([javaHex(-1), javaHex(0), javaHex(255n), javaHex(-(2n ** 63n))]).toEqual([
      'ffffffffffffffff',
      '0',
      'ff',
      '8000000000000000',
    ]);
  });

  it('doubles have a fraction, large ones an exponent', () => {
    expect([0, 2.0769, 12, 1e7, 12345678.5].map(javaDouble)).toEqual([
      '0.0',
      '2.0769',
      '12.0',
      '1.0E7',
      '1.23456785E7',
    ]);
  });

  it('addresses of IPv6 are written out, those of IPv4 found inside', () => {
    expect(javaAddress('127.0.0.1')).toBe('127.0.0.1');
    expect(javaAddress('::1')).toBe('0:0:0:0:0:0:0:1');
    expect(javaAddress('::')).toBe('0:0:0:0:0:0:0:0');
    expect(javaAddress('fe80::00a1:2%eth0')).toBe('fe80:0:0:0:0:0:a1:2%eth0');
    expect(javaAddress('::ffff:10.0.0.1')).toBe('10.0.0.1');
    expect(javaAddress('1:2:3:4:5:6:7:8')).toBe('1:2:3:4:5:6:7:8');
    expect(javaSocketAddress('::1', 21)).toBe('[0:0:0:0:0:0:0:1]:21');
  });
});

describe('jsonText', () => {
  it('is JSON that keeps 64-bit integers and fractions', () => {
    const text = jsonText({
      id: 72057659099054081n,
      average: new Double(0),
      empty: { list: [], map: {} },
      list: [1, 'two', null, true, { three: 3 }],
      'quo"te\n': '\u0000<',
    });
    expect(text).toContain('"id" : 72057659099054081');
    expect(text).toContain('"average" : 0.0');
    expect(text).toContain('"list" : [ ]');
    expect(JSON.parse(text)).toMatchObject({
      empty: { list: [], map: {} },
      list: [1, 'two', null, true, { three: 3 }],
      'quo"te\n': '\u0000<',
    });
  });
});
