import { describe, expect, test } from 'vitest';
import { clientAddresses, EnsembleTracker, keepSession } from '../../src/index.ts';
import { startSetup, untilAborted } from '../support/setup.ts';

describe('where clients connect', () => {
  test.each([
    ['server.1=zk1:2888:3888:participant;2181', 'zk1:2181'],
    ['server.1=zk1:2888:3888:participant;0.0.0.0:2181', 'zk1:2181'],
    ['server.1=zk1:2888:3888:participant;10.0.0.1:2181', '10.0.0.1:2181'],
    ['server.1=zk1:2888:3888|zk1b:2888:3888:observer;0.0.0.0:2181', 'zk1:2181'],
    ['server.1=[::1]:2888:3888;[::]:2181', '[::1]:2181'],
    ['server.1=[::1]:2888:3888;[0:0:0:0:0:0:0:0]:2181', '[::1]:2181'],
    ['server.1=zk1\\:2888\\:3888\\:participant;0.0.0.0\\:2181', 'zk1:2181'],
    ['server.1=zk1:2888:3888', ''],
    ['', ''],
    ['version=100000000', ''],
    [
      'server.2=b:2888:3888;2182\nserver.1=a:2888:3888;2181\nserver.3=c:1:2\nversion=0',
      'a:2181,b:2182',
    ],
  ])('of %j is %j', (config, addresses) => {
    expect(clientAddresses(config)).toBe(addresses);
  });
});

test('the tracker gives the client what the ensemble says, now and whenever it changes, in every session', async () => {
  // The configuration is the administrator's alone to write.
  await using setup = await startSetup({ config: { security: { isAclSkipped: true } } });
  const admin = await setup.connect();
  const path = '/zookeeper/config';
  const own = `server.1=localhost:1:2:participant;${setup.server.connectString}`;
  await using sessions = keepSession(() => setup.connect());
  const first = await sessions();
  const told: string[] = [];
  const updateServers = first.updateServers.bind(first);
  first.updateServers = (servers) => {
    told.push(servers);
    updateServers(servers);
  };
  await using tracker = new EnsembleTracker(sessions);
  await tracker.start();
  expect(tracker.servers).toBe('');
  expect(told).toEqual([]);
  const changes = tracker.changes();

  await admin.set(path, own);
  expect((await changes.next()).value).toBe(setup.server.connectString);
  expect(told).toEqual([setup.server.connectString]);

  await setup.server.expireSession(first);
  await untilAborted(first.lost);
  const more = `${own}\nserver.2=zk2:1:2:participant;2181`;
  await admin.set(path, more);
  expect((await changes.next()).value).toBe(`${setup.server.connectString},zk2:2181`);
  await tracker.close();
  expect((await changes.next()).done).toBe(true);
});
