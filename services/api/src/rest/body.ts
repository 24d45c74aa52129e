import type { IncomingMessage } from 'node:http';
import { GantryError } from '@gantry/runtime/errors.ts';

/** Media type of a configuration for server-side apply. */
export const applyType = 'application/apply-patch+yaml';

/** A request of HTTP/1.1, or of HTTP/2 by Node's compatible interface. */
export type Incoming = IncomingMessage;

/** Bodies that somebody else wants to see, too, once they are read. */
const kept = new WeakMap<Incoming, Buffer | undefined>();

/** Keeps the body of a request for bodyOf, once it is read. */
export function keepBody(request: Incoming): void {
  kept.set(request, undefined);
}

/** The body of a request for which keepBody was called; undefined for one that nobody read. */
export function bodyOf(request: Incoming): Buffer | undefined {
  return kept.get(request);
}

/** Longest time that the whole of a body may take, in milliseconds. */
const bodyTimeoutMs = 60_000;

/**
 * Reads a request's body. Throws RequestEntityTooLarge beyond `maxBytes`, BadRequest for one that does not come in time, and the
 * signal's reason once the client is gone.
 */
export function readBody(request: Incoming, maxBytes: number, signal: AbortSignal): Promise<Buffer> {
  const { promise, resolve, reject } = Promise.withResolvers<Buffer>();
  const chunks: Buffer[] = [];
  let bytes = 0;
  const late = setTimeout(
    () => reject(new GantryError('BadRequest', `the body did not arrive within ${bodyTimeoutMs / 1_000} s`)),
    bodyTimeoutMs,
  );
  const take = (chunk: Buffer): void => {
    bytes += chunk.length;
    if (bytes > maxBytes) reject(tooLarge(maxBytes));
    else chunks.push(chunk);
  };
  const gone = (): void => reject(signal.reason);
  if (Number(request.headers['content-length'] ?? 0) > maxBytes) reject(tooLarge(maxBytes));
  else {
    signal.addEventListener('abort', gone, { once: true });
    request.on('data', take);
    request.once('end', () => {
      const whole = Buffer.concat(chunks);
      if (kept.has(request)) kept.set(request, whole);
      resolve(whole);
    });
    request.once('error', (cause) => reject(new GantryError('Cancelled', 'the body broke off', { cause })));
    if (request.readableEnded) resolve(Buffer.alloc(0));
    if (signal.aborted) gone();
  }
  return promise.finally(() => {
    clearTimeout(late);
    signal.removeEventListener('abort', gone);
    // The rest is neither kept nor waited for.
    request.off('data', take);
  });
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
