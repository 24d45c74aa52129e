/** JSON patch (RFC 6902): a list of operations on a JSON document, each at a JSON pointer (RFC 6901). */
import { isDeepStrictEqual } from 'node:util';

type Container = Record<string, unknown> | unknown[];

/** One operation; `from` belongs to move and copy, `value` to add, replace and test. */
export interface JsonPatchOperation {
  readonly op: 'add' | 'remove' | 'replace' | 'move' | 'copy' | 'test';
  readonly path: string;
  readonly from?: string;
  readonly value?: unknown;
}

/** Reads an operation of a patch. Throws an Error that names the fault. */
export function readOperation(given: unknown): JsonPatchOperation {
  if (typeof given !== 'object' || given === null)
    throw new Error(`an operation is expected, not ${JSON.stringify(given)}`);
  const { op, path, from } = given as Record<string, unknown>;
  const known = ['add', 'remove', 'replace', 'move', 'copy', 'test'];
  if (typeof op !== 'string' || !known.includes(op)) throw new Error(`Unexpected kind: ${String(op)}`);
  if (typeof path !== 'string') throw new Error(`${op} operation has no path`);
  if ((op === 'move' || op === 'copy') && typeof from !== 'string') throw new Error(`${op} operation has no from`);
  const needsValue = op === 'add' || op === 'replace' || op === 'test';
  if (needsValue && !Object.hasOwn(given, 'value')) throw new Error(`${op} operation has no value`);
  return given as JsonPatchOperation;
}

/** The document after one operation; changes it in place. Throws an Error where the operation does not fit the document. */
export function applyOperation(document: unknown, operation: JsonPatchOperation): unknown {
  const { op, path, from = '', value } = operation;
  switch (op) {
    case 'add':
      return add(document, path, structuredClone(value));
    case 'remove':
      return remove(document, path);
    case 'replace':
      return replace(document, path, structuredClone(value));
    case 'copy':
      return add(document, path, structuredClone(valueAt(document, from)));
    case 'move': {
      if (path.startsWith(`${from}/`)) throw new Error(`${from} cannot be moved into itself`);
      const moved = valueAt(document, from);
      return add(remove(document, from), path, moved);
    }
    case 'test':
      if (!isDeepStrictEqual(valueAt(document, path), value))
        throw new Error(`testing value ${path} failed: test failed`);
      return document;
  }
}

/** The value at a pointer. Throws an Error where there is none. */
export function valueAt(document: unknown, pointer: string): unknown {
  return tokensOf(pointer).reduce((value, token) => child(value, token, pointer), document);
}

function add(document: unknown, pointer: string, value: unknown): unknown {
  const place = placeOf(document, pointer);
  if (place === undefined) return value;
  const { parent, token } = place;
  if (Array.isArray(parent)) {
    parent.splice(token === '-' ? parent.length : indexOf(token, parent.length + 1, pointer), 0, value);
  } else setOwn(parent, token, value);
  return document;
}

function remove(document: unknown, pointer: string): unknown {
  const place = placeOf(document, pointer);
  if (place === undefined) return null;
  const { parent, token } = place;
  child(parent, token, pointer);
  if (Array.isArray(parent)) parent.splice(indexOf(token, parent.length, pointer), 1);
  else delete parent[token];
  return document;
}

function replace(document: unknown, pointer: string, value: unknown): unknown {
  const place = placeOf(document, pointer);
  if (place === undefined) return value;
  const { parent, token } = place;
  child(parent, token, pointer);
  if (Array.isArray(parent)) parent[indexOf(token, parent.length, pointer)] = value;
  else setOwn(parent, token, value);
  return document;
}

/** The object or list that has the value of a pointer, and the last token; undefined for the whole document. */
function placeOf(
  document: unknown,
  pointer: string,
): { readonly parent: Container; readonly token: string } | undefined {
  const tokens = tokensOf(pointer);
  const token = tokens.pop();
  if (token === undefined) return undefined;
  const parent = tokens.reduce((value, each) => child(value, each, pointer), document);
  if (typeof parent !== 'object' || parent === null) throw missing(pointer);
  return { parent: parent as Container, token };
}

function child(value: unknown, token: string, pointer: string): unknown {
  if (Array.isArray(value)) return value[indexOf(token, value.length, pointer)];
  if (typeof value !== 'object' || value === null || !Object.hasOwn(value, token)) throw missing(pointer);
  return (value as Record<string, unknown>)[token];
}

/** A list's index below `size`. */
function indexOf(token: string, size: number, pointer: string): number {
  const index = /^(?:0|[1-9]\d*)$/.test(token) ? Number(token) : Number.NaN;
  if (!(index < size)) throw missing(pointer);
  return index;
}

function tokensOf(pointer: string): string[] {
  if (pointer === '') return [];
  if (!pointer.startsWith('/') || /~(?![01])/.test(pointer))
    throw new Error(`${JSON.stringify(pointer)} is no JSON pointer`);
  return pointer
    .slice(1)
    .split('/')
    .map((token) => token.replaceAll('~1', '/').replaceAll('~0', '~'));
}

function missing(pointer: string): Error {
  return new Error(`doc is missing path: ${JSON.stringify(pointer)}: missing value`);
}

/** Sets a property of any name as data, also one such as __proto__. */
function setOwn(target: Record<string, unknown>, key: string, value: unknown): void {
  Object.defineProperty(target, key, { value, enumerable: true, configurable: true, writable: true });
}
