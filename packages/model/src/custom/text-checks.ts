import { RE2JS } from 're2js';
import type { JSONSchemaProps as SchemaProps } from '../gen/gantry.apiextensions.v1.ts';
import { formatTest } from './formats.ts';
import { Outcome, typeFault } from './outcome.ts';

/** Checks of texts. */
export interface TextChecks {
  /** The format that the schema asks for; empty where there is none, or an unknown one. */
  readonly format: string;
  readonly check: (value: string, path: string) => Outcome;
}

/** Makes the checks of a schema's texts: their length, pattern and format. The first fault of length and pattern is told. */
export function textChecks(
  { minLength, maxLength, pattern = '', format: asked = '' }: SchemaProps,
  types: readonly string[],
): TextChecks {
  const isForTexts = types.length !== 1 || types[0] === 'string';
  const test = isForTexts ? formatTest(asked) : undefined;
  const format = test === undefined ? '' : asked;
  const fits = pattern === '' ? undefined : patternTest(pattern);
  const check = (value: string, path: string): Outcome => {
    const outcome = new Outcome();
    const chars = minLength === undefined && maxLength === undefined ? 0 : charsOf(value);
    if (maxLength !== undefined && chars > maxLength) {
      const message = `Too long: may not be more than ${maxLength} byte${maxLength === 1 ? '' : 's'}`;
      outcome.add({ reason: 'FieldValueTooLong', path, message });
    } else if (minLength !== undefined && chars < minLength) {
      outcome.invalid(path, value, `${path} in body should be at least ${minLength} chars long`);
    } else if (fits?.(value) === false) {
      outcome.invalid(path, value, `${path} in body should match '${pattern}'`);
    }
    if (test?.(value) === false) outcome.add(typeFault(path, format, value));
    return outcome;
  };
  return { format, check };
}

/** Characters of a text, as Unicode counts them. */
function charsOf(text: string): number {
  let count = 0;
  for (const _ of text) count++;
  return count;
}

/** The test of a pattern in RE2's syntax, in time that grows with the text alone. Nothing matches a pattern that is none. */
function patternTest(pattern: string): (text: string) => boolean {
  let compiled: RE2JS | null | undefined;
  return (text) => {
    compiled ??= compiledOf(pattern);
    return compiled?.matcher(text).find() ?? false;
  };
}

/** Compiled patterns by their text: definitions have the same few many times. */
const compiledPatterns = new Map<string, RE2JS | null>();
const maxCompiledPatterns = 2_000;

/** A compiled pattern; null for one that is none. */
function compiledOf(pattern: string): RE2JS | null {
  const known = compiledPatterns.get(pattern);
  if (known !== undefined) return known;
  if (compiledPatterns.size >= maxCompiledPatterns) compiledPatterns.clear();
  const compiled = compile(pattern);
  compiledPatterns.set(pattern, compiled);
  return compiled;
}

function compile(pattern: string): RE2JS | null {
  try {
    return RE2JS.compile(pattern);
  } catch {
    return null;
  }
}
