import fs from 'node:fs';
import path from 'node:path';
import { CONTAINER_OWNER, openAcl, ttlToOwner } from '@zooid/protocol';
import { describe, expect, test } from 'vitest';
import { ALWAYS, flipByte, temporaryDirectory, writeSnapshot, zooid } from './made-files.ts';

const SESSION = 0x100002a31ad0000n;
const tree = {
  sessions: [{ sessionId: SESSION, timeoutMs: 30_000 }],
  acls: [[1n, [{ perms: 1, scheme: 'world', id: 'anyone' }]]] as const,
  znodes: [
    ...ALWAYS,
    { path: '/b', data: 'bb', czxid: 2, mzxid: 9, version: 3 },
    { path: '/a', data: null, aclId: 1n },
    { path: '/a/live', data: 'x', owner: SESSION },
    { path: '/a/container', owner: CONTAINER_OWNER },
    { path: '/a/container/ttl', data: '1234', owner: ttlToOwner(1000) },
  ],
};

describe('show', () => {
  test.each(['snapshot.1a', 'snapshot.1a.gz', 'any-name'])(
    'prints %s in the words of SnapshotFormatter',
    async (name) => {
      const file = writeSnapshot(temporaryDirectory(), name, tree);
      const { lines, code } = await zooid('snapshot', 'show', file);
      expect(code).toBe(0);
      expect(lines[0]).toBe('ZNode Details (count=10):');
      const at = lines.indexOf('/b');
      expect(lines.slice(at - 1, at + 11).map((line) => line.replace(/time = .*/, 'time'))).toEqual(
        [
          '----',
          '/b',
          '  cZxid = 0x00000000000002',
          '  ctime',
          '  mZxid = 0x00000000000009',
          '  mtime',
          '  pZxid = 0x00000000000001',
          '  cversion = 0',
          '  dataVersion = 3',
          '  aclVersion = 0',
          '  ephemeralOwner = 0x00000000000000',
          '  dataLength = 2',
        ],
      );
      expect(lines.slice(-5)).toEqual([
        '----',
        'Session Details (sid, timeout, ephemeralCount):',
        '0x100002a31ad0000, 30000, 1',
        '----',
        `Last zxid: ${name === 'any-name' ? '0x9' : '0x1a'}`,
      ]);
    },
  );

  test('prints data in base64, and one subtree only', async () => {
    const file = writeSnapshot(temporaryDirectory(), 'snapshot.1a', tree);
    const { lines } = await zooid('snapshot', 'show', '-d', '--path', '/a', file);
    expect(lines.filter((line) => line.startsWith('/'))).toEqual([
      '/a',
      '/a/live',
      '/a/container',
      '/a/container/ttl',
    ]);
    expect(lines.filter((line) => line.includes('data ='))).toEqual([
      '  data = ',
      '  data = eA==',
      '  data = ',
      '  data = MTIzNA==',
    ]);
    expect((await zooid('snapshot', 'show', '--path', '/c', file)).code).toBe(1);
  });

  test('prints a nested tree as JSON, children by name, whatever their order in the file', async () => {
    const file = writeSnapshot(temporaryDirectory(), 'snapshot.1a', tree);
    const { out } = await zooid('snapshot', 'show', '--json', file);
    const [major, minor, head, root] = JSON.parse(out);
    expect([major, minor, head.progname]).toEqual([1, 0, 'SnapshotFormatter.java']);
    type Node = { readonly name: string; readonly asize: number };
    type Tree = Node | readonly [Node, ...Tree[]];
    const shape = (node: Tree): unknown => {
      if (!Array.isArray(node)) return (node as Node).name;
      const [self, ...children] = node as [Node, ...Tree[]];
      return { [self.name]: children.map(shape) };
    };
    expect(shape(root)).toEqual({
      '/': [{ a: [{ container: ['ttl'] }, 'live'] }, 'b', { zookeeper: ['config', 'quota'] }],
    });
    const below = JSON.parse((await zooid('snapshot', 'show', '--json', '--path', '/a', file)).out);
    expect(shape(below[3])).toEqual({ a: [{ container: ['ttl'] }, 'live'] });
    const leaf = JSON.parse((await zooid('snapshot', 'show', '--json', '--path', '/b', file)).out);
    expect(leaf[3]).toMatchObject({ name: 'b', asize: 2, dsize: 2 });
  });

  test('prints nothing of a damaged file and says where it ends', async () => {
    const file = writeSnapshot(temporaryDirectory(), 'snapshot.1a', tree);
    fs.truncateSync(file, 300);
    const run = await zooid('snapshot', 'show', file);
    expect(run).toMatchObject({ code: 1, out: '' });
    expect(run.errors).toContain('no whole snapshot');
  });

  test('takes a missing file, a directory and both forms at once for wrong arguments', async () => {
    const directory = temporaryDirectory();
    expect((await zooid('snapshot', 'show', path.join(directory, 'x'))).code).toBe(2);
    expect((await zooid('snapshot', 'show', directory)).code).toBe(2);
    expect((await zooid('snapshot', 'show', '-d', '--json', directory)).code).toBe(2);
  });
});

