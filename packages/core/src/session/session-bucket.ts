import type { Session } from './session.ts';

/** All sessions that expire at one moment: a doubly linked list through the sessions themselves. */
export class SessionBucket {
  /** Monotonic, in ms; a multiple of tickTime. */
  readonly expiryMs: number;
  #first: Session | undefined = undefined;

  constructor(expiryMs: number) {
    this.expiryMs = expiryMs;
  }

  /** Adds a session that is in no bucket. */
  add(session: Session): void {
    const first = this.#first;
    session.bucket = this;
    session.expiryMs = this.expiryMs;
    session.previous = undefined;
    session.next = first;
    if (first !== undefined) first.previous = session;
    this.#first = session;
  }

  /** Takes out a session that is in this bucket. */
  delete(session: Session): void {
    const { previous, next } = session;
    if (previous === undefined) this.#first = next;
    else previous.next = next;
    if (next !== undefined) next.previous = previous;
    session.bucket = undefined;
    session.previous = undefined;
    session.next = undefined;
  }

  *[Symbol.iterator](): Generator<Session> {
    for (let session = this.#first; session !== undefined; session = session.next) yield session;
  }

  /** Empties the bucket. @returns its sessions in no particular order. */
  takeAll(): Session[] {
    const taken: Session[] = [];
    for (let session = this.#first; session !== undefined; session = this.#first) {
      this.delete(session);
      taken.push(session);
    }
    return taken;
  }
}
