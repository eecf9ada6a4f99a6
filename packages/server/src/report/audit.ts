/**
 * The audit log: who changed what, one line for each change.
 *
 * A line is tab-separated `key=value`; fields without a value are left out; the order is session, user, ip, operation,
 * znode, znode_type, acl, result. Source: AuditEvent, AuditHelper, AuditConstants. Apache's logger puts its own prefix in
 * front (a date, a level); ours puts the same: `<ISO time> <INFO|ERROR> audit: `, failures being errors.
 */
import type { Client, Fact } from '@zooid/core';
import { type Acl, ErrorCode, OpCode, Permission } from '@zooid/protocol';

/** How it ended; `invoked` is for a stop, whose end nobody can log. */
export type AuditResult = 'success' | 'failure' | 'invoked';

/** Operations as Apache names them. */
export type AuditOperation =
  | 'serverStart'
  | 'serverStop'
  | 'create'
  | 'delete'
  | 'setData'
  | 'setAcl'
  | 'multiOperation'
  | 'reconfig'
  | 'ephemeralZNodeDeletionOnSessionCloseOrExpire';

/** One line of the audit log. Undefined fields are left out. */
export interface AuditEvent {
  readonly session?: bigint | undefined;
  /** Ids of all identities of the connection, comma between; the server's user for its own deeds. */
  readonly user?: string | undefined;
  readonly ip?: string | undefined;
  readonly operation: AuditOperation;
  readonly znode?: string | undefined;
  readonly znodeType?: string | undefined;
  readonly acl?: string | undefined;
  readonly result: AuditResult;
}

/** Names of create modes by their flag, as CreateMode prints them in small letters. */
const ZNODE_TYPES = [
  'persistent',
  'ephemeral',
  'persistent_sequential',
  'ephemeral_sequential',
  'container',
  'persistent_with_ttl',
  'persistent_sequential_with_ttl',
] as const;

const OPERATIONS: ReadonlyMap<number, AuditOperation> = new Map<number, AuditOperation>([
  [OpCode.create, 'create'],
  [OpCode.create2, 'create'],
  [OpCode.createContainer, 'create'],
  [OpCode.createTTL, 'create'],
  [OpCode.delete, 'delete'],
  [OpCode.deleteContainer, 'delete'],
  [OpCode.setData, 'setData'],
  [OpCode.setACL, 'setAcl'],
  [OpCode.multi, 'multiOperation'],
  [OpCode.reconfig, 'reconfig'],
  // The znodes that went with their session.
  [OpCode.closeSession, 'ephemeralZNodeDeletionOnSessionCloseOrExpire'],
]);

/** The line of an event, without prefix and newline. */
export function auditLine(event: AuditEvent): string {
  const fields: (readonly [name: string, value: string | undefined])[] = [
    ['session', event.session === undefined ? undefined : sessionHex(event.session)],
    ['user', event.user],
    ['ip', event.ip],
    ['operation', event.operation],
    ['znode', event.znode],
    ['znode_type', event.znodeType],
    ['acl', event.acl],
    ['result', event.result],
  ];
  return fields
    .filter(([, value]) => value !== undefined)
    .map(([name, value]) => `${name}=${oneField(value!)}`)
    .join('\t');
}

/** What the audit log is made of. */
export interface AuditOptions {
  /** Takes one line with its newline. A file's append stream, or the standard output. */
  readonly write: (line: string) => void;
  /** The user this server runs as. */
  readonly serverUser: string;
  /** Wall clock. */
  readonly nowMs: () => number;
}

/** Writes audit lines. */
export class AuditLog {
  readonly #options: AuditOptions;

  constructor(options: AuditOptions) {
    this.#options = options;
  }

  /** Writes one event. */
  record(event: AuditEvent): void {
    const { write, nowMs } = this.#options;
    const level = event.result === 'failure' ? 'ERROR' : 'INFO';
    write(`${new Date(nowMs()).toISOString()} ${level} audit: ${auditLine(event)}\n`);
  }

  /** The server came into service, or could not. */
  recordStart(result: 'success' | 'failure'): void {
    this.record({ user: this.#options.serverUser, operation: 'serverStart', result });
  }

  /** The server is about to stop. */
  recordStop(): void {
    this.record({ user: this.#options.serverUser, operation: 'serverStop', result: 'invoked' });
  }

  /** Writes what the core tells of a change; operations that Apache does not audit are left out. */
  recordFact(fact: Extract<Fact, { kind: 'audit' }>): void {
    const operation = OPERATIONS.get(fact.op);
    if (operation === undefined) return;
    const isOfSessionEnd = fact.op === OpCode.closeSession;
    if (isOfSessionEnd && fact.path === undefined) return;
    // The znodes of a session are deleted by the server, not by its client.
    const client = isOfSessionEnd ? undefined : fact.client;
    this.record({
      session: fact.sessionId,
      user: client === undefined ? this.#options.serverUser : usersOf(client),
      ip: client?.address,
      operation,
      znode: fact.path,
      znodeType: operation === 'create' ? ZNODE_TYPES[fact.createFlags] : undefined,
      acl: fact.acls === undefined ? undefined : aclText(fact.acls),
      result: fact.result === ErrorCode.ok ? 'success' : 'failure',
    });
  }
}

/** User names of a connection as AuthUtil gives them: of `digest` what stands before the colon, of `super` nothing. */
function usersOf(client: Client): string | undefined {
  const names = client.ids
    .filter(({ scheme }) => scheme !== 'super')
    .map(({ scheme, id }) => (scheme === 'digest' ? id.split(':')[0]! : id))
    .filter((name) => name.trim() !== '');
  return names.length === 0 ? undefined : names.join(',');
}

/** Entries one behind the other with nothing between, as ZKUtil.aclToString has them. */
function aclText(acls: readonly Acl[]): string {
  return acls.map(({ perms, scheme, id }) => `${scheme}:${id}:${permissionText(perms)}`).join('');
}

/** A letter for each permission, in this order. */
function permissionText(perms: number): string {
  const letters: readonly (readonly [bit: number, letter: string])[] = [
    [Permission.create, 'c'],
    [Permission.delete, 'd'],
    [Permission.read, 'r'],
    [Permission.write, 'w'],
    [Permission.admin, 'a'],
  ];
  return letters.map(([bit, letter]) => ((perms & bit) === 0 ? '' : letter)).join('');
}

function sessionHex(id: bigint): string {
  return `0x${BigInt.asUintN(64, id).toString(16)}`;
}

/** A znode's name may hold a tab or a newline; a line must stay a line, or a client could forge others. */
function oneField(value: string): string {
  return value.replace(/\p{Cc}/gu, (c) => `\\u${c.charCodeAt(0).toString(16).padStart(4, '0')}`);
}
