import { type Outgoing, send } from '../answer.ts';
import type { Incoming } from '../body.ts';
import type { SchemaDocument } from './openapi.ts';

/** Seconds for which a client may keep a document whose hash is in its URL: another content has another URL. */
const keptSeconds = 365 * 24 * 3600;

/** Sends a document of OpenAPI, or tells the client that it has it already. */
export function sendSchemas(
  response: Outgoing,
  { contentType, bytes, hash }: SchemaDocument,
  { headers }: Pick<Incoming, 'headers'>,
  query: URLSearchParams,
): void {
  const etag = JSON.stringify(hash);
  const isKept = query.get('hash') === hash;
  const caching = {
    etag,
    vary: 'Accept',
    ...(isKept ? { 'cache-control': `public, immutable, max-age=${keptSeconds}` } : {}),
  };
  if ((headers['if-none-match'] ?? '').split(',').some((each) => each.trim() === etag)) {
    response.writeHead(304, caching).end();
    return;
  }
  send(response, 200, { contentType, pieces: [bytes] }, caching);
}
