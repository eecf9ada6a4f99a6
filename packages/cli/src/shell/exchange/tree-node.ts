// A znode in a file: what `export` writes, and `import` and `apply` read.
//
//   {"format": "zooid-tree", "version": 1, "root": "/app", "nodes": [
//   {"path": "/", "data": "text", "acl": ["world:anyone:cdrwa"]},
//   {"path": "/web", "base64": "AP8=", "acl": ["digest:app:hash=:cdrwa", "world:anyone:r"]}
//   ]}
//
// Paths begin at the root of the file, which is the path "/" in it; parents stand before their children. `data` is text, or null for none;
// data that is no UTF-8 text stands in `base64`. What a znode does not say is left as it is, or what it is with a new znode: no data, open to
// everybody.

import { type Acl, openAcl } from '@zooid/client';
import { permissionText, tryAclEntry } from '../acl-text.ts';
import { assertPath } from '../znode-path.ts';

/** Name of the format. */
export const FORMAT = 'zooid-tree';
/** Its version: one that is higher has something that this one does not know. */
export const FORMAT_VERSION = 1;

/** A znode of a file. */
export interface TreeNode {
  /** `/` is the root of the file. */
  readonly path: string;
  /** Null: it has none; undefined: the file does not say. */
  readonly data: Uint8Array | null | undefined;
  /** undefined: the file does not say. */
  readonly acl: readonly Acl[] | undefined;
}

/** The ACL of a new znode of which the file says nothing. */
export const ACL_DEFAULT: readonly Acl[] = openAcl;

/** A znode as it stands in the file, without blanks and line ends. */
export function treeNodeText({ path, data, acl }: TreeNode): string {
  return JSON.stringify({
    path,
    ...dataFields(data),
    ...(acl === undefined ? {} : { acl: acl.map(aclEntryText) }),
  });
}

function dataFields(data: TreeNode['data']): object {
  if (data === undefined) return {};
  if (data === null) return { data };
  const text = tryText(data);
  return text === undefined ? { base64: Buffer.from(data).toString('base64') } : { data: text };
}

/** The text that bytes are; undefined if they are none. */
export function tryText(bytes: Uint8Array): string | undefined {
  try {
    // The mark at the beginning is data like any other.
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    return undefined;
  }
}

/** `scheme:id:permissions`. */
export function aclEntryText({ scheme, id, perms }: Acl): string {
  return `${scheme}:${id}:${permissionText(perms)}`;
}

const fields: ReadonlySet<string> = new Set(['path', 'data', 'base64', 'acl']);

/** Reads a znode. @throws Error that says what is wrong with it. */
export function readTreeNode(value: unknown): TreeNode {
  if (!isRecord(value)) throw new Error('it is no object');
  const unknown = Object.keys(value).find((key) => !fields.has(key));
  if (unknown !== undefined) throw new Error(`it has a field ${JSON.stringify(unknown)}`);
  const { path, data, base64, acl } = value;
  if (typeof path !== 'string') throw new Error('it has no path');
  assertPath(path);
  return { path, data: readData(data, base64), acl: readAcl(acl) };
}

function readData(data: unknown, base64: unknown): TreeNode['data'] {
  if (data !== undefined && base64 !== undefined) throw new Error('it has both data and base64');
  if (base64 !== undefined) {
    const bytes = typeof base64 === 'string' ? tryBase64(base64) : undefined;
    if (bytes === undefined) throw new Error('its base64 is none');
    return bytes;
  }
  if (data === undefined || data === null) return data;
  if (typeof data !== 'string') throw new Error('its data is neither a text nor null');
  return Buffer.from(data);
}

/** The bytes that base64 stands for; undefined for a text that is none. */
export function tryBase64(text: string): Uint8Array | undefined {
  const isBase64 = /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}(?:==)?|[A-Za-z0-9+/]{3}=?)?$/.test(
    text,
  );
  return isBase64 ? Buffer.from(text, 'base64') : undefined;
}

function readAcl(acl: unknown): readonly Acl[] | undefined {
  if (acl === undefined) return undefined;
  if (!Array.isArray(acl) || acl.length === 0)
    throw new Error('its acl is no list of scheme:id:permissions');
  return acl.map((entry: unknown) => {
    const read = typeof entry === 'string' ? tryAclEntry(entry) : undefined;
    if (read === undefined)
      throw new Error(`${JSON.stringify(entry)} in its acl is no scheme:id:permissions`);
    return read;
  });
}

export function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
