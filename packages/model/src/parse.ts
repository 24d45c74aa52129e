/** Text to plain values: JSON, and YAML as the tools around Kubernetes understand it. */
import { GantryError } from '@gantry/runtime/errors.ts';
import { LineCounter, parseDocument, type Tags } from 'yaml';

/** Largest manifest, in bytes: what Kubernetes' api server takes in one request. */
export const maxManifestBytes = 3 * 1024 * 1024;
/** Aliases in one document, resolved; a bomb of them expands beyond any bound. */
const maxAliases = 100;

/** Reads one document. Throws BadRequest or RequestEntityTooLarge, naming the line where there is one. */
export function parseManifestText(input: string | Uint8Array): unknown {
  const bytes = typeof input === 'string' ? Buffer.byteLength(input) : input.length;
  if (bytes > maxManifestBytes) {
    throw new GantryError(
      'RequestEntityTooLarge',
      `Request entity too large: limit is ${maxManifestBytes}, the manifest has ${bytes} bytes`,
    );
  }
  const text = typeof input === 'string' ? input : decodeUtf8(input);
  return /^\s*\{/.test(text) ? parseJson(text) : parseYaml(text);
}

function decodeUtf8(bytes: Uint8Array): string {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch (cause) {
    throw new GantryError('BadRequest', 'error parsing manifest: it is not UTF-8 text', { cause });
  }
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    // YAML's flow style starts with a brace, too.
    return parseYaml(text);
  }
}

/** YAML 1.1 without its surprises: octal modes (0644) are read as Go does, dates and base-60 numbers stay text. */
const customTags = (tags: Tags): Tags =>
  tags.filter((tag) => {
    const name = typeof tag === 'string' ? tag : tag.tag;
    return (
      !['timestamp', 'intTime', 'floatTime', 'binary', 'omap', 'pairs', 'set'].some((dropped) =>
        name.endsWith(dropped),
      ) && !(typeof tag === 'object' && 'format' in tag && tag.format === 'TIME')
    );
  });

function parseYaml(text: string): unknown {
  const lineCounter = new LineCounter();
  const document = parseDocument(text, {
    version: '1.1',
    customTags,
    merge: true,
    lineCounter,
    prettyErrors: false,
    logLevel: 'error',
  });
  const [error] = document.errors;
  if (error !== undefined) {
    const { line } = lineCounter.linePos(error.pos[0]);
    const problem =
      error.code === 'MULTIPLE_DOCS' ? 'more than one document where one is expected' : error.message.split('\n')[0];
    throw new GantryError('BadRequest', `error parsing manifest: yaml: line ${line}: ${problem}`);
  }
  try {
    return document.toJS({ maxAliasCount: maxAliases });
  } catch (cause) {
    throw new GantryError('BadRequest', `error parsing manifest: yaml: ${(cause as Error).message}`, { cause });
  }
}
