import { createHash } from 'node:crypto';
import { type Acl, creatorAcl, encodeUtf8, openAcl, Permission, readAcl } from '@zooid/protocol';
import { describe, expect, it } from 'vitest';
import { AccessRules, withIds } from '../../src/auth/access-rules.ts';
import type { AuthId } from '../../src/auth/auth-id.ts';
import type { AuthProvider } from '../../src/auth/auth-provider.ts';
import { DigestProvider } from '../../src/auth/digest-provider.ts';
import { EnsembleProvider } from '../../src/auth/ensemble-provider.ts';
import { ipProvider } from '../../src/auth/ip-provider.ts';

const sha1 = (text: string) => createHash('sha1').update(text, 'utf8').digest('base64');
const superDigest = 'super:xQJmxLMiHGwaqBvst5y6rkB6HQs=';
const digestProvider = new DigestProvider({ hash: sha1, superDigest });
const rules = new AccessRules({ providers: [ipProvider, digestProvider] });

const facts = { address: '10.1.2.3' };
const address: AuthId = { scheme: 'ip', id: '10.1.2.3' };
const alice: AuthId = { scheme: 'digest', id: 'alice:aYXlLOpEooaV1cRAvUL1fp9Qt7E=' };
const bob: AuthId = { scheme: 'digest', id: 'bob:hash' };
const superUser: AuthId = { scheme: 'super', id: '' };
const acl = (perms: number, scheme: string, id: string): Acl => ({ perms, scheme, id });

describe('a permission', () => {
  it('is given to everybody by world:anyone', () => {
    expect(rules.allows(openAcl, Permission.admin, [])).toBe(true);
    expect(rules.allows([...openAcl], Permission.admin, [])).toBe(true);
    expect(rules.allows(readAcl, Permission.read, [])).toBe(true);
    expect(rules.allows(readAcl, Permission.write, [])).toBe(false);
  });

  it('is given to everybody by an empty list', () => {
    expect(rules.allows([], Permission.admin, [])).toBe(true);
  });

  it('is given to the id that the list names and to no other', () => {
    const acls = [acl(Permission.all, 'digest', alice.id)];
    expect(rules.allows(acls, Permission.write, [address, alice])).toBe(true);
    expect(rules.allows(acls, Permission.write, [address, bob])).toBe(false);
    expect(rules.allows(acls, Permission.write, [])).toBe(false);
  });

  it('is never given by an id of the same text and another scheme', () => {
    const acls = [acl(Permission.all, 'digest', '10.1.2.3')];
    expect(rules.allows(acls, Permission.read, [address])).toBe(false);
  });

  it.each([
    ['read', Permission.read],
    ['write', Permission.write],
    ['create', Permission.create],
    ['delete', Permission.delete],
    ['admin', Permission.admin],
  ])('to %s is given by its own bit only', (_name, wanted) => {
    const only = [acl(wanted, 'world', 'anyone')];
    const all = [acl(Permission.all & ~wanted, 'world', 'anyone')];
    expect(rules.allows(only, wanted, [])).toBe(true);
    expect(rules.allows(all, wanted, [])).toBe(false);
  });

  it('of several that would do is enough', () => {
    const acls = [acl(Permission.admin, 'world', 'anyone')];
    expect(rules.allows(acls, Permission.read | Permission.admin, [])).toBe(true);
  });

  it('may come from any entry of the list', () => {
    const acls = [
      acl(Permission.read, 'digest', alice.id),
      acl(Permission.write, 'digest', alice.id),
      acl(Permission.create, 'ip', '10.1.0.0/16'),
    ];
    expect(rules.allows(acls, Permission.write, [alice])).toBe(true);
    expect(rules.allows(acls, Permission.create, [alice, address])).toBe(true);
    expect(rules.allows(acls, Permission.delete, [alice, address])).toBe(false);
  });

  it('is given to super whatever the list says', () => {
    expect(rules.allows([acl(0, 'digest', bob.id)], Permission.admin, [superUser])).toBe(true);
  });

  it('cannot come from an entry whose scheme nobody provides', () => {
    const acls = [acl(Permission.all, 'sasl', 'bob')];
    expect(rules.allows(acls, Permission.read, [{ scheme: 'sasl', id: 'bob' }])).toBe(false);
  });

  it('is given to everybody with skipACL', () => {
    const skipping = new AccessRules({ providers: [], skipAcl: true });
    expect(skipping.allows([acl(0, 'digest', bob.id)], Permission.admin, [])).toBe(true);
  });
});

