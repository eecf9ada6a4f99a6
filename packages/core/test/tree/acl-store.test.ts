import { openAcl, readAcl } from '@zooid/protocol';
import { describe, expect, test } from 'vitest';
import { AclStore } from '../../src/tree/acl-store.ts';

const bob = { perms: 31, scheme: 'digest', id: 'bob:x' };
const local = { perms: 1, scheme: 'ip', id: '127.0.0.1' };

describe('the ACL store', () => {
  test('equal lists have one id, different ones two, and the open ACL has -1', () => {
    const store = new AclStore();
    expect(store.intern([{ perms: 31, scheme: 'world', id: 'anyone' }])).toBe(-1);
    const id = store.intern([bob, local]);
    expect(store.intern([{ ...bob }, { ...local }])).toBe(id);
    expect(store.intern([local, bob])).not.toBe(id);
    expect(store.intern([bob])).not.toBe(id);
    expect(store.intern([{ ...bob, perms: 30 }, local])).not.toBe(id);
    expect(store.get(id)).toEqual([bob, local]);
    expect(store.get(-1)).toEqual(openAcl);
  });

  test('texts with separators in them are not mistaken for others', () => {
    const store = new AclStore();
    const one = store.intern([{ perms: 1, scheme: 'a', id: 'b;1,1,1,cd' }]);
    const two = store.intern([
      { perms: 1, scheme: 'a', id: 'b' },
      { perms: 1, scheme: 'c', id: 'd' },
    ]);
    expect(one).not.toBe(two);
  });

  test('a list is forgotten with its last reference, and its id given out again', () => {
    const store = new AclStore();
    const id = store.intern([bob]);
    store.acquire(id);
    store.acquire(id);
    store.release(id);
    expect([...store.entries()]).toEqual([[id, [bob]]]);
    store.release(id);
    expect(store.size).toBe(0);
    expect(() => store.get(id)).toThrow('in use');
    expect(store.intern([local])).toBe(id);
  });

  test('a list that nothing refers to is not part of a snapshot and can be purged', () => {
    const store = new AclStore();
    store.intern([bob]);
    expect([...store.entries()]).toEqual([]);
    expect(store.entryCount).toBe(0);
    store.purgeUnused();
    expect(store.size).toBe(0);
  });

  test('a list does not change when the one it was made from does', () => {
    const store = new AclStore();
    const acls = [{ ...bob }];
    const id = store.intern(acls);
    acls[0]!.perms = 0;
    acls.push(local);
    expect(store.get(id)).toEqual([bob]);
  });

  test('ids of a file are translated, even those beyond 32 bits', () => {
    const store = new AclStore();
    store.load(2 ** 40, readAcl);
    store.load(7, openAcl);
    const id = store.idOfLoaded(2 ** 40);
    expect(store.get(id)).toEqual(readAcl);
    expect(store.idOfLoaded(7)).toBe(-1);
    expect(store.idOfLoaded(-1)).toBe(-1);
  });

  test('an id that is missing in its file grants nothing to anybody', () => {
    const store = new AclStore();
    const acls = store.get(store.idOfLoaded(5));
    expect(acls.length).toBeGreaterThan(0);
    expect(acls.every(({ perms }) => perms === 0)).toBe(true);
  });

  test('more releases than references are a bug', () => {
    const store = new AclStore();
    const id = store.intern([bob]);
    expect(() => store.release(id)).toThrow('no more often than acquired');
  });
});
