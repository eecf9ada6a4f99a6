import { decodeTxnRecord, ErrorCode, JuteReader, OpCode } from '@zooid/protocol';
import { describe, expect, it } from 'vitest';
import {
  closeRequest,
  createRequest,
  deleteRequest,
  existsRequest,
  Harness,
  setDataRequest,
} from '../harness.ts';

const recordsOf = (h: Harness) =>
  h.log.txns.map((txn) => decodeTxnRecord(new JuteReader(Uint8Array.from(txn))));

describe('nothing is acknowledged before it is durable', () => {
  it('no session, no write, no close', () => {
    const h = new Harness();
    const client = h.accept();
    client.sendConnect();
    expect(client.take()).toEqual([]);
    h.sync();
    client.take();
    client.send(createRequest('/a'), closeRequest);
    expect(client.take()).toEqual([]);
    expect(h.tree.findPath('/a')).toBe(-1);
    expect(client.isHungUp).toBe(false);
    h.sync();
    expect(client.take().length).toBe(2);
  });

  it('one write of the log is in flight; what comes meanwhile goes with the next, together', () => {
    const h = new Harness();
    const client = h.connect();
    client.take();
    client.send(createRequest('/1'));
    client.send(createRequest('/2'));
    client.send(createRequest('/3'));
    expect(h.log.writing).toBe(2);
    h.syncOnce();
    expect(client.take().length).toBe(1);
    expect(h.log.writing).toBe(4);
    h.syncOnce();
    expect(client.take().length).toBe(2);
    expect(h.log.isSyncing).toBe(false);
  });

  it('events of a change come when it is durable', () => {
    const h = new Harness();
    const [writer, watcher] = [h.connect(), h.connect()];
    watcher.call(existsRequest('/a', true));
    watcher.take();
    writer.send(createRequest('/a'));
    expect(watcher.take()).toEqual([]);
    h.sync();
    expect(watcher.take().length).toBe(1);
  });

  it('what was not durable is not there after a restart, and its session neither', () => {
    const h = new Harness();
    const client = h.connect();
    client.create('/kept');
    client.send(createRequest('/lost'));
    h.accept().sendConnect();
    const again = h.restart();
    expect([again.tree.findPath('/kept') >= 0, again.tree.findPath('/lost')]).toEqual([true, -1]);
    expect(again.core.sessions.size).toBe(1);
  });
});

describe('zxids', () => {
  it('grow by one with each write, refused ones included, and with sessions', () => {
    const h = new Harness();
    const client = h.connect();
    const requests = [
      createRequest('/a'),
      createRequest('/a'),
      deleteRequest('/no'),
      setDataRequest('/a', 'x', 9),
      setDataRequest('/a', 'x', 0),
    ];
    expect(requests.map((request) => client.call(request).zxid)).toEqual([2, 3, 4, 5, 6]);
    expect(recordsOf(h).map(({ header }) => header.zxid)).toEqual([1, 2, 3, 4, 5, 6]);
  });

  it('of replies are those of what was applied then, not of what is proposed', () => {
    const h = new Harness();
    const [writer, reader] = [h.connect(), h.connect()];
    reader.take();
    writer.send(createRequest('/a'), createRequest('/b'));
    reader.send(existsRequest('/'));
    expect(reader.take()).toMatchObject([{ zxid: 2 }]);
    expect(h.core.lastProposedZxid).toBe(4);
    h.sync();
    const zxids = writer.take().map((one) => (one.kind === 'reply' ? one.zxid : 0));
    expect(zxids).toEqual([0, 3, 4]);
  });

  it('go on after a restart', () => {
    const h = new Harness();
    const { zxid } = h.connect().call(createRequest('/a'));
    expect(h.restart().connect().call(createRequest('/b')).zxid).toBe(zxid + 2);
  });
});

describe('the log', () => {
  it('says who asked, under which xid, when, and what became of it', () => {
    const h = new Harness();
    const client = h.connect();
    client.call(createRequest('/a'));
    client.call(createRequest('/a'));
    client.call(closeRequest);
    const { sessionId } = client;
    expect(recordsOf(h)).toMatchObject([
      { header: { sessionId, cxid: 0, type: OpCode.createSession, timeMs: h.wallMs } },
      { header: { sessionId, cxid: 1, type: OpCode.create }, txn: { path: '/a' } },
      {
        header: { sessionId, cxid: 2, type: OpCode.error },
        txn: { err: ErrorCode.nodeExists },
        digest: null,
      },
      { header: { sessionId, cxid: 3, type: OpCode.closeSession }, txn: { paths: [] } },
    ]);
  });

  it('holds no digest when digests are off', () => {
    const h = new Harness({ core: { digestEnabled: false } });
    h.connect().create('/a');
    expect(recordsOf(h).every(({ digest }) => digest === null)).toBe(true);
  });
});

describe('a client that does not wait', () => {
  it('has its writes done though it is gone', () => {
    const h = new Harness();
    const client = h.connect();
    client.send(createRequest('/a'), setDataRequest('/a', 'x'), existsRequest('/a'));
    client.close();
    h.sync();
    expect(h.tree.version(h.tree.findPath('/a'))).toBe(1);
    expect(h.core.outstandingCount).toBe(0);
  });

  it('that was hung up on is not read any more', () => {
    const h = new Harness();
    const client = h.connect();
    client.sendRaw(99, new Uint8Array(0));
    client.send(createRequest('/a'));
    h.sync();
    expect(h.tree.findPath('/a')).toBe(-1);
  });
});
