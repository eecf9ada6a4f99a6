/**
 * The API of node-zookeeper-client 1.1.3 on this package's client: code written for it runs with another import.
 *
 *     import zookeeper from '@zooid/client/compat';            // or: import * as zookeeper, or named imports
 *     const zookeeper = require('@zooid/client/compat');       // in CommonJS
 */

import { ACL, Id } from './acl.ts';
import { Client } from './client.ts';
import type { Option } from './connection-manager.ts';
import { CreateMode, Permission } from './constants.ts';
import { Event } from './event.ts';
import { Exception } from './exception.ts';
import { State } from './state.ts';

export type { CreateArgument } from './arguments.ts';
export type { ClientEvents } from './callback-client.ts';
export type { Callback } from './caller.ts';
export type { Client } from './client.ts';
export type { ConnectionManager, Option } from './connection-manager.ts';
export type { Stat } from './stat.ts';
export type { Transaction, TransactionResult } from './transaction.ts';
export type { Watcher } from './watchers.ts';

/**
 * Makes a client, which does nothing before its `connect()`.
 *
 * @param connectionString - `host:port,host:port/chroot`; the port is 2181 unless given, IPv6 addresses stand in brackets.
 * @throws AssertionError when it does not say where to connect.
 */
export function createClient(connectionString: string, options?: Partial<Option>): Client {
  return new Client(connectionString, options);
}

/** What `require` and a default import give. */
interface Compat {
  createClient: typeof createClient;
  ACL: typeof ACL;
  Id: typeof Id;
  Permission: typeof Permission;
  CreateMode: typeof CreateMode;
  State: typeof State;
  Event: typeof Event;
  Exception: typeof Exception;
}

const compat: Compat = { createClient, ACL, Id, Permission, CreateMode, State, Event, Exception };

// By the last name CommonJS gets the object itself, which tests may patch, and no module namespace.
export {
  ACL,
  CreateMode,
  compat as default,
  compat as 'module.exports',
  Event,
  Exception,
  Id,
  Permission,
  State,
};
