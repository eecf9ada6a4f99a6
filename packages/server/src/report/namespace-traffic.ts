/**
 * Bytes by top-level znode: the `<namespace>_read_per_namespace` and `_write_per_namespace` metrics.
 *
 * Called for each request, so the name is found by hashing its bytes: no string is made after the
 * first request of a namespace. Clients choose the names, so their number is bounded.
 */
import { Summary } from './summary.ts';

/** Namespaces kept apart. Beyond it traffic is not counted by namespace: names come from clients. */
const NAMESPACES_MAX = 512;
const SLOTS = 2048;
/** Longer names are not told apart: hashing them would cost more than the answer. */
const NAME_BYTES_MAX = 255;
const SLASH = 0x2f;

const nameDecoder = new TextDecoder();

interface Namespace {
  readonly name: string;
  readonly bytes: Uint8Array;
  readonly hash: number;
  readonly summary: Summary;
}

/** One summary of bytes for each top-level znode that clients used. */
export class NamespaceTraffic {
  #slots: (Namespace | undefined)[] = new Array<Namespace | undefined>(SLOTS).fill(undefined);
  #order: Namespace[] = [];

  /**
   * Counts a request.
   *
   * @param path - holds the UTF-8 of an absolute path at `start`..`end`; it is not kept.
   * @param size - bytes of the request or the answer, as Apache counts them.
   */
  add(path: Uint8Array, start: number, end: number, size: number): void {
    const from = start + 1;
    let to = from;
    let hash = 0x811c9dc5;
    while (to < end && path[to] !== SLASH) {
      hash = Math.imul(hash ^ path[to]!, 0x01000193);
      to += 1;
      if (to - from > NAME_BYTES_MAX) return;
    }
    if (to === from) return; // "/" belongs to no namespace
    let slot = hash & (SLOTS - 1);
    for (;;) {
      const found = this.#slots[slot];
      if (found === undefined) break;
      if (found.hash === hash && isSame(found.bytes, path, from, to)) {
        found.summary.add(size);
        return;
      }
      slot = (slot + 1) & (SLOTS - 1);
    }
    if (this.#order.length >= NAMESPACES_MAX) return;
    const bytes = path.slice(from, to);
    const added = { name: nameDecoder.decode(bytes), bytes, hash, summary: new Summary() };
    added.summary.add(size);
    this.#slots[slot] = added;
    this.#order.push(added);
  }

  /** Every namespace seen since the last reset, oldest first. */
  *entries(): Generator<readonly [name: string, summary: Summary]> {
    for (const { name, summary } of this.#order) yield [name, summary];
  }

  /** Forgets all namespaces. */
  reset(): void {
    this.#slots.fill(undefined);
    this.#order = [];
  }
}

function isSame(name: Uint8Array, path: Uint8Array, from: number, to: number): boolean {
  if (name.length !== to - from) return false;
  for (let at = 0; at < name.length; at += 1) {
    if (name[at] !== path[from + at]) return false;
  }
  return true;
}
