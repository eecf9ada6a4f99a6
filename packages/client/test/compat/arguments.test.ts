// What is wrong with arguments is thrown at once, with the sentences of node-zookeeper-client.

import { AssertionError } from 'node:assert';
import { describe, expect, test } from 'vitest';
import zookeeper, {
  ACL,
  type Client,
  CreateMode,
  type Exception,
  type Stat,
} from '../../src/compat/index.ts';

/** Never connected: what is asked of it waits. */
const client = zookeeper.createClient('127.0.0.1:1');
const done = () => {};

/** The sentence of the AssertionError that a call throws. */
function sentenceOf(call: () => void): string {
  try {
    call();
  } catch (error) {
    if (error instanceof AssertionError) return error.message;
    throw error;
  }
  return 'nothing was thrown';
}

type Loose = Readonly<Record<string, (...args: readonly unknown[]) => void>>;
/** The same client, without what types know. */
const loose = client as unknown as Loose;

const withPath: [string, ...unknown[]][] = [
  ['create', done],
  ['mkdirp', done],
  ['remove', done],
  ['removeRecursive', done],
  ['exists', done],
  ['getChildren', done],
  ['listSubTreeBFS', done],
  ['getData', done],
  ['setData', null, done],
  ['getACL', done],
  ['setACL', ACL.OPEN_ACL_UNSAFE, done],
];

describe('a path', () => {
  const sentences: readonly (readonly [unknown, string])[] = [
    [undefined, 'Node path must be a non-empty string.'],
    [null, 'Node path must be a non-empty string.'],
    ['', 'Node path must be a non-empty string.'],
    [7, 'Node path must be a non-empty string.'],
    ['a', 'Node path must start with / character.'],
    ['/a/', 'Node path must not end with / character.'],
    ['//a', 'Node path must not contain empty node name.'],
    ['/.', 'Node path must not contain relative path(s).'],
    ['/./a', 'Node path must not contain relative path(s).'],
    ['/..', 'Node path must not contain relative path(s).'],
    ['/a/../b', 'Node path must not contain relative path(s).'],
  ];

  test.each(withPath)('is checked by %s', (method, ...rest) => {
    for (const [path, sentence] of sentences) {
      expect([path, sentenceOf(() => loose[method]!.call(client, path, ...rest))]).toEqual([
        path,
        sentence,
      ]);
    }
  });

  test.each(withPath)('must not hold what no server takes: %s', (method, ...rest) => {
    expect(sentenceOf(() => loose[method]!.call(client, '/a\u0000b', ...rest))).toMatch(
      /^Node path must not contain forbidden characters: character U\+0000 at 2/,
    );
  });

  test('is checked by a transaction', () => {
    const transaction = client.transaction();
    expect(sentenceOf(() => transaction.create('/a/'))).toMatch(/end with/);
    expect(sentenceOf(() => transaction.setData('a', null))).toMatch(/start with/);
    expect(sentenceOf(() => transaction.check(''))).toMatch(/non-empty/);
    expect(sentenceOf(() => transaction.remove('//'))).toMatch(/end with/);
  });

  test('may have dots in a name', () => {
    for (const path of ['/', '/a.b', '/a..b', '/...', '/.a']) {
      expect(sentenceOf(() => client.exists(path, done))).toBe('nothing was thrown');
    }
  });

  test('of a sequential znode may end with a slash, of another not', () => {
    for (const mode of [CreateMode.PERSISTENT_SEQUENTIAL, CreateMode.EPHEMERAL_SEQUENTIAL]) {
      expect(sentenceOf(() => client.create('/a/', mode, done))).toBe('nothing was thrown');
      expect(sentenceOf(() => client.create('/a//', mode, done))).toMatch(/empty node name/);
      expect(sentenceOf(() => client.transaction().create('/a/', mode))).toBe('nothing was thrown');
    }
    expect(sentenceOf(() => client.create('/a/', CreateMode.EPHEMERAL, done))).toMatch(/end with/);
  });
});

