// The objects of the API that are no client: states, events, exceptions, ACLs.

import { inspect } from 'node:util';
import { describe, expect, test } from 'vitest';
import * as namespace from '../../src/compat/index.ts';
import zookeeper, {
  ACL,
  CreateMode,
  Event,
  Exception,
  Id,
  Permission,
  State,
} from '../../src/compat/index.ts';

/** As CommonJS would see it, were there no `module.exports`. */
const named: Readonly<Record<string, unknown>> = { ...namespace };

describe('the exports', () => {
  test('stand in the default export and under their names', () => {
    const names = [
      'createClient',
      'ACL',
      'Id',
      'Permission',
      'CreateMode',
      'State',
      'Event',
      'Exception',
    ] as const;
    expect(Object.keys(zookeeper)).toEqual(names);
    for (const name of names) expect(named[name]).toBe(zookeeper[name]);
  });

  test('are what require gives, as an object that can be changed', () => {
    expect(named['module.exports']).toBe(zookeeper);
    expect(Object.isFrozen(zookeeper)).toBe(false);
  });

  test('have the numbers of the protocol', () => {
    expect(Permission).toEqual({ READ: 1, WRITE: 2, CREATE: 4, DELETE: 8, ADMIN: 16, ALL: 31 });
    expect(CreateMode).toEqual({
      PERSISTENT: 0,
      PERSISTENT_SEQUENTIAL: 2,
      EPHEMERAL: 1,
      EPHEMERAL_SEQUENTIAL: 3,
    });
  });
});

describe('State', () => {
  test('has a name, a code and a text', () => {
    const states = [
      State.DISCONNECTED,
      State.SYNC_CONNECTED,
      State.AUTH_FAILED,
      State.CONNECTED_READ_ONLY,
      State.SASL_AUTHENTICATED,
      State.EXPIRED,
    ];
    expect(states.map(String)).toEqual([
      'DISCONNECTED[0]',
      'SYNC_CONNECTED[3]',
      'AUTH_FAILED[4]',
      'CONNECTED_READ_ONLY[5]',
      'SASL_AUTHENTICATED[6]',
      'EXPIRED[-122]',
    ]);
    for (const state of states) expect(state.toString()).toBe(`${state.name}[${state.code}]`);
    expect([State.EXPIRED.getName(), State.EXPIRED.getCode()]).toEqual(['EXPIRED', -122]);
  });
});

describe('Event', () => {
  test('has a type, a name, a path and a text', () => {
    const event = Event.create({ type: Event.NODE_CREATED, path: '/a' });
    expect(event).toBeInstanceOf(Event);
    expect([event.getType(), event.getName(), event.getPath()]).toEqual([1, 'NODE_CREATED', '/a']);
    expect(String(event)).toBe('NODE_CREATED[1]@/a');
    expect(String(Event.create({ type: Event.NODE_CHILDREN_CHANGED }))).toBe(
      'NODE_CHILDREN_CHANGED[4]',
    );
    expect(JSON.parse(JSON.stringify(event))).toEqual({
      type: 1,
      name: 'NODE_CREATED',
      path: '/a',
    });
  });

  test('is not made of what is none', () => {
    expect(() => Event.create(undefined as never)).toThrow('watcherEvent must be a valid object.');
    expect(() => Event.create({ type: 111 })).toThrow('Unknown type: 111');
    expect(() => Event.create({ type: '1' as never })).toThrow('type must be a number.');
    expect(() => new Event(1, '')).toThrow('name must be a non-empty string.');
  });
});

describe('Exception', () => {
  test('has a code, a name, a path and a message', () => {
    const exception = Exception.create(Exception.NO_NODE, '/a');
    expect(exception).toBeInstanceOf(Error);
    expect(exception).toBeInstanceOf(Exception);
    expect([exception.getCode(), exception.getName(), exception.getPath()]).toEqual([
      -101,
      'NO_NODE',
      '/a',
    ]);
    expect(exception.toString()).toBe('Exception: NO_NODE[-101]@/a');
    expect(String(Exception.create(Exception.OK))).toBe('Exception: OK[0]');
    expect(JSON.parse(JSON.stringify(exception))).toEqual({
      code: -101,
      name: 'NO_NODE',
      path: '/a',
      message: 'Exception: NO_NODE[-101]@/a',
    });
    expect(inspect(exception)).toContain('Exception: NO_NODE[-101]@/a');
  });

  test('has a stack that begins with its message, at whoever made it', () => {
    const [first, second] = Exception.create(Exception.NO_NODE, '/a').stack!.split('\n');
    expect(first).toContain('Exception: NO_NODE[-101]@/a');
    expect(second).toContain('values.test.ts');
  });

  test('is not made of what is none', () => {
    expect(() => Exception.create('x' as never)).toThrow('code must be a number.');
    expect(() => Exception.create(null as never)).toThrow('code must be a number.');
    expect(() => Exception.create(-111_111)).toThrow('Unknown code: -111111');
    expect(() => new Exception(0, 'OK', undefined)).toThrow('ctor must be a function.');
    expect(() => new Exception(0, '', () => {})).toThrow('name must be a non-empty string.');
    expect(new Exception(0, 'OK', () => {}).path).toBeUndefined();
  });

  test('has a name for every code that a server of today sends', () => {
    const codes = [-12, -13, -14, -118, -119, -120, -121, -122, -123, -124, -125, -127];
    for (const code of codes) {
      const name = Exception.create(code).getName();
      expect(Exception[name as 'SESSION_MOVED']).toBe(code);
    }
  });
});

describe('ACL and Id', () => {
  test('have the usual lists and identities', () => {
    expect(ACL.OPEN_ACL_UNSAFE).toEqual([new ACL(Permission.ALL, new Id('world', 'anyone'))]);
    expect(ACL.CREATOR_ALL_ACL).toEqual([new ACL(Permission.ALL, new Id('auth', ''))]);
    expect(ACL.READ_ACL_UNSAFE).toEqual([new ACL(Permission.READ, Id.ANYONE_ID_UNSAFE)]);
    expect(JSON.stringify(ACL.READ_ACL_UNSAFE)).toBe(
      '[{"permission":1,"id":{"scheme":"world","id":"anyone"}}]',
    );
  });

  test('become records and come back', () => {
    const acl = new ACL(Permission.READ | Permission.ADMIN, new Id('ip', '127.0.0.1'));
    expect(acl.toRecord()).toEqual({ perms: 17, id: { scheme: 'ip', id: '127.0.0.1' } });
    expect(ACL.fromRecord(acl.toRecord())).toEqual(acl);
    expect(Id.fromRecord(acl.id.toRecord())).toEqual(acl.id);
  });

  test('are not made of what is none', () => {
    expect(() => new ACL(0, Id.AUTH_IDS)).toThrow('permission must be a valid integer.');
    expect(() => new ACL(32, Id.AUTH_IDS)).toThrow('permission must be a valid integer.');
    expect(() => new ACL(1, {} as never)).toThrow('id must be an instance of Id class.');
    expect(() => new Id('', 'x')).toThrow('scheme must be a non-empty string.');
    expect(() => new Id('x', 1 as never)).toThrow('id must be a string.');
  });
});
