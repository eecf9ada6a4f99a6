/**
 * Random requests from a seed. What it generates depends on the seed and on what the reference server
 * answered, and so the same steps can be played to any number of servers.
 *
 * It stays away from what the reference (Apache 3.8.0) does differently from the behaviour that is
 * wanted (3.8.6 and 3.9): see known-differences.ts, which says what is left to tolerate.
 */
import { JuteWriter, OpCode } from '@zooid/protocol';
import * as bodies from '../harness/request-bodies.ts';
import type { Body } from '../harness/wire-client.ts';
import type { Line } from './driver.ts';
import { Random } from './random.ts';
import type { ConnectHow, Step, StepRequest } from './steps.ts';

/** What a run is about. */
export type Profile = 'watches' | 'acls' | 'extended' | 'quota' | 'malformed' | 'bursts';

/** All of them. */
export const PROFILES: readonly Profile[] = [
  'watches',
  'acls',
  'extended',
  'quota',
  'malformed',
  'bursts',
];

/** How many clients a run has. */
export const SLOT_COUNT = 3;

const NAMES = ['a', 'b', 'ab', 'c'];
const EVIL_PATHS = [
  '',
  '/',
  '//',
  'a',
  'a/b',
  '/a/',
  '/a//b',
  '/a/b/',
  '/.',
  '/..',
  '/a/.',
  '/a/..',
  '/a/../b',
  '/a/./b',
  '/a/.b',
  '/a/..b',
  '/a\u0000b',
  '/a\u0001',
  '/a\u001f',
  '/a\u007f',
  '/a\u009f',
  '/a\u00a0',
  '/a b',
  '/\u00e9',
  '/\ud7ff',
  '/\uf8ff',
  '/\ue000',
  '/\ufeff',
  '/\uffef',
  '/\ufff0',
  '/\uffff',
  '/zookeeper',
  '/zookeeper/quota',
  '/zookeeper/config',
  '/zookeeper/a',
];
const VERSIONS: readonly (readonly [number, number])[] = [
  [60, -1],
  [15, 0],
  [8, 1],
  [5, 2],
  [2, 7],
  [1, -2],
  [1, 0x7fffffff],
  [1, -0x80000000],
];
const USERS = ['u1:p1', 'u2:p2', 'u1:wrong', 'odd', 'a:b:c', ''];
const DIGEST_U1 = 'u1:47OZmAC+gmpxPTNxS88W7kbnPM8='; // not u1's real digest: a stranger
const MANY = 2_000;

/** Makes steps; told the lines of the reference after each. */
export class Generator {
  readonly profile: Profile;
  readonly #random: Random;
  readonly #salt: number;
  readonly #created: string[] = [];
  readonly #xids: number[] = new Array<number>(SLOT_COUNT).fill(0);
  #lastZxid = 0n;

  constructor(seed: number, profile: Profile) {
    this.profile = profile;
    this.#random = new Random(seed * 2654435761 + profile.length * 97 + profile.charCodeAt(0));
    this.#salt = seed;
  }

