/**
 * Which server is tried next.
 *
 * Ordinarily the servers take turns, in an order that was drawn once. After a change of the list a client may have
 * to move, so that every server of the new list ends up with as many clients as the others; while it looks for its new
 * place it is *rebalancing*:
 *
 *                  update: move                    onConnected, update: stay,
 *     taking turns ────────────▶ rebalancing ────────────────────────────────▶ taking turns
 *                                              every server drawn in vain
 *
 * Knows no time and no socket. Sources: HostConnectionManager (StaticHostProvider up to 3.9), ZOOKEEPER-1355.
 */

import { formatServer, type ServerAddress } from './connect-string.ts';
import { shuffled } from './shuffle.ts';

/** A draw among the servers of a new list. Each is drawn at most once. */
interface Rebalancing {
  /** Servers that were in the former list too, and not yet drawn. */
  readonly kept: ServerAddress[];
  /** Servers that were not, and not yet drawn. */
  readonly added: ServerAddress[];
  /** How probable it is that the draw is among `added`, 0 to 1, while there are both. */
  readonly oddsOfAdded: number;
  /** The one drawn last. */
  drawn: ServerAddress | undefined;
}

/** The servers of one ensemble, as one client goes through them. */
export class ServerList {
  readonly #random: () => number;
  /** By what makes them the same: host, in lower case, and port. */
  #byKey: ReadonlyMap<string, ServerAddress>;
  /** The values of `#byKey` in the order of their turns. Never empty. */
  #servers: readonly ServerAddress[];
  /** Index of the server that was given last; -1 when the next one is the first. */
  #position = -1;
  #lastConnected: ServerAddress | undefined;
  #rebalancing: Rebalancing | undefined;
  /** Where a draw put this client, when the list changed before it went there. Next before all others. */
  #promised: ServerAddress | undefined;
  /** Whose turn it was when the list changed while this client was without a connection. Next before all but that. */
  #turn: ServerAddress | undefined;

  /**
   * @param servers - at least one; those named twice count once.
   * @param random - gives numbers in [0, 1).
   * @throws {RangeError} when there is no server.
   */
  constructor(servers: readonly ServerAddress[], random: () => number) {
    this.#random = random;
    this.#byKey = distinct(servers);
    this.#servers = shuffled([...this.#byKey.values()], random);
  }

  /** Number of different servers. */
  get size(): number {
    return this.#servers.length;
  }

