/**
 * Bytes that are not what the format says. Thrown once, by the reader, at the border: whoever feeds
 * the reader closes that connection or refuses that file. State is never changed by a decode.
 */
export class MalformedError extends Error {
  readonly code = 'MALFORMED';

  constructor(message: string) {
    super(message);
    this.name = 'MalformedError';
  }
}
