/**
 * The election port: one connection to every other server, over which votes are told.
 *
 *     dialling:  connect ─▶ say who I am ─┬─ my id is the larger ─▶ connected
 *                                         └─ the smaller ─▶ hang up, and wait for the call back ("knocking")
 *     accepting: listen ─▶ hear who it is ─┬─ its id is the larger ─▶ connected
 *                                          └─ the smaller ─▶ hang up, and call back
 *
 * So of two servers it is always the one with the larger id whose connection counts, and two that call each other at the
 * same time end up with one. Of what is told to a server only the newest matters: at most one notification waits for each,
 * and the last one is told again on every new connection, for the one before may have swallowed it.
 *
 * It decides about connections. Whom to tell what is the election's (core/election); it never calls back within a call. What others
 * say of themselves is believed, as Apache's servers do.
 *
 * Source: QuorumCnxManager, of which it keeps every rule, with these exceptions: a connection that is replaced lives until the new one
 * stands; a server that knocked does not knock again at once; an observer without an id (before 3.5) keeps its connection.
 */

import { createServer, type Socket } from 'node:net';
import { hostAddress, type ServerId } from '@zooid/core';
import {
  encodeInitialMessage,
  encodeNotification,
  INITIAL_MESSAGE_V1,
  type InitialMessage,
  JuteWriter,
  type Notification,
  OBSERVER_ID,
} from '@zooid/protocol';
import type { Clock } from '../clock.ts';
import { Dial } from './dial.ts';
import { ElectionConnection, type ElectionConnectionEvents } from './election-connection.ts';
import { ElectionGreeting } from './election-greeting.ts';
import { ListenPause } from './listen-pause.ts';
import { isSamePlace, type ListenPlace, MovablePort } from './movable-port.ts';
import type { NameLookup } from './name-lookup.ts';
import {
  formatHostPort,
  type HostPort,
  isReachableFrom,
  type PeerAddress,
  type PeerRoute,
  tryParseHostPort,
} from './peer-address.ts';

/** Connections that have not said whose they are, at a time: the oldest one goes when there are more. */
const GREETINGS_MAX = 64;
/** Servers that are not in the list and are listened to: observers and those that want to join. */
const STRANGERS_MAX = 256;
/** How long a server that was knocked at has to call back, before it is knocked at again. */
const KNOCK_MS = 500;
/** Silence after which a connection is tried anew when the election hears nothing: some network in between may have forgotten it. */
const SILENT_MS = 10_000;
/** How long a replaced connection may last when the other side does not end it. */
const RETIRED_MS = 1000;
const KEEP_ALIVE_MS = 10_000;

/** What an operator would want to know. */
export type ElectionPortFact =
  /** It is tried again. */
  | { readonly kind: 'election-port-unavailable'; readonly port: number; readonly reason: string }
  | {
      readonly kind: 'election-peer-unreachable';
      readonly server: ServerId;
      readonly address: string;
      readonly reason: string;
    }
  /** Somebody said what no server says. The one connection is closed. */
  | { readonly kind: 'election-malformed'; readonly address: string; readonly message: string }
  /** Another server has this one's id. */
  | { readonly kind: 'election-same-id'; readonly address: string }
  /** A server that is not in the list, has the smaller id and did not say where to call it. */
  | {
      readonly kind: 'election-nowhere-to-call';
      readonly server: ServerId;
      readonly address: string;
    }
  | { readonly kind: 'election-too-many'; readonly address: string };

/** Called from the event loop, never within a call of the port. */
export interface ElectionPortEvents {
  /** @param from - negative for an observer without an id. @param notification - its configuration is valid during the call only. */
  onNotification(from: ServerId, notification: Notification): void;
  /** There is a connection where there was none. */
  onConnected(server: ServerId): void;
  onDisconnected(server: ServerId): void;
  onFact(fact: ElectionPortFact): void;
}

export interface ElectionPortParts {
  readonly serverId: ServerId;
  /** Where it listens at first. */
  readonly listen: ListenPlace;
  /** The servers of the configuration in force and of the next one, as they are now. */
  readonly peers: () => ReadonlyMap<ServerId, PeerAddress>;
  /** How often it is tried to listen (`electionPortBindRetry`); 0 is without end. */
  readonly bindAttemptCountMax: number;
  /** Time for a connection to stand (`cnxTimeout`). */
  readonly connectTimeoutMs: number;
  /** Time for a server whose connection was accepted to say who it is (`quorumCnxnTimeoutMs`). */
  readonly greetingTimeoutMs: number;
  readonly names: NameLookup;
  /** Where an address is really dialled; there, unless given. */
  readonly route?: PeerRoute | undefined;
  readonly clock: Pick<Clock, 'nowMs'>;
  readonly events: ElectionPortEvents;
}