  /** The server to try now. */
  next(): ServerAddress {
    const server = this.#promised ?? this.#turn ?? this.#draw();
    this.#promised = undefined;
    this.#turn = undefined;
    this.#position =
      server === undefined
        ? (this.#position + 1) % this.#servers.length
        : this.#servers.indexOf(server);
    return this.#servers[this.#position]!;
  }

  /** This client has a session at `server`: it has its place. */
  onConnected(server: ServerAddress): void {
    this.#rebalancing = undefined;
    this.#promised = undefined;
    this.#turn = undefined;
    this.#lastConnected = server;
    this.#position = this.#indexOf(server, this.#position);
  }

  /**
   * Takes another list, and decides whether this client gives up its place for the sake of an even load. With N servers
   * before and M after, o of them in both:
   *
   * - M > N: a client of a kept server moves with probability 1 - N/M, one of a removed server always; to an added one.
   * - M <= N: a client of a kept server stays; one of a removed server moves, to a kept one with probability
   *   o(N-M) / (M(N-o)), otherwise to an added one.
   *
   * @param servers - at least one; those named twice count once.
   * @param current - the server that the connection is with, or that is being tried; undefined when there is none.
   * @returns `move` when the caller must drop its connection and ask {@link next}. After `stay`, `current` is in the list.
   * @throws {RangeError} when there is no server. Then nothing has changed.
   */
  update(servers: readonly ServerAddress[], current: ServerAddress | undefined): 'stay' | 'move' {
    const byKey = distinct(servers);
    const drawn = this.#placeDrawnFor(current);
    // What counts is where this client would be if nothing failed. One that never was connected has no place to keep.
    const place = drawn ?? current ?? this.#lastConnected;
    const order = shuffled([...byKey.values()], this.#random);
    const kept = order.filter((server) => this.#byKey.has(keyOf(server)));
    const added = order.filter((server) => !this.#byKey.has(keyOf(server)));
    const sizeBefore = this.#servers.length;
    const isPlaceKept = place === undefined || byKey.has(keyOf(place));
    const mustMove =
      !isPlaceKept ||
      (place !== undefined &&
        order.length > sizeBefore &&
        this.#random() < 1 - sizeBefore / order.length);

    const given = this.#servers[this.#position];
    // Without a connection it goes on with those that it knows: in a new order it would find the added ones too often.
    const isAway = current === undefined || !this.#isConnectedTo(current);
    const turn = place !== undefined && isAway ? this.#turnAmong(byKey) : undefined;
    this.#byKey = byKey;
    this.#servers = order;
    this.#promised = undefined;
    this.#turn = undefined;
    if (mustMove) {
      const oddsOfAdded = 1 - oddsOfKept(sizeBefore, kept.length, order.length);
      this.#rebalancing = { kept, added, oddsOfAdded, drawn: undefined };
      this.#position = -1;
      this.#lastConnected = undefined;
      return 'move';
    }
    this.#rebalancing = undefined;
    this.#position = given === undefined ? -1 : this.#indexOf(given, -1);
    this.#promised = this.#known(drawn);
    this.#turn = drawn === undefined ? this.#known(turn) : undefined;
    // It stays where a draw put it, but has not been there yet: the former answer was `move`, and holds.
    const isElsewhere = drawn !== undefined && current !== undefined && !isSame(drawn, current);
    return isElsewhere ? 'move' : 'stay';
  }

  #isConnectedTo(server: ServerAddress): boolean {
    return this.#lastConnected !== undefined && isSame(server, this.#lastConnected);
  }

  /** The first of `byKey` whose turn would come now. */
  #turnAmong(byKey: ReadonlyMap<string, ServerAddress>): ServerAddress | undefined {
    const start = this.#position + 1;
    const turns = [...this.#servers.slice(start), ...this.#servers.slice(0, start)];
    if (this.#turn !== undefined) turns.unshift(this.#turn);
    return turns.find((server) => byKey.has(keyOf(server)));
  }

  /** The server that a draw has in store for this client; undefined when it is not rebalancing, or is trying it already. */
  #placeDrawnFor(current: ServerAddress | undefined): ServerAddress | undefined {
    if (this.#promised !== undefined) return this.#promised;
    if (this.#rebalancing === undefined) return undefined;
    const { drawn } = this.#rebalancing;
    const isTrying = drawn !== undefined && current !== undefined && isSame(drawn, current);
    return isTrying ? undefined : this.#draw();
  }

  /** Draws a server that was not drawn before; undefined, and an end of rebalancing, when there is none. */
  #draw(): ServerAddress | undefined {
    const rebalancing = this.#rebalancing;
    if (rebalancing === undefined) return undefined;
    const { kept, added, oddsOfAdded } = rebalancing;
    const isAdded = added.length > 0 && (kept.length === 0 || this.#random() < oddsOfAdded);
    rebalancing.drawn = (isAdded ? added : kept).shift();
    if (rebalancing.drawn === undefined) this.#rebalancing = undefined;
    return rebalancing.drawn;
  }

  #indexOf(server: ServerAddress, otherwise: number): number {
    const known = this.#known(server);
    return known === undefined ? otherwise : this.#servers.indexOf(known);
  }

  /** The object by which the list holds this server. */
  #known(server: ServerAddress | undefined): ServerAddress | undefined {
    return server === undefined ? undefined : this.#byKey.get(keyOf(server));
  }
}

/** How probably a client that must move goes to a kept server: `before` servers, `kept` of them among `after`. */
function oddsOfKept(before: number, kept: number, after: number): number {
  if (after > before) return 0;
  // Then nothing was added: `kept` is `after`.
  if (kept === before) return 1;
  return (kept * (before - after)) / (after * (before - kept));
}

/** Names of hosts do not differ in case. */
function keyOf(server: ServerAddress): string {
  return formatServer(server).toLowerCase();
}

function isSame(a: ServerAddress, b: ServerAddress): boolean {
  return keyOf(a) === keyOf(b);
}

function distinct(servers: readonly ServerAddress[]): Map<string, ServerAddress> {
  if (servers.length === 0) throw new RangeError('a list of servers names at least one');
  const byKey = new Map<string, ServerAddress>();
  for (const server of servers) {
    const key = keyOf(server);
    if (!byKey.has(key)) byKey.set(key, server);
  }
  return byKey;
}
