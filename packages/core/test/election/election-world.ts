// Servers that elect, in a world of their own: messages take their time or get lost, servers stop and start.

import { ServerState } from '@zooid/protocol';
import {
  type ElectionResult,
  FastLeaderElection,
  type OwnNotification,
} from '../../src/election/fast-leader-election.ts';
import type { Vote } from '../../src/election/vote.ts';
import type { Quorum, ServerId } from '../../src/quorum/quorum.ts';

interface Message {
  readonly atMs: number;
  readonly order: number;
  readonly from: ServerId;
  readonly to: ServerId;
  readonly notification: OwnNotification;
}

/** What an observer sends in place of a vote; on the wire it is the least long there is. */
const NO_VOTE: Vote = { leader: -1, zxid: -1, peerEpoch: -1 };

class ElectingServer {
  readonly election: FastLeaderElection;
  result: ElectionResult | undefined;
  isUp = true;

  constructor(world: ElectionWorld, id: ServerId) {
    this.election = new FastLeaderElection(
      {
        serverId: id,
        quorums: () => [world.quorum],
        isReachable: () => true,
        finalizeWaitMs: 200,
        notificationIntervalMsMin: 200,
        notificationIntervalMsMax: 60_000,
      },
      {
        notify: (to, notification) => world.send(id, to, notification),
        connectAll: () => world.connectAll(id),
      },
    );
  }
}

export interface WorldOptions {
  readonly quorum: Quorum;
  /** Milliseconds that a message takes; undefined loses it. */
  readonly delayMs: (from: ServerId, to: ServerId) => number | undefined;
}

export class ElectionWorld {
  readonly quorum: Quorum;
  nowMs = 0;
  readonly connects: ServerId[] = [];
  readonly #options: WorldOptions;
  readonly #servers = new Map<ServerId, ElectingServer>();
  readonly #newest = new Map<string, OwnNotification>();
  #messages: Message[] = [];
  #order = 0;

  constructor(options: WorldOptions) {
    this.#options = options;
    this.quorum = options.quorum;
  }

  /** Starts a server, or lets it look once more. @param own - undefined for an observer. */
  start(id: ServerId, own: Vote | undefined): void {
    const server = this.#servers.get(id) ?? new ElectingServer(this, id);
    this.#servers.set(id, server);
    server.result = undefined;
    server.election.start(own, this.nowMs);
  }

  stop(id: ServerId): void {
    this.#at(id).isUp = false;
  }

  resultOf(id: ServerId): ElectionResult | undefined {
    return this.#at(id).result;
  }

  roundOf(id: ServerId): number {
    return this.#at(id).election.round;
  }

  send(from: ServerId, to: ServerId, notification: OwnNotification): void {
    this.#newest.set(`${from} ${to}`, notification);
    const delayMs = this.#options.delayMs(from, to);
    if (delayMs === undefined) return;
    const order = this.#order++;
    this.#messages.push({ atMs: this.nowMs + delayMs, order, from, to, notification });
  }

  /** A new connection carries the newest notification once more. */
  connectAll(from: ServerId): void {
    this.connects.push(from);
    for (const to of this.#servers.keys()) {
      const newest = this.#newest.get(`${from} ${to}`);
      if (newest !== undefined) this.send(from, to, newest);
    }
  }

  /** Runs until `untilMs`, or until nothing is left to do. */
  run(untilMs: number): void {
    for (;;) {
      this.#messages.sort((a, b) => a.atMs - b.atMs || a.order - b.order);
      const message = this.#messages[0];
      const timed = [...this.#servers.values()].filter((server) => server.isUp);
      const dueMs = Math.min(...timed.map((server) => server.election.nextDueMs));
      const atMs = Math.min(message?.atMs ?? Number.POSITIVE_INFINITY, dueMs);
      if (atMs > untilMs) break;
      this.nowMs = Math.max(this.nowMs, atMs);
      if (message !== undefined && message.atMs <= dueMs) {
        this.#messages.shift();
        this.#deliver(message);
      } else {
        for (const server of timed) {
          this.#note(server, server.election.onTime(this.nowMs));
        }
      }
    }
    this.nowMs = untilMs;
  }

  #deliver({ from, to, notification }: Message): void {
    const receiver = this.#servers.get(to);
    if (receiver?.isUp !== true) return;
    const { vote = NO_VOTE, state, round } = notification;
    this.#note(
      receiver,
      receiver.election.onNotification({ ...vote, from, state, round }, this.nowMs),
    );
  }

  #note(server: ElectingServer, result: ElectionResult | undefined): void {
    if (result === undefined) return;
    server.result = result;
    const id = [...this.#servers].find(([, known]) => known === server)![0];
    const isVoter = this.quorum.voters.has(id);
    const learning = isVoter ? ServerState.following : ServerState.observing;
    const state = result.leader === id ? ServerState.leading : learning;
    server.election.settle(state, result, result.round);
  }

  #at(id: ServerId): ElectingServer {
    const server = this.#servers.get(id);
    if (server === undefined) throw new Error(`there is no server ${id}`);
    return server;
  }
}
