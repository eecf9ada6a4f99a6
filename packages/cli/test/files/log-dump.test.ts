import fs from 'node:fs';
import path from 'node:path';
import { encodeUtf8, JuteWriter, OpCode, openAcl, type Txn } from '@zooid/protocol';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { FakeParts } from '../support/fake-parts.ts';
import {
  anyTxn,
  flipByte,
  temporaryDirectory,
  txnOf,
  txnsOf,
  writeLog,
  zooid,
  zooidOn,
} from './made-files.ts';

const text = (data: string) => encodeUtf8(data);
const digestAcl = { perms: 1, scheme: 'digest', id: 'anna:Wap,}%' };

/** The lines without their dates, which depend on the time zone. */
async function bodies(file: string, ...options: readonly string[]): Promise<string> {
  const { out } = await zooid('log', 'dump', file, ...options);
  return out.replaceAll(/^.*? session /gm, '');
}

function deleteTxn(name: string): Uint8Array {
  const writer = new JuteWriter();
  writer.ustring(name);
  return writer.copy();
}

describe('a dump', () => {
  test('prints every kind of transaction in the words of TxnLogToolkit', async () => {
    const error = new JuteWriter();
    error.int(-103);
    const txns: Txn[] = [
      { type: OpCode.createSession, timeoutMs: 30_000 },
      {
        type: OpCode.create,
        path: '/a',
        data: text('hi'),
        acl: openAcl,
        ephemeral: true,
        parentCversion: 1,
      },
      {
        type: OpCode.createContainer,
        path: '/c',
        data: null,
        acl: [...openAcl, digestAcl],
        parentCversion: 2,
      },
      {
        type: OpCode.createTTL,
        path: '/t',
        data: text(''),
        acl: openAcl,
        parentCversion: 3,
        ttl: 5000n,
      },
      { type: OpCode.setData, path: '/a', data: Uint8Array.of(0, 255), version: 7 },
      { type: OpCode.setACL, path: '/a', acl: [...openAcl, digestAcl], version: 1 },
      { type: OpCode.delete, path: '/a' },
      { type: OpCode.error, err: -101 },
      {
        type: OpCode.multi,
        txns: [
          { type: OpCode.delete, data: deleteTxn('/x') },
          { type: OpCode.error, data: error.copy() },
        ],
      },
      { type: OpCode.closeSession, paths: ['/e1', '/e,2'] },
      { type: OpCode.closeSession, paths: null },
    ];
    const log = writeLog(
      temporaryDirectory(),
      txns.map((txn, i) => txnOf(i + 1, txn)),
    );
    expect(await bodies(log.path)).toBe(
      [
        'ZooKeeper Transactional Log File with dbid 0 txnlog format version 2',
        '0x1000 cxid 0x1 zxid 0x1 createSession 30000',
        "0x1000 cxid 0x2 zxid 0x2 create /a,hi,[31,s{'world,'anyone}\n],true,1",
        "0x1000 cxid 0x3 zxid 0x3 createContainer /c,,[31,s{'world,'anyone}\n, 1,s{'digest,'anna:Wap%2C%7D%25}\n],2",
        "0x1000 cxid 0x4 zxid 0x4 createTtl /t,,[31,s{'world,'anyone}\n],3,5000",
        '0x1000 cxid 0x5 zxid 0x5 setData /a,#00ff,7',
        "0x1000 cxid 0x6 zxid 0x6 setACL '/a,v{s{31,s{'world,'anyone}},s{1,s{'digest,'anna:Wap%2C%7D%25}}},1",
        "0x1000 cxid 0x7 zxid 0x7 delete '/a",
        '0x1000 cxid 0x8 zxid 0x8 error -101',
        '0x1000 cxid 0x9 zxid 0x9 multi delete:/x;error:-103',
        "0x1000 cxid 0xa zxid 0xa closeSession v{'/e1,'/e%2C2}",
        '0x1000 cxid 0xb zxid 0xb closeSession ',
        'EOF reached after 11 txns.',
        '',
      ].join('\n'),
    );
  });

  test('property: lists every transaction of a log, in its order, and those of a filter exactly', async () => {
    const directory = temporaryDirectory();
    const paths = ['/a', '/a/b', '/ab', '/c'];
    const record = fc.record({
      path: fc.constantFrom(...paths),
      session: fc.constantFrom(1n, -2n),
      bytes: fc.uint8Array({ maxLength: 300 }),
    });
    await fc.assert(
      fc.asyncProperty(fc.array(record, { maxLength: 40 }), async (wanted) => {
        const records = wanted.map(({ path: znode, session, bytes }, i) =>
          txnOf(
            i + 1,
            { type: OpCode.setData, path: znode, data: bytes, version: i },
            { sessionId: session },
          ),
        );
        const log = writeLog(directory, records, { name: 'log.1' });
        const dump = async (...options: readonly string[]) => {
          const { out } = await zooid('log', 'dump', '--json', log.path, ...options);
          return out
            .split('\n')
            .filter((line) => line !== '')
            .map((line) => JSON.parse(line));
        };
        const all = await dump('--data', 'hex');
        expect(all.map((txn) => [Number(txn.zxid), txn.path, txn.dataHex])).toEqual(
          wanted.map(({ path: znode, bytes }, i) => [
            i + 1,
            znode,
            Buffer.from(bytes).toString('hex'),
          ]),
        );
        const zxids = async (...options: readonly string[]) =>
          (await dump(...options)).map((txn) => Number(txn.zxid));
        const where = (isWanted: (one: (typeof wanted)[number], zxid: number) => boolean) =>
          wanted.flatMap((one, i) => (isWanted(one, i + 1) ? [i + 1] : []));
        expect(await zxids('--from', '0x3', '--to', '9')).toEqual(
          where((_one, zxid) => zxid >= 3 && zxid <= 9),
        );
        expect(await zxids('--path', '/a')).toEqual(
          where((one) => one.path === '/a' || one.path === '/a/b'),
        );
        expect(await zxids('--session', '0xfffffffffffffffe')).toEqual(
          where((one) => one.session === -2n),
        );
      }),
      { numRuns: 15 },
    );
  });

  test('finds a type and a path inside of a multi, and an ephemeral that a session left', async () => {
    const log = writeLog(temporaryDirectory(), [
      anyTxn(1),
      txnOf(2, {
        type: OpCode.multi,
        txns: [{ type: OpCode.delete, data: deleteTxn('/app/x') }],
      }),
      txnOf(3, { type: OpCode.closeSession, paths: ['/app/e'] }),
    ]);
    const zxids = async (...options: readonly string[]) =>
      [...(await bodies(log.path, ...options)).matchAll(/zxid (0x\d)/g)].map((match) => match[1]);
    expect(await zxids('--path', '/app')).toEqual(['0x2', '0x3']);
    expect(await zxids('--type', 'DELETE')).toEqual(['0x2']);
    expect(await zxids('--type', 'multi', '--path', '/other')).toEqual([]);
    expect(await zxids('--type', 'setData,closeSession')).toEqual(['0x1', '0x3']);
    expect(await zxids('--since', '1700000002000', '--until', '1700000002999')).toEqual(['0x2']);
  });

  test('marks a record whose checksum fails, and goes on', async () => {
    const log = writeLog(temporaryDirectory(), txnsOf(1, 4));
    flipByte(log.path, log.offsets[1]! + 60);
    const { code, lines } = await zooid('log', 'dump', log.path);
    expect(code).toBe(0);
    expect(lines.filter((line) => line.startsWith('CRC ERROR - '))).toHaveLength(1);
    expect(lines.at(-1)).toBe('EOF reached after 4 txns.');
  });

  test('tells of a torn tail on the standard error', async () => {
    const log = writeLog(temporaryDirectory(), txnsOf(1, 4), { paddingBytes: 0 });
    fs.truncateSync(log.path, log.offsets[3]! + 30);
    const { code, lines, errors } = await zooid('log', 'dump', log.path);
    expect(lines.at(-1)).toBe('EOF reached after 3 txns.');
    // The last six bytes of what is left of it are zeros.
    expect(errors).toContain(`offset ${log.offsets[3]}: 24 bytes of a write follow`);
    expect(code).toBe(0);
  });

  test('ends with 1 where damage is no record at all', async () => {
    const log = writeLog(temporaryDirectory(), txnsOf(1, 4));
    flipByte(log.path, log.offsets[2]! + 8);
    const { code, errors } = await zooid('log', 'dump', log.path);
    expect(code).toBe(1);
    expect(errors).toContain(`offset ${log.offsets[2]}`);
  });

  test.each([
    ['a file that is not there', undefined, 2, 'does not exist'],
    ['another file', 'a text and no log at all', 2, 'is no transaction log'],
    ['an empty file', '', 0, 'there is no record in it'],
  ])('of %s says so', async (_what, content, code, message) => {
    const file = path.join(temporaryDirectory(), 'log.1');
    if (content !== undefined) fs.writeFileSync(file, content);
    const run = await zooid('log', 'dump', file);
    expect(run.code).toBe(code);
    expect(run.errors).toContain(message);
  });

  test('of a log that has only a header lists nothing', async () => {
    const { lines, code } = await zooid('log', 'dump', writeLog(temporaryDirectory(), []).path);
    expect(lines.at(-1)).toBe('EOF reached after 0 txns.');
    expect(code).toBe(0);
  });

  test.each([
    [['--from', 'x'], 'zxid'],
    [['--path', 'a'], 'slash'],
    [['--since', 'yesterday'], 'time'],
    [['--data', 'words'], 'choices'],
    [['--session', '?'], 'session id'],
  ])('refuses %j with the reason', async (options, reason) => {
    const run = await zooid('log', 'dump', 'log.1', ...options);
    expect(run.code).toBe(2);
    expect(run.errors).toContain(reason);
  });

  test('never lets a file move the cursor of a terminal', async () => {
    const log = writeLog(temporaryDirectory(), [
      txnOf(1, { type: OpCode.delete, path: '/\u001b[2J' }),
    ]);
    const parts = new FakeParts();
    parts.terminal = { columns: 80, rows: 24 };
    const { out } = await zooidOn(parts, 'log', 'dump', log.path);
    expect(out).not.toContain('\u001b[2J');
    expect(out).toContain("delete '/?[2J");
  });
});
