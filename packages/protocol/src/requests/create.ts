/**
 * Creating znodes.
 *
 *     CreateRequest    := ustring path · buffer data · vector<ACL> acl · int flags
 *     CreateTTLRequest := ustring path · buffer data · vector<ACL> acl · int flags · long ttl
 *
 * create, create2 and createContainer have the first body, createTTL the second.
 * Source: zookeeper.jute (proto.CreateRequest, proto.CreateTTLRequest).
 */

import { type Acl, decodeAcls, encodeAcls } from '../acl.ts';
import type { JuteReader } from '../jute-reader.ts';
import type { JuteWriter } from '../jute-writer.ts';

export interface CreateRequest {
  /** For a sequential mode without the suffix. */
  readonly path: string;
  /** A view of the frame; null is kept as null. */
  readonly data: Uint8Array | null;
  readonly acl: readonly Acl[];
  /** A `CreateMode`, or whatever the client sent. */
  readonly flags: number;
}

export interface CreateTtlRequest extends CreateRequest {
  /** In ms; any 64-bit value may arrive, so ask `isValidTtl` after the range. */
  readonly ttl: bigint;
}

/** Reads the body of create, create2 or createContainer. @throws MalformedError when it is cut short. */
export function decodeCreateRequest(reader: JuteReader): CreateRequest {
  const path = reader.text();
  const data = reader.buffer();
  const acl = decodeAcls(reader);
  return { path, data, acl, flags: reader.int() };
}

/** Appends the body of create, create2 or createContainer. */
export function encodeCreateRequest(writer: JuteWriter, request: CreateRequest): void {
  writer.ustring(request.path);
  writer.buffer(request.data);
  encodeAcls(writer, request.acl);
  writer.int(request.flags);
}

/** Reads the body of createTTL. @throws MalformedError when it is cut short. */
export function decodeCreateTtlRequest(reader: JuteReader): CreateTtlRequest {
  const path = reader.text();
  const data = reader.buffer();
  const acl = decodeAcls(reader);
  const flags = reader.int();
  return { path, data, acl, flags, ttl: reader.long() };
}

/** Appends the body of createTTL. */
export function encodeCreateTtlRequest(writer: JuteWriter, request: CreateTtlRequest): void {
  encodeCreateRequest(writer, request);
  writer.long(request.ttl);
}