describe('verify', () => {
  async function codesOf(
    file: string,
  ): Promise<{ readonly exit: number; readonly codes: string[] }> {
    const { out, code } = await zooid('snapshot', 'verify', '--json', file);
    const { findings } = JSON.parse(out) as { findings: { code: string }[] };
    return { exit: code, codes: findings.map((finding) => finding.code) };
  }

  test.each(['snapshot.1a', 'snapshot.1a.gz'])('finds nothing in %s', async (name) => {
    const file = writeSnapshot(temporaryDirectory(), name, tree);
    expect(await codesOf(file)).toEqual({ exit: 0, codes: [] });
    const { lines } = await zooid('snapshot', 'verify', file);
    expect(lines).toEqual([`${file}: 9 znodes, 7 bytes of data, 1 sessions`, 'All is well.']);
  });

  test('finds any changed byte and any cut', async () => {
    const file = writeSnapshot(temporaryDirectory(), 'snapshot.1a', tree);
    const whole = fs.readFileSync(file);
    for (let at = 0; at < whole.byteLength; at += 13) {
      flipByte(file, at);
      expect((await codesOf(file)).codes, `byte ${at}`).toContain('SNAPSHOT_DAMAGED');
      fs.writeFileSync(file, whole.subarray(0, at));
      expect((await codesOf(file)).codes, `cut at ${at}`).toContain('SNAPSHOT_DAMAGED');
      fs.writeFileSync(file, whole);
    }
  });

  test.each([
    ['a znode without its parent', { znodes: [...ALWAYS, { path: '/a/b' }] }, 'PARENT_MISSING'],
    ['a znode twice', { znodes: [...ALWAYS, { path: '/a' }, { path: '/a' }] }, 'ZNODE_TWICE'],
    ['no root', { znodes: ALWAYS.slice(1) }, 'ROOT_MISSING'],
    ['a path that is none', { znodes: [...ALWAYS, { path: '/a//b' }] }, 'PATH_INVALID'],
    ['an unknown ACL', { znodes: [...ALWAYS, { path: '/a', aclId: 7n }] }, 'ACL_UNKNOWN'],
    ['an unknown session', { znodes: [...ALWAYS, { path: '/a', owner: 5n }] }, 'SESSION_UNKNOWN'],
    ['another digest', { znodes: ALWAYS, digest: { zxid: 0x1a, digest: 1n } }, 'DIGEST_DIFFERS'],
  ])('finds %s though the checksum matches', async (_what, made, code) => {
    const file = writeSnapshot(temporaryDirectory(), 'snapshot.1a', made);
    expect(await codesOf(file)).toEqual({ exit: 1, codes: [code] });
  });

  test('forgives an unknown session or ACL and another digest where transactions went on meanwhile', async () => {
    const file = writeSnapshot(temporaryDirectory(), 'snapshot.1a', {
      znodes: [...ALWAYS, { path: '/a', aclId: 7n, owner: 5n, mzxid: 0x1b }],
      digest: { zxid: 0x1b, digest: 1n },
    });
    expect(await codesOf(file)).toEqual({
      exit: 0,
      codes: ['ACL_UNKNOWN', 'SESSION_UNKNOWN', 'DIGEST_OF_ANOTHER_ZXID'],
    });
  });

  test('forgives a digest that does not count a transaction which the znodes show in part', async () => {
    const file = writeSnapshot(temporaryDirectory(), 'snapshot.1a', {
      znodes: [...ALWAYS, { path: '/a', mzxid: 0x1b }],
      digest: { zxid: 0x1a, digest: 1n },
    });
    expect(await codesOf(file)).toEqual({ exit: 0, codes: ['DIGEST_DIFFERS'] });
  });
});

