/** Text to plain values: JSON, and YAML as the tools around Kubernetes understand it. */
import { GantryError } from '@gantry/runtime/errors.ts';
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

/** Reads one document. Throws BadRequest or RequestEntityTooLarge, naming the line or the field where there is one. */
export function parseManifestText(input: string | Uint8Array): unknown {
  const bytes = typeof input === 'string' ? Buffer.byteLength(input) : input.length;
  if (bytes > maxManifestBytes) {
    throw new GantryError(
      'RequestEntityTooLarge',
      `Request entity too large: limit is ${maxManifestBytes}, the manifest has ${bytes} bytes`,
    );
  }
  const text = typeof input === 'string' ? input : decodeUtf8(input);
  const json = /^\s*\{/.test(text) ? parseJson(text) : undefined;
  return json === undefined ? parseYaml(text) : json.value;
}

function decodeUtf8(bytes: Uint8Array): string {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch (cause) {
    throw new GantryError('BadRequest', 'error parsing manifest: it is not UTF-8 text', { cause });
  }
}

/** The value of JSON text; undefined for what is not JSON (YAML's flow style starts with a brace, too). */
function parseJson(text: string): { readonly value: unknown } | undefined {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return undefined;
  }
  const { depth, duplicates } = scanJson(text);
  if (depth > maxDepth)
    throw new GantryError('BadRequest', `error parsing manifest: nested deeper than ${maxDepth} levels`);
  if (duplicates.length > 0) {
    const texts = duplicates.map((field) => `duplicate field ${JSON.stringify(field)}`);
    throw new GantryError('BadRequest', `strict decoding error: ${texts.join(', ')}`, {
      causes: duplicates.map((field, index) => ({ reason: 'FieldValueDuplicate', field, message: texts[index]! })),
    });
  }
  return { value };
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

function parseYaml(text: string): unknown {
  let documents: unknown[];
  try {
    documents = loadAll(text, { schema, maxDepth, maxAliases });
  } catch (cause) {
    if (!(cause instanceof YAMLException)) throw cause;
    throw describeYamlError(cause, text);
  }
  if (documents.length > 1) {
    throw new GantryError('BadRequest', 'error parsing manifest: yaml: more than one document where one is expected');
  }
  const [document = null] = documents;
  // Without aliases the value is no larger than its text.
  if (text.includes('*')) assertBounded(document, 0, { left: maxManifestBytes });
  return document;
}

function describeYamlError(error: YAMLException, text: string): GantryError {
  const { position = 0, line = 0 } = error.mark ?? {};
  const where = `error parsing manifest: yaml: line ${line + 1}`;
  if (error.reason !== 'duplicated mapping key')
    return new GantryError('BadRequest', `${where}: ${error.reason}`, { cause: error });
  const key = /^["']?([^\s:"']*)/.exec(text.slice(position, position + 256))?.[1] ?? '';
  const message = `key ${JSON.stringify(key)} already set in map`;
  return new GantryError('BadRequest', `${where}: ${message}`, {
    causes: [{ reason: 'FieldValueDuplicate', field: key, message }],
    cause: error,
  });
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
