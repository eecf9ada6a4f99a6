/** A block of TypeScript in a document. */
export interface DocumentBlock {
  /** The line of the document on which its code begins, from 1. */
  readonly line: number;
  readonly code: string;
}

/** The blocks that a reader of a document would copy: those fenced as `ts`. */
export function blocksOf(markdown: string): DocumentBlock[] {
  const blocks: DocumentBlock[] = [];
  for (const match of markdown.matchAll(/^```ts\n(.*?)^```$/gms)) {
    const line = markdown.slice(0, match.index).split('\n').length + 1;
    blocks.push({ line, code: match[1]! });
  }
  return blocks;
}
