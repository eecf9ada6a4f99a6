/**
 * The body of any reply by the opcode of its request: for whoever treats all alike (a trace, a test, a
 * recorder). A reply has a body only when the err of its header is 0.
 */

import type { JuteReader } from '../jute-reader.ts';
import type { JuteWriter } from '../jute-writer.ts';
import { MalformedError } from '../malformed-error.ts';
import { OpCode } from '../op-code.ts';
import { decodeSaslToken, encodeSaslToken, type SaslToken } from '../requests/auth.ts';
import {
  decodeGetAllChildrenNumberResponse,
  decodeGetChildren2Response,
  decodeGetChildrenResponse,
  decodeGetEphemeralsResponse,
  encodeGetAllChildrenNumberResponse,
  encodeGetChildren2Response,
  encodeGetChildrenResponse,
  encodeGetEphemeralsResponse,
  type GetAllChildrenNumberResponse,
  type GetChildren2Response,
  type GetChildrenResponse,
  type GetEphemeralsResponse,
} from './children.ts';
import {
  type Create2Response,
  decodeCreate2Response,
  decodePathResponse,
  encodeCreate2Response,
  encodePathResponse,
  type PathResponse,
} from './create.ts';
import {
  decodeGetDataResponse,
  decodeStatResponse,
  encodeGetDataResponse,
  encodeStatResponse,
  type GetDataResponse,
  type StatResponse,
} from './data.ts';
import { decodeErrorResponse, type ErrorResponse, encodeErrorResponse } from './error.ts';
import { decodeGetAclResponse, encodeGetAclResponse, type GetAclResponse } from './get-acl.ts';
import { decodeMultiResponse, encodeMultiResponse, type MultiResult } from './multi.ts';
import { decodeWhoAmIResponse, encodeWhoAmIResponse, type WhoAmIResponse } from './who-am-i.ts';

type OpOf<Op extends keyof typeof OpCode> = { readonly op: (typeof OpCode)[Op] };

/** The body of a reply, by the opcode that it answers. */
export type Response =
  | (OpOf<'create' | 'sync'> & PathResponse)
  | (OpOf<'create2' | 'createContainer' | 'createTTL'> & Create2Response)
  | (OpOf<'exists' | 'setData' | 'setACL'> & StatResponse)
  | (OpOf<'getData' | 'reconfig'> & GetDataResponse)
  | (OpOf<'getACL'> & GetAclResponse)
  | (OpOf<'getChildren'> & GetChildrenResponse)
  | (OpOf<'getChildren2'> & GetChildren2Response)
  | (OpOf<'getAllChildrenNumber'> & GetAllChildrenNumberResponse)
  | (OpOf<'getEphemerals'> & GetEphemeralsResponse)
  | (OpOf<'whoAmI'> & WhoAmIResponse)
  | (OpOf<'addWatch'> & ErrorResponse)
  | (OpOf<'sasl'> & SaslToken)
  | (OpOf<'multi' | 'multiRead'> & { readonly results: readonly MultiResult[] })
  | OpOf<
      | 'delete'
      | 'deleteContainer'
      | 'check'
      | 'ping'
      | 'auth'
      | 'setWatches'
      | 'setWatches2'
      | 'checkWatches'
      | 'removeWatches'
      | 'closeSession'
    >;

/**
 * Reads the body of a reply to `op` whose err is 0.
 *
 * @throws MalformedError when it is cut short, or when `op` is nothing that a client may send.
 */
export function decodeResponse(reader: JuteReader, op: number): Response {
  switch (op) {
    case OpCode.create:
    case OpCode.sync:
      return { op, ...decodePathResponse(reader) };
    case OpCode.create2:
    case OpCode.createContainer:
    case OpCode.createTTL:
      return { op, ...decodeCreate2Response(reader) };
    case OpCode.exists:
    case OpCode.setData:
    case OpCode.setACL:
      return { op, ...decodeStatResponse(reader) };
    case OpCode.getData:
    case OpCode.reconfig:
      return { op, ...decodeGetDataResponse(reader) };
    case OpCode.getACL:
      return { op, ...decodeGetAclResponse(reader) };
    case OpCode.getChildren:
      return { op, ...decodeGetChildrenResponse(reader) };
    case OpCode.getChildren2:
      return { op, ...decodeGetChildren2Response(reader) };
    case OpCode.getAllChildrenNumber:
      return { op, ...decodeGetAllChildrenNumberResponse(reader) };
    case OpCode.getEphemerals:
      return { op, ...decodeGetEphemeralsResponse(reader) };
    case OpCode.whoAmI:
      return { op, ...decodeWhoAmIResponse(reader) };
    case OpCode.addWatch:
      return { op, ...decodeErrorResponse(reader) };
    case OpCode.sasl:
      return { op, ...decodeSaslToken(reader) };
    case OpCode.multi:
    case OpCode.multiRead:
      return { op, results: decodeMultiResponse(reader) };
    case OpCode.delete:
    case OpCode.deleteContainer:
    case OpCode.check:
    case OpCode.ping:
    case OpCode.auth:
    case OpCode.setWatches:
    case OpCode.setWatches2:
    case OpCode.checkWatches:
    case OpCode.removeWatches:
    case OpCode.closeSession:
      return { op };
    default:
      throw new MalformedError(`opcode ${op} has no reply`);
  }
}

/** Appends the body of a reply; its header is the caller's. */
export function encodeResponse(writer: JuteWriter, response: Response): void {
  switch (response.op) {
    case OpCode.create:
    case OpCode.sync:
      encodePathResponse(writer, response);
      return;
    case OpCode.create2:
    case OpCode.createContainer:
    case OpCode.createTTL:
      encodeCreate2Response(writer, response);
      return;
    case OpCode.exists:
    case OpCode.setData:
    case OpCode.setACL:
      encodeStatResponse(writer, response);
      return;
    case OpCode.getData:
    case OpCode.reconfig:
      encodeGetDataResponse(writer, response);
      return;
    case OpCode.getACL:
      encodeGetAclResponse(writer, response);
      return;
    case OpCode.getChildren:
      encodeGetChildrenResponse(writer, response);
      return;
    case OpCode.getChildren2:
      encodeGetChildren2Response(writer, response);
      return;
    case OpCode.getAllChildrenNumber:
      encodeGetAllChildrenNumberResponse(writer, response);
      return;
    case OpCode.getEphemerals:
      encodeGetEphemeralsResponse(writer, response);
      return;
    case OpCode.whoAmI:
      encodeWhoAmIResponse(writer, response);
      return;
    case OpCode.addWatch:
      encodeErrorResponse(writer, response);
      return;
    case OpCode.sasl:
      encodeSaslToken(writer, response);
      return;
    case OpCode.multi:
    case OpCode.multiRead:
      encodeMultiResponse(writer, response.results);
      return;
    case OpCode.delete:
    case OpCode.deleteContainer:
    case OpCode.check:
    case OpCode.ping:
    case OpCode.auth:
    case OpCode.setWatches:
    case OpCode.setWatches2:
    case OpCode.checkWatches:
    case OpCode.removeWatches:
    case OpCode.closeSession:
      return;
    default:
      response satisfies never;
  }
}
