import type { IncomingMessage } from 'node:http';
import { GantryError } from '@gantry/runtime/errors.ts';

/** A request of HTTP/1.1, or of HTTP/2 by Node's compatible interface. */
export type Incoming = IncomingMessage;

/** Reads a request's body. Throws RequestEntityTooLarge beyond `maxBytes`, and the signal's reason once the client is gone. */
export async function readBody(request: Incoming, maxBytes: number, signal: AbortSignal): Promise<Buffer> {
  const declared = Number(request.headers['content-length'] ?? 0);
  if (declared > maxBytes) throw tooLarge(maxBytes);
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of request) {
    signal.throwIfAborted();
    bytes += (chunk as Buffer).length;
    if (bytes > maxBytes) throw tooLarge(maxBytes);
    chunks.push(chunk as Buffer);
  }
  return Buffer.concat(chunks);
}

/** The media type of a body without its parameters; JSON if the client does not say. */
export function mediaTypeOf(request: Incoming): string {
  const [type = ''] = (request.headers['content-type'] ?? '').split(';');
  return type.trim().toLowerCase() || 'application/json';
}

/** Throws UnsupportedMediaType naming the types that would do. */
export function unsupported(type: string, supported: readonly string[]): GantryError {
  return new GantryError(
    'UnsupportedMediaType',
    `the body of the request was in an unknown format - accepted media types include: ${supported.join(', ')}`,
    { causes: [{ reason: 'FieldValueNotSupported', field: 'Content-Type', message: `Unsupported value: "${type}"` }] },
  );
}

function tooLarge(maxBytes: number): GantryError {
  return new GantryError('RequestEntityTooLarge', `Request entity too large: limit is ${maxBytes}`);
}
