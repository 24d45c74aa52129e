/**
 * JSONPath as Kubernetes' printed columns and selectable fields have it: `.spec.replicas`, `.spec.tags[0]`, `.spec['a.b']`,
 * `.status.conditions[?(@.type=="Ready")].status`, `..name`, `.spec.*`, unions and slices.
 */
import { isFields } from './node.ts';

/** Finds the values at a path. Throws where the value is of a type that the path cannot go into. */
export type FindValues = (value: unknown) => unknown[];

type Step = (values: readonly unknown[]) => unknown[];

/** Compiles a path. Throws an Error that says what is wrong with it. */
export function compileJsonPath(text: string): FindValues {
  const steps = new Parser(text).steps();
  return (value) => steps.reduce<unknown[]>((values, step) => step(values), [value]);
}

class Parser {
  readonly #text: string;
  #at = 0;

  constructor(text: string) {
    this.#text = text;
  }

  steps(): Step[] {
    const steps: Step[] = [];
    while (this.#at < this.#text.length) {
      const step = this.#next();
      if (step !== undefined) steps.push(step);
    }
    return steps;
  }

  #next(): Step | undefined {
    const rest = this.#text.slice(this.#at);
    if (rest.startsWith('[?(')) return this.#filter();
    if (rest.startsWith('..')) {
      this.#at += 2;
      const name = /^[\p{L}\p{N}_]/u.test(rest.slice(2)) ? this.#name() : undefined;
      return name === undefined ? everything : (values) => field(name)(everything(values));
    }
    const first = rest[0]!;
    if (first === '[') return this.#index();
    if (first === '.') {
      this.#at++;
      const name = this.#name();
      return name === '*' ? entries : field(name);
    }
    if (first === '"' || first === "'") return constant(this.#quoted());
    const number = /^[+-]?\d[\d.]*/.exec(rest)?.[0];
    if (number !== undefined) {
      this.#at += number.length;
      if (!Number.isFinite(Number(number))) throw new Error(`cannot parse number ${number}`);
      return constant(Number(number));
    }
    const word = /^[\p{L}\p{N}_][^\s.,[\]$@{}]*/u.exec(rest)?.[0];
    if (word === 'true' || word === 'false') {
      this.#at += word.length;
      return constant(word === 'true');
    }
    if (word !== undefined) throw new Error(`unrecognized identifier ${word}`);
    // The object itself.
    if (!['@', '$', ' '].includes(first)) throw new Error(`unrecognized character in action: ${JSON.stringify(first)}`);
    this.#at++;
    return undefined;
  }

  /** A field's name up to what ends it; a backslash keeps the character behind it. */
  #name(): string {
    const name = /^(?:\\.|[^\s.,[\]$@{}\\])*/su.exec(this.#text.slice(this.#at))![0];
    this.#at += name.length;
    return name.replaceAll('\\', '');
  }

  #quoted(): string {
    const found = /^(["'])((?:\\.|(?!\1)[^\\\n])*)\1/s.exec(this.#text.slice(this.#at));
    if (found === null) throw new Error('unterminated quoted string');
    this.#at += found[0].length;
    return found[2]!.replace(/\\(.)/g, '$1');
  }

  #index(): Step {
    const end = this.#text.indexOf(']', this.#at);
    if (end < 0) throw new Error('unterminated array');
    const inside = this.#text.slice(this.#at + 1, end);
    this.#at = end + 1;
    const parts = inside.split(',');
    if (parts.length === 1) return indexOf(inside);
    const steps = parts.map((part) => indexOf(part.trim()));
    return (values) => steps.flatMap((step) => step(values));
  }

