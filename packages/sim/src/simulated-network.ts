/**
 * The network between servers and clients: connections are two ordered streams of bytes, each with a delay of its own, as TCP gives them.
 *
 *     connect ──► (both ways open, somebody listens) ──► Socket ⇄ Socket ──► end (behind what was sent) | broken (what is on its way is lost)
 *
 * A direction that is blocked holds back what is sent until it is open again: a partition, as long as no connection gives up. A clogged one is slow.
 */

import type { SeededRandom } from './random.ts';
import type { Scheduler } from './scheduler.ts';

/** A machine: `s1` for a server, `c1` for a client. */
export type NodeName = string;

/** What an end of a connection does with what arrives. */
export interface SocketHandler {
  /** The chunk is this handler's from now on. */
  onData(chunk: Uint8Array): void;
  /** The other side ended or is gone: called once, and not when this side ended by itself. */
  onEnd(): void;
}

export interface DelayOptions {
  readonly delayMsMin: number;
  /** Most delays are near the least; one in some hundred comes near this. */
  readonly delayMsMax: number;
}

export class Socket {
  readonly from: NodeName;
  readonly to: NodeName;
  /** Set before anything can arrive. */
  handler: SocketHandler | undefined;
  /** The other end. */
  peer: Socket | undefined;
  isOpen = true;
  #isBroken = false;
  readonly #network: SimulatedNetwork;
  /** When the last byte sent will be there. */
  #arrivalMs = 0;
  /** Sent while the direction was blocked; undefined is the end of the stream. */
  #held: (Uint8Array | undefined)[] = [];

  constructor(network: SimulatedNetwork, from: NodeName, to: NodeName) {
    this.#network = network;
    this.from = from;
    this.to = to;
  }

