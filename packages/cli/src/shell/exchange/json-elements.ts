// A JSON document that is one long list inside of an object, piece by piece, so that its size does not matter. Each piece is parsed by whoever
// takes it; here only brackets, strings and commas are looked at.

/** A piece of the document, in this order: elements, then the frame. */
export type JsonPiece =
  /** An element of the list. */
  | { readonly kind: 'element'; readonly text: string }
  /** The whole document with its list empty. */
  | { readonly kind: 'frame'; readonly text: string };

/** What is around the list. */
const FRAME_CHARACTERS_MAX = 64 * 1024;
/** A znode of the largest size that servers are set up for, in base64. */
const ELEMENT_CHARACTERS_MAX = 64 * 1024 * 1024;

/** The document is none, or has something of a size that it cannot have. */
export class JsonShapeError extends Error {
  override readonly name = 'JsonShapeError';
}

/**
 * Splits a document `{..., "key": [element, element, ...], ...}`.
 *
 * @throws JsonShapeError for a document that ends before its end, or that has no such list.
 */
export async function* jsonElements(
  chunks: AsyncIterable<string>,
  key: string,
): AsyncGenerator<JsonPiece> {
  const splitter = new Splitter(key);
  for await (const chunk of chunks) yield* splitter.take(chunk);
  yield splitter.finish();
}

type Place = 'before' | 'within' | 'behind';

class Splitter {
  readonly #listBegins: RegExp;
  #place: Place = 'before';
  /** Brackets that are open: in the list, those of the element. */
  #depth = 0;
  #isInString = false;
  #isEscaped = false;
  #hasElements = false;
  /** What has been read of the part that is not whole yet. */
  #text = '';
  #before = '';

  constructor(key: string) {
    this.#listBegins = new RegExp(`"${key}"\\s*:\\s*$`);
  }

  *take(chunk: string): Generator<JsonPiece> {
    let from = 0;
    for (let at = 0; at < chunk.length; at++) {
      if (this.#isInString) {
        this.#inString(chunk.charCodeAt(at));
        continue;
      }
      switch (chunk[at]) {
        case '"':
          this.#isInString = true;
          break;
        case '{':
          this.#depth++;
          break;
        case '}':
          this.#depth--;
          break;
        case '[':
          if (this.#place === 'before' && this.#depth === 1) {
            const before = this.#text + chunk.slice(from, at);
            if (this.#listBegins.test(before)) {
              this.#before = `${before}[`;
              this.#begin('within');
              from = at + 1;
              break;
            }
          }
          this.#depth++;
          break;
        case ']':
          if (this.#place === 'within' && this.#depth === 0) {
            yield* this.#element(this.#text + chunk.slice(from, at), 'last');
            this.#begin('behind');
            from = at;
          } else this.#depth--;
          break;
        case ',':
          if (this.#place === 'within' && this.#depth === 0) {
            yield* this.#element(this.#text + chunk.slice(from, at), 'with-comma');
            this.#text = '';
            from = at + 1;
          }
          break;
      }
    }
    this.#text += chunk.slice(from);
    const max = this.#place === 'within' ? ELEMENT_CHARACTERS_MAX : FRAME_CHARACTERS_MAX;
    if (this.#text.length > max) throw new JsonShapeError('it is not such a document');
  }

  finish(): JsonPiece {
    if (this.#place !== 'behind') throw new JsonShapeError('it ends in the middle');
    return { kind: 'frame', text: this.#before + this.#text };
  }

  #inString(unit: number): void {
    if (this.#isEscaped) this.#isEscaped = false;
    else if (unit === 0x5c) this.#isEscaped = true;
    else if (unit === 0x22) this.#isInString = false;
  }

  #begin(place: Place): void {
    this.#place = place;
    this.#depth = 0;
    this.#text = '';
  }

  *#element(text: string, end: 'with-comma' | 'last'): Generator<JsonPiece> {
    const isEmpty = text.trim() === '';
    if (isEmpty && end === 'last' && !this.#hasElements) return;
    if (isEmpty) throw new JsonShapeError('there is a comma too many in its list');
    this.#hasElements = true;
    yield { kind: 'element', text };
  }
}
