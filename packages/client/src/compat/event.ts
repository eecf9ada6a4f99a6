import assert from 'node:assert';

/** What an {@link Event} is made of. */
export interface EventFacts {
  /** One of the constants of {@link Event}. */
  readonly type: number;
  readonly path?: string | undefined;
}

const nameByType: ReadonlyMap<number, string> = new Map([
  [1, 'NODE_CREATED'],
  [2, 'NODE_DELETED'],
  [3, 'NODE_DATA_CHANGED'],
  [4, 'NODE_CHILDREN_CHANGED'],
]);

/** What a watcher is told. */
export class Event {
  static readonly NODE_CREATED = 1;
  static readonly NODE_DELETED = 2;
  static readonly NODE_DATA_CHANGED = 3;
  static readonly NODE_CHILDREN_CHANGED = 4;

  readonly type: number;
  readonly name: string;
  readonly path: string | undefined;

  /** @throws AssertionError, or Error for an unknown type. */
  constructor(type: number, name: string, path?: string) {
    assertType(type);
    assert(typeof name === 'string' && name !== '', 'name must be a non-empty string.');
    this.type = type;
    this.name = name;
    this.path = path;
  }

  /** @throws AssertionError, or Error for an unknown type. */
  static create(facts: EventFacts): Event {
    assert(facts, 'watcherEvent must be a valid object.');
    assertType(facts.type);
    return new Event(facts.type, nameByType.get(facts.type)!, facts.path);
  }

  getType(): number {
    return this.type;
  }

  getName(): string {
    return this.name;
  }

  getPath(): string | undefined {
    return this.path;
  }

  /** `NAME[type]@path` */
  toString(): string {
    const text = `${this.name}[${this.type}]`;
    return this.path === undefined ? text : `${text}@${this.path}`;
  }
}

function assertType(type: number): void {
  assert(typeof type === 'number', 'type must be a number.');
  if (!nameByType.has(type)) throw new Error(`Unknown type: ${type}`);
}