  #filter(): Step {
    const rest = this.#text.slice(this.#at);
    const found = /^\[\?\(((?:"(?:\\.|[^"\\])*"|'(?:\\.|[^'\\])*'|[^"')])*)\)\]/s.exec(rest);
    if (found === null) throw new Error('unterminated filter');
    this.#at += found[0].length;
    return filterOf(found[1]!);
  }
}

function field(name: string): Step {
  return (values) => values.flatMap((value) => (isFields(value) && Object.hasOwn(value, name) ? [value[name]] : []));
}

function constant(value: unknown): Step {
  return (values) => values.map(() => value);
}

const entries: Step = (values) =>
  values.flatMap((value) => (typeof value === 'object' && value !== null ? Object.values(value) : []));

/** Objects and lists within a value, itself among them. */
const everything: Step = (values) =>
  values.flatMap((value) => {
    const inner = entries([value]);
    return inner.length === 0 ? [] : [value, ...everything(inner)];
  });

/** `*`, `'name'`, a number or `from:to:step`. */
function indexOf(text: string): Step {
  const name = /^'([^']+)'$/.exec(text)?.[1];
  if (name !== undefined) return new Parser(`.${name}`).steps()[0] ?? ((values) => [...values]);
  const slice = /^(-?\d*)(:-?\d*)?(:-?\d*)?$/.exec(text === '*' ? ':' : text);
  if (slice === null) throw new Error(`invalid array index ${text}`);
  const [first = '', second, third] = slice.slice(1);
  const from = first === '' ? 0 : Number(first);
  const to = second === undefined ? from + 1 : second === ':' ? undefined : Number(second.slice(1));
  const stride = third === undefined || third === ':' ? 1 : Number(third.slice(1));
  const bounds = { from, to, stride, isOne: second === undefined };
  return (values) => values.flatMap((value) => (value === null || value === undefined ? [] : sliceOf(value, bounds)));
}

interface Bounds {
  readonly from: number;
  readonly to: number | undefined;
  readonly stride: number;
  readonly isOne: boolean;
}

function sliceOf(value: unknown, { from, to, stride, isOne }: Bounds): unknown[] {
  if (!Array.isArray(value)) throw new Error(`${typeof value} is not array or slice`);
  const size = value.length;
  const start = from < 0 ? from + size : from;
  const end = to === undefined ? size : to < 0 || (to === 0 && isOne) ? to + size : to;
  if (end === start) return [];
  if (start < 0 || start >= size) throw new Error(`array index out of bounds: index ${start}, length ${size}`);
  if (end < 0 || end > size) throw new Error(`array index out of bounds: index ${end - 1}, length ${size}`);
  if (start > end) throw new Error(`starting index ${start} is greater than ending index ${end}`);
  if (stride <= 0) throw new Error('step must be > 0');
  return value.slice(start, end).filter((_, index) => index % stride === 0);
}

const comparisons: Readonly<
  Record<string, (left: string | number | boolean, right: string | number | boolean) => boolean>
> = {
  '==': (left, right) => left === right,
  '!=': (left, right) => left !== right,
  '<': (left, right) => left < right,
  '>': (left, right) => left > right,
  '<=': (left, right) => left <= right,
  '>=': (left, right) => left >= right,
};

/** The entries of lists for which a comparison holds, or that have a value at a path. */
function filterOf(text: string): Step {
  const parts = /^([^!<>=]+)([!<>=]+)(.+?)$/s.exec(text);
  const left = compileJsonPath(parts?.[1]?.trim() ?? text);
  const operator = parts?.[2];
  const right = parts === null ? undefined : compileJsonPath(parts[3]!.trim());
  const compare = operator !== undefined && Object.hasOwn(comparisons, operator) ? comparisons[operator] : undefined;
  if (operator !== undefined && compare === undefined) throw new Error(`unrecognized filter operator ${operator}`);
  const holds = (item: unknown): boolean => {
    const found = left(item);
    if (right === undefined) return found.length > 0;
    const wanted = right(item);
    if (found.length === 0 || wanted.length === 0) return false;
    const pair = [onlyOf(found), onlyOf(wanted)] as const;
    // Values of two types are never equal to Kubernetes, and cannot be put in an order.
    if (typeof pair[0] !== typeof pair[1]) throw new Error('incompatible types for comparison');
    return compare!(pair[0], pair[1]);
  };
  return (values) =>
    values.flatMap((value) => {
      if (!Array.isArray(value)) throw new Error('the value is not array or slice and cannot be filtered');
      return value.filter(holds);
    });
}

function onlyOf(values: readonly unknown[]): string | number | boolean {
  const [value] = values;
  if (values.length > 1) throw new Error('can only compare one element at a time');
  if (typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean') return value;
  throw new Error('invalid type for comparison');
}
