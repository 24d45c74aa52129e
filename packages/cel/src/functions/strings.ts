/** Functions on texts: version 2 of cel-go's strings library, which Kubernetes has. Indexes count code points. */
import { codePoints, textLength } from '../values/texts.ts';
import { ArrayList, CostExceeded, fail, type Int, type ListValue } from '../values/value.ts';
import { shownValue } from './conversions.ts';
import { declare, type FunctionDeclaration } from './function.ts';
import { formatted } from './string-format.ts';

/** Texts beyond this are not made: they cost little to ask for, and all the memory there is. */
const maxTextLength = 2 ** 24;

const outOfRange = (index: Int): never => fail(`index out of range: ${index}`);

function charAt(text: string, index: Int): string {
  const characters = codePoints(text);
  if (index < 0 || index > characters.length) return outOfRange(index);
  return characters[Number(index)] ?? '';
}

function indexOf(text: string, part: string, offset: Int = 0): Int {
  if (offset < 0) return outOfRange(offset);
  const length = textLength(text);
  if (part === '') return offset > length ? length : offset;
  if (offset >= length) return -1;
  const found = text.indexOf(part, unitIndex(text, Number(offset)));
  return found < 0 ? -1 : textLength(text.slice(0, found));
}

function lastIndexOf(text: string, part: string, offset?: Int): Int {
  const length = textLength(text);
  if (offset === undefined) {
    if (part === '') return length;
    const found = text.lastIndexOf(part);
    return found < 0 ? -1 : textLength(text.slice(0, found));
  }
  if (offset < 0) return outOfRange(offset);
  if (part === '') return offset > length ? length : offset;
  if (offset >= length) return -1;
  const found = text.lastIndexOf(part, unitIndex(text, Number(offset)));
  return found < 0 ? -1 : textLength(text.slice(0, found));
}

/** Index in JavaScript's units of a code point. */
function unitIndex(text: string, index: number): number {
  return codePoints(text).slice(0, index).join('').length;
}

const lowerAscii = (text: string): string => text.replaceAll(/[A-Z]+/g, (part) => part.toLowerCase());
const upperAscii = (text: string): string => text.replaceAll(/[a-z]+/g, (part) => part.toUpperCase());

/** @param limit Negative for all. */
function replace(text: string, old: string, replacement: string, limit: Int = -1): string {
  const gaps = old === '' ? codePoints(text).length + 1 : text.split(old).length - 1;
  const count = limit < 0 ? gaps : Math.min(Number(limit), gaps);
  if (text.length + count * (replacement.length - old.length) > maxTextLength) throw new CostExceeded();
  if (count === 0) return text;
  const parts = old === '' ? ['', ...codePoints(text)] : text.split(old);
  const rest = old === '' ? parts.slice(count).join('') : parts.slice(count).join(old);
  return `${parts.slice(0, count).join(replacement)}${replacement}${rest}`;
}

/** @param limit The most parts, the last of which is all that remains; negative for all. */
function split(text: string, separator: string, limit: Int = -1): ListValue {
  if (limit === 0) return new ArrayList([]);
  const parts = separator === '' ? codePoints(text) : text.split(separator);
  const most = Number(limit);
  if (most < 0 || parts.length <= most) return new ArrayList(parts);
  return new ArrayList([...parts.slice(0, most - 1), parts.slice(most - 1).join(separator)]);
}

function substring(text: string, start: Int, end?: Int): string {
  const characters = codePoints(text);
  if (end !== undefined && start > end) fail(`invalid substring range. start: ${start}, end: ${end}`);
  if (start < 0 || start > characters.length) return outOfRange(start);
  if (end !== undefined && (end < 0 || end > characters.length)) return outOfRange(end);
  return characters.slice(Number(start), end === undefined ? undefined : Number(end)).join('');
}

/** Spaces as Unicode and Go have them; JavaScript's own trim() takes U+FEFF away, and not U+0085. */
const outerSpace =
  /^[\t-\r \u0085\u00a0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000]+|[\t-\r \u0085\u00a0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000]+$/g;

function join(list: ListValue, separator = ''): string {
  const parts: string[] = [];
  let length = 0;
  for (const element of list) {
    if (typeof element !== 'string') return fail(`join: invalid input: ${shownValue(element)}`);
    length += element.length + separator.length;
    if (length > maxTextLength) throw new CostExceeded();
    parts.push(element);
  }
  return parts.join(separator);
}

const quotes: Readonly<Record<string, string>> = {
  '\x07': '\\a',
  '\b': '\\b',
  '\f': '\\f',
  '\n': '\\n',
  '\r': '\\r',
  '\t': '\\t',
  '\v': '\\v',
  '\\': '\\\\',
  '"': '\\"',
};

function quote(text: string): string {
  return `"${text.toWellFormed().replaceAll(/[\\"\p{Cc}]/gu, (character) => quotes[character] ?? character)}"`;
}

export const stringFunctions: readonly FunctionDeclaration[] = [
  declare('charAt', ['string_char_at_int', 'string.(int) -> string', charAt]),
  declare(
    'indexOf',
    ['string_index_of_string', 'string.(string) -> int', indexOf],
    ['string_index_of_string_int', 'string.(string, int) -> int', indexOf],
  ),
  declare(
    'lastIndexOf',
    ['string_last_index_of_string', 'string.(string) -> int', lastIndexOf],
    ['string_last_index_of_string_int', 'string.(string, int) -> int', lastIndexOf],
  ),
  declare('lowerAscii', ['string_lower_ascii', 'string.() -> string', lowerAscii]),
  declare('upperAscii', ['string_upper_ascii', 'string.() -> string', upperAscii]),
  declare(
    'replace',
    ['string_replace_string_string', 'string.(string, string) -> string', replace],
    ['string_replace_string_string_int', 'string.(string, string, int) -> string', replace],
  ),
  declare(
    'split',
    ['string_split_string', 'string.(string) -> list(string)', split],
    ['string_split_string_int', 'string.(string, int) -> list(string)', split],
  ),
  declare(
    'substring',
    ['string_substring_int', 'string.(int) -> string', substring],
    ['string_substring_int_int', 'string.(int, int) -> string', substring],
  ),
  declare('trim', ['string_trim', 'string.() -> string', (text: string) => text.replaceAll(outerSpace, '')]),
  declare('format', ['string_format', 'string.(list(dyn)) -> string', formatted]),
  declare('strings.quote', ['strings_quote', '(string) -> string', quote]),
  declare(
    'join',
    ['list_join', 'list(string).() -> string', join],
    ['list_join_string', 'list(string).(string) -> string', join],
  ),
];
