import { compare } from './compare.ts';
import { FieldSet } from './field-set.ts';
import { isSameJson, itemShape, itemsByElement } from './items.ts';
import { fieldElement } from './path-element.ts';
import { isFields, isGranularList, type Shape, shapeOfField } from './shape.ts';

/** Paths in which two states of an object differ, without those that nobody owns. Shared between equal differences. */
export interface Difference {
  /** Added, or of another value. */
  readonly touched: FieldSet;
  readonly removed: FieldSet;
}

/** The type of an object as of one version. */
export interface Schema {
  readonly shape: Shape;
  /** Paths that nobody owns, such as metadata.name, with all that goes on from them. */
  readonly ignored: FieldSet;
}

/** Differences of one type that are kept, and the longest that is; there are far fewer different ones than writes. */
const maxKept = 2_000;
const maxKeptChars = 8_192;

const kept = new WeakMap<Schema, Map<string, Difference>>();
const none: Difference = { touched: FieldSet.empty, removed: FieldSet.empty };

/**
 * The difference between two states of an object. Equal differences are the same value, so that what is derived from one is found
 * again: the objects are walked once and leave a text that says in which paths they differ.
 */
export function differenceOf(before: unknown, after: unknown, schema: Schema): Difference {
  const text = describe(before, after, schema.shape, schema.ignored);
  if (text === '') return none;
  let known = kept.get(schema);
  if (known === undefined) {
    known = new Map();
    kept.set(schema, known);
  }
  let difference = known.get(text);
  if (difference === undefined) {
    const { added, modified, removed } = compare(before, after, schema.shape);
    const { ignored } = schema;
    difference = {
      touched: added.without(ignored).union(modified.without(ignored)),
      removed: removed.without(ignored),
    };
    if (known.size >= maxKept) known.delete(known.keys().next().value!);
    if (text.length <= maxKeptChars) known.set(text, difference);
  }
  return difference;
}

/**
 * Describes where two values differ, in a text of its own for each set of paths; empty if they don't. `+` stands for added, `-` for
 * removed, `~` for another value, behind what differs inside. Names stand behind their lengths, so that no name reads as something else.
 */
function describe(before: unknown, after: unknown, shape: Shape, ignored: FieldSet): string {
  if (before === after) return '';
  if (before === undefined && ignored.isEmpty) return describeNew(after, shape);
  const inner = describeInside(before, after, shape, ignored);
  if (before === undefined) return inner === undefined ? '+' : `{${inner}}+`;
  if (after === undefined) return inner === undefined ? '-' : `{${inner}}-`;
  if (inner === undefined) return isSameJson(before, after) ? '' : '~';
  return inner === '' ? '' : `{${inner}}`;
}

/** The same for a value that was not there before. */
function describeNew(value: unknown, shape: Shape): string {
  if (shape.type === 'atomic' || typeof value !== 'object' || value === null) return '+';
  let text = '';
  if (Array.isArray(value)) {
    if (!isGranularList(shape)) return '+';
    const items = itemShape(shape);
    for (const item of value) text += keysOf(item, shape) + describeNew(item, items);
  } else {
    if (isGranularList(shape)) return '+';
    const fields = value as Readonly<Record<string, unknown>>;
    for (const name of Object.keys(fields)) {
      const inner = fields[name];
      if (inner !== undefined) text += `${name.length}:${name}${describeNew(inner, shapeOfField(shape, name))}`;
    }
  }
  return text === '' ? '+' : `{${text}}+`;
}

/** The differences inside of two values; undefined if nothing inside is owned by itself. */
function describeInside(before: unknown, after: unknown, shape: Shape, ignored: FieldSet): string | undefined {
  if (shape.type === 'atomic') return undefined;
  if (isGranularList(shape)) {
    const left = before ?? [];
    const right = after ?? [];
    if (!Array.isArray(left) || !Array.isArray(right) || left.length + right.length === 0) return undefined;
    return describeItems(left, right, shape);
  }
  const left = before ?? {};
  const right = after ?? {};
  if (!isFields(left) || !isFields(right) || !(isFields(before) || isFields(after))) return undefined;
  return describeFields(left, right, shape, ignored);
}

function describeFields(
  left: Readonly<Record<string, unknown>>,
  right: Readonly<Record<string, unknown>>,
  shape: Shape,
  ignored: FieldSet,
): string | undefined {
  let text = '';
  const names = Object.keys(left);
  for (const name of names) {
    const now = Object.hasOwn(right, name) ? right[name] : undefined;
    if (left[name] !== now) text += describeField(name, left[name], now, shape, ignored);
  }
  const added = Object.keys(right);
  for (const name of added) {
    if (!Object.hasOwn(left, name)) text += describeField(name, undefined, right[name], shape, ignored);
  }
  return names.length + added.length === 0 ? undefined : text;
}

function describeField(name: string, before: unknown, after: unknown, shape: Shape, ignored: FieldSet): string {
  let below = FieldSet.empty;
  if (!ignored.isEmpty) {
    const element = fieldElement(name);
    if (ignored.hasElement(element)) return '';
    below = ignored.below(element);
  }
  const inner = describe(before, after, shapeOfField(shape, name), below);
  return inner === '' ? '' : `${name.length}:${name}${inner}`;
}

type GranularList = Extract<Shape, { type: 'set' | 'list' }>;

function describeItems(left: readonly unknown[], right: readonly unknown[], shape: GranularList): string {
  const items = itemShape(shape);
  let text = '';
  if (left.length === 0) {
    for (const item of right) text += keysOf(item, shape) + describeNew(item, items);
    return text;
  }
  if (
    left.length === right.length &&
    left.every((item, index) => keysOf(item, shape) === keysOf(right[index], shape))
  ) {
    for (const [index, item] of left.entries()) {
      const inner = describe(item, right[index], items, FieldSet.empty);
      if (inner !== '') text += keysOf(item, shape) + inner;
    }
    const isUnique = text === '' || new Set(left.map((item) => keysOf(item, shape))).size === left.length;
    return isUnique ? text : describeByElement(left, right, shape);
  }
  return describeByElement(left, right, shape);
}

/** Describes lists whose items are not the same ones in the same order. Items that cannot be told apart are compared as a whole. */
function describeByElement(left: readonly unknown[], right: readonly unknown[], shape: GranularList): string {
  const items = itemShape(shape);
  const olds = itemsByElement(left, shape);
  const nows = itemsByElement(right, shape);
  let text = '';
  for (const element of new Set([...olds.keys(), ...nows.keys()])) {
    const [old = [], now = []] = [olds.get(element), nows.get(element)];
    if (old.length > 1 || now.length > 1) {
      if (!isSameJson(old, now)) text += `${element.length}:${element}~~`;
      continue;
    }
    const inner = describe(old[0], now[0], items, FieldSet.empty);
    if (inner !== '') text += `${element.length}:${element}${inner}`;
  }
  return text;
}

/** A text that tells an item of a list from others. */
function keysOf(item: unknown, shape: GranularList): string {
  if (shape.type === 'set' || !isFields(item)) return `=${textOf(item)}`;
  const { keys } = shape;
  if (keys.length === 1) return `=${textOf(item[keys[0]!])}`;
  let text = '';
  for (const key of keys) text += `=${textOf(item[key])}`;
  return text;
}

function textOf(value: unknown): string {
  return typeof value === 'string' ? `${value.length}:${value}` : `#${JSON.stringify(value)}`;
}
