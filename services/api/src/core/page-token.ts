import { GantryError } from '@gantry/runtime/errors.ts';

/** The position at which the next page of a list starts. */
export interface PagePosition {
  /** The revision that the whole list is the state of; 0 for that of now, which may show another state than the pages before. */
  readonly revision: number;
  /** The last key of the page before. */
  readonly after: string;
  /** Keys of the list after that one, where they were counted. */
  readonly rest?: number;
}

const maxTokenChars = 2_048;
const version = 1;

/** The opaque token for a position. */
export function encodePageToken(position: PagePosition): string {
  return Buffer.from(JSON.stringify([version, position.revision, position.after, position.rest])).toString('base64url');
}

/** The position in a token that a client sent back; refuses one that is not ours or belongs to another list. */
export function decodePageToken(token: string, prefix: string): PagePosition {
  const parsed = token.length <= maxTokenChars ? parse(token) : undefined;
  if (!Array.isArray(parsed) || ![3, 4].includes(parsed.length) || parsed[0] !== version)
    throw invalid('it is not a token of this server');
  const [, revision, after, rest] = parsed as unknown[];
  if (!Number.isSafeInteger(revision) || (revision as number) < 0) throw invalid('its revision is not a number');
  if (typeof after !== 'string' || !after.startsWith(prefix)) throw invalid('it belongs to another list');
  return { revision: revision as number, after, ...(isCount(rest) ? { rest } : {}) };
}

function isCount(value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) >= 0;
}

function parse(token: string): unknown {
  try {
    return JSON.parse(Buffer.from(token, 'base64url').toString('utf8'));
  } catch {
    return undefined;
  }
}

function invalid(why: string): GantryError {
  return new GantryError('BadRequest', `continue key is not valid: ${why}`, {
    causes: [{ reason: 'FieldValueInvalid', field: 'continue', message: why }],
  });
}

/** The token that goes on where another one stood, with the state of now. */
export function latestPageToken(token: string): string | undefined {
  const parsed = parse(token);
  const after: unknown = Array.isArray(parsed) ? parsed[2] : undefined;
  return typeof after === 'string' ? encodePageToken({ revision: 0, after }) : undefined;
}
