/** What a differential run does, step by step, to both servers alike. */

/** One request, as bytes. */
export interface StepRequest {
  readonly xid: number;
  readonly type: number;
  /** Body after the header. */
  readonly body: Uint8Array;
  /** For people. */
  readonly note: string;
}

/** A slot is one client: it has at most one connection and remembers its last session. */
export type Step =
  | { readonly kind: 'connect'; readonly slot: number; readonly how: ConnectHow }
  | { readonly kind: 'requests'; readonly slot: number; readonly requests: readonly StepRequest[] }
  | {
      readonly kind: 'raw';
      readonly slot: number;
      readonly bytes: Uint8Array;
      readonly note: string;
    }
  | { readonly kind: 'drop'; readonly slot: number };

export interface ConnectHow {
  readonly session: 'new' | 'resume' | 'wrong password' | 'unknown id';
  readonly timeoutMs: number;
  readonly readOnlyByte: 'absent' | 'false' | 'true';
  /** Added to the last zxid that the slot has seen. */
  readonly zxidAhead: bigint;
}

/** A request in one line. */
export function describeRequest({ xid, type, note, body }: StepRequest): string {
  return `xid=${xid} op=${type} ${note} [${Buffer.from(body).toString('hex')}]`;
}

/** A step in one line, for reports. */
export function describeStep(step: Step): string {
  switch (step.kind) {
    case 'connect':
      return `#${step.slot} connect ${step.how.session} timeout=${step.how.timeoutMs} readOnly=${step.how.readOnlyByte} ahead=${step.how.zxidAhead}`;
    case 'requests':
      return step.requests
        .map((request) => `#${step.slot} ${describeRequest(request).slice(0, 300)}`)
        .join('\n    ');
    case 'raw':
      return `#${step.slot} raw ${step.note} [${Buffer.from(step.bytes).toString('hex')}]`;
    case 'drop':
      return `#${step.slot} drop the connection`;
  }
}
