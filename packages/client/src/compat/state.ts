import assert from 'node:assert';

/** How a client stands. There is one object for each state: compare with `===`. */
export class State {
  static readonly DISCONNECTED: State = new State('DISCONNECTED', 0);
  static readonly SYNC_CONNECTED: State = new State('SYNC_CONNECTED', 3);
  static readonly AUTH_FAILED: State = new State('AUTH_FAILED', 4);
  static readonly CONNECTED_READ_ONLY: State = new State('CONNECTED_READ_ONLY', 5);
  static readonly SASL_AUTHENTICATED: State = new State('SASL_AUTHENTICATED', 6);
  // node-zookeeper-client has -122 here, where SESSION_EXPIRED is -112; who stored or compares it has -122, too.
  static readonly EXPIRED: State = new State('EXPIRED', -122);

  readonly name: string;
  readonly code: number;

  /** @throws AssertionError for a name or code that is none. */
  constructor(name: string, code: number) {
    assert(typeof name === 'string' && name !== '', 'name must be a non-empty string.');
    assert(typeof code === 'number', 'type must be a number.');
    this.name = name;
    this.code = code;
  }

  getName(): string {
    return this.name;
  }

  getCode(): number {
    return this.code;
  }

  /** `NAME[code]` */
  toString(): string {
    return `${this.name}[${this.code}]`;
  }
}
