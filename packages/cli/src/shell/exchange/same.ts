import type { Acl, NodeData } from '@zooid/client';

/** Whether a znode has this data; none at all is something other than empty data. */
export function sameData(data: Uint8Array | null, node: NodeData): boolean {
  if (data === null || node.isNull) return data === null && node.isNull;
  return Buffer.compare(data, node.data) === 0;
}

/** Whether two ACLs say the same, in whatever order. */
export function sameAcl(left: readonly Acl[], right: readonly Acl[]): boolean {
  return signature(left) === signature(right);
}

function signature(acl: readonly Acl[]): string {
  return JSON.stringify(acl.map(({ scheme, id, perms }) => [scheme, id, perms]).sort());
}
