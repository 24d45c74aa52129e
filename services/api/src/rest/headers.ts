import type { HeaderSource } from '../auth/impersonation.ts';
import type { Incoming } from './body.ts';

/** The headers of a request, with all values of those that came several times. */
export function headersOf({ headers, rawHeaders }: Pick<Incoming, 'headers' | 'rawHeaders'>): HeaderSource {
  return {
    names: () => Object.keys(headers),
    values: (name) => rawHeaders.filter((_, index) => index % 2 === 1 && rawHeaders[index - 1]!.toLowerCase() === name),
  };
}
