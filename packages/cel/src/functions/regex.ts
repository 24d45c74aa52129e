/** Regular expressions as RE2 has them: linear in time whatever the pattern, which JavaScript's are not. */
import { RE2JS } from 're2js';
import { ArrayList, fail, type Int, type ListValue } from '../values/value.ts';
import { declare, type FunctionDeclaration } from './function.ts';

/** Patterns are compiled once; most are constants of rules. */
const compiled = new Map<string, RE2JS>();
const maxCompiled = 1000;

/** @throws EvaluationError in Go's words where the pattern is none. */
function patternOf(text: string): RE2JS {
  const known = compiled.get(text);
  if (known !== undefined) return known;
  let pattern: RE2JS;
  try {
    pattern = RE2JS.compile(text);
  } catch (error) {
    return fail((error as Error).message);
  }
  if (compiled.size >= maxCompiled) compiled.clear();
  compiled.set(text, pattern);
  return pattern;
}

/** Problem of a pattern; undefined if there is none. */
export function patternProblem(text: string): string | undefined {
  try {
    RE2JS.compile(text);
    return undefined;
  } catch (error) {
    return (error as Error).message;
  }
}

/** Whether a part of the text matches. */
export function matches(text: string, pattern: string): boolean {
  return patternOf(pattern).matcher(text).find();
}

function find(text: string, pattern: string): string {
  const matcher = patternOf(pattern).matcher(text);
  return matcher.find() ? (matcher.group() ?? '') : '';
}

function findAll(text: string, pattern: string, limit: Int = -1): ListValue {
  const matcher = patternOf(pattern).matcher(text);
  const found: string[] = [];
  while ((limit < 0 || found.length < limit) && matcher.find()) found.push(matcher.group() ?? '');
  return new ArrayList(found);
}

export const regexFunctions: readonly FunctionDeclaration[] = [
  declare('find', ['string_find_string', 'string.(string) -> string', find]),
  declare(
    'findAll',
    ['string_find_all_string', 'string.(string) -> list(string)', findAll],
    ['string_find_all_string_int', 'string.(string, int) -> list(string)', findAll],
  ),
];
