import { readdir, readFile, stat } from 'node:fs/promises';
import { extname, join } from 'node:path';
import { isMap, isScalar, parseAllDocuments } from 'yaml';
import { refusal } from './context.ts';

/** One document of a file, as text: the api decodes it strictly, so it is passed on as it was written. */
export interface ManifestDocument {
  readonly text: string;
  /** File and number of the document in it, for messages. */
  readonly source: string;
}

const endings = new Set(['.yaml', '.yml', '.json']);
/** Most bytes of one file. */
const maxFileBytes = 64 * 1024 * 1024;
const maxDocuments = 10_000;

/**
 * Reads manifests from files, folders (their .yaml, .yml and .json files, in order of name) or standard input (`-`).
 * @param recursive Go into folders of folders.
 * @param purpose The command that they are for.
 */
export async function readManifests(
  paths: readonly string[],
  recursive: boolean,
  purpose: 'apply' | 'delete',
): Promise<ManifestDocument[]> {
  const documents: ManifestDocument[] = [];
  for (const path of paths) {
    for (const file of path === '-' ? ['-'] : await expand(path, recursive, true)) {
      documents.push(...splitDocuments(await readText(file), file === '-' ? 'standard input' : file));
    }
  }
  if (documents.length === 0) throw refusal(`no objects passed to ${purpose}`);
  return documents;
}

async function expand(path: string, recursive: boolean, top: boolean): Promise<string[]> {
  const info = await stat(path).catch((error: NodeJS.ErrnoException) => {
    throw refusal(error.code === 'ENOENT' ? `the path "${path}" does not exist` : unreadable(path, error));
  });
  if (!info.isDirectory()) return [path];
  if (!top && !recursive) return [];
  const names = (await readdir(path, { withFileTypes: true })).sort((a, b) => (a.name < b.name ? -1 : 1));
  const lists = names.map((entry) => {
    const child = join(path, entry.name);
    if (entry.isDirectory()) return expand(child, recursive, false);
    return endings.has(extname(entry.name)) ? [child] : [];
  });
  return (await Promise.all(lists)).flat();
}

async function readText(file: string): Promise<string> {
  const chunks: Buffer[] = [];
  let size = 0;
  const add = (chunk: Buffer): void => {
    size += chunk.length;
    if (size > maxFileBytes) throw refusal(`${file}: larger than ${maxFileBytes} bytes`);
    chunks.push(chunk);
  };
  if (file === '-') for await (const chunk of process.stdin) add(chunk as Buffer);
  else {
    add(
      await readFile(file).catch((error: NodeJS.ErrnoException) => {
        throw refusal(unreadable(file, error));
      }),
    );
  }
  return Buffer.concat(chunks).toString('utf8');
}

/** `open x.yaml: permission denied` */
function unreadable(path: string, { code, message }: NodeJS.ErrnoException): string {
  return `the path "${path}" cannot be accessed: ${code === 'EACCES' ? 'permission denied' : message}`;
}

/**
 * Splits a file into its documents; empty ones are left out, and the items of a list stand for themselves.
 * Text that is not YAML is one document: the api says what is wrong with it.
 */
export function splitDocuments(text: string, source: string): ManifestDocument[] {
  const parsed = parseAllDocuments(text, { uniqueKeys: false, logLevel: 'silent' });
  if (!Array.isArray(parsed)) return [];
  if (parsed.length > maxDocuments) throw refusal(`${source}: more than ${maxDocuments} documents`);
  if (parsed.some((document) => document.errors.length > 0)) return [{ text, source }];
  const documents = parsed.flatMap((document): string[] => {
    const { contents } = document;
    if (contents === null || (isScalar(contents) && contents.value === null)) return [];
    const [start, , end] = contents.range!;
    const isList = isMap(contents) && String(contents.get('kind')).endsWith('List');
    const items = isList ? itemsOf(document.toJS({ maxAliasCount: 1000 })) : undefined;
    return items?.map((item) => JSON.stringify(item)) ?? [text.slice(start, end)];
  });
  return documents.map((part, index) => ({
    text: part,
    source: documents.length === 1 ? source : `${source}, document ${index + 1}`,
  }));
}

interface ListDocument {
  readonly apiVersion?: unknown;
  readonly kind?: unknown;
  readonly items?: unknown;
}

/**
 * The items of a List, or of a list of one kind such as a ConfigMapList, which also says the kind of items that do not; those
 * of lists within it stand for themselves too. Undefined for what is no list.
 */
function itemsOf({ apiVersion, kind, items }: ListDocument): unknown[] | undefined {
  if (typeof kind !== 'string' || !kind.endsWith('List') || !Array.isArray(items)) return undefined;
  const itemKind = kind.slice(0, -'List'.length);
  return items.flatMap((item: unknown) => {
    if (typeof item !== 'object' || item === null || Array.isArray(item)) return [item];
    const whole = itemKind === '' || 'kind' in item ? item : { apiVersion, kind: itemKind, ...item };
    return itemsOf(whole) ?? [whole];
  });
}
