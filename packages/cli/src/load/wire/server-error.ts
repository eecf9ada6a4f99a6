import { ErrorCode } from '@zooid/protocol';

/** Something that a server under load must not do: the run fails and nothing of it is reported. */
export class UnexpectedReplyError extends Error {
  override readonly name = 'UnexpectedReplyError';
}

/** The field's name of an error code, for messages: `noNode (-101)`. */
export function errorCodeName(code: number): string {
  for (const [name, value] of Object.entries(ErrorCode))
    if (value === code) return `${name} (${code})`;
  return `error ${code}`;
}
