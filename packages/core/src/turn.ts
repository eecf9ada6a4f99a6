import type { JuteWriter } from '@zooid/protocol';
import type { Client } from './client.ts';
import type { ServerCore } from './server-core.ts';
import type { PeerLink } from './zab/peer-link.ts';

/** The transaction log as a turn sees it: it gathers what is appended, and writes it in one go. */
export interface TurnLog {
  /** Something was appended that no write has taken yet. */
  readonly hasUnsynced: boolean;
  readonly isSyncing: boolean;
  /** Starts to write all that was gathered; the shell calls {@link Turn.onLogSynced} when it is durable. */
  sync(): void;
}

/** What a turn needs of its shell. */
export interface TurnShell {
  readonly log: TurnLog;
  wallMs(): number;
  /** Monotonic. */
  nowMs(): number;
  /** Sends the bytes of `out` in one write (they are valid during the call only), then hangs up if `client.closing`. */
  send(client: Client, out: JuteWriter): void;
  /** As {@link send}, to another server. Only a member of an ensemble has any. */
  sendToPeer?(link: PeerLink, out: JuteWriter): void;
  /**
   * There is something for other servers: {@link Turn.flushPeers} is to be called, once, soon. Turns that follow each other at once
   * share one write then, and the other side is woken once. Unless given, each turn sends what it has.
   */
  flushPeersSoon?(): void;
}

/** Transactions applied and answered between two rounds of sending. */
const ANSWERED_AT_ONCE = 256;

/**
 * Runs the core in turns. One turn takes in everything that one wake-up brought, then sends all that it
 * produced: one write for each socket (the answers to a large group leave in portions), at most one write
 * of the log in flight. While that one is on its way, later transactions gather, and the next write takes
 * them all: group commit without a timer.
 *
 * Shared by the production shell and every other one, so that they all keep the same order.
 */
export class Turn {
  readonly #core: ServerCore;
  readonly #shell: TurnShell;
  readonly #send: (client: Client, out: JuteWriter) => void;
  readonly #sendToPeer: (link: PeerLink, out: JuteWriter) => void;

  constructor(core: ServerCore, shell: TurnShell) {
    this.#core = core;
    this.#shell = shell;
    this.#send = (client, out) => shell.send(client, out);
    this.#sendToPeer = (link, out) => shell.sendToPeer?.(link, out);
  }

  /** Opens a turn; events may be given to the core until {@link end}. */
  begin(): void {
    this.#core.beginTurn(this.#shell.wallMs(), this.#shell.nowMs());
  }

  /** Applies what may be, sends what the turn produced, and starts to write the log when nothing else does. */
  end(): void {
    // Replies leave in portions, so that the first clients go on while the last ones are still answered.
    while (this.#core.commitReady(ANSWERED_AT_ONCE)) this.#flush();
    this.#flush();
    this.#syncIfIdle();
  }

  /** The log is durable up to `zxid`: a turn of its own. */
  onLogSynced(zxid: number): void {
    // The disk works on what has gathered while this turn applies and answers what is durable.
    this.#syncIfIdle();
    this.begin();
    this.#core.onLogSynced(zxid);
    this.end();
  }

  onClientClosed(client: Client): void {
    this.begin();
    this.#core.onClientClosed(client);
    this.end();
  }

  onTick(): void {
    this.begin();
    this.#core.onTick();
    this.end();
  }

  /** Sends what turns have written for other servers. */
  flushPeers(): void {
    this.#core.member?.outputs.flush(this.#sendToPeer);
  }

  #flush(): void {
    const { member } = this.#core;
    if (member?.outputs.hasOutput === true) {
      if (this.#shell.flushPeersSoon === undefined) this.flushPeers();
      else this.#shell.flushPeersSoon();
    }
    if (this.#core.mayAnswer) this.#core.replies.outputs.flush(this.#send);
  }

  #syncIfIdle(): void {
    const { log } = this.#shell;
    if (log.hasUnsynced && !log.isSyncing) log.sync();
  }
}