  /** Remembers what was created, so that later requests meet it. */
  learn(lines: readonly Line[]): void {
    for (const { text, reply } of lines) {
      if (reply === undefined) continue;
      if (reply.zxid > this.#lastZxid) this.#lastZxid = reply.zxid;
      for (const [, path] of text.matchAll(/"(\/[^"\\]*)"/g)) {
        if (path!.length > 1 && path!.length < 60) this.#created.push(path!);
      }
    }
    if (this.#created.length > 40) this.#created.splice(0, this.#created.length - 40);
  }

  /** The step to play next; `isConnected` says it of each slot. */
  next(isConnected: readonly boolean[]): Step {
    const slot = this.#random.below(SLOT_COUNT);
    if (isConnected[slot] !== true) return this.#connect(slot);
    const roll = this.#random.next();
    if (roll < 0.01) return { kind: 'drop', slot };
    if (roll < 0.02) return this.#connect(slot);
    if (roll < 0.04 && this.profile === 'malformed') return this.#raw(slot);
    if (roll < 0.035) return this.#single(slot, OpCode.closeSession, 'closeSession', () => {});
    if (roll < 0.06 && this.profile !== 'bursts') return this.#auth(slot);
    const isBurst = this.#random.chance(this.profile === 'bursts' ? 0.6 : 0.1);
    const count = isBurst ? 2 + this.#random.below(this.profile === 'bursts' ? 30 : 6) : 1;
    const requests: StepRequest[] = [];
    for (let i = 0; i < count; i++) requests.push(this.#request(slot, isBurst));
    return { kind: 'requests', slot, requests };
  }

  /** The first step of every slot. */
  connectNew(slot: number): Step {
    return {
      kind: 'connect',
      slot,
      how: { session: 'new', timeoutMs: 40_000, readOnlyByte: 'false', zxidAhead: 0n },
    };
  }

  #connect(slot: number): Step {
    const random = this.#random;
    const session = random.weighted<ConnectHow['session']>([
      [50, 'resume'],
      [40, 'new'],
      [5, 'wrong password'],
      [5, 'unknown id'],
    ]);
    const how: ConnectHow = {
      session,
      timeoutMs: random.weighted([
        [90, 40_000],
        [5, 1_000_000],
        [5, 39_999],
      ]),
      readOnlyByte: random.pick(['absent', 'false', 'false', 'true']),
      zxidAhead: random.weighted([
        [80, 0n],
        [15, -3n],
        [5, 1000n],
      ]),
    };
    return { kind: 'connect', slot, how };
  }

  #raw(slot: number): Step {
    const [note, bytes] = this.#random.pick<readonly [string, number[]]>([
      ['negative length', [0xff, 0xff, 0xff, 0xf0]],
      ['length of 2^31-1', [0x7f, 0xff, 0xff, 0xff]],
      ['length just above jute.maxbuffer', [0, 0x10, 0, 1]],
      ['header cut short', [0, 0, 0, 6, 0, 0, 0, 1, 0, 0]],
    ]);
    return { kind: 'raw', slot, bytes: Uint8Array.from(bytes), note };
  }

  #single(slot: number, type: number, note: string, body: Body): Step {
    return { kind: 'requests', slot, requests: [this.#make(slot, type, note, body)] };
  }

  #auth(slot: number): Step {
    const random = this.#random;
    const scheme = random.weighted([
      [88, 'digest'],
      [4, 'world'],
      [4, 'nosuch'],
      [4, 'ip'],
    ]);
    // Nobody is super while watches are compared or ACLs would never refuse anything.
    const credentials = random.chance(0.04) ? 'super:test' : random.pick(USERS);
    return this.#single(
      slot,
      OpCode.auth,
      `auth ${scheme} ${credentials}`,
      bodies.auth(scheme, credentials),
    );
  }

  #make(slot: number, type: number, note: string, body: Body): StepRequest {
    const writer = new JuteWriter();
    body(writer);
    const xid =
      type === OpCode.auth
        ? -4
        : type === OpCode.ping
          ? -2
          : type === OpCode.setWatches || type === OpCode.setWatches2
            ? -8
            : ++this.#xids[slot]!;
    return { xid, type, body: writer.copy(), note };
  }

  #path(): string {
    const random = this.#random;
    if (random.chance(this.profile === 'malformed' ? 0.25 : 0.03)) return random.pick(EVIL_PATHS);
    if (this.#created.length > 0 && random.chance(0.3)) return random.pick(this.#created);
    const depth = random.weighted([
      [40, 1],
      [40, 2],
      [20, 3],
    ]);
    let path = '';
    for (let i = 0; i < depth; i++) path += `/${random.pick(NAMES)}`;
    if (this.profile === 'quota' && random.chance(0.1)) {
      const node = random.pick(['/zookeeper_limits', '/zookeeper_stats', '']);
      return `/zookeeper/quota${path}${node}`;
    }
    return path;
  }

  /** Well-formed in a quota's znodes: Apache's server refuses everything below others, or dies of them. */
  #dataFor(path: string): string | Uint8Array | null {
    const isQuota = path.startsWith('/zookeeper/quota/') && path.includes('/zookeeper_');
    return isQuota ? this.#quotaText() : this.#data();
  }

  #quotaText(): string {
    const random = this.#random;
    const limit = () => random.pick([-1, 0, 1, 2, 3, 5, 10, 50]);
    return random.chance(0.5)
      ? `count=${limit()},bytes=${limit()}`
      : `count=${limit()},bytes=${limit()}=;byteHardLimit=${limit()};countHardLimit=${limit()}`;
  }

  #data(): string | Uint8Array | null {
    return this.#random.weighted<() => string | Uint8Array | null>([
      [60, () => `v${this.#random.below(100)}`],
      [15, () => null],
      [10, () => ''],
      [10, () => new Uint8Array(this.#random.below(300)).fill(this.#random.below(256))],
      [1, () => new Uint8Array(MANY)],
    ])();
  }

  #acls(): readonly bodies.WireAcl[] | null {
    const random = this.#random;
    const isAcls = this.profile === 'acls';
    if (!isAcls && random.chance(0.85)) return bodies.OPEN;
    const perms = () => random.pick([31, 31, 31, 1, 2, 4, 8, 16, 15, 17, 5, 0, 32, -1]);
    const one = (): bodies.WireAcl =>
      random.weighted<() => bodies.WireAcl>([
        [30, () => ({ perms: perms(), scheme: 'world', id: 'anyone' })],
        [25, () => ({ perms: perms(), scheme: 'auth', id: random.pick(['', 'ignored']) })],
        [8, () => ({ perms: perms(), scheme: 'digest', id: DIGEST_U1 })],
        [
          8,
          () => ({
            perms: perms(),
            scheme: 'ip',
            id: random.pick([
              '127.0.0.1',
              '127.0.0.0/8',
              '10.0.0.0/8',
              '0.0.0.0/0',
              '127.0.0.1/33',
              'x',
              '1.2.3',
              '300.1.1.1',
            ]),
          }),
        ],
        [2, () => ({ perms: perms(), scheme: 'world', id: 'somebody' })],
        [2, () => ({ perms: perms(), scheme: 'digest', id: random.pick(['a', 'a:b:c', '']) })],
        [1, () => ({ perms: perms(), scheme: 'super', id: '' })],
        [1, () => ({ perms: perms(), scheme: 'nosuch', id: 'x' })],
      ])();
    if (random.chance(0.03)) return random.chance(0.5) ? null : [];
    const acls = [one()];
    while (random.chance(0.4)) acls.push(random.chance(0.3) ? acls[0]! : one());
    // Outside of the ACL profile everybody may read: 3.8.0 does not check READ when it sends an event.
    if (!isAcls) acls.push({ perms: 31, scheme: 'world', id: 'anyone' });
    return acls;
  }

  /** One path of one slot is watched in one way only: 3.8.0 replaces a mode, 3.9 adds modes up. */
  #style(slot: number, path: string): 'standard' | 'persistent' | 'recursive' {
    let hash = this.#salt + slot * 31;
    for (let i = 0; i < path.length; i++) hash = Math.imul(hash, 31) + path.charCodeAt(i);
    const roll = (hash >>> 8) % 10;
    return roll < 7 ? 'standard' : roll < 9 ? 'persistent' : 'recursive';
  }

  #watch(slot: number, path: string): 'watch' | 'no watch' {
    if (this.profile === 'acls' || this.#style(slot, path) !== 'standard') return 'no watch';
    return this.#random.chance(0.5) ? 'watch' : 'no watch';
  }

  #createOperation(where: 'alone' | 'in a multi'): { type: number; body: Body; note: string } {
    const random = this.#random;
    const type = random.weighted([
      [45, OpCode.create],
      [35, OpCode.create2],
      [8, OpCode.createContainer],
      [this.profile === 'extended' ? 40 : 6, OpCode.createTTL],
    ]);
    let path = this.#path();
    const data = this.#dataFor(path);
    const acls = this.#acls();
    let flags: number;
    if (type === OpCode.createTTL) {
      flags = random.weighted([
        [45, 5],
        [45, 6],
        [10, random.below(9) - 1],
      ]);
    } else if (type === OpCode.createContainer) {
      flags = random.weighted([
        [90, 4],
        // In a multi, 3.8.0 goes by the flags alone, later versions by the operation's type too.
        [where === 'alone' ? 10 : 0, random.below(9) - 1],
      ]);
    } else {
      flags = random.weighted([
        [40, 0],
        [25, 1],
        [15, 2],
        [12, 3],
        [2, 4],
        [2, 5],
        [2, 6],
        // In a multi, 3.8.0 answers a bad flag differently from 3.8.5 on (ZOOKEEPER-4850).
        [where === 'alone' ? 2 : 0, random.pick([7, 8, -1, 100])],
      ]);
    }
    // A TTL flag in an operation of a multi that is no createTTL: 3.8.5 and later refuse the whole multi when
    // they read it, 3.8.0 when it comes to that operation.
    if (where === 'in a multi' && type !== OpCode.createTTL && flags > 4) flags = 0;
    if ((flags === 2 || flags === 3 || flags === 6) && random.chance(0.3)) path += '/';
    // Apache's server checks the ttl only when the flags are those of a TTL znode, logs the txn all the same,
    // and dies of it when it is applied, at once and at every restart.
    const isTtl = flags === 5 || flags === 6;
    const ttlMs = random.pick([
      100_000n,
      100_000n,
      1_000_000n,
      (1n << 40n) - 1n,
      ...(isTtl ? [1n << 40n, 0n, -1n] : []),
    ]);
    const note = `create ${JSON.stringify(path)} flags=${flags} acls=${acls?.map((acl) => `${acl.scheme}:${acl.id}:${acl.perms}`)} ttl=${ttlMs}`;
    const fields = { path, data, acls, flags };
    const body = bodies.create(type === OpCode.createTTL ? { ...fields, ttlMs } : fields);
    return { type, body, note };
  }

  #quotaLimits(): { type: number; body: Body; note: string } {
    const random = this.#random;
    const path = `/zookeeper/quota/${random.pick(NAMES)}/zookeeper_limits`;
    const text = this.#quotaText();
    return random.chance(0.5)
      ? {
          type: OpCode.create,
          body: bodies.create({ path, data: text }),
          note: `create ${path} ${text}`,
        }
      : { type: OpCode.setData, body: bodies.setData(path, text), note: `setData ${path} ${text}` };
  }

  #writeOperation(where: 'alone' | 'in a multi'): { type: number; body: Body; note: string } {
    const random = this.#random;
    if (this.profile === 'quota' && random.chance(0.12)) return this.#quotaLimits();
    const kind = random.weighted<'create' | 'delete' | 'setData' | 'check'>([
      [50, 'create'],
      [20, 'delete'],
      [20, 'setData'],
      [10, 'check'],
    ]);
    if (kind === 'create') return this.#createOperation(where);
    const path = this.#path();
    const version = random.weighted(VERSIONS);
    const note = `${kind} ${JSON.stringify(path)} version=${version}`;
    if (kind === 'delete')
      return { type: OpCode.delete, body: bodies.pathAndInt(path, version), note };
    if (kind === 'check')
      return { type: OpCode.check, body: bodies.pathAndInt(path, version), note };
    return { type: OpCode.setData, body: bodies.setData(path, this.#dataFor(path), version), note };
  }

  #request(slot: number, isBurst: boolean): StepRequest {
    const request = this.#plainRequest(slot, isBurst);
    if (this.profile !== 'malformed' || !this.#random.chance(0.15) || isBurst) return request;
    // A body that is cut short, or carries more than it should.
    const { body } = request;
    if (this.#random.chance(0.3)) {
      const longer = new Uint8Array(body.byteLength + 3);
      longer.set(body);
      return { ...request, body: longer, note: `${request.note} +3 bytes` };
    }
    const length = this.#random.below(body.byteLength + 1);
    return { ...request, body: body.slice(0, length), note: `${request.note} cut to ${length}` };
  }

  #plainRequest(slot: number, isBurst: boolean): StepRequest {
    const random = this.#random;
    const path = this.#path();
    const quoted = JSON.stringify(path);
    const make = (type: number, note: string, body: Body) => this.#make(slot, type, note, body);
    const withWatch = (type: number, name: string) => () => {
      const watch = this.#watch(slot, path);
      return make(type, `${name} ${quoted} ${watch}`, bodies.pathAndWatch(path, watch));
    };
    const canWatch = this.profile !== 'acls';
    return random.weighted<() => StepRequest>([
      [
        45,
        () => {
          for (;;) {
            const { type, body, note } = this.#writeOperation('alone');
            // A check outside of a multi is refused since 3.8.5 and misbehaves before.
            if (type !== OpCode.check) return make(type, note, body);
          }
        },
      ],
      [6, withWatch(OpCode.exists, 'exists')],
      [8, withWatch(OpCode.getData, 'getData')],
      [4, withWatch(OpCode.getChildren, 'getChildren')],
      [6, withWatch(OpCode.getChildren2, 'getChildren2')],
      [4, () => make(OpCode.getACL, `getACL ${quoted}`, bodies.onlyPath(path))],
      [
        // Apache's server checks what follows a setACL by the old ACL as long as the setACL is under way
        // (PrepRequestProcessor keeps no ACL in its pending change): in a burst that is a race.
        isBurst ? 0 : this.profile === 'acls' ? 15 : 4,
        () => {
          const acls = this.#acls();
          const version = random.weighted(VERSIONS);
          return make(
            OpCode.setACL,
            `setACL ${quoted} ${acls?.map((acl) => `${acl.scheme}:${acl.id}:${acl.perms}`)} version=${version}`,
            bodies.setAcl(path, acls, version),
          );
        },
      ],
      [2, () => make(OpCode.sync, `sync ${quoted}`, bodies.onlyPath(path))],
      [1, () => make(OpCode.ping, 'ping', () => {})],
      [12, () => this.#multi(slot)],
      [4, () => this.#multiRead(slot)],
      [canWatch ? 3 : 0, () => this.#removeWatches(slot, path)],
      [canWatch ? 3 : 0, () => this.#setWatches(slot)],
      [canWatch ? 6 : 0, () => this.#addWatch(slot, path)],
      [2, () => make(OpCode.getEphemerals, `getEphemerals ${quoted}`, bodies.onlyPath(path))],
      [
        2,
        () =>
          make(
            OpCode.getAllChildrenNumber,
            `getAllChildrenNumber ${quoted}`,
            bodies.onlyPath(path),
          ),
      ],
      [1, () => make(OpCode.whoAmI, 'whoAmI', () => {})],
      [0.5, () => make(OpCode.reconfig, 'reconfig', bodies.reconfig('', '', null, -1n))],
      [
        this.profile === 'malformed' && !isBurst ? 2 : 0,
        () => {
          const type = random.pick([10, 23, 50, 99, 108, 500, 1000, -5, -100, 0]);
          return make(type, `unknown opcode ${type}`, bodies.onlyPath(path));
        },
      ],
      [
        this.profile === 'malformed' && !isBurst ? 1 : 0,
        () => make(OpCode.sasl, 'sasl', bodies.onlyPath(random.pick(['', 'token', null]))),
      ],
      [
        this.profile === 'malformed' && !isBurst ? 2 : 0,
        () => {
          const type = random.pick([
            OpCode.create,
            OpCode.delete,
            OpCode.setData,
            OpCode.exists,
            OpCode.getData,
            OpCode.getChildren2,
            OpCode.getACL,
            OpCode.setACL,
            OpCode.sync,
            OpCode.getEphemerals,
            OpCode.getAllChildrenNumber,
          ]);
          return make(type, 'null path', (writer) => {
            for (let i = 0; i < 4; i++) writer.int(-1);
          });
        },
      ],
    ])();
  }

  #multi(slot: number): StepRequest {
    const random = this.#random;
    const count = random.weighted([
      [3, 0],
      [20, 1],
      [30, 2],
      [25, 3],
      [15, 5],
      [7, 9],
    ]);
    const operations: { type: number; body: Body; note: string }[] = [];
    for (let i = 0; i < count; i++) operations.push(this.#writeOperation('in a multi'));
    if (this.profile === 'malformed' && random.chance(0.05)) {
      operations.push({ type: OpCode.getData, body: bodies.pathAndWatch('/a'), note: 'getData' });
    }
    const note = `multi(${operations.map((operation) => operation.note).join('; ')})`;
    return this.#make(slot, OpCode.multi, note, bodies.multi(operations));
  }

  #multiRead(slot: number): StepRequest {
    const random = this.#random;
    const operations: { type: number; body: Body; note: string }[] = [];
    const count = random.below(4);
    for (let i = 0; i < count; i++) {
      const path = this.#path();
      const type = random.pick([OpCode.getData, OpCode.getChildren]);
      operations.push({ type, body: bodies.pathAndWatch(path), note: `${type} ${path}` });
    }
    const note = `multiRead(${operations.map((operation) => operation.note).join('; ')})`;
    return this.#make(slot, OpCode.multiRead, note, bodies.multi(operations));
  }

  #addWatch(slot: number, path: string): StepRequest {
    const style = this.#style(slot, path);
    if (style === 'standard') {
      return this.#make(
        slot,
        OpCode.exists,
        `exists ${path} watch`,
        bodies.pathAndWatch(path, 'watch'),
      );
    }
    const mode = style === 'persistent' ? 0 : 1;
    return this.#make(
      slot,
      OpCode.addWatch,
      `addWatch ${path} mode=${mode}`,
      bodies.pathAndInt(path, mode),
    );
  }

  #removeWatches(slot: number, path: string): StepRequest {
    // The kinds 4 and 5 are newer than 3.8.0, and a kind that is not the watch's own means another
    // thing there.
    const kind = this.#style(slot, path) === 'standard' ? this.#random.pick([1, 2, 3]) : 3;
    const type = this.#random.chance(0.3) ? OpCode.checkWatches : OpCode.removeWatches;
    return this.#make(
      slot,
      type,
      `${type === OpCode.checkWatches ? 'check' : 'remove'}Watches ${path} kind=${kind}`,
      bodies.pathAndInt(path, kind),
    );
  }

  #setWatches(slot: number): StepRequest {
    const random = this.#random;
    const lists: string[][] = [[], [], [], [], []];
    const count = random.below(6);
    for (let i = 0; i < count; i++) {
      const path = this.#path();
      if (!path.startsWith('/')) continue;
      const style = this.#style(slot, path);
      lists[style === 'standard' ? random.below(3) : style === 'persistent' ? 3 : 4]!.push(path);
    }
    const relative = random.pick([
      0n,
      this.#lastZxid,
      this.#lastZxid > 5n ? this.#lastZxid - 5n : 0n,
      1n << 40n,
    ]);
    const isOld = lists[3]!.length + lists[4]!.length === 0 && random.chance(0.5);
    const type = isOld ? OpCode.setWatches : OpCode.setWatches2;
    return this.#make(
      slot,
      type,
      `setWatches from ${relative} ${JSON.stringify(lists)}`,
      bodies.setWatches(relative, isOld ? lists.slice(0, 3) : lists),
    );
  }
}
