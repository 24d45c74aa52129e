/** Text to plain values: JSON, and YAML as the tools around Kubernetes understand it. */
import { type FieldCause, GantryError } from '@gantry/runtime/errors.ts';
import {
  boolYaml11Tag,
  CORE_SCHEMA,
  defineScalarTag,
  intCoreTag,
  loadAll,
  mergeTag,
  NOT_RESOLVED,
  YAMLException,
} from 'js-yaml';
import { scanJson } from './json-scan.ts';

/** Largest manifest, in bytes: what Kubernetes' api server takes in one request. */
export const maxManifestBytes = 3 * 1024 * 1024;
/** Objects and lists in one another, at most. */
const maxDepth = 100;
/** Aliases in one document, at most. */
const maxAliases = 1000;

/** A document's value, and the fields that its text has twice in one object: their last value counts. */
export interface Parsed {
  readonly value: unknown;
  readonly duplicates: readonly FieldCause[];
}

/** Reads one document. Throws BadRequest or RequestEntityTooLarge, naming the line or the field where there is one. */
export function parseManifestText(input: string | Uint8Array): unknown {
  const { value, duplicates } = parseManifest(input);
  if (duplicates.length === 0) return value;
  throw new GantryError('BadRequest', `strict decoding error: ${duplicates.map(strictText).join(', ')}`, {
    causes: duplicates,
  });
}

/** The text of a duplicate or an unknown field in an error; as a warning it is the message alone. */
export function strictText({ message }: FieldCause): string {
  return message.startsWith('line ') ? `yaml: unmarshal errors:\n  ${message}` : message;
}

/** The same for one who decides on duplicates. */
export function parseManifest(input: string | Uint8Array): Parsed {
  const bytes = typeof input === 'string' ? Buffer.byteLength(input) : input.length;
  if (bytes > maxManifestBytes) {
    throw new GantryError(
      'RequestEntityTooLarge',
      `Request entity too large: limit is ${maxManifestBytes}, the manifest has ${bytes} bytes`,
    );
  }
  const text = typeof input === 'string' ? input : decodeUtf8(input);
  return (/^\s*\{/.test(text) ? parseJson(text) : undefined) ?? parseYaml(text);
}

function decodeUtf8(bytes: Uint8Array): string {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch (cause) {
    throw new GantryError('BadRequest', 'error parsing manifest: it is not UTF-8 text', { cause });
  }
}

/** The value of JSON text; undefined for text that is not JSON (YAML's flow style starts with a brace, too). */
function parseJson(text: string): Parsed | undefined {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return undefined;
  }
  const { depth, duplicates } = scanJson(text);
  if (depth > maxDepth)
    throw new GantryError('BadRequest', `error parsing manifest: nested deeper than ${maxDepth} levels`);
  return { value, duplicates: duplicates.map((field) => duplicate(field, `duplicate field ${JSON.stringify(field)}`)) };
}

function duplicate(field: string, message: string): FieldCause {
  return { reason: 'FieldValueDuplicate', field, message };
}

// Scalars are read as kubectl reads them: by YAML 1.1 for booleans and numbers, where `yes` is true and 0644 is octal, but with
// times, and numbers to the base of 60, as text.
const intTag = defineScalarTag<number>('tag:yaml.org,2002:int', {
  ...intCoreTag,
  resolve: (source, isExplicit, tagName) => {
    const [, sign, digits] = /^([-+]?)([0-9][0-9_a-fA-FxXoObB]*)$/.exec(source) ?? [];
    const value = digits === undefined ? undefined : yamlInteger(digits.replaceAll('_', ''));
    if (value === undefined) return intCoreTag.resolve(source, isExplicit, tagName);
    return sign === '-' ? -value : value;
  },
});
/** Bytes in base64 that are text. */
const binaryTextTag = defineScalarTag<string>('tag:yaml.org,2002:binary', {
  identify: () => false,
  resolve: (source, isExplicit) =>
    isExplicit ? decodeUtf8(Buffer.from(source.replace(/\s/g, ''), 'base64')) : NOT_RESOLVED,
});
const schema = CORE_SCHEMA.withTags(boolYaml11Tag, intTag, binaryTextTag, mergeTag);

/** A whole number without sign and underscores, in any of YAML's bases; undefined for what is none. */
function yamlInteger(digits: string): number | undefined {
  const octal = /^0o?([0-7]+)$/.exec(digits);
  if (octal !== null) return Number.parseInt(octal[1]!, 8);
  return /^(?:0|[1-9][0-9]*|0x[0-9a-fA-F]+|0b[01]+)$/.test(digits) ? Number(digits) : undefined;
}

function parseYaml(text: string): Parsed {
  const duplicates: FieldCause[] = [];
  const load = (takesDuplicates: boolean): unknown[] => {
    try {
      return loadAll(text, { schema, maxDepth, maxAliases, json: takesDuplicates });
    } catch (cause) {
      if (!(cause instanceof YAMLException)) throw cause;
      const { position = 0, line = 0 } = cause.mark ?? {};
      if (cause.reason !== 'duplicated mapping key') {
        throw new GantryError('BadRequest', `error parsing manifest: yaml: line ${line + 1}: ${cause.reason}`, {
          cause,
        });
      }
      const key = /^["']?([^\s:"']*)/.exec(text.slice(position, position + 256))?.[1] ?? '';
      duplicates.push(duplicate(key, `line ${line + 1}: key ${JSON.stringify(key)} already set in map`));
      return load(true);
    }
  };
  const documents = load(false);
  if (documents.length > 1) {
    throw new GantryError('BadRequest', 'error parsing manifest: yaml: more than one document where one is expected');
  }
  const [value = null] = documents;
  // Without aliases the value is no larger than its text.
  if (text.includes('*')) assertBounded(value, 0, { left: maxManifestBytes });
  return { value, duplicates };
}

/** Refuses a value that aliases make deeper or larger than any text could be. Entries and characters count. */
function assertBounded(value: unknown, depth: number, budget: { left: number }): void {
  budget.left -= typeof value === 'string' ? value.length : 1;
  if (budget.left < 0 || depth > maxDepth) {
    const problem = 'excessive use of aliases: the document is larger or deeper than it may be once they are resolved';
    throw new GantryError('BadRequest', `error parsing manifest: yaml: ${problem}`);
  }
  if (typeof value !== 'object' || value === null) return;
  for (const [key, inner] of Object.entries(value)) {
    if (!Array.isArray(value)) budget.left -= key.length;
    assertBounded(inner, depth + 1, budget);
  }
}
