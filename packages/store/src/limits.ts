import { GantryError } from '@gantry/runtime/errors.ts';
import type { ListOptions, Operation, WatchOptions } from './store.ts';

/** Bounds of what the store takes; both implementations hold to them. */
export const limits = {
  /** Longest key, in bytes of UTF-8. */
  keyBytes: 1024,
  /** Largest value, in bytes of UTF-8; twice what Kubernetes takes for an object (etcd's 1.5 MiB). */
  valueBytes: 3 * 1024 * 1024,
  /** Most operations of one batch. */
  batchOperations: 1024,
  /** Most bytes of all values of one batch. */
  batchBytes: 32 * 1024 * 1024,
  /** Most commits that wait for the store at a time; one more is refused with TooManyRequests. */
  waitingCommits: 10_000,
  /** Longest time to live of ephemeral values and leases, in milliseconds: one day. */
  ttlMs: 24 * 60 * 60 * 1000,
} as const;

/** Throws for a batch that no store takes: BadRequest or RequestEntityTooLarge, naming the operation. */
export function checkOperations(operations: readonly Operation[]): void {
  if (operations.length > limits.batchOperations) {
    throw tooLarge(
      `a batch has ${operations.length} operations, more than the ${limits.batchOperations} that are allowed`,
    );
  }
  const written = new Set<string>();
  let bytes = 0;
  for (const [index, operation] of operations.entries()) {
    const where = `operations[${index}]`;
    checkKey(operation.key, `${where}.key`);
    checkExpected(operation, where);
    if (operation.type === 'check') continue;
    if (written.has(operation.key))
      throw badRequest(`${where}.key: ${quote(operation.key)} is written twice in one batch`);
    written.add(operation.key);
    if (operation.type === 'put') bytes += checkValue(operation.value, `${where}.value`);
  }
  if (bytes > limits.batchBytes) {
    throw tooLarge(`the values of a batch have ${bytes} bytes, more than the ${limits.batchBytes} that are allowed`);
  }
}

/** Throws BadRequest for a key that no store takes. */
export function checkKey(key: string, field = 'key'): void {
  if (key === '') throw badRequest(`${field}: must not be empty`);
  checkText(key, field);
  const bytes = Buffer.byteLength(key);
  if (bytes > limits.keyBytes)
    throw badRequest(`${field}: has ${bytes} bytes, more than the ${limits.keyBytes} that are allowed`);
}

/** Throws BadRequest for list options that make no sense. */
export function checkList(options: ListOptions): void {
  checkText(options.prefix, 'prefix');
  if (options.after !== undefined) checkText(options.after, 'after');
  checkBound(options.limit, 'limit');
  checkBound(options.maxChars, 'maxChars');
  if (options.revision !== undefined) checkRevision(options.revision, 'revision');
}

/** Throws BadRequest for watch options that make no sense. */
export function checkWatch(options: WatchOptions): void {
  checkText(options.prefix, 'prefix');
  checkRevision(options.after, 'after');
}

/** Throws BadRequest for what is not a revision. */
export function checkRevision(revision: number, field: string): void {
  if (!Number.isSafeInteger(revision) || revision < 0) {
    throw badRequest(`${field}: must be a revision, a whole number of at least 0, not ${revision}`);
  }
}

/** Throws BadRequest for a time to live out of bounds, in milliseconds. */
export function checkTtl(ttlMs: number): void {
  if (!Number.isSafeInteger(ttlMs) || ttlMs < 1 || ttlMs > limits.ttlMs) {
    throw badRequest(`ttlMs: must be a whole number from 1 to ${limits.ttlMs}, not ${ttlMs}`);
  }
}

/** Throws for a value that no store takes; returns its bytes of UTF-8. */
export function checkValue(value: string, field = 'value'): number {
  const bytes = Buffer.byteLength(value);
  if (bytes > limits.valueBytes) {
    throw tooLarge(`${field}: has ${bytes} bytes, more than the ${limits.valueBytes} that are allowed`);
  }
  checkText(value, field);
  return bytes;
}

function checkBound(bound: number | undefined, field: string): void {
  if (bound === undefined || (Number.isSafeInteger(bound) && bound >= 1)) return;
  throw badRequest(`${field}: must be a whole number of at least 1, not ${bound}`);
}

function checkExpected(operation: Operation, where: string): void {
  if (operation.expected !== undefined) checkRevision(operation.expected, `${where}.expected`);
  else if (operation.type === 'check') throw badRequest(`${where}.expected: a check needs the revision to expect`);
}

/** A lone surrogate cannot be written as UTF-8 and would come back as something else; SQLite ends text at NUL. */
function checkText(text: string, field: string): void {
  if (!text.isWellFormed()) throw badRequest(`${field}: is not well-formed Unicode`);
  if (text.includes('\u0000')) throw badRequest(`${field}: must not contain the character U+0000`);
}

function quote(text: string): string {
  return JSON.stringify(text);
}

function badRequest(message: string): GantryError {
  return new GantryError('BadRequest', message);
}

function tooLarge(message: string): GantryError {
  return new GantryError('RequestEntityTooLarge', message);
}