  /** Sends bytes, which must stay as they are. */
  send(bytes: Uint8Array): void {
    if (!this.isOpen || this.#isBroken || bytes.byteLength === 0) return;
    const { random } = this.#network;
    if (bytes.byteLength > 1 && random.chance(0.1)) {
      const at = 1 + random.below(bytes.byteLength - 1);
      this.#put(bytes.subarray(0, at));
      this.#put(bytes.subarray(at));
    } else this.#put(bytes);
  }

  /** Ends the connection behind what was sent. Nothing arrives here any more. */
  end(): void {
    if (!this.isOpen) return;
    this.isOpen = false;
    if (!this.#isBroken) this.#put(undefined);
    if (this.#held.length === 0) this.#network.forget(this);
  }

  /** The connection breaks: what is on its way is lost. This side is told after `hereMs`, the other after `thereMs`; undefined: never. */
  break(hereMs: number | undefined, thereMs: number | undefined): void {
    if (this.#isBroken) return;
    this.#lose(hereMs);
    if (this.peer !== undefined) this.peer.#lose(thereMs);
  }

  /** @internal Nothing that is sent arrives earlier. */
  notBefore(atMs: number): void {
    this.#arrivalMs = Math.max(this.#arrivalMs, atMs);
  }

  /** @internal The direction is open again. */
  release(): void {
    const held = this.#held;
    this.#held = [];
    for (const bytes of held) this.#put(bytes);
    if (!this.isOpen && this.#held.length === 0) this.#network.forget(this);
  }

  #put(bytes: Uint8Array | undefined): void {
    const network = this.#network;
    if (network.isBlocked(this.from, this.to)) {
      this.#held.push(bytes);
      return;
    }
    const { scheduler } = network;
    const atMs = scheduler.nowMs + network.delayMs(this.from, this.to);
    this.#arrivalMs = Math.max(this.#arrivalMs, atMs);
    const peer = this.peer!;
    scheduler.at(this.#arrivalMs, () => peer.#arrive(bytes));
  }

  #arrive(bytes: Uint8Array | undefined): void {
    if (!this.isOpen || this.#isBroken) return;
    if (bytes !== undefined) {
      this.handler?.onData(bytes);
      return;
    }
    this.isOpen = false;
    this.#network.forget(this);
    this.handler?.onEnd();
  }

  #lose(afterMs: number | undefined): void {
    const network = this.#network;
    this.#isBroken = true;
    this.#held = [];
    network.forget(this);
    if (afterMs === undefined) return;
    network.scheduler.after(afterMs, () => {
      if (!this.isOpen) return;
      this.isOpen = false;
      this.handler?.onEnd();
    });
  }
}

/** Takes a connection; undefined refuses it. */
type Accept = (socket: Socket) => SocketHandler | undefined;

export class SimulatedNetwork {
  readonly scheduler: Scheduler;
  readonly random: SeededRandom;
  readonly #delays: DelayOptions;
  readonly #listeners = new Map<string, Accept>();
  readonly #sockets = new Set<Socket>();
  readonly #blocked = new Set<string>();
  /** Milliseconds that are added to each delay. */
  readonly #clogged = new Map<string, number>();

  constructor(scheduler: Scheduler, random: SeededRandom, delays: DelayOptions) {
    this.scheduler = scheduler;
    this.random = random;
    this.#delays = delays;
  }

  /** From now on connections to this port are taken. */
  listen(node: NodeName, port: string, accept: Accept): void {
    this.#listeners.set(`${node} ${port}`, accept);
  }

  unlisten(node: NodeName, port: string): void {
    this.#listeners.delete(`${node} ${port}`);
  }

  /** Tries to connect. @param onDone - with the socket, whose handler it must set; undefined when nobody took it. */
  connect(
    from: NodeName,
    to: NodeName,
    port: string,
    onDone: (socket: Socket | undefined) => void,
  ): void {
    const { scheduler } = this;
    scheduler.after(this.delayMs(from, to), () => {
      const accept = this.#listeners.get(`${to} ${port}`);
      const isLost = this.isBlocked(from, to) || this.isBlocked(to, from);
      const near = new Socket(this, from, to);
      const far = new Socket(this, to, from);
      near.peer = far;
      far.peer = near;
      const answerMs = this.delayMs(to, from);
      // Before whatever the far side sends at once.
      let isTaken = false;
      // The other side may be gone again by then.
      scheduler.after(answerMs, () => onDone(isTaken && near.isOpen ? near : undefined));
      far.notBefore(scheduler.nowMs + answerMs);
      if (isLost || accept === undefined) return;
      far.handler = accept(far);
      isTaken = far.handler !== undefined;
      if (!isTaken) return;
      this.#sockets.add(near);
      this.#sockets.add(far);
    });
  }

  /** The sockets of a machine, or of two with each other. */
  socketsOf(node: NodeName, other?: NodeName): Socket[] {
    return [...this.#sockets].filter(
      ({ from, to }) => from === node && (other === undefined || to === other),
    );
  }

  isBlocked(from: NodeName, to: NodeName): boolean {
    return this.#blocked.size > 0 && this.#blocked.has(`${from} ${to}`);
  }

  /** Nothing passes from one to the other until {@link unblock}. */
  block(from: NodeName, to: NodeName): void {
    this.#blocked.add(`${from} ${to}`);
  }

  unblock(from: NodeName, to: NodeName): void {
    if (!this.#blocked.delete(`${from} ${to}`)) return;
    for (const socket of [...this.#sockets]) {
      if (socket.from === from && socket.to === to) socket.release();
    }
  }

  /** Everything from one to the other takes longer; 0 ends it. */
  clog(from: NodeName, to: NodeName, extraMs: number): void {
    if (extraMs === 0) this.#clogged.delete(`${from} ${to}`);
    else this.#clogged.set(`${from} ${to}`, extraMs);
  }

  /** Every direction is open and fast. */
  heal(): void {
    this.#clogged.clear();
    for (const pair of [...this.#blocked]) {
      const [from, to] = pair.split(' ');
      this.unblock(from!, to!);
    }
  }

  delayMs(from: NodeName, to: NodeName): number {
    const { delayMsMin, delayMsMax } = this.#delays;
    const skew = this.random.next();
    const base = delayMsMin + (delayMsMax - delayMsMin) * skew ** 6;
    return this.#clogged.size === 0 ? base : base + (this.#clogged.get(`${from} ${to}`) ?? 0);
  }

  /** @internal */
  forget(socket: Socket): void {
    this.#sockets.delete(socket);
  }
}
