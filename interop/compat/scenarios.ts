/**
 * Code written for node-zookeeper-client, run through either library: what is seen must be the same.
 *
 * Each scenario writes down what a user would see, without what differs from run to run (zxids, times, ids, order of
 * children) and without the path of exceptions, which the original leaves out.
 */
import { once } from 'node:events';
import type { Client, Library } from './libraries.ts';

/** What a scenario has to work with: a client that sees an empty part of the tree. */
export interface Stage {
  readonly library: Library;
  readonly client: Client;
  /** Makes another client of the same part. */
  connect(options?: Parameters<Library['createClient']>[1]): Promise<Client>;
  /** The same, before it connects. */
  make(options?: Parameters<Library['createClient']>[1]): Client;
  /** Writes a line. */
  note(line: string): void;
}

export type Scenario = (stage: Stage) => Promise<void>;

type AnyMethod = (...args: unknown[]) => void;

/** Calls a method and notes everything that its callback gets. */
async function noteCall(
  { note }: Stage,
  client: Client,
  method: string,
  ...args: readonly unknown[]
): Promise<unknown[]> {
  const results = await new Promise<unknown[]>((resolve) => {
    (client as unknown as Readonly<Record<string, AnyMethod>>)[method]!(
      ...args,
      (...given: unknown[]) => resolve(given),
    );
  });
  // Whether nothing is given or undefined is nobody's business.
  while (results.length > 0 && results.at(-1) === undefined) results.pop();
  note(`${method} ${args.map(textOf).join(' ')} -> ${results.map(textOf).join(', ')}`);
  return results;
}

/** Notes what a call throws. */
function noteThrown({ note }: Stage, title: string, call: () => unknown): void {
  try {
    call();
    note(`${title}: nothing`);
  } catch (error) {
    const { name, message } = error as Error;
    note(`${title}: ${name}: ${message}`);
  }
}

function textOf(value: unknown): string {
  if (value instanceof Error) return textOfError(value as Error & { code?: number });
  if (Buffer.isBuffer(value)) return `<${value.toString()}>`;
  if (typeof value === 'function') return 'function';
  if (Array.isArray(value)) {
    const texts = value.map(textOf);
    return `[${texts.sort().join(' ')}]`;
  }
  if (typeof value === 'object' && value !== null && 'czxid' in value) return textOfStat(value);
  if (typeof value === 'object' && value !== null && 'stat' in value) {
    const { stat, ...rest } = value;
    return `${textOf(rest)} ${textOf(stat)}`;
  }
  return JSON.stringify(value) ?? 'undefined';
}

function textOfError(error: Error & { readonly code?: number }): string {
  const message = error.message.replace(/@.*$/, '');
  const own = error as Error & { getCode?(): number; getName?(): string };
  return `${error.name}(${error.code}, ${own.getCode?.()}, ${own.getName?.()}, ${message})`;
}

function textOfStat(stat: object): string {
  const facts = Object.entries(stat)
    .filter(([name]) => !['specification', 'chrootPath'].includes(name))
    .map(([name, value]) => `${name}=${Buffer.isBuffer(value) ? `${value.length}B` : value}`);
  const owner = (stat as { readonly ephemeralOwner: Buffer }).ephemeralOwner;
  return `{${facts.join(' ')}${owner.equals(Buffer.alloc(8)) ? '' : ' owned'}}`;
}

const EVENTS = [
  'connected',
  'connectedReadOnly',
  'disconnected',
  'expired',
  'authenticationFailed',
] as const;

/** Notes everything that a client emits from now on. */
function noteEvents({ note }: Stage, client: Client): void {
  for (const event of EVENTS) client.on(event, () => note(`${event} while ${client.getState()}`));
  client.on('state', (state) => note(`state ${state} ${state.getName()} ${state.getCode()}`));
}

