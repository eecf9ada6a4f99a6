/** Somebody that a connection has proved to be, for example `digest` and `alice:<hash>`. */
export interface AuthId {
  readonly scheme: string;
  readonly id: string;
}

/** Whether both are the same scheme and id. */
export function isSameAuthId(a: AuthId, b: AuthId): boolean {
  return a.scheme === b.scheme && a.id === b.id;
}
