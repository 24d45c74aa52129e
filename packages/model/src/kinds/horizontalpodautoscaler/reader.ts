/** Reads JSON of an annotation, which nobody has decoded before: what is of another type than it must be is no JSON of that kind. */
import type { LabelSelector } from '../../gen/gantry.meta.v1.ts';
import { formatQuantity, parseQuantity, quantityProblem } from '../../quantity.ts';

/** A value is of another type than it must be. */
export class TypeMismatch extends Error {}

const maxInt32 = 2 ** 31 - 1;

/** The properties of a JSON object. Names are read in either case, as Go does. */
export class Reader {
  readonly #fields: ReadonlyMap<string, unknown>;

  constructor(value: unknown) {
    if (typeof value !== 'object' || value === null || Array.isArray(value)) throw new TypeMismatch('no object');
    this.#fields = new Map(Object.entries(value).map(([name, inner]) => [name.toLowerCase(), inner]));
  }

  /** The text of a property; undefined where it is not there. */
  text(name: string): string | undefined {
    const value = this.#get(name);
    if (value !== undefined && typeof value !== 'string') throw new TypeMismatch(`${name} is no text`);
    return value;
  }

  /** The integer of a property; undefined where it is not there. */
  integer(name: string): number | undefined {
    const value = this.#get(name);
    if (value === undefined) return undefined;
    const isRight = typeof value === 'number' && Number.isInteger(value) && Math.abs(value) <= maxInt32;
    if (!isRight) throw new TypeMismatch(`${name} is no integer of 32 bits`);
    return value;
  }

  /** The quantity of a property in its canonical form; undefined where it is not there. */
  quantity(name: string): string | undefined {
    const value = this.#get(name);
    if (value === undefined) return undefined;
    const text = typeof value === 'number' ? String(value) : value;
    if (typeof text !== 'string' || quantityProblem(text) !== undefined)
      throw new TypeMismatch(`${name} is no quantity`);
    return formatQuantity(parseQuantity(text));
  }

  /** The object of a property; undefined where it is not there. */
  object(name: string): Reader | undefined {
    const value = this.#get(name);
    return value === undefined ? undefined : new Reader(value);
  }

  /** The objects of a list; none where it is not there. */
  list(name: string): Reader[] {
    return readList(this.#get(name) ?? []);
  }

  /** A selector; undefined where it is not there. */
  selector(name: string): LabelSelector | undefined {
    const reader = this.object(name);
    if (reader === undefined) return undefined;
    const labels = Object.entries(reader.#get('matchLabels') ?? {});
    const expressions = reader.list('matchExpressions').map((each) => ({
      key: each.text('key') ?? '',
      operator: each.text('operator') ?? '',
      values: each.#texts('values'),
    }));
    if (labels.some(([, value]) => typeof value !== 'string')) throw new TypeMismatch('a label is no text');
    return {
      ...(labels.length > 0 ? { matchLabels: Object.fromEntries(labels) as Record<string, string> } : {}),
      ...(expressions.length > 0 ? { matchExpressions: expressions } : {}),
    };
  }

  #texts(name: string): string[] {
    const value = this.#get(name) ?? [];
    if (!Array.isArray(value) || value.some((each) => typeof each !== 'string')) {
      throw new TypeMismatch(`${name} is no list of texts`);
    }
    return value as string[];
  }

  #get(name: string): unknown {
    return this.#fields.get(name.toLowerCase()) ?? undefined;
  }
}

/** The objects of a list. */
export function readList(value: unknown): Reader[] {
  if (!Array.isArray(value)) throw new TypeMismatch('no list');
  return value.map((each) => new Reader(each));
}

/** Reads JSON with `read`; undefined where the text is none, or has other types. */
export function readJson<T>(text: string | undefined, read: (value: unknown) => T): T | undefined {
  if (text === undefined) return undefined;
  try {
    return read(JSON.parse(text));
  } catch (error) {
    if (error instanceof TypeMismatch || error instanceof SyntaxError) return undefined;
    throw error;
  }
}

/** An object without its undefined properties. */
export function compact<T extends object>(fields: { [K in keyof T]: T[K] | undefined }): T {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined)) as T;
}
