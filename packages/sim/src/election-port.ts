/**
 * Election connections of one process: one for each pair of servers, over which each tells the other its newest vote.
 *
 * When two connect to each other at once, the connection of the larger id stays. Source: QuorumCnxManager.
 */

import type { OwnNotification } from '@zooid/core';
import {
  decodeNotification,
  encodeNotification,
  FrameSplitter,
  isServerState,
  JuteReader,
  JuteWriter,
  NO_VOTE,
} from '@zooid/protocol';
import { sentBytes } from './byte-copies.ts';
import type { ServerProcess } from './server-process.ts';
import type { Socket, SocketHandler } from './simulated-network.ts';

/** Far more than any election needs. */
const TOLD_PER_SECOND_MAX = 2000;

export class ElectionPort {
  readonly #process: ServerProcess;
  readonly #sockets = new Map<number, Socket>();
  readonly #connecting = new Set<number>();
  readonly #newest = new Map<number, Uint8Array>();
  readonly #out = new JuteWriter(256);
  /** Notifications since the beginning of this second. */
  #toldCount = 0;
  #secondMs = 0;

  constructor(process: ServerProcess) {
    this.#process = process;
  }

  open(): void {
    const { world, name } = this.#process;
    world.network.listen(name, 'election', (socket) => {
      const from = world.idOf(socket.to);
      if (from < this.#id) {
        // Whatever there was is of no use to the other side, which would not connect otherwise.
        this.#drop(from);
        this.#connect(from);
        return undefined;
      }
      this.#take(from, socket);
      return socket.handler;
    });
  }

  notify(to: number, notification: OwnNotification): void {
    this.#countTold();
    const { vote, state, round } = notification;
    const out = this.#out;
    out.clear();
    const mark = out.startFrame();
    encodeNotification(out, {
      state,
      leader: vote === undefined ? NO_VOTE : BigInt(vote.leader),
      zxid: vote === undefined ? NO_VOTE : BigInt(vote.zxid),
      peerEpoch: vote === undefined ? NO_VOTE : BigInt(vote.peerEpoch),
      electionEpoch: BigInt(round),
      version: 2,
      config: this.#process.member.memberships.active.text,
    });
    out.endFrame(mark);
    const frame = sentBytes.of(out.bytes, 0, out.length);
    this.#newest.set(to, frame);
    const socket = this.#sockets.get(to);
    if (socket === undefined) this.#connect(to);
    else socket.send(frame);
  }

  connectAll(): void {
    for (const { voters } of this.#process.member.memberships.quorums) {
      for (const id of voters) if (id !== this.#id) this.#connect(id);
    }
  }

  /** Two that answer each other's answers would never end. */
  #countTold(): void {
    const { world, name } = this.#process;
    const { nowMs } = world.scheduler;
    if (nowMs - this.#secondMs > 1000) {
      this.#secondMs = nowMs;
      this.#toldCount = 0;
    }
    if (++this.#toldCount > TOLD_PER_SECOND_MAX) {
      world.checks.fail(
        'election-storm',
        `${name} tells its vote ${this.#toldCount} times a second`,
      );
    }
  }

  get #id(): number {
    return this.#process.machine.id;
  }

  #connect(to: number): void {
    if (this.#sockets.has(to) || this.#connecting.has(to)) return;
    this.#connecting.add(to);
    const { world, name } = this.#process;
    world.network.connect(name, world.machineOf(to).name, 'election', (socket) => {
      this.#connecting.delete(to);
      if (socket === undefined) return;
      if (!this.#process.isRunning || (this.#sockets.has(to) && to > this.#id)) socket.end();
      else this.#take(to, socket);
    });
  }

  #drop(other: number): void {
    const socket = this.#sockets.get(other);
    if (socket === undefined) return;
    this.#sockets.delete(other);
    socket.end();
    this.#process.enterAfter(0, () => {
      if (this.#sockets.has(other)) return;
      this.#process.inTurn((member) => member.onReachable(other, 'unreachable'));
    });
  }

  #take(other: number, socket: Socket): void {
    const previous = this.#sockets.get(other);
    this.#sockets.set(other, socket);
    previous?.end();
    socket.handler = this.#handlerOf(other, socket);
    this.#process.enterAfter(0, () => {
      if (this.#sockets.get(other) !== socket) return;
      this.#process.inTurn((member) => member.onReachable(other, 'reachable'));
      const newest = this.#newest.get(other);
      if (newest !== undefined) socket.send(newest);
    });
  }

  #handlerOf(other: number, socket: Socket): SocketHandler {
    const splitter = new FrameSplitter();
    return {
      onData: (chunk) =>
        this.#process.enter(() => {
          splitter.push(chunk);
          while (splitter.next()) {
            const { bytes, frameStart, frameEnd } = splitter;
            this.#onFrame(other, new JuteReader(bytes.subarray(frameStart, frameEnd)));
          }
        }),
      onEnd: () =>
        this.#process.enter(() => {
          if (this.#sockets.get(other) !== socket) return;
          this.#sockets.delete(other);
          this.#process.inTurn((member) => member.onReachable(other, 'unreachable'));
        }),
    };
  }

  #onFrame(from: number, reader: JuteReader): void {
    const { state, leader, zxid, electionEpoch, peerEpoch, config } = decodeNotification(reader);
    if (!isServerState(state)) return;
    const notification = {
      from,
      state,
      leader: Number(leader),
      zxid: Number(zxid),
      peerEpoch: Number(peerEpoch),
      round: Number(electionEpoch),
    };
    this.#process.inTurn((member) => member.onNotification(notification, config ?? undefined));
  }
}
