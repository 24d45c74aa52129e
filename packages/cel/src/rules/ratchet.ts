/** Ratcheting: a part of an object that an update does not change may go on breaking the rules that it breaks. */
import { isSameJson } from '../values/read.ts';
import { hasCorrelatedItems, itemsOf, type Schema, valuesOf } from './schema.ts';

type Json = Readonly<Record<string, unknown>>;

/** A value and the one in its place before; how they compare is found out when it is asked for, once. */
export class Correlated {
  readonly #value: unknown;
  readonly #old: unknown;
  readonly #schema: Schema;
  readonly #children = new Map<string | number, Correlated | undefined>();
  #isEqual: boolean | undefined;

  constructor(value: unknown, old: unknown, schema: Schema) {
    this.#value = value;
    this.#old = old;
    this.#schema = schema;
  }

  /** The field or entry of this name; undefined where it was not there, or the schema does not know it. */
  field(name: string): Correlated | undefined {
    return this.#child(name, () => {
      if (!isMap(this.#value) || !isMap(this.#old)) return undefined;
      if (!Object.hasOwn(this.#value, name) || !Object.hasOwn(this.#old, name)) return undefined;
      const schema = this.#schema.properties?.[name] ?? valuesOf(this.#schema);
      return schema === undefined ? undefined : new Correlated(this.#value[name], this.#old[name], schema);
    });
  }

  /** The element at an index; undefined where none before has its keys. */
  element(index: number): Correlated | undefined {
    return this.#child(index, () => {
      if (!Array.isArray(this.#value) || !Array.isArray(this.#old) || !hasCorrelatedItems(this.#schema))
        return undefined;
      const items = itemsOf(this.#schema);
      const old = findByKeys(this.#old, this.#value[index], this.#schema);
      return items === undefined || old === undefined ? undefined : new Correlated(this.#value[index], old, items);
    });
  }

  get isUnchanged(): boolean {
    this.#isEqual ??= this.#compare();
    return this.#isEqual;
  }

  #child(key: string | number, make: () => Correlated | undefined): Correlated | undefined {
    if (!this.#children.has(key)) this.#children.set(key, make());
    return this.#children.get(key);
  }

  #compare(): boolean {
    const [value, old] = [this.#value, this.#old];
    if (Array.isArray(value) && Array.isArray(old)) {
      if (value.length !== old.length) return false;
      if (!hasCorrelatedItems(this.#schema)) return isSameJson(value, old);
      return value.every((_, index) => this.element(index)?.isUnchanged ?? false);
    }
    if (!isMap(value) || !isMap(old)) return isSameJson(value, old);
    const names = Object.keys(value);
    return names.length === Object.keys(old).length && names.every((name) => this.field(name)?.isUnchanged ?? false);
  }
}

export function isMap(value: unknown): value is Json {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** The element with the same keys; undefined where the list has no keys or none is alike. */
export function findByKeys(list: readonly unknown[], wanted: unknown, schema: Schema): unknown {
  const keys = schema['x-kubernetes-list-map-keys'] ?? [];
  if (!hasCorrelatedItems(schema) || !isMap(wanted)) return undefined;
  return list.find((candidate) => isMap(candidate) && keys.every((key) => isSameJson(candidate[key], wanted[key])));
}

/** Place of errors: the value itself if something was in its place before, else the value around it. */
export interface Ratchet {
  readonly current: Correlated | undefined;
  readonly parent: Correlated | undefined;
}

export function isRatcheted({ current, parent }: Ratchet): boolean {
  return (current ?? parent)?.isUnchanged ?? false;
}

export function ratchetField(ratchet: Ratchet, name: string): Ratchet {
  const { current, parent } = ratchet;
  if (current === undefined) return ratchet;
  // Both forms of an object have the same version: a change of these two cannot be seen.
  if (parent === undefined && (name === 'apiVersion' || name === 'kind'))
    return { current: undefined, parent: undefined };
  return { current: current.field(name), parent: current };
}

export function ratchetElement(ratchet: Ratchet, index: number): Ratchet {
  const { current } = ratchet;
  return current === undefined ? ratchet : { current: current.element(index), parent: current };
}
