/**
 * How much a leader knows of the clients of its learners: each answer to a ping tells which of them were alive since the one before. A
 * learner goes on answering its clients for as long as it does not notice that its leader hears nothing of it.
 */

import type { ServerProcess } from '../server-process.ts';
import type { Socket } from '../simulated-network.ts';

export class SessionReports {
  /** By the end that gets them: when the reports that are on their way were sent, oldest first. */
  readonly #onTheirWay = new WeakMap<Socket, number[]>();
  /** By leader and learner: when the newest report that has come was sent. */
  readonly #known = new WeakMap<ServerProcess, Map<string, number>>();

  onSent(socket: Socket, nowMs: number): void {
    const { peer } = socket;
    if (peer === undefined) return;
    const onTheirWay = this.#onTheirWay.get(peer);
    if (onTheirWay === undefined) this.#onTheirWay.set(peer, [nowMs]);
    else onTheirWay.push(nowMs);
  }

  onReceived(leader: ServerProcess, socket: Socket): void {
    const sentMs = this.#onTheirWay.get(socket)?.shift();
    if (sentMs === undefined) return;
    const known = this.#known.get(leader) ?? new Map<string, number>();
    this.#known.set(leader, known);
    known.set(socket.to, sentMs);
  }

  /** Whether the leader has been told all that was so on the server at this time. */
  isKnown(leader: ServerProcess, server: string, atMs: number): boolean {
    if (leader.name === server) return true;
    return (this.#known.get(leader)?.get(server) ?? Number.NEGATIVE_INFINITY) > atMs;
  }
}
