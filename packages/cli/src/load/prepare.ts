import { ErrorCode } from '@zooid/protocol';
import { writeCreate, writeDelete, writeGetChildren } from './wire/request-frames.ts';
import type { SetupClient } from './wire/setup-client.ts';
import { CHILD_COUNT, childName, DIRECTORY_COUNT, KEY_COUNT, type Layout } from './workload.ts';

const NO_VALUE = new Uint8Array(0);

/** Creates one znode; one that exists already is left as it is. */
export async function ensureZnode(
  client: SetupClient,
  path: string,
  value: Uint8Array = NO_VALUE,
): Promise<void> {
  await client.expect(`create ${path}`, (writer, xid) => writeCreate(writer, xid, path, value), [
    ErrorCode.nodeExists,
  ]);
}

/** Makes the znodes that the workloads of `layout` use. */
export async function prepareZnodes(client: SetupClient, layout: Layout): Promise<void> {
  const value = layout.value();
  const made: Promise<void>[] = [];
  const make = (path: string, content?: Uint8Array): void => {
    made.push(ensureZnode(client, path, content));
  };
  make(layout.root);
  make(`${layout.root}/keys-${layout.valueBytes}`);
  make(`${layout.root}/directories`);
  make(layout.created);
  for (let i = 0; i < KEY_COUNT; i++) make(layout.key(i), value);
  for (let i = 0; i < DIRECTORY_COUNT; i++) {
    make(layout.directory(i));
    for (let child = 0; child < CHILD_COUNT; child++) {
      make(`${layout.directory(i)}/${childName(child)}`, value);
    }
  }
  await Promise.all(made);
}

/** Deletes a znode and everything below it. */
export async function deleteTree(client: SetupClient, path: string): Promise<void> {
  const { code, body } = await client.request((writer, xid) => writeGetChildren(writer, xid, path));
  if (code === ErrorCode.noNode) return;
  await Promise.all(body.texts().map((name) => deleteTree(client, `${path}/${name}`)));
  await client.expect(`delete ${path}`, (writer, xid) => writeDelete(writer, xid, path));
}
