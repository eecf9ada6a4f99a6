/** Questions about what was committed between two transactions: a server may have been anywhere there when it answered. */

import type { Model, ZnodeVersion } from './model.ts';

/** Whether the znode was there at some point from `from` to `to`. */
export function wasThere(model: Model, path: string, from: number, to: number): boolean {
  return statesOf(model, path, from, to).some((state) => state !== undefined);
}

/** Whether it was not there at some point from `from` to `to`. */
export function wasAbsent(model: Model, path: string, from: number, to: number): boolean {
  return statesOf(model, path, from, to).some((state) => state === undefined);
}

/** What it was in that time, one after the other; undefined while it was not there. */
export function statesOf(
  model: Model,
  path: string,
  from: number,
  to: number,
): (ZnodeVersion | undefined)[] {
  const changes = model.versionsOf(path).filter(({ zxid }) => zxid > from && zxid <= to);
  return [
    model.at(path, from),
    ...changes.map((version) => (version.exists ? version : undefined)),
  ];
}
