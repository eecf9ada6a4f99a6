import { Client, type Fact } from '@zooid/core';
import { ErrorCode, OpCode } from '@zooid/protocol';
import { describe, expect, it } from 'vitest';
import { AuditLog, auditLine } from '../../src/report/audit.ts';

type AuditFact = Extract<Fact, { kind: 'audit' }>;

function auditOf() {
  const lines: string[] = [];
  const audit = new AuditLog({
    write: (line) => lines.push(line),
    serverUser: 'zookeeper',
    nowMs: () => Date.parse('2026-01-31T12:00:00Z'),
  });
  return { audit, lines };
}

const client = new Client({ address: '127.0.0.1' });
client.ids = [
  { scheme: 'ip', id: '127.0.0.1' },
  { scheme: 'digest', id: 'anna:gqqQ==' },
  { scheme: 'super', id: '' },
];

const fact = (over: Partial<AuditFact>): AuditFact => ({
  kind: 'audit',
  client,
  sessionId: 0x100000f25f20000n,
  op: OpCode.create,
  path: '/a',
  createFlags: 0,
  result: ErrorCode.ok,
  ...over,
});

describe('an audit line', () => {
  it('is the one that Apache 3.8.0 wrote for the same change', () => {
    expect(
      auditLine({
        session: 0x100000f25f20000n,
        user: '127.0.0.1',
        ip: '127.0.0.1',
        operation: 'create',
        znode: '/eph',
        znodeType: 'ephemeral',
        result: 'success',
      }),
    ).toBe(
      'session=0x100000f25f20000\tuser=127.0.0.1\tip=127.0.0.1\toperation=create\tznode=/eph\tznode_type=ephemeral\tresult=success',
    );
  });

  it('leaves out what has no value, and has the ACL before the result', () => {
    expect(auditLine({ operation: 'setAcl', acl: 'world:anyone:r', result: 'failure' })).toBe(
      'operation=setAcl\tacl=world:anyone:r\tresult=failure',
    );
  });

  it('cannot be split or forged by the name of a znode', () => {
    const line = auditLine({
      operation: 'create',
      znode: '/a\nsession=0x1\tuser=x',
      result: 'success',
    });
    expect(line).not.toContain('\n');
    expect(line.split('\t').length).toBe(3);
  });
});

describe('the audit log', () => {
  it('names the users of the connection, without a secret', () => {
    const { audit, lines } = auditOf();
    audit.recordFact(fact({ createFlags: 3 }));
    expect(lines).toEqual([
      '2026-01-31T12:00:00.000Z INFO audit: session=0x100000f25f20000\tuser=127.0.0.1,anna\tip=127.0.0.1\t' +
        'operation=create\tznode=/a\tznode_type=ephemeral_sequential\tresult=success\n',
    ]);
  });

  it('calls a failure an error', () => {
    const { audit, lines } = auditOf();
    audit.recordFact(fact({ op: OpCode.multi, path: undefined, result: ErrorCode.noNode }));
    expect(lines[0]).toContain(' ERROR audit: ');
    expect(lines[0]).toMatch(/operation=multiOperation\tresult=failure\n$/);
  });

  it('ascribes the ephemerals of an ended session to the server, as Apache does', () => {
    const { audit, lines } = auditOf();
    audit.recordFact(fact({ op: OpCode.closeSession, path: '/eph' }));
    audit.recordFact(fact({ op: OpCode.closeSession, path: undefined }));
    expect(lines.map((line) => line.split('audit: ')[1])).toEqual([
      'session=0x100000f25f20000\tuser=zookeeper\t' +
        'operation=ephemeralZNodeDeletionOnSessionCloseOrExpire\tznode=/eph\tresult=success\n',
    ]);
  });

  it('leaves out what Apache does not audit', () => {
    const { audit, lines } = auditOf();
    for (const op of [OpCode.createSession, OpCode.sync, OpCode.check])
      audit.recordFact(fact({ op }));
    expect(lines).toEqual([]);
  });

  it('tells start and stop', () => {
    const { audit, lines } = auditOf();
    audit.recordStart('success');
    audit.recordStop();
    expect(lines.map((line) => line.split('audit: ')[1])).toEqual([
      'user=zookeeper\toperation=serverStart\tresult=success\n',
      'user=zookeeper\toperation=serverStop\tresult=invoked\n',
    ]);
  });
});