describe('diff', () => {
  function pair(): readonly [string, string] {
    const directory = temporaryDirectory();
    const right = {
      // The same list under another id.
      acls: [
        [1n, openAcl],
        [4n, tree.acls[0][1]],
      ] as const,
      sessions: tree.sessions,
      znodes: [
        ...ALWAYS,
        { path: '/new', data: 'n' },
        { path: '/a', data: null, aclId: 4n },
        { path: '/a/live', data: 'x', owner: SESSION, czxid: 5 },
        { path: '/a/container', owner: CONTAINER_OWNER, version: 2 },
        { path: '/a/container/ttl', data: '4321', owner: ttlToOwner(1000) },
      ],
    };
    return [
      writeSnapshot(directory, 'snapshot.1a', tree),
      writeSnapshot(directory, 'snapshot.1b.gz', right),
    ];
  }

  test('tells each znode that was added, removed or changed, by path', async () => {
    const [left, right] = pair();
    const { lines, code, errors } = await zooid('snapshot', 'diff', left, right);
    expect(lines).toEqual([
      '~ /a/container  version: 0 → 0 bytes, version 0 → 2',
      '~ /a/container/ttl  data: 4 → 4 bytes, version 0 → 0',
      '~ /a/live  created again: 1 → 1 bytes, version 0 → 0',
      '- /b  2 bytes',
      '+ /new  1 bytes',
    ]);
    expect(errors).toBe('1 added, 1 removed, 3 changed.\n');
    expect(code).toBe(1);
    expect(await zooid('snapshot', 'diff', left, left)).toMatchObject({ code: 0, out: '' });
    const json = await zooid('snapshot', 'diff', '--json', '--path', '/b', left, right);
    expect(json.lines.map((line) => JSON.parse(line))).toEqual([
      { path: '/b', change: 'removed', bytes: 2, version: 3 },
    ]);
  });

  test('with thresholds tells subtrees, level by level, in the words of SnapshotComparer', async () => {
    const [left, right] = pair();
    const { lines, code } = await zooid('snapshot', 'diff', '-b', '0', '-n', '0', left, right);
    expect(code).toBe(0);
    expect(lines.slice(0, 6)).toEqual([
      'Node count: 9',
      'Total size: 7',
      'Max depth: 4',
      'Count of nodes at depth 0: 1',
      'Count of nodes at depth 1: 3',
      'Count of nodes at depth 2: 4',
    ]);
    expect(lines.slice(lines.indexOf('Analysis for depth 0'))).toEqual([
      'Analysis for depth 0',
      'Node  found in both trees. Delta: -1 bytes, 0 descendants',
      'Analysis for depth 1',
      'Node /b found only in left tree. Descendant size: 2. Descendant count: 0',
      'Node /new found only in right tree. Descendant size: 1. Descendant count: 0',
      'Analysis for depth 2',
      'Analysis for depth 3',
      'All layers compared.',
    ]);
  });
});

describe('summary', () => {
  test('prints znodes with children in the words of SnapshotRecursiveSummary', async () => {
    const file = writeSnapshot(temporaryDirectory(), 'snapshot.1a', tree);
    const { lines } = await zooid('snapshot', 'summary', file, '/a', '--depth', '0');
    expect(lines).toEqual([
      ' /a',
      '   children: 3',
      '   data: 5',
      '-- /a/container',
      '--   children: 1',
      '--   data: 4',
    ]);
    const top = await zooid('snapshot', 'summary', file, '--top', '2', '--json', '--depth', '0');
    expect(top.lines.map((line) => JSON.parse(line))).toEqual([
      { path: '/', children: 8, bytes: 7 },
      { path: '/a', children: 3, bytes: 5 },
    ]);
  });
});
