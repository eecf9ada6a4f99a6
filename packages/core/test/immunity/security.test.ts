import { type Acl, EventType, OpCode, openAcl } from '@zooid/protocol';
import { describe, expect, it } from 'vitest';
import { digestId, Harness, type Received, sha1, type TestClient } from '../harness.ts';

const secret: Acl = { perms: 31, scheme: 'digest', id: digestId('anna:1') };

describe('immunity: CVE-2019-0201: getACL', () => {
  const leaks = (acls: readonly Acl[]) => acls.some(({ id }) => id.includes(sha1('anna:1')));

  it('shows no hash to those who may not change the ACL', () => {
    const h = new Harness();
    const client = h.connect();
    client.create('/a', { acl: [secret, { perms: 1, scheme: 'world', id: 'anyone' }] });
    const { acl } = client.call({ op: OpCode.getACL, path: '/a' }).body;
    expect(acl.length).toBe(2);
    expect(leaks(acl)).toBe(false);
    // The mistake: the list as it is stored.
    expect(leaks(h.tree.acls.get(h.tree.aclId(h.tree.findPath('/a'))))).toBe(true);
  });
});

describe('immunity: CVE-2024-23944: watches on what one may not read', () => {
  const hears = (received: readonly Received[]) =>
    received.some((one) => one.kind === 'event' && one.path.includes('secret'));

  /** Everything that can be watched, by somebody who may not read it. */
  function spying(): { h: Harness; anna: TestClient; spy: TestClient } {
    const h = new Harness();
    const [anna, spy] = [h.connect(), h.connect()];
    anna.authenticate('anna:1');
    anna.create('/secret', { acl: [secret] });
    spy.call({ op: OpCode.addWatch, path: '/', mode: 1 });
    spy.call({ op: OpCode.addWatch, path: '/secret', mode: 0 });
    spy.call({ op: OpCode.exists, path: '/secret/x', watch: true });
    return { h, anna, spy };
  }

  it('tell nothing', () => {
    const { anna, spy } = spying();
    anna.create('/secret/x', { acl: [secret] });
    anna.setData('/secret/x', 'y');
    anna.delete('/secret/x');
    anna.setData('/secret', 'y');
    expect(hears(spy.take())).toBe(false);
  });

  it('and the check hears it when an event is told without asking for the ACL', () => {
    const { h, spy } = spying();
    // The mistake: everybody's ACL in place of the znode's.
    h.core.replies.event(spy, EventType.nodeDataChanged, '/secret', 9, openAcl);
    h.connect();
    h.core.replies.outputs.flush((client, out) => (client as TestClient).onSent(out.copy()));
    expect(hears(spy.take())).toBe(true);
  });
});