describe('a requested ACL', () => {
  it('that is open is kept as it is', () => {
    expect(rules.fixUp(openAcl, [])).toBe(openAcl);
    expect(rules.fixUp([...openAcl], [])).toEqual(openAcl);
  });

  it('that is empty is invalid', () => {
    expect(rules.fixUp([], [alice])).toBeUndefined();
  });

  it('loses duplicates and keeps its order', () => {
    const a = acl(1, 'digest', 'a:x');
    const b = acl(1, 'ip', '10.0.0.1');
    const c = acl(2, 'digest', 'a:x');
    expect(rules.fixUp([a, b, { ...a }, c, { ...b }], [])).toEqual([a, b, c]);
  });

  it('tells entries apart whose scheme and id only joined are the same', () => {
    const hostile: AuthProvider = { ...ipProvider, scheme: 'i', isValid: () => true };
    const wide = new AccessRules({ providers: [ipProvider, hostile] });
    const entries = [acl(1, 'i', 'p1.2.3.4'), acl(1, 'ip', '1.2.3.4')];
    expect(wide.fixUp(entries, [])).toEqual(entries);
  });

  it('with auth gets every id of the caller that says who it is, with the permissions asked for', () => {
    const ids = [address, alice, bob, superUser];
    expect(rules.fixUp([acl(Permission.read, 'auth', 'ignored')], ids)).toEqual([
      acl(Permission.read, 'digest', alice.id),
      acl(Permission.read, 'digest', bob.id),
    ]);
  });

  it('with auth from a caller that is only an address is invalid', () => {
    expect(rules.fixUp(creatorAcl, [address, superUser])).toBeUndefined();
    expect(rules.fixUp([...openAcl, ...creatorAcl], [address])).toBeUndefined();
  });

  it('keeps what auth and an explicit entry give twice, as Apache does', () => {
    const own = acl(Permission.all, 'digest', alice.id);
    expect(rules.fixUp([...creatorAcl, own], [alice])).toEqual([own, own]);
  });

  it.each([
    ['world with anybody else', 'world', 'bob'],
    ['an unknown scheme', 'sasl', 'bob'],
    ['the scheme super', 'super', ''],
    ['a digest without a colon', 'digest', 'alice'],
    ['a digest without a hash', 'digest', 'alice:'],
    ['a digest with two colons', 'digest', 'a:b:c'],
    ['an address that is none', 'ip', '10.0.0'],
    ['a network of too many bits', 'ip', '10.0.0.0/33'],
    ['an empty scheme', '', ''],
  ])('with %s is invalid', (_what, scheme, id) => {
    expect(rules.fixUp([...openAcl, acl(Permission.all, scheme, id)], [alice])).toBeUndefined();
  });

  it.each([
    ['digest', 'a:b'],
    ['digest', ':b'],
    ['digest', 'a:b::'],
    ['ip', '10.0.0.1'],
    ['ip', '10.0.0.0/8'],
    ['ip', '2001:db8::/32'],
  ])('with %s:%s is valid', (scheme, id) => {
    const asked = [acl(Permission.read, scheme, id)];
    expect(rules.fixUp(asked, [])).toEqual(asked);
  });

  it('of many thousand entries is dealt with in time that grows only linearly', () => {
    // 80,000 entries fit in a frame; comparing each with each takes 3.2 billion steps.
    const asked = Array.from({ length: 80_000 }, (_, i) => acl(1, 'digest', `u${i}:h`));
    expect(rules.fixUp([...asked, ...asked], [])).toHaveLength(80_000);
  });
});