/** By title. */
export const scenarios: Readonly<Record<string, Scenario>> = {
  'every way to make a znode': async (stage) => {
    const { client, library } = stage;
    const { ACL, CreateMode } = library;
    const data = Buffer.from('data');
    await noteCall(stage, client, 'create', '/1');
    await noteCall(stage, client, 'create', '/2', data);
    await noteCall(stage, client, 'create', '/3', ACL.READ_ACL_UNSAFE);
    await noteCall(stage, client, 'create', '/4', CreateMode.EPHEMERAL);
    await noteCall(stage, client, 'create', '/5', CreateMode.PERSISTENT, ACL.OPEN_ACL_UNSAFE, data);
    await noteCall(stage, client, 'create', '/6', data, CreateMode.PERSISTENT_SEQUENTIAL);
    await noteCall(stage, client, 'create', '/7', null, undefined, CreateMode.EPHEMERAL_SEQUENTIAL);
    await noteCall(stage, client, 'create', '/8', 'text', new Uint8Array(3));
    await noteCall(stage, client, 'create', '/9', Buffer.alloc(0));
    await noteCall(stage, client, 'create', '/1');
    await noteCall(stage, client, 'create', '/no/parent');
    await noteCall(stage, client, 'create', '/4/child');
    const [, children] = await noteCall(stage, client, 'getChildren', '/');
    for (const name of (children as string[]).sort()) {
      await noteCall(stage, client, 'getData', `/${name}`);
      await noteCall(stage, client, 'getACL', `/${name}`);
      await noteCall(stage, client, 'exists', `/${name}`);
    }
  },

  'changes, versions and removal': async (stage) => {
    const { client, library } = stage;
    await noteCall(stage, client, 'create', '/a', Buffer.from('0'));
    await noteCall(stage, client, 'setData', '/a', Buffer.from('1'));
    await noteCall(stage, client, 'setData', '/a', Buffer.from('2'), 1);
    await noteCall(stage, client, 'setData', '/a', Buffer.from('3'), 0);
    await noteCall(stage, client, 'setData', '/no', Buffer.from('3'));
    await noteCall(stage, client, 'setACL', '/a', library.ACL.OPEN_ACL_UNSAFE, 0);
    await noteCall(stage, client, 'setACL', '/a', library.ACL.OPEN_ACL_UNSAFE, 0);
    await noteCall(stage, client, 'setACL', '/a', library.ACL.CREATOR_ALL_ACL);
    await noteCall(stage, client, 'create', '/a/b');
    await noteCall(stage, client, 'getData', '/a');
    await noteCall(stage, client, 'remove', '/a');
    await noteCall(stage, client, 'remove', '/a/b', 7);
    await noteCall(stage, client, 'remove', '/a/b', 0);
    await noteCall(stage, client, 'remove', '/a');
    await noteCall(stage, client, 'remove', '/a', -1);
    await noteCall(stage, client, 'getData', '/a');
    await noteCall(stage, client, 'getChildren', '/a');
    await noteCall(stage, client, 'getACL', '/a');
    await noteCall(stage, client, 'exists', '/a');
  },

  permissions: async (stage) => {
    const { client, library } = stage;
    const { ACL, Id, Permission } = library;
    client.addAuthInfo('digest', Buffer.from('user:password'));
    await noteCall(stage, client, 'create', '/mine', ACL.CREATOR_ALL_ACL);
    await noteCall(stage, client, 'getACL', '/mine');
    const other = await stage.connect();
    await noteCall(stage, other, 'getData', '/mine');
    await noteCall(stage, other, 'create', '/mine/too');
    const acls = [new ACL(Permission.READ | Permission.ADMIN, new Id('ip', '127.0.0.1'))];
    await noteCall(stage, client, 'setACL', '/mine', acls, -1);
    await noteCall(stage, other, 'getACL', '/mine');
    await noteCall(stage, other, 'getData', '/mine');
    await noteCall(stage, other, 'setData', '/mine', Buffer.from('x'));
    await noteCall(stage, other, 'setACL', '/mine', [new ACL(31, new Id('strange', 'x'))]);
  },

  transactions: async (stage) => {
    const { client, note, library } = stage;
    const commit = (title: string, transaction: ReturnType<Client['transaction']>) =>
      new Promise<void>((resolve) => {
        transaction.commit((...given: unknown[]) => {
          const texts = given.map((one) => {
            return Array.isArray(one) ? `[${one.map(textOf).join(' ')}]` : textOf(one);
          });
          note(`${title} -> ${texts.join(', ')}`);
          resolve();
        });
      });
    const data = Buffer.from('x');
    await commit('empty', client.transaction());
    await commit(
      'all kinds',
      client
        .transaction()
        .create('/t')
        .create('/t/1', data, library.CreateMode.EPHEMERAL)
        .create('/t/s', data, library.ACL.OPEN_ACL_UNSAFE, library.CreateMode.PERSISTENT_SEQUENTIAL)
        .setData('/t/1', data, -1)
        .setData('/t', null)
        .check('/t', 1)
        .check('/t/1')
        .remove('/t/1', 1),
    );
    await commit('first refused', client.transaction().create('/t').create('/u'));
    await commit(
      'last refused',
      client.transaction().create('/u').setData('/u', data).check('/t', 9),
    );
    await commit('amid refused', client.transaction().create('/u').remove('/no').create('/v'));
    await noteCall(stage, client, 'getChildren', '/');
    await noteCall(stage, client, 'getChildren', '/t');
  },

  watchers: async (stage) => {
    const { client, note } = stage;
    const other = await stage.connect();
    const watcher = (name: string) => (event: unknown) => {
      const own = event as { getType(): number; getName(): string; getPath(): string };
      note(`${name}: ${event} ${own.getType()} ${own.getName()} ${own.getPath()}`);
    };
    const same = watcher('same');
    // When it is answered is another matter than when the watchers hear of it.
    const change = (method: string, ...args: readonly unknown[]) => {
      return noteCall({ ...stage, note: () => {} }, other, method, ...args);
    };
    const settle = () => noteCall(stage, client, 'exists', '/settled');
    await noteCall(stage, client, 'exists', '/w', watcher('exists'));
    await noteCall(stage, client, 'getData', '/w', watcher('never'));
    await change('create', '/w');
    await settle();
    await noteCall(stage, client, 'exists', '/w', same);
    await noteCall(stage, client, 'getData', '/w', same);
    await noteCall(stage, client, 'getData', '/w', same);
    await noteCall(stage, client, 'getData', '/w', watcher('second'));
    await noteCall(stage, client, 'getChildren', '/w', same);
    await change('setData', '/w', Buffer.from('1'));
    await change('setData', '/w', Buffer.from('2'));
    await settle();
    await change('create', '/w/c');
    await change('create', '/w/d');
    await settle();
    await noteCall(stage, client, 'getChildren', '/w/c', same);
    await noteCall(stage, client, 'getData', '/w/c', same);
    await change('remove', '/w/c');
    await settle();
  },

  trees: async (stage) => {
    const { client, library } = stage;
    await noteCall(stage, client, 'mkdirp', '/a/b/c');
    await noteCall(stage, client, 'mkdirp', '/a/b/c');
    await noteCall(stage, client, 'mkdirp', '/a/b/d', library.ACL.OPEN_ACL_UNSAFE);
    await noteCall(stage, client, 'mkdirp', '/one', Buffer.from('x'), library.CreateMode.EPHEMERAL);
    await noteCall(stage, client, 'getData', '/one');
    await noteCall(stage, client, 'mkdirp', '/one/more');
    await noteCall(stage, client, 'mkdirp', '/');
    // Only one level: the original sees no more.
    await noteCall(stage, client, 'listSubTreeBFS', '/a/b');
    await noteCall(stage, client, 'listSubTreeBFS', '/a/b/c');
    await noteCall(stage, client, 'listSubTreeBFS', '/no');
    await noteCall(stage, client, 'removeRecursive', '/a/b', 0);
    await noteCall(stage, client, 'removeRecursive', '/a/b');
    await noteCall(stage, client, 'removeRecursive', '/a');
    await noteCall(stage, client, 'exists', '/a');
  },

  'the life of a session': async (stage) => {
    const { note } = stage;
    const client = stage.make();
    noteEvents(stage, client);
    note(`${client.getState()} ${client.getSessionId().toString('hex')}`);
    note(`${client.getSessionPassword().toString('hex')} ${client.getSessionTimeout()}`);
    const early = noteCall(stage, client, 'exists', '/early');
    client.connect();
    await early;
    note(`${client.getState()} ${client.state} ${client.getSessionTimeout()}`);
    note(`${client.getSessionId().length} ${client.getSessionPassword().length}`);

    const id = client.getSessionId();
    await noteCall(stage, client, 'create', '/mine', 1);
    const back = once(client, 'disconnected').then(() => once(client, 'connected'));
    client.connectionManager.socket!.destroy();
    await back;
    note(`the same session: ${client.getSessionId().equals(id)}`);
    await noteCall(stage, client, 'exists', '/mine');

    const over = once(client, 'disconnected');
    const last = noteCall(stage, client, 'exists', '/');
    client.close();
    await noteCall(stage, client, 'exists', '/');
    await last;
    await over;
    note(`${client.getState()}`);
    await noteCall(stage, client, 'exists', '/');
    await noteCall(stage, stage.client, 'exists', '/mine');
  },

  'a session that the server does not know': async (stage) => {
    const client = stage.make({ sessionId: Buffer.from('0123456701234567', 'hex') });
    noteEvents(stage, client);
    const expired = once(client, 'expired');
    client.connect();
    await expired;
    stage.note(`${client.getState()}`);
    await once(client, 'disconnected');
    stage.note(`${client.getState()}`);
  },

  'credentials that are refused': async (stage) => {
    const client = await stage.connect();
    noteEvents(stage, client);
    const failed = once(client, 'authenticationFailed');
    const over = once(client, 'disconnected');
    client.addAuthInfo('no-such-scheme', Buffer.from('x'));
    await failed;
    await over;
    stage.note(`${client.getState()}`);
  },

  'what is thrown': async (stage) => {
    const { library } = stage;
    const client = stage.make() as unknown as Readonly<Record<string, AnyMethod>> & Client;
    const { createClient } = library as unknown as {
      createClient: (...args: unknown[]) => unknown;
    };
    const done = () => {};
    const paths = ['', 'a', '/a/', '//', '/a//b', '/.', '/a/..', '/./b', undefined, null, 7];
    for (const path of paths) {
      const call = (method: string, ...rest: unknown[]) =>
        noteThrown(stage, `${method} of ${path}`, () => client[method]!(path, ...rest));
      call('create', done);
      call('mkdirp', done);
      call('remove', done);
      call('removeRecursive', done);
      call('exists', done);
      call('getData', done);
      call('getChildren', done);
      call('listSubTreeBFS', done);
      call('getACL', done);
      call('setData', Buffer.alloc(0), done);
      call('setACL', library.ACL.OPEN_ACL_UNSAFE, done);
      noteThrown(stage, `transaction of ${path}`, () =>
        client.transaction().remove(path as string),
      );
    }
    const calls: readonly (readonly [string, ...unknown[]])[] = [
      ['create', '/a'],
      ['create', '/a', 0],
      ['create', '/a', [], done],
      ['create', '/a', Buffer.alloc(1_048_577), done],
      ['remove', '/a', -1],
      ['remove', '/a', '1', done],
      ['remove', '/a', done, done],
      ['exists', '/a'],
      ['getData', '/a', undefined],
      ['getChildren', '/a', null, 7],
      ['setData', '/a', 'text', done],
      ['setData', '/a', Buffer.alloc(0)],
      ['setData', '/a', Buffer.alloc(0), '1', done],
      ['setData', '/a', Buffer.alloc(1_048_577), -1, done],
      ['setACL', '/a', [], done],
      ['setACL', '/a', 'acl', done],
      ['setACL', '/a', library.ACL.OPEN_ACL_UNSAFE, '1', done],
      ['getACL', '/a'],
      ['mkdirp', '/a'],
      ['removeRecursive', '/a'],
      ['listSubTreeBFS', '/a'],
      ['addAuthInfo', 'digest', 'text'],
    ];
    for (const [method, ...args] of calls) {
      noteThrown(stage, `${method} ${args.map((arg) => typeof arg).join(' ')}`, () => {
        client[method]!(...args);
      });
    }
    noteThrown(stage, 'no callback', () => client.transaction().commit(undefined as never));
    noteThrown(stage, 'version', () => client.transaction().check('/a', '1' as never));
    noteThrown(stage, 'data', () => client.transaction().setData('/a', 'x' as never));
    for (const text of ['', undefined, '/a', ',', 'h/a/', 'h/../a', 'h/./a']) {
      noteThrown(stage, `createClient of ${text}`, () => createClient(text));
    }
    noteThrown(stage, 'createClient of options', () => createClient('h', 7));
    for (const args of [[0], [1, {}], [32, library.Id.AUTH_IDS], ['1', library.Id.AUTH_IDS]]) {
      const { ACL } = library as unknown as { ACL: new (...args: readonly unknown[]) => unknown };
      noteThrown(stage, `ACL of ${JSON.stringify(args)}`, () => new ACL(...args));
    }
  },

  'constants and texts': async ({ library, note }) => {
    const { ACL, CreateMode, Event, Exception, Id, Permission, State } = library;
    note(JSON.stringify([Permission, CreateMode]));
    note(JSON.stringify([ACL.OPEN_ACL_UNSAFE, ACL.CREATOR_ALL_ACL, ACL.READ_ACL_UNSAFE]));
    note(JSON.stringify([Id.ANYONE_ID_UNSAFE, Id.AUTH_IDS]));
    const states = ['DISCONNECTED', 'SYNC_CONNECTED', 'AUTH_FAILED', 'EXPIRED'] as const;
    for (const name of [...states, 'CONNECTED_READ_ONLY', 'SASL_AUTHENTICATED'] as const) {
      note(`${State[name]} ${JSON.stringify(State[name])}`);
    }
    for (const type of [1, 2, 3, 4]) {
      note(`${Event.create({ type, path: '/a' })} ${Event.create({ type })}`);
    }
    for (const code of [0, -1, -2, -3, -4, -5, -6, -7, -8, -100, -101, -102, -103, -108]) {
      note(`${Exception.create(code)} ${JSON.stringify(Exception.create(code, '/a'))}`);
    }
    for (const code of [-110, -111, -112, -113, -114, -115])
      note(`${Exception.create(code, '/a')}`);
  },
};
