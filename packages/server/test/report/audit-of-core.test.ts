import { CreateMode, JuteWriter, OpCode, readAcl } from '@zooid/protocol';
import { describe, expect, it } from 'vitest';
import {
  checkRequest,
  closeRequest,
  containerRequest,
  createRequest,
  deleteRequest,
  digestId,
  existsRequest,
  Harness,
  setAclRequest,
  setDataRequest,
  type TestClient,
  ttlRequest,
} from '../../../core/test/harness.ts';
import { AuditLog } from '../../src/report/audit.ts';

/** A core whose facts go into the audit log, a client, and the lines without prefix, session and address. */
function audited() {
  const h = new Harness({ core: { isAudited: true } });
  const client = h.connect({ address: '10.0.0.1' });
  const linesOf = (by: TestClient): string[] => {
    const lines: string[] = [];
    const log = new AuditLog({
      write: (line) => lines.push(line),
      serverUser: 'zk',
      nowMs: () => 0,
    });
    for (const fact of h.factsOf('audit')) log.recordFact(fact);
    h.facts.length = 0;
    const session = `session=0x${by.sessionId.toString(16)}\t`;
    return lines.map((line) => {
      const [prefix, rest] = line.trimEnd().split(' audit: ');
      expect(prefix).toMatch(/(?:INFO|ERROR)$/);
      expect(rest?.startsWith(session)).toBe(true);
      return rest!.slice(session.length);
    });
  };
  return { h, client, lines: () => linesOf(client), linesOf };
}

const user = 'user=10.0.0.1\tip=10.0.0.1\t';

describe('the audit log of a server', () => {
  it('has a line for each write, and none for reads, pings and sessions', () => {
    const { client, lines } = audited();
    client.create('/a');
    client.setData('/a', 'x');
    client.call(existsRequest('/a'));
    client.call({ op: OpCode.sync, path: '/a' });
    client.call({ op: OpCode.ping });
    client.delete('/a');
    expect(lines()).toEqual([
      `${user}operation=create\tznode=/a\tznode_type=persistent\tresult=success`,
      `${user}operation=setData\tznode=/a\tresult=success`,
      `${user}operation=delete\tznode=/a\tresult=success`,
    ]);
  });

  it('names the type of a znode, and the number of a sequential one', () => {
    const { client, lines } = audited();
    client.create('/s', { flags: CreateMode.ephemeralSequential });
    client.call(containerRequest('/c'));
    client.call(ttlRequest('/t', 1000));
    expect(lines()).toEqual([
      `${user}operation=create\tznode=/s0000000000\tznode_type=ephemeral_sequential\tresult=success`,
      `${user}operation=create\tznode=/c\tznode_type=container\tresult=success`,
      `${user}operation=create\tznode=/t\tznode_type=persistent_with_ttl\tresult=success`,
    ]);
  });

  it('has refused writes with the path that was asked for', () => {
    const { client, lines } = audited();
    client.call(createRequest('/no/s', { flags: CreateMode.persistentSequential }));
    client.call(setDataRequest('/no', 'x'));
    client.call(deleteRequest('/no'));
    expect(lines()).toEqual([
      `${user}operation=create\tznode=/no/s\tznode_type=persistent_sequential\tresult=failure`,
      `${user}operation=setData\tznode=/no\tresult=failure`,
      `${user}operation=delete\tznode=/no\tresult=failure`,
    ]);
  });

  it('has the ACL as it was asked for', () => {
    const { client, lines } = audited();
    client.create('/a');
    lines();
    const anna = { perms: 31, scheme: 'digest', id: digestId('anna:1') };
    client.call(setAclRequest('/a', [...readAcl, anna]));
    client.call(setAclRequest('/a', [{ perms: 3, scheme: 'auth', id: '' }]));
    expect(lines()).toEqual([
      `${user}operation=setAcl\tznode=/a\tacl=world:anyone:rdigest:${anna.id}:cdrwa\tresult=success`,
      `${user}operation=setAcl\tznode=/a\tacl=auth::rw\tresult=failure`,
    ]);
  });

  it('has each change of a multi that was done, and one line for one that was not', () => {
    const { client, lines } = audited();
    client.multi(
      createRequest('/a', { flags: CreateMode.ephemeral }),
      createRequest('/s', { flags: CreateMode.persistentSequential }),
      checkRequest('/a'),
      setDataRequest('/a', 'x'),
      deleteRequest('/a'),
    );
    client.multi(createRequest('/b'), checkRequest('/no'));
    expect(lines()).toEqual([
      `${user}operation=create\tznode=/a\tznode_type=ephemeral\tresult=success`,
      `${user}operation=create\tznode=/s0000000001\tresult=success`,
      `${user}operation=setData\tznode=/a\tresult=success`,
      `${user}operation=delete\tznode=/a\tresult=success`,
      `${user}operation=multiOperation\tresult=failure`,
    ]);
  });

  it('leaves out what could not be read, but for a multi and a reconfig', () => {
    const { h, client, lines } = audited();
    for (const op of [OpCode.create, OpCode.delete, OpCode.setACL]) {
      client.sendRaw(op, Uint8Array.of(1));
    }
    client.sendRaw(OpCode.multi, Uint8Array.of(1));
    const body = new JuteWriter();
    for (const part of [-1, -1, -1, 0, 0]) body.int(part);
    client.sendRaw(OpCode.reconfig, body.copy());
    h.sync();
    expect(lines()).toEqual([
      `${user}operation=multiOperation\tresult=failure`,
      `${user}operation=reconfig\tresult=failure`,
    ]);
  });

  it('ascribes the ephemerals of a session that ends to the server', () => {
    const { h, client, lines, linesOf } = audited();
    client.create('/e', { flags: CreateMode.ephemeral });
    lines();
    client.call(closeRequest);
    expect(lines()).toEqual([
      'user=zk\toperation=ephemeralZNodeDeletionOnSessionCloseOrExpire\tznode=/e\tresult=success',
    ]);
    const lost = h.connect();
    lost.create('/f', { flags: CreateMode.ephemeral });
    linesOf(lost);
    lost.close();
    h.advance(60_000);
    expect(linesOf(lost)).toEqual([
      'user=zk\toperation=ephemeralZNodeDeletionOnSessionCloseOrExpire\tznode=/f\tresult=success',
    ]);
  });

  it('has writes of a client that did not wait for them', () => {
    const { h, client, lines } = audited();
    client.send(createRequest('/a'));
    client.close();
    h.sync();
    expect(lines()).toEqual([
      `${user}operation=create\tznode=/a\tznode_type=persistent\tresult=success`,
    ]);
  });

  it('is silent in a replay, and while it is off', () => {
    const { h, client } = audited();
    client.create('/e', { flags: CreateMode.ephemeral });
    client.call(closeRequest);
    expect(h.restart().factsOf('audit')).toEqual([]);
    const off = new Harness();
    off.connect().create('/a');
    expect(off.factsOf('audit')).toEqual([]);
  });
});
