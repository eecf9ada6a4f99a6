/**
 * What znodes may look like, checked before a request is sent: Curator's SchemaSet, with its JSON.
 */

import type { Acl, CreateModeName, CreateOptions, DataInput, ZooKeeper } from '@zooid/client';

/** Whether something may be so, has to be, or must not. */
export type Allowance = 'can' | 'must' | 'cannot';

/** Whether data is valid at a path. `acl` is undefined unless the znode is new. */
export type DataValidator = (
  path: string,
  data: Uint8Array,
  acl: readonly Acl[] | undefined,
) => boolean;

/** A rule for the znode of one path, or of all whose whole path matches an expression. */
export interface Schema {
  readonly name: string;
  readonly path: string | RegExp;
  readonly documentation?: string | undefined;
  /** Default: everything is valid. */
  readonly dataValidator?: DataValidator | undefined;
  /** Default `can`, as of the next two. */
  readonly ephemeral?: Allowance | undefined;
  readonly sequential?: Allowance | undefined;
  readonly watched?: Allowance | undefined;
  /** Default true. */
  readonly canBeDeleted?: boolean | undefined;
  readonly metadata?: Readonly<Record<string, string>> | undefined;
}

/** A request was not sent, because a schema does not allow it. */
export class SchemaViolationError extends Error {
  readonly code: 'SCHEMA_VIOLATION' = 'SCHEMA_VIOLATION';
  /** Name of the schema; undefined when there is none for the path. */
  readonly schema: string | undefined;
  readonly path: string;

  constructor(schema: Schema | undefined, path: string, sentence: string) {
    super(`${path}: ${sentence}${schema === undefined ? '' : ` (schema ${schema.name})`}`);
    this.name = 'SchemaViolationError';
    this.schema = schema?.name;
    this.path = path;
  }
}

export interface SchemaSetOptions {
  /** What of paths that no schema is for. Default `allow`. */
  readonly unknownPaths?: 'allow' | 'refuse' | undefined;
}

/** Schemas by path: the one of exactly this path, or else the first whose expression matches. */
export class SchemaSet {
  readonly schemas: readonly Schema[];
  readonly #byPath = new Map<string, Schema>();
  readonly #unknownPaths: 'allow' | 'refuse';

  constructor(schemas: readonly Schema[], { unknownPaths = 'allow' }: SchemaSetOptions = {}) {
    this.schemas = schemas;
    this.#unknownPaths = unknownPaths;
    for (const schema of schemas) {
      if (typeof schema.path === 'string') this.#byPath.set(withoutLastSlash(schema.path), schema);
    }
  }

  /** The schema for a path; undefined when there is none and unknown paths are allowed. @throws SchemaViolationError */
  schemaOf(path: string): Schema | undefined {
    const exact = this.#byPath.get(path);
    if (exact !== undefined) return exact;
    const matching = this.schemas.find(
      ({ path: pattern }) => pattern instanceof RegExp && matchesWhole(pattern, path),
    );
    if (matching === undefined && this.#unknownPaths === 'refuse') {
      throw new SchemaViolationError(undefined, path, 'no schema is for this path');
    }
    return matching;
  }

  /** @throws SchemaViolationError when the schema of the path does not allow such a znode to be made. */
  checkCreate(
    path: string,
    data: DataInput | undefined,
    options: Pick<CreateOptions, 'mode' | 'acl'> = {},
  ): void {
    const { mode = 'persistent', acl = [] } = options;
    const schema = this.schemaOf(path);
    if (schema === undefined) return;
    check(schema, path, 'ephemeral', schema.ephemeral, isEphemeral(mode));
    check(schema, path, 'sequential', schema.sequential, mode.endsWith('-sequential'));
    this.#checkData(schema, path, data, acl);
  }

  /** @throws SchemaViolationError when the schema of the path does not allow such data. */
  checkData(path: string, data: DataInput): void {
    const schema = this.schemaOf(path);
    if (schema !== undefined) this.#checkData(schema, path, data, undefined);
  }

  /** @throws SchemaViolationError when the znode must not be deleted. */
  checkDelete(path: string): void {
    const schema = this.schemaOf(path);
    if (schema?.canBeDeleted === false) {
      throw new SchemaViolationError(schema, path, 'it cannot be deleted');
    }
  }

  /** @throws SchemaViolationError when the znode must not be read with (without) a watch. */
  checkWatch(path: string, watch: 'watched' | 'unwatched'): void {
    const schema = this.schemaOf(path);
    if (schema !== undefined) check(schema, path, 'watched', schema.watched, watch === 'watched');
  }

  /** A client that checks every request before it is sent. */
  over(zk: ZooKeeper): CheckedClient {
    return new CheckedClient(zk, this);
  }

  #checkData(
    schema: Schema,
    path: string,
    data: DataInput | undefined,
    acl: readonly Acl[] | undefined,
  ): void {
    const isValid = schema.dataValidator ?? (() => true);
    if (isValid(path, bytesOf(data), acl)) return;
    throw new SchemaViolationError(schema, path, 'the data is not valid');
  }
}

/** The calls of a client that schemas speak of. Each rejects with `SchemaViolationError` when a schema does not allow it. */
export class CheckedClient {
  readonly #zk: ZooKeeper;
  readonly #schemas: SchemaSet;

  constructor(zk: ZooKeeper, schemas: SchemaSet) {
    this.#zk = zk;
    this.#schemas = schemas;
  }

  async create(...call: Parameters<ZooKeeper['create']>): ReturnType<ZooKeeper['create']> {
    this.#schemas.checkCreate(...call);
    return this.#zk.create(...call);
  }

  async set(...call: Parameters<ZooKeeper['set']>): ReturnType<ZooKeeper['set']> {
    this.#schemas.checkData(call[0], call[1]);
    return this.#zk.set(...call);
  }

  async delete(...call: Parameters<ZooKeeper['delete']>): ReturnType<ZooKeeper['delete']> {
    this.#schemas.checkDelete(call[0]);
    return this.#zk.delete(...call);
  }

  async get(...call: Parameters<ZooKeeper['get']>): ReturnType<ZooKeeper['get']> {
    this.#checkWatch(call[0], call[1]?.watch);
    return this.#zk.get(...call);
  }

  async children(...call: Parameters<ZooKeeper['children']>): ReturnType<ZooKeeper['children']> {
    this.#checkWatch(call[0], call[1]?.watch);
    return this.#zk.children(...call);
  }

  #checkWatch(path: string, watch: boolean | undefined): void {
    this.#schemas.checkWatch(path, watch ? 'watched' : 'unwatched');
  }
}

function check(
  schema: Schema,
  path: string,
  what: string,
  allowance: Allowance = 'can',
  is: boolean,
): void {
  if (is && allowance === 'cannot') {
    throw new SchemaViolationError(schema, path, `it cannot be ${what}`);
  }
  if (!is && allowance === 'must') {
    throw new SchemaViolationError(schema, path, `it must be ${what}`);
  }
}

function isEphemeral(mode: CreateModeName): boolean {
  return mode.startsWith('ephemeral');
}

function bytesOf(data: DataInput | undefined): Uint8Array {
  if (typeof data === 'string') return new TextEncoder().encode(data);
  return data ?? new Uint8Array(0);
}

/** As Java's `matches`: the expression has to cover all of the path. */
function matchesWhole(pattern: RegExp, path: string): boolean {
  return new RegExp(`^(?:${pattern.source})$`, pattern.flags.replace(/[gy]/g, '')).test(path);
}

function withoutLastSlash(path: string): string {
  return path.length > 1 && path.endsWith('/') ? path.slice(0, -1) : path;
}
