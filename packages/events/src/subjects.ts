/**
 * Names of the bus's subjects.
 *
 * Changes go to `gantry.v1.<resource>.<namespace or _>.<name>`: one subject an object, so that a consumer subscribes to one
 * resource. Progress of the relay goes to `gantry.progress.v1`.
 */

const changesRoot = 'gantry.v1';

/** Progress of the whole stream, published by the relay each second. */
export const progressSubject = 'gantry.progress.v1';

/** The token that stands for "no namespace". */
export const noneToken = '_';

/** The parts of a change's subject, unescaped; undefined where the object has none. */
export interface ChangeSubject {
  /** Resource with its group, such as pods or deployments.apps. */
  readonly resource: string;
  readonly namespace: string | undefined;
  readonly name: string;
}

/**
 * Makes any text one token of a subject: dots, wildcards, blanks and everything else outside of letters, digits, `-` and
 * `_` become `%` and two hexadecimal digits a UTF-8 byte. A lone `_` is escaped too, as it means "none".
 */
export function escapeToken(text: string): string {
  if (text === noneToken) return '%5F';
  if (/^[A-Za-z0-9_-]+$/.test(text)) return text;
  let token = '';
  for (const byte of Buffer.from(text, 'utf8')) {
    const character = String.fromCharCode(byte);
    token += /[A-Za-z0-9_-]/.test(character) ? character : `%${byte.toString(16).toUpperCase().padStart(2, '0')}`;
  }
  return token;
}

/** The text that escapeToken made a token of. Throws URIError for what it cannot have made. */
export function unescapeToken(token: string): string {
  return decodeURIComponent(token);
}

/** The subject that a change of this object is published to. */
export function changeSubject(object: ChangeSubject): string {
  return `${changesRoot}.${escapeToken(object.resource)}.${optional(object.namespace)}.${escapeToken(object.name)}`;
}

/** The parts of a change's subject; undefined where it is no such subject. Never throws: anybody may publish. */
export function parseChangeSubject(subject: string): ChangeSubject | undefined {
  const tokens = subject.split('.');
  if (tokens.length !== 5 || `${tokens[0]}.${tokens[1]}` !== changesRoot) return undefined;
  try {
    const [resource, namespace, name] = tokens.slice(2).map(unescapeOptional);
    return resource && name ? { resource, namespace, name } : undefined;
  } catch {
    return undefined;
  }
}

/** Matches the changes of a resource. */
export function changesPattern(resource: string): string {
  return `${changesRoot}.${escapeToken(resource)}.>`;
}

function unescapeOptional(token: string): string | undefined {
  return token === noneToken ? undefined : unescapeToken(token);
}

function optional(part: string | undefined): string {
  return part === undefined ? noneToken : escapeToken(part);
}
