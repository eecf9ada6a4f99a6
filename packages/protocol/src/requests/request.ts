/**
 * Any request by its opcode: for whoever treats all alike (a trace, a test, a recorder). A server that
 * hurries decodes the one record it needs.
 */

import type { JuteReader } from '../jute-reader.ts';
import type { JuteWriter } from '../jute-writer.ts';
import { MalformedError } from '../malformed-error.ts';
import { OpCode } from '../op-code.ts';
import {
  type AuthRequest,
  decodeAuthRequest,
  decodeSaslToken,
  encodeAuthRequest,
  encodeSaslToken,
  type SaslToken,
} from './auth.ts';
import {
  type CreateRequest,
  type CreateTtlRequest,
  decodeCreateRequest,
  decodeCreateTtlRequest,
  encodeCreateRequest,
  encodeCreateTtlRequest,
} from './create.ts';
import {
  decodeGetEphemeralsRequest,
  encodeGetEphemeralsRequest,
  type GetEphemeralsRequest,
} from './get-ephemerals.ts';
import { decodeMultiRequest, encodeMultiRequest, type MultiOp } from './multi.ts';
import {
  decodeDeleteContainerRequest,
  decodePathRequest,
  decodePathVersionRequest,
  decodePathWatchRequest,
  encodePathRequest,
  encodePathVersionRequest,
  encodePathWatchRequest,
  type PathRequest,
  type PathVersionRequest,
  type PathWatchRequest,
} from './path.ts';
import { decodeReconfigRequest, encodeReconfigRequest, type ReconfigRequest } from './reconfig.ts';
import { decodeSetAclRequest, encodeSetAclRequest, type SetAclRequest } from './set-acl.ts';
import { decodeSetDataRequest, encodeSetDataRequest, type SetDataRequest } from './set-data.ts';
import {
  type AddWatchRequest,
  decodeAddWatchRequest,
  decodeSetWatches2Request,
  decodeSetWatchesRequest,
  decodeWatchesRequest,
  encodeAddWatchRequest,
  encodeSetWatches2Request,
  encodeSetWatchesRequest,
  encodeWatchesRequest,
  type SetWatches2Request,
  type SetWatchesRequest,
  type WatchesRequest,
} from './watches.ts';

type OpOf<Op extends keyof typeof OpCode> = { readonly op: (typeof OpCode)[Op] };

/** A request that a client may send, without its xid. */
export type Request =
  | (OpOf<'create' | 'create2' | 'createContainer'> & CreateRequest)
  | (OpOf<'createTTL'> & CreateTtlRequest)
  | (OpOf<'sync' | 'getACL' | 'getAllChildrenNumber' | 'deleteContainer'> & PathRequest)
  | (OpOf<'exists' | 'getData' | 'getChildren' | 'getChildren2'> & PathWatchRequest)
  | (OpOf<'delete' | 'check'> & PathVersionRequest)
  | (OpOf<'setData'> & SetDataRequest)
  | (OpOf<'setACL'> & SetAclRequest)
  | (OpOf<'reconfig'> & ReconfigRequest)
  | (OpOf<'checkWatches' | 'removeWatches'> & WatchesRequest)
  | (OpOf<'addWatch'> & AddWatchRequest)
  | (OpOf<'setWatches'> & SetWatchesRequest)
  | (OpOf<'setWatches2'> & SetWatches2Request)
  | (OpOf<'getEphemerals'> & GetEphemeralsRequest)
  | (OpOf<'multi' | 'multiRead'> & { readonly ops: readonly MultiOp[] })
  | (OpOf<'auth'> & AuthRequest)
  | (OpOf<'sasl'> & SaslToken)
  | OpOf<'ping' | 'whoAmI' | 'closeSession'>;

/**
 * Reads the body of the request `op`.
 *
 * @throws MalformedError when it is cut short, or when `op` is nothing that a client may send.
 */
