import { encodeAuthRequest, type JuteWriter, OpCode, ReservedXid } from '@zooid/protocol';
import type { Call } from './call.ts';

/** What is shown to every new connection, and the call that waits for the first answer to it. */
interface Credential {
  readonly scheme: string;
  readonly auth: Uint8Array;
  call: Call | undefined;
}

/** Who the client says it is. Answers carry no number: they come in the order of the requests. */
export class CredentialList {
  readonly #credentials: Credential[] = [];
  #inFlight: Credential[] = [];

  /** @param writer - where its frame goes; undefined while nothing can be sent. */
  add(scheme: string, auth: Uint8Array, call: Call, writer: JuteWriter | undefined): void {
    const credential = { scheme, auth, call };
    this.#credentials.push(credential);
    if (writer !== undefined) this.#write(credential, writer);
  }

  /** Shows all of them on a new connection. @returns whether something was written. */
  writeAll(writer: JuteWriter): boolean {
    this.#inFlight = [];
    for (const credential of this.#credentials) this.#write(credential, writer);
    return this.#credentials.length > 0;
  }

  /** The oldest one on its way was accepted. */
  onAccepted(): void {
    const credential = this.#inFlight.shift();
    if (credential === undefined) return;
    credential.call?.succeed(undefined);
    credential.call = undefined;
    // Shown twice, it is remembered once.
    const twin = this.#credentials.findIndex((other) => isTwin(other, credential));
    if (twin >= 0) this.#credentials.splice(twin, 1);
  }

  /** The oldest one on its way was refused. @returns its scheme. */
  onRefused(): string {
    return this.#inFlight.shift()?.scheme ?? 'unknown';
  }

  /** Calls that still wait for their first answer. */
  pendingCalls(): readonly Call[] {
    return this.#credentials.flatMap(({ call }) => (call === undefined ? [] : [call]));
  }

  #write(credential: Credential, writer: JuteWriter): void {
    const mark = writer.startFrame();
    writer.int(ReservedXid.auth);
    writer.int(OpCode.auth);
    encodeAuthRequest(writer, { type: 0, scheme: credential.scheme, auth: credential.auth });
    writer.endFrame(mark);
    this.#inFlight.push(credential);
  }
}

/** Whether `other` is the same once more, and nobody waits for its answer. */
function isTwin(other: Credential, credential: Credential): boolean {
  return (
    other !== credential &&
    other.call === undefined &&
    other.scheme === credential.scheme &&
    other.auth.byteLength === credential.auth.byteLength &&
    other.auth.every((byte, index) => byte === credential.auth[index])
  );
}
