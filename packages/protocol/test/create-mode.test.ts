import {
  CONTAINER_OWNER,
  CreateMode,
  createModeTraits,
  EphemeralType,
  ephemeralTypeOf,
  isCreateMode,
  isValidTtl,
  JuteReader,
  ownerToTtl,
  TTL_MS_MAX,
  ttlToOwner,
} from '@zooid/protocol';
import { describe, expect, test } from 'vitest';
import { loadVectorBytes } from './vectors/vectors.ts';

describe('the flags of a create', () => {
  test('say which of the seven modes is meant', () => {
    const facts = Object.values(CreateMode).map((mode) => {
      const traits = createModeTraits(mode)!;
      expect(traits.mode).toBe(mode);
      return [
        traits.isEphemeral ? 'E' : '-',
        traits.isSequential ? 'S' : '-',
        traits.isContainer ? 'C' : '-',
        traits.hasTtl ? 'T' : '-',
      ].join('');
    });
    expect(facts).toEqual(['----', 'E---', '-S--', 'ES--', '--C-', '---T', '-S-T']);
  });

  test.each([-1, 7, 1.5, 2 ** 31 - 1, -(2 ** 31), Number.NaN])('%d is none of them', (flags) => {
    expect(createModeTraits(flags)).toBeUndefined();
    expect(isCreateMode(flags)).toBe(false);
  });
});

describe('the owner of a znode', () => {
  test("a TTL is stored as Apache's server stores it", () => {
    const owners = [...loadVectorBytes()].filter(([name]) => name.startsWith('owner/'));
    expect(owners).toHaveLength(3);
    for (const [name, bytes] of owners) {
      const ttl = Number(name.slice('owner/'.length));
      const owner = new JuteReader(bytes).long();
      expect(ttlToOwner(ttl)).toBe(owner);
      expect(ownerToTtl(owner)).toBe(ttl);
      expect(ephemeralTypeOf(owner, 'extended')).toBe(EphemeralType.ttl);
    }
  });

  test('a TTL is between one millisecond and forty bits of them', () => {
    expect([0, 1, TTL_MS_MAX, TTL_MS_MAX + 1, -1].map(isValidTtl)).toEqual([
      false,
      true,
      true,
      false,
      false,
    ]);
    expect(() => ttlToOwner(0)).toThrow(RangeError);
    expect(() => ttlToOwner(TTL_MS_MAX + 1)).toThrow(RangeError);
  });

  const owners = {
    none: 0n,
    session: 0x100123456789abcn,
    'session of server 200': BigInt.asIntN(64, 0xc80123456789abcdn),
    container: CONTAINER_OWNER,
    ttl: ttlToOwner(5000),
    'ttl of 3.5.3': BigInt.asIntN(64, 0x8000000000001388n),
    'another feature': BigInt.asIntN(64, 0xff00010000000001n),
  };

  test.each([
    ['off', [0, 1, 1, 2, 1, 1, 1]],
    ['extended', [0, 1, 1, 2, 3, 1, -1]],
    ['extended353', [0, 1, 3, 2, 3, 3, 3]],
  ] as const)('with types %s it means void 0, session 1, container 2, TTL 3', (types, kinds) => {
    expect(Object.values(owners).map((owner) => ephemeralTypeOf(owner, types))).toEqual(kinds);
  });
});
