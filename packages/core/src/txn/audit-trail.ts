import {
  type Acl,
  createModeTraits,
  decodeRequest,
  decodeSubTxn,
  decodeTxnRecord,
  ErrorCode,
  JuteReader,
  MalformedError,
  OpCode,
} from '@zooid/protocol';
import type { Fact, Outbox } from '../outbox.ts';
import type { Proposal } from './proposal-queue.ts';

/** What a request says that its transaction does not, for the audit log. */
export interface AuditedRequest {
  /** Undefined for a multi and for what names no znode. */
  readonly path: string | undefined;
  /** Flags of a create; {@link NO_FLAGS} for everything else. */
  readonly createFlags: number;
  /** What a setACL asked for. */
  readonly acls: readonly Acl[] | undefined;
  /** Create flags of the operations of a multi, in their order. */
  readonly flagsOfOps: readonly number[];
}

/** Where the audit log names no type of znode. */
const NO_FLAGS = -1;

const nameless: AuditedRequest = {
  path: undefined,
  createFlags: NO_FLAGS,
  acls: undefined,
  flagsOfOps: [],
};

/**
 * Tells the audit log who changed what: one fact for each write of a client, whether it was done or
 * refused; for a multi that was done one for each of its changes; and one for each ephemeral that goes
 * with its session. Exists only while the audit log is on.
 *
 * Source: AuditHelper, DataTree.deleteNodes.
 */
export class AuditTrail {
  readonly #outbox: Outbox;

  constructor(outbox: Outbox) {
    this.#outbox = outbox;
  }

  /**
   * Notes what must be known of a request once it is done. The reader stays where it is.
   *
   * @returns undefined when it cannot be read: it is then refused and, as in Apache, not in the log.
   */
  note(op: number, reader: JuteReader): AuditedRequest | undefined {
    const { position } = reader;
    try {
      const request = decodeRequest(reader, op);
      switch (request.op) {
        case OpCode.create:
        case OpCode.create2:
        case OpCode.createContainer:
        case OpCode.createTTL:
          return { ...nameless, path: request.path, createFlags: request.flags };
        case OpCode.setACL:
          return { ...nameless, path: request.path, acls: request.acl };
        case OpCode.delete:
        case OpCode.deleteContainer:
        case OpCode.setData:
          return { ...nameless, path: request.path };
        case OpCode.multi:
          return { ...nameless, flagsOfOps: request.ops.map(flagsInMulti) };
        default:
          return nameless;
      }
    } catch (error) {
      if (!(error instanceof MalformedError)) throw error;
      return op === OpCode.multi ? nameless : undefined;
    } finally {
      reader.position = position;
    }
  }

  /**
   * A write is applied, or refused.
   *
   * @param createdPath - of a create that was done: it may have a sequence number.
   */
  onDone(proposal: Proposal, code: ErrorCode, createdPath: string | undefined): void {
    const { audited } = proposal;
    if (audited === undefined) return;
    if (proposal.op === OpCode.multi && code === ErrorCode.ok) {
      this.#onMultiDone(proposal, audited);
      return;
    }
    const { createFlags, acls } = audited;
    const path = createdPath ?? audited.path;
    this.#report(proposal, { op: proposal.op, path, createFlags, acls, result: code });
  }

  /** An ephemeral went, or was gone, when its session ended. */
  onEphemeralGone(sessionId: bigint, path: string, result: ErrorCode): void {
    this.#outbox.report({
      kind: 'audit',
      client: undefined,
      sessionId,
      op: OpCode.closeSession,
      path,
      createFlags: NO_FLAGS,
      result,
    });
  }

  #onMultiDone(proposal: Proposal, audited: AuditedRequest): void {
    const { bytes } = proposal;
    const { txn } = decodeTxnRecord(new JuteReader(bytes.subarray(proposal.start, proposal.end)));
    if (txn.type !== OpCode.multi) return;
    const failure = txn.txns.some(({ type }) => type === OpCode.error);
    if (failure) {
      // The operations are then refused all together.
      const result = ErrorCode.runtimeInconsistency;
      const facts = { op: OpCode.multi, path: undefined, createFlags: NO_FLAGS, result };
      this.#report(proposal, { ...facts, acls: undefined });
      return;
    }
    for (const [i, sub] of txn.txns.entries()) {
      const change = decodeSubTxn(sub);
      if (change.type === OpCode.check || !('path' in change)) continue;
      this.#report(proposal, {
        op: change.type,
        path: change.path,
        createFlags: audited.flagsOfOps[i] ?? NO_FLAGS,
        acls: undefined,
        result: ErrorCode.ok,
      });
    }
  }

  #report(
    proposal: Proposal,
    facts: Omit<Extract<Fact, { readonly kind: 'audit' }>, 'kind' | 'client' | 'sessionId'>,
  ): void {
    const { client, sessionId } = proposal;
    this.#outbox.report({ kind: 'audit', client, sessionId, ...facts });
  }
}

/**
 * Flags of a create in a multi. Apache looks them up by the path of the request, and so does not find
 * those of sequential znodes; and it leaves out TTL znodes.
 */
function flagsInMulti(op: { readonly op: number; readonly flags?: number }): number {
  const { flags } = op;
  if (flags === undefined || op.op === OpCode.createTTL) return NO_FLAGS;
  return createModeTraits(flags)?.isSequential === false ? flags : NO_FLAGS;
}
