/** Reading the body of an HTTP request without losing the connection that its answer needs. */
import { PassThrough, type Readable } from 'node:stream';

/** A body that was read, or why it was not. */
export type JsonBody =
  | { readonly kind: 'value'; readonly value: unknown }
  | { readonly kind: 'bad'; readonly reason: string };

/** Reads a body of at most `bytesMax` as JSON. Never rejects. */
export async function readJsonBody(body: Readable, bytesMax: number): Promise<JsonBody> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  try {
    // Destroying the stream would end the connection before the answer.
    for await (const chunk of body.iterator({ destroyOnReturn: false })) {
      bytes += (chunk as Buffer).length;
      if (bytes > bytesMax) return { kind: 'bad', reason: `longer than ${bytesMax} bytes` };
      chunks.push(chunk as Buffer);
    }
    return { kind: 'value', value: JSON.parse(Buffer.concat(chunks).toString('utf8')) };
  } catch (error) {
    return { kind: 'bad', reason: error instanceof Error ? error.message : 'unreadable' };
  }
}

/**
 * The body as a stream that its reader may destroy: then the rest is not read, but the connection stays for the answer.
 * It fails when the caller goes away before the end.
 */
export function detachedBody(body: Readable): Readable {
  const detached = new PassThrough();
  body.once('close', () => {
    if (!body.readableEnded) detached.destroy(new Error('the caller went away'));
  });
  body.pipe(detached);
  return detached;
}
