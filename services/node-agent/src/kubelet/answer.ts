import type { ServerResponse } from 'node:http';

/** An answer that is whole. */
export interface Answer {
  readonly code?: number;
  readonly type: string;
  readonly text: string;
}

/** Media type of plain text. */
export const plain = 'text/plain; charset=utf-8';

/** The answer for a path that is none. */
export const notFound: Answer = { code: 404, type: plain, text: '404 page not found\n' };

/** Sends an answer. */
export function send(response: ServerResponse, { code = 200, type, text }: Answer): void {
  response.writeHead(code, { 'content-type': type, 'content-length': Buffer.byteLength(text) }).end(text);
}

/** The parts of a path, decoded; undefined where they make no path: one that leads upwards, or text that cannot be decoded. */
export function partsOf(pathname: string): readonly string[] | undefined {
  try {
    const parts = decodeURIComponent(pathname)
      .split('/')
      .filter((part) => part !== '' && part !== '.');
    return parts.some((part) => part === '..' || part.includes('\0')) ? undefined : parts;
  } catch {
    return undefined;
  }
}