export function decodeRequest(reader: JuteReader, op: number): Request {
  switch (op) {
    case OpCode.create:
    case OpCode.create2:
    case OpCode.createContainer:
      return { op, ...decodeCreateRequest(reader) };
    case OpCode.createTTL:
      return { op, ...decodeCreateTtlRequest(reader) };
    case OpCode.sync:
    case OpCode.getACL:
    case OpCode.getAllChildrenNumber:
      return { op, ...decodePathRequest(reader) };
    case OpCode.deleteContainer:
      return { op, ...decodeDeleteContainerRequest(reader) };
    case OpCode.exists:
    case OpCode.getData:
    case OpCode.getChildren:
    case OpCode.getChildren2:
      return { op, ...decodePathWatchRequest(reader) };
    case OpCode.delete:
    case OpCode.check:
      return { op, ...decodePathVersionRequest(reader) };
    case OpCode.setData:
      return { op, ...decodeSetDataRequest(reader) };
    case OpCode.setACL:
      return { op, ...decodeSetAclRequest(reader) };
    case OpCode.reconfig:
      return { op, ...decodeReconfigRequest(reader) };
    case OpCode.checkWatches:
    case OpCode.removeWatches:
      return { op, ...decodeWatchesRequest(reader) };
    case OpCode.addWatch:
      return { op, ...decodeAddWatchRequest(reader) };
    case OpCode.setWatches:
      return { op, ...decodeSetWatchesRequest(reader) };
    case OpCode.setWatches2:
      return { op, ...decodeSetWatches2Request(reader) };
    case OpCode.getEphemerals:
      return { op, ...decodeGetEphemeralsRequest(reader) };
    case OpCode.multi:
    case OpCode.multiRead:
      return { op, ops: decodeMultiRequest(reader) };
    case OpCode.auth:
      return { op, ...decodeAuthRequest(reader) };
    case OpCode.sasl:
      return { op, ...decodeSaslToken(reader) };
    case OpCode.ping:
    case OpCode.whoAmI:
    case OpCode.closeSession:
      return { op };
    default:
      throw new MalformedError(`opcode ${op} is no request`);
  }
}

/** Appends the body of a request; its header is the caller's. */
export function encodeRequest(writer: JuteWriter, request: Request): void {
  switch (request.op) {
    case OpCode.create:
    case OpCode.create2:
    case OpCode.createContainer:
      encodeCreateRequest(writer, request);
      return;
    case OpCode.createTTL:
      encodeCreateTtlRequest(writer, request);
      return;
    case OpCode.sync:
    case OpCode.getACL:
    case OpCode.getAllChildrenNumber:
    case OpCode.deleteContainer:
      encodePathRequest(writer, request);
      return;
    case OpCode.exists:
    case OpCode.getData:
    case OpCode.getChildren:
    case OpCode.getChildren2:
      encodePathWatchRequest(writer, request);
      return;
    case OpCode.delete:
    case OpCode.check:
      encodePathVersionRequest(writer, request);
      return;
    case OpCode.setData:
      encodeSetDataRequest(writer, request);
      return;
    case OpCode.setACL:
      encodeSetAclRequest(writer, request);
      return;
    case OpCode.reconfig:
      encodeReconfigRequest(writer, request);
      return;
    case OpCode.checkWatches:
    case OpCode.removeWatches:
      encodeWatchesRequest(writer, request);
      return;
    case OpCode.addWatch:
      encodeAddWatchRequest(writer, request);
      return;
    case OpCode.setWatches:
      encodeSetWatchesRequest(writer, request);
      return;
    case OpCode.setWatches2:
      encodeSetWatches2Request(writer, request);
      return;
    case OpCode.getEphemerals:
      encodeGetEphemeralsRequest(writer, request);
      return;
    case OpCode.multi:
    case OpCode.multiRead:
      encodeMultiRequest(writer, request.ops);
      return;
    case OpCode.auth:
      encodeAuthRequest(writer, request);
      return;
    case OpCode.sasl:
      encodeSaslToken(writer, request);
      return;
    case OpCode.ping:
    case OpCode.whoAmI:
    case OpCode.closeSession:
      return;
    default:
      request satisfies never;
  }
}
