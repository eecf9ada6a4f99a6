import { encodeRequest, type JuteWriter, ReservedXid } from '@zooid/protocol';
import type { LastingWatch, WatchRegistry } from './watch-registry.ts';

/** A setWatches request on its way. */
interface ReplayedChunk {
  readonly lasting: readonly LastingWatch[];
  readonly sentAtMs: number;
}

/** Registers the watches again on a new connection, and finds out what may have been missed meanwhile. */
export class WatchReplay {
  #chunks: ReplayedChunk[] = [];
  /** Up to this zxid every event had come when the connection was lost. */
  #zxidBefore = 0;

  /**
   * Writes the requests.
   *
   * @param lastZxid - the newest zxid seen: one-shot watches of what changed after it fire at once.
   * @param lastReplyZxid - the newest zxid of a reply: every event up to it has come.
   * @returns whether something was written.
   */
  begin(
    watches: WatchRegistry,
    lastZxid: number,
    lastReplyZxid: number,
    nowMs: number,
    writer: JuteWriter,
  ): boolean {
    this.#chunks = [];
    this.#zxidBefore = lastReplyZxid;
    for (const { request, lasting } of watches.setWatches(lastZxid)) {
      const mark = writer.startFrame();
      writer.int(ReservedXid.setWatches);
      writer.int(request.op);
      encodeRequest(writer, request);
      writer.endFrame(mark);
      this.#chunks.push({ lasting, sentAtMs: nowMs });
    }
    return this.#chunks.length > 0;
  }

  /**
   * The oldest request was carried out when the server was at `zxid`. Lasting watches hear of a gap, unless nothing at all
   * has happened since the last answer before.
   *
   * @returns when it was sent. @throws Error when none was sent.
   */
  onAnswer(zxid: number): number {
    const chunk = this.#chunks.shift();
    if (chunk === undefined) throw new Error('an answer to setWatches, which was not sent');
    if (zxid !== this.#zxidBefore) for (const watch of chunk.lasting) watch.onGap();
    return chunk.sentAtMs;
  }
}