/** Another server, as long as it is in the list or connected. */
class Peer {
  readonly id: ServerId;
  connection: ElectionConnection | undefined;
  /** The attempt in flight. */
  dial: Dial | undefined;
  /** Runs while this server, knocked at, may call back, and hang up before on a connection that it has just made. */
  knocking: NodeJS.Timeout | undefined;
  /** Its connection ended while it was being knocked at: it is not gone before it has failed to call back. */
  isMissed = false;
  /** Asked for while it was being knocked at. */
  isWanted = false;
  /** The newest notification to it, with its length in front. */
  last: Uint8Array | undefined;

  constructor(id: ServerId) {
    this.id = id;
  }
}

export class ElectionPort {
  readonly #parts: ElectionPortParts;
  readonly #listening: MovablePort;
  readonly #peers = new Map<ServerId, Peer>();
  /** Oldest first. */
  readonly #greetings = new Set<ElectionGreeting>();
  /** All there are, whatever their state. */
  readonly #sockets = new Set<Socket>();
  #port = 0;
  #nextNamelessId = -1;
  #isClosed = false;
  readonly #pause = new ListenPause();

  constructor(parts: ElectionPortParts) {
    this.#parts = parts;
    this.#listening = new MovablePort({
      createServer: () =>
        createServer(
          { noDelay: true, keepAlive: true, keepAliveInitialDelay: KEEP_ALIVE_MS },
          (socket) => this.#onAccepted(socket),
        ),
      onError: () => {},
    });
  }

  /** Begins to listen, at the last attempt that it has. @returns the port. @throws what the system says to that one, for example EADDRINUSE. */
  async listen(): Promise<number> {
    const { bindAttemptCountMax, events, listen } = this.#parts;
    for (let attempt = 1; ; attempt++) {
      try {
        this.#port = await this.#listening.listen(listen);
        return this.#port;
      } catch (error) {
        if (this.#isClosed || attempt === bindAttemptCountMax) throw error;
        if (attempt === 1) {
          const { message: reason } = error as Error;
          events.onFact({ kind: 'election-port-unavailable', port: listen.port, reason });
        }
        await this.#pause.pass();
        if (this.#isClosed) throw error;
      }
    }
  }

  /** Listens at another address from now on, or as soon as that can be had; connections stay. No effect when it is the same. */
  moveTo(place: ListenPlace): void {
    const { events } = this.#parts;
    const { place: old } = this.#listening;
    if (old === undefined || isSamePlace(place, old)) return;
    const onUnavailable = ({ message: reason }: Error) =>
      events.onFact({ kind: 'election-port-unavailable', port: place.port, reason });
    void this.#listening.moveTo(place, { onUnavailable }).then((port) => {
      if (port !== undefined) this.#port = port;
    });
  }

  /**
   * Tells `to`, now or when there is a connection, which it then tries to have. A server that is neither in the list nor
   * connected is not told.
   */
  send(to: ServerId, notification: Notification): void {
    const peer = this.#peers.get(to) ?? this.#tryListed(to);
    if (peer === undefined) return;
    const writer = new JuteWriter(64);
    const mark = writer.startFrame();
    encodeNotification(writer, notification);
    writer.endFrame(mark);
    peer.last = writer.copy();
    if (peer.connection !== undefined) peer.connection.send(peer.last);
    else this.#call(peer);
  }

  /** Tries to have a connection to every server of the list; one that heard no answer for long is replaced. */
  connectAll(): void {
    for (const id of this.#parts.peers().keys()) {
      const peer = this.#peers.get(id) ?? this.#tryListed(id);
      if (peer === undefined) continue;
      if (peer.connection === undefined || peer.connection.unansweredMs > SILENT_MS) {
        this.#call(peer);
      }
    }
  }

  isConnected(server: ServerId): boolean {
    return this.#peers.get(server)?.connection !== undefined;
  }

  /** Ends everything; no event follows. Resolves when the port is free. */
  close(): Promise<void> {
    this.#isClosed = true;
    this.#pause.end();
    for (const greeting of this.#greetings) greeting.giveUp();
    this.#greetings.clear();
    for (const peer of this.#peers.values()) {
      peer.dial?.cancel();
      clearTimeout(peer.knocking);
    }
    for (const socket of this.#sockets) socket.destroy();
    this.#peers.clear();
    return this.#listening.close();
  }

  // ── Dialling ──────────────────────────────────────────────────────────────────────────────────────

  /** Where to tell others that this server is called. */
  #ownAddress(): HostPort {
    const { peers, serverId, listen } = this.#parts;
    const own = peers().get(serverId);
    if (own !== undefined) return { host: own.host, port: own.electionPort };
    return { host: listen.host ?? '0.0.0.0', port: this.#port };
  }

  /** Calls a server, unless that is under way. @param said - addresses that it gave itself, which come first. */
  #call(peer: Peer, said: readonly HostPort[] = []): void {
    if (peer.dial !== undefined || this.#isClosed) return;
    if (peer.knocking !== undefined) {
      peer.isWanted = true;
      return;
    }
    const listed = this.#parts.peers().get(peer.id);
    const addresses = [...said];
    if (listed !== undefined) addresses.push({ host: listed.host, port: listed.electionPort });
    this.#callNext(peer, addresses);
  }

  #callNext(peer: Peer, addresses: readonly HostPort[]): void {
    const [address, ...others] = addresses;
    if (address === undefined) {
      this.#onUnreachable(peer);
      return;
    }
    const { connectTimeoutMs, names, route } = this.#parts;
    peer.dial = new Dial(route?.(address) ?? address, connectTimeoutMs, names, {
      onConnected: (socket) => {
        peer.dial = undefined;
        this.#onDialled(peer, socket);
      },
      onFailed: (error) => {
        peer.dial = undefined;
        this.#parts.events.onFact({
          kind: 'election-peer-unreachable',
          server: peer.id,
          address: formatHostPort(address),
          reason: error.message,
        });
        this.#callNext(peer, others);
      },
    });
  }

  /** What connection there is was doubted, with reason. */
  #onUnreachable(peer: Peer): void {
    if (peer.connection === undefined) this.#forgetStranger(peer);
    else peer.connection.close();
  }

  #onDialled(peer: Peer, socket: Socket): void {
    this.#keep(socket);
    const writer = new JuteWriter(64);
    encodeInitialMessage(writer, {
      protocolVersion: INITIAL_MESSAGE_V1,
      serverId: BigInt(this.#parts.serverId),
      addresses: [formatHostPort(this.#ownAddress())],
    });
    // In one write: Apache's server reads the addresses in one go, and fails when they come in two.
    socket.write(writer.copy());
    if (peer.id > this.#parts.serverId) {
      this.#knock(peer, socket);
      return;
    }
    // The other side ends the old one when it has heard of the new one; before, it would believe itself cut off.
    peer.connection?.retire(RETIRED_MS);
    this.#adopt(peer, socket);
  }

  /** It has the larger id: it has been told that we are here, and calls back. */
  #knock(peer: Peer, socket: Socket): void {
    socket.on('error', () => {});
    socket.setTimeout(this.#parts.connectTimeoutMs, () => socket.destroy());
    socket.resume();
    socket.end();
    peer.isWanted = false;
    peer.knocking = setTimeout(() => {
      peer.knocking = undefined;
      if (peer.isWanted) this.#call(peer);
      else if (peer.connection === undefined) this.#forgetStranger(peer);
      if (peer.isMissed) {
        peer.isMissed = false;
        this.#parts.events.onDisconnected(peer.id);
      }
    }, KNOCK_MS);
  }

  // ── Accepting ─────────────────────────────────────────────────────────────────────────────────────

  #onAccepted(socket: Socket): void {
    const { remoteAddress } = socket;
    if (remoteAddress === undefined || this.#isClosed) {
      // It is gone again already.
      socket.destroy();
      return;
    }
    this.#keep(socket);
    const address = hostAddress(remoteAddress);
    const greeting = new ElectionGreeting(socket, this.#parts.greetingTimeoutMs, {
      onGreeted: (message, rest) => {
        this.#greetings.delete(greeting);
        this.#onGreeted(socket, address, message, rest);
      },
      onFailed: (message) => {
        this.#greetings.delete(greeting);
        if (message === undefined) return;
        this.#parts.events.onFact({ kind: 'election-malformed', address, message });
      },
    });
    this.#greetings.add(greeting);
    if (this.#greetings.size > GREETINGS_MAX) {
      const [oldest] = this.#greetings;
      oldest!.fail('too many others have not said who they are either');
    }
  }

  #onGreeted(socket: Socket, address: string, message: InitialMessage, rest: Uint8Array): void {
    const { serverId, events } = this.#parts;
    const isNameless = message.serverId === OBSERVER_ID;
    const id = isNameless ? this.#nextNamelessId : Number(message.serverId);
    const refuse = (fact: ElectionPortFact) => {
      socket.on('error', () => {});
      socket.destroy();
      events.onFact(fact);
    };
    if (!isNameless && !(id >= 0 && Number.isSafeInteger(id))) {
      const message = `a server id of ${id}`;
      refuse({ kind: 'election-malformed', address, message });
    } else if (id === serverId) {
      refuse({ kind: 'election-same-id', address });
    } else {
      const peer = this.#peers.get(id) ?? this.#tryListed(id) ?? this.#tryStranger(id);
      if (peer === undefined) {
        refuse({ kind: 'election-too-many', address });
      } else if (isNameless || id > serverId) {
        if (isNameless) this.#nextNamelessId--;
        peer.connection?.close();
        this.#adopt(peer, socket);
        peer.connection?.take(rest);
      } else {
        socket.on('error', () => {});
        socket.destroy();
        this.#callBack(peer, address, message);
      }
    }
  }

  #callBack(peer: Peer, from: string, { addresses }: InitialMessage): void {
    const said = addresses
      .map(tryParseHostPort)
      .filter((address) => address !== undefined)
      .filter(({ host }) => isReachableFrom(host, from));
    if (said.length === 0 && !this.#parts.peers().has(peer.id)) {
      this.#forgetStranger(peer);
      this.#parts.events.onFact({
        kind: 'election-nowhere-to-call',
        server: peer.id,
        address: from,
      });
      return;
    }
    this.#call(peer, said);
  }

  // ── Connected ─────────────────────────────────────────────────────────────────────────────────────

  /** Makes this the connection to that server; the one before, if any, has been told to go. */
  #adopt(peer: Peer, socket: Socket): void {
    const { events, clock } = this.#parts;
    const address = `${hostAddress(socket.remoteAddress ?? '')} (server ${peer.id})`;
    const connectionEvents: ElectionConnectionEvents = {
      onNotification: (notification) => {
        if (peer.connection === connection) events.onNotification(peer.id, notification);
      },
      onClosed: () => this.#onClosed(peer, connection),
      onMalformed: (message) => events.onFact({ kind: 'election-malformed', address, message }),
    };
    const nowMs = () => clock.nowMs();
    const connection = new ElectionConnection(socket, connectionEvents, nowMs);
    const wasConnected = peer.connection !== undefined || peer.isMissed;
    peer.connection = connection;
    peer.isWanted = false;
    peer.isMissed = false;
    if (peer.last !== undefined) connection.send(peer.last);
    if (!wasConnected) events.onConnected(peer.id);
  }

  #onClosed(peer: Peer, connection: ElectionConnection): void {
    if (peer.connection !== connection || this.#isClosed) return;
    peer.connection = undefined;
    if (peer.knocking !== undefined) {
      peer.isMissed = true;
      return;
    }
    this.#forgetStranger(peer);
    this.#parts.events.onDisconnected(peer.id);
  }

  #keep(socket: Socket): void {
    this.#sockets.add(socket);
    socket.once('close', () => this.#sockets.delete(socket));
  }

  // ── Who is known ──────────────────────────────────────────────────────────────────────────────────

  #tryListed(id: ServerId): Peer | undefined {
    if (id === this.#parts.serverId || !this.#parts.peers().has(id)) return undefined;
    return this.#add(id);
  }

  #tryStranger(id: ServerId): Peer | undefined {
    const listed = this.#parts.peers();
    let strangers = 0;
    for (const known of this.#peers.keys()) if (!listed.has(known)) strangers++;
    return strangers < STRANGERS_MAX ? this.#add(id) : undefined;
  }

  #add(id: ServerId): Peer {
    const peer = new Peer(id);
    this.#peers.set(id, peer);
    return peer;
  }

  #forgetStranger(peer: Peer): void {
    if (this.#parts.peers().has(peer.id) || peer.dial !== undefined) return;
    clearTimeout(peer.knocking);
    if (this.#peers.get(peer.id) === peer) this.#peers.delete(peer.id);
  }
}