describe('an auth packet', () => {
  // Digests as Apache's DigestAuthenticationProvider prints them.
  it.each([
    ['alice:secret', 'alice:aYXlLOpEooaV1cRAvUL1fp9Qt7E='],
    ['nouser', 'nouser:/VOdnd9F357nyOV6c/1qBFn7N6o='],
    ['ünï:pässwörd:x', 'ünï:HOLa/5tx+YG/17+CI4Mp+mmdBBc='],
    [':', ':BaefBs8/Z/cm2uaNGKIpD2yaUMk='],
  ])('of digest with %j makes the connection %s', (packet, id) => {
    expect(rules.authenticate('digest', encodeUtf8(packet), facts)).toEqual({
      kind: 'ok',
      ids: [{ scheme: 'digest', id }],
    });
  });

  it('of digest with the password of super makes the connection super as well', () => {
    expect(rules.authenticate('digest', encodeUtf8('super:admin'), facts)).toEqual({
      kind: 'ok',
      ids: [superUser, { scheme: 'digest', id: superDigest }],
    });
  });

  it('never makes a connection super when no superDigest is set', () => {
    const plain = new DigestProvider({ hash: sha1 });
    const outcome = plain.authenticate(encodeUtf8('super:admin'));
    expect(outcome).toEqual({ kind: 'ok', ids: [{ scheme: 'digest', id: superDigest }] });
  });

  it('of digest with null fails', () => {
    expect(rules.authenticate('digest', null, facts)).toEqual({ kind: 'failed' });
  });

  it('of ip makes the connection what it is: its address', () => {
    const outcome = rules.authenticate('ip', encodeUtf8('1.1.1.1'), facts);
    expect(outcome).toEqual({ kind: 'ok', ids: [address] });
  });

  it.each(['sasl', 'world', 'auth', 'super', 'ensemble', ''])(
    'of scheme %j is refused',
    (scheme) => {
      const outcome = rules.authenticate(scheme, encodeUtf8('x:y'), facts);
      expect(outcome).toEqual({ kind: 'unknown-scheme' });
    },
  );

  it('of ensemble is accepted with one of our names or none, and hung up on with another', () => {
    const ensemble = new AccessRules({ providers: [new EnsembleProvider('blue, green')] });
    const ok = { kind: 'ok', ids: [] };
    const say = (name: string) => ensemble.authenticate('ensemble', encodeUtf8(name), facts);
    expect([say('blue'), say('green'), say('')]).toEqual([ok, ok, ok]);
    expect(ensemble.authenticate('ensemble', null, facts)).toEqual(ok);
    expect(say('red')).toEqual({ kind: 'wrong-ensemble' });
    const any = new AccessRules({ providers: [new EnsembleProvider('')] });
    expect(any.authenticate('ensemble', encodeUtf8('red'), facts)).toEqual(ok);
    expect(ensemble.fixUp([acl(1, 'ensemble', 'blue')], [])).toBeUndefined();
  });

  it('adds to what the connection is, and nothing twice', () => {
    const ids = withIds([address], [alice]);
    expect(ids).toEqual([address, alice]);
    expect(withIds(ids, [{ ...alice }])).toBe(ids);
    expect(withIds(ids, [bob, { ...address }])).toEqual([address, alice, bob]);
  });
});

describe('a digest in an ACL', () => {
  it('immunity: CVE-2019-0201 is shown without its hash, and other entries as they are', () => {
    const acls = [acl(31, 'digest', alice.id), acl(1, 'ip', '10.0.0.1'), acl(1, 'digest', 'x')];
    expect(rules.mask(acls)).toEqual([
      acl(31, 'digest', 'alice:x'),
      acl(1, 'ip', '10.0.0.1'),
      acl(1, 'digest', 'x'),
    ]);
  });

  it('hides everything after the first colon', () => {
    expect(rules.mask([acl(1, 'digest', 'a:b\nc:d')])).toEqual([acl(1, 'digest', 'a:x')]);
  });
});

describe('whoAmI', () => {
  it('tells schemes and user names, and no hash', () => {
    expect(rules.clientInfos([address, alice, superUser])).toEqual([
      { authScheme: 'ip', user: '10.1.2.3' },
      { authScheme: 'digest', user: 'alice' },
      { authScheme: 'super', user: '' },
    ]);
  });

  it('joins the names for the audit log', () => {
    expect(rules.userNames([address, superUser, alice])).toBe('10.1.2.3,alice');
    expect(rules.userNames([superUser])).toBeUndefined();
  });
});

describe('enforce.auth', () => {
  const enforcing = new AccessRules({
    providers: [ipProvider, digestProvider],
    enforcedSchemes: ['digest', 'sasl'],
  });

  it('admits a connection once it holds an id of one of the schemes', () => {
    expect(enforcing.isAdmitted([address])).toBe(false);
    expect(enforcing.isAdmitted([address, superUser])).toBe(false);
    expect(enforcing.isAdmitted([address, alice])).toBe(true);
    expect(enforcing.isSaslEnforced).toBe(true);
  });

  it('admits everybody when no scheme is enforced', () => {
    expect(rules.isAdmitted([])).toBe(true);
    expect(rules.isSaslEnforced).toBe(false);
  });

  it('names the schemes that nobody here can prove', () => {
    expect(enforcing.missingSchemes).toEqual(['sasl']);
  });
});
