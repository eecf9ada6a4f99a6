import { type Member, NewState, PeerLink } from '@zooid/core';
import { JuteReader, PacketSplitter } from '@zooid/protocol';
import type { ServerProcess } from './server-process.ts';
import type { Socket, SocketHandler } from './simulated-network.ts';
import { StateReceiver } from './state-stream.ts';

/** A connection on the quorum port, and what has arrived on it. */
export class SimulatedLink extends PeerLink implements SocketHandler {
  readonly socket: Socket;
  /** What is sent in the middle of `out`: a state, and where it goes. */
  insertion: { readonly at: number; readonly bytes: Uint8Array } | undefined;
  readonly #process: ServerProcess;
  readonly #splitter = new PacketSplitter();
  /** Made once, for this is what most turns are. */
  readonly #readOn = (member: Member): void => this.#read(member);
  #receiver: StateReceiver | undefined;
  #snapshotZxid = 0;
  #chunks: Uint8Array[] = [];
  /** The splitter has a chunk that it has not cut up. */
  #isSplitting = false;

  constructor(process: ServerProcess, socket: Socket) {
    super(socket.to);
    this.#process = process;
    this.socket = socket;
  }

  onData(chunk: Uint8Array): void {
    this.#process.enter(() => {
      this.#chunks.push(chunk);
      this.#process.inTurn(this.#readOn);
    });
  }

  onEnd(): void {
    this.#process.enter(() => this.#process.inTurn((member) => member.onPeerClosed(this)));
  }

  /** What was held back is read. */
  onResumed(): void {
    this.#process.inTurn(this.#readOn);
  }

  #read(member: Member): void {
    while (this.closing === undefined && !this.isClosed && !this.isHeld) {
      if (this.#receiver !== undefined) {
        if (!this.#receive(member, this.#receiver)) return;
      } else if (!this.#split(member)) return;
    }
  }

  /** @returns false when there is nothing more to read now. */
  #split(member: Member): boolean {
    const splitter = this.#splitter;
    if (!this.#isSplitting) {
      const chunk = this.#chunks.shift();
      if (chunk === undefined) return false;
      splitter.push(chunk);
      this.#isSplitting = true;
    }
    if (!splitter.next()) {
      this.#isSplitting = false;
      if (splitter.refusal !== undefined) member.onPeerMalformed(this, splitter.refusal);
      return true;
    }
    const { bytes, packetStart, packetEnd } = splitter;
    this.#process.onPacket(this, bytes, packetStart, packetEnd);
    if (this.incoming === 'snapshot') {
      const packet = new JuteReader(bytes.subarray(packetStart, packetEnd));
      packet.int();
      this.#snapshotZxid = packet.longAsNumber();
      this.#receiver = new StateReceiver();
      this.#chunks.unshift(splitter.takeRest());
      this.#isSplitting = false;
    }
    return true;
  }

  #receive(member: Member, receiver: StateReceiver): boolean {
    const chunk = this.#chunks.shift();
    if (chunk === undefined) return false;
    receiver.push(chunk);
    member.onSnapshotProgress(this);
    const loaded = receiver.tryLoad(() => this.#process.core.newTree());
    if (loaded === undefined) return true;
    this.#receiver = undefined;
    this.#chunks.unshift(loaded.rest);
    const { tree, sessions } = loaded;
    member.onSnapshotReceived(this, new NewState(tree, this.#snapshotZxid, sessions));
    return true;
  }
}
