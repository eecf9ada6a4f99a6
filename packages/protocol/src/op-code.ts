/** What a request asks for; also the type of a transaction. Source: ZooDefs.OpCode. */
export const OpCode = {
  notification: 0,
  create: 1,
  delete: 2,
  exists: 3,
  getData: 4,
  setData: 5,
  getACL: 6,
  setACL: 7,
  getChildren: 8,
  sync: 9,
  ping: 11,
  getChildren2: 12,
  check: 13,
  multi: 14,
  create2: 15,
  reconfig: 16,
  checkWatches: 17,
  removeWatches: 18,
  createContainer: 19,
  deleteContainer: 20,
  createTTL: 21,
  multiRead: 22,
  auth: 100,
  setWatches: 101,
  sasl: 102,
  getEphemerals: 103,
  getAllChildrenNumber: 104,
  setWatches2: 105,
  addWatch: 106,
  whoAmI: 107,
  createSession: -10,
  closeSession: -11,
  error: -1,
} as const;

export type OpCode = (typeof OpCode)[keyof typeof OpCode];

/** Request numbers that mean something other than "the client's next request". Source: ClientCnxn. */
export const ReservedXid = {
  notification: -1,
  ping: -2,
  auth: -4,
  setWatches: -8,
} as const;

const nameByOp: ReadonlyMap<number, string> = new Map(
  Object.entries(OpCode).map(([name, code]) => [code, name]),
);

/** Name of an opcode as Apache's logs and metrics have it; `unknown n` for any other number. */
export function opName(op: number): string {
  return nameByOp.get(op) ?? `unknown ${op}`;
}

/** Whether `op` is an opcode, of a request or of a txn. */
export function isOpCode(op: number): op is OpCode {
  return nameByOp.has(op);
}