describe('the other arguments', () => {
  test.each(withPath)('of %s end with a callback', (method, ...rest) => {
    expect(sentenceOf(() => loose[method]!.call(client, '/a', ...rest.slice(0, -1)))).toBe(
      'callback must be a function.',
    );
  });

  test('are checked one by one', () => {
    const sentences: readonly (readonly [string, readonly unknown[], string])[] = [
      ['create', ['/a', [], done], 'acls must be a non-empty array.'],
      ['mkdirp', ['/a', [], done], 'acls must be a non-empty array.'],
      [
        'create',
        ['/a', Buffer.alloc(1_048_577), done],
        'data must be equal of smaller than 1048576 bytes.',
      ],
      [
        'setData',
        ['/a', Buffer.alloc(1_048_577), done],
        'data must be equal of smaller than 1048576 bytes.',
      ],
      ['setData', ['/a', 'text', done], 'data must be a valid buffer, null or undefined.'],
      ['setData', ['/a', null, '1', done], 'version must be a number.'],
      ['remove', ['/a', '1', done], 'version must be a number.'],
      ['removeRecursive', ['/a', '1', done], 'version must be a number.'],
      ['setACL', ['/a', [], done], 'acls must be a non-empty array.'],
      ['setACL', ['/a', ACL.OPEN_ACL_UNSAFE, '1', done], 'version must be a number.'],
      ['getData', ['/a', {}, done], 'watcher must be a valid function.'],
      ['addAuthInfo', ['', Buffer.alloc(0)], 'scheme must be a non-empty string.'],
      ['addAuthInfo', ['digest', 'a:b'], 'auth must be a valid instance of Buffer'],
    ];
    for (const [method, args, sentence] of sentences) {
      expect([method, sentenceOf(() => loose[method]!.call(client, ...args))]).toEqual([
        method,
        sentence,
      ]);
    }
    const transaction = client.transaction() as unknown as Loose;
    expect(sentenceOf(() => transaction['check']!('/a', '1'))).toBe('version must be a number.');
    expect(sentenceOf(() => transaction['setData']!('/a', 'text'))).toBe(
      'data must be a valid buffer, null or undefined.',
    );
    expect(sentenceOf(() => transaction['create']!('/a', []))).toBe(
      'acls must be a non-empty array.',
    );
    expect(sentenceOf(() => transaction['commit']!())).toBe('callback must be a function');
  });

  test('of an option: retries are a number from 0 on, looked at with each call', () => {
    const strange = zookeeper.createClient('127.0.0.1:1', { retries: -1 });
    expect(sentenceOf(() => strange.exists('/a', done))).toBe(
      'retries must be an integer greater or equal to 0.',
    );
  });
});

describe('a connection string', () => {
  const make = (text: unknown) => sentenceOf(() => zookeeper.createClient(text as string));

  test('names at least one server', () => {
    for (const text of [undefined, null, '', 7]) {
      expect(make(text)).toBe('connectionString must be an non-empty string.');
    }
    for (const text of ['/a', ',', ' , /a']) {
      expect(make(text)).toBe('connectionString must contain at least one server.');
    }
  });

  test('may have a chroot, which is a path', () => {
    const chrootOf = (text: string) => zookeeper.createClient(text).connectionManager.chrootPath;
    expect(chrootOf('h:1,h:2/a/b')).toBe('/a/b');
    expect(chrootOf('h')).toBeUndefined();
    expect(chrootOf('h/')).toBeUndefined();
    expect(make('h:2181/../a/')).toMatch(/path/);
    expect(make('h:2181/a/../b')).toMatch(/relative/);
  });

  test('has servers with a number for a port, 2181 unless it is given, and may name IPv6 addresses', () => {
    const { servers } = zookeeper.createClient('a:1,b,[::1]:3,[fe80::2]').connectionManager;
    expect(servers).toEqual([
      { host: 'a', port: 1 },
      { host: 'b', port: 2181 },
      { host: '::1', port: 3 },
      { host: 'fe80::2', port: 2181 },
    ]);
    expect(make('a:b')).toMatch(/^connectionString is malformed: .*port/);
  });
});

describe('the options', () => {
  test('have defaults, also where undefined is given, and stay readable', () => {
    const { options } = zookeeper.createClient('h', {
      retries: 3,
      spinDelay: undefined as unknown as number,
    });
    expect(options).toEqual({ sessionTimeout: 30_000, spinDelay: 1_000, retries: 3 });
    expect(zookeeper.createClient('h', null as never).options.retries).toBe(0);
    expect(sentenceOf(() => zookeeper.createClient('h', 7 as never))).toBe(
      'options must be a valid object',
    );
  });
});

describe('the types', () => {
  // What matters here is that it compiles, as it does with the types of DefinitelyTyped.
  test('know every order of optional arguments, and what callbacks get', () => {
    const uses = (own: Client) => {
      own.create('/a', (error, path) => [error?.getCode().toFixed(), path.length]);
      own.create('/a', Buffer.from('x'), (_error, path) => path.length);
      own.create(
        '/a',
        CreateMode.EPHEMERAL,
        ACL.OPEN_ACL_UNSAFE,
        Buffer.from('x'),
        (_error, path) => path.length,
      );
      own.mkdirp('/a', ACL.READ_ACL_UNSAFE, (error: Error | null, path: string) => [error, path]);
      own.exists('/a', (_error, stat) => stat?.version);
      own.exists(
        '/a',
        (event) => event.getName(),
        (_error, stat) => stat?.version,
      );
      own.exists('/a', (_error: Error | Exception | null, stat: Stat) => stat);
      own.getData('/a', (_error, data, stat) => [data.toString(), stat.mzxid.readBigInt64BE()]);
      own.setData('/a', null, 7, (_error, stat) => stat.version);
      own.getACL('/a', (_error, acls) => acls[0]?.id.scheme);
      own.remove('/a', (error) => error?.stack);
      own.on('state', (state) => state.getName());
      own.once('connected', () => {});
      own
        .transaction()
        .create('/a')
        .commit((_error, results) => results[0]?.path);
    };
    expect(uses).toBeTypeOf('function');
  });
});
