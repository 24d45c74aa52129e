import { isFields, type Shape } from './shape.ts';

/**
 * One step of a path, as FieldsV1 writes it: `f:<field>`, `k:<keys of an item as JSON>`, `v:<scalar item as JSON>`, or
 * `i:<index>`.
 */
export type PathElement = string;

export function fieldElement(name: string): PathElement {
  return `f:${name}`;
}

/** Name of the field that an element stands for; undefined for items of lists. */
export function fieldNameOf(element: PathElement): string | undefined {
  return element.startsWith('f:') ? element.slice(2) : undefined;
}

/**
 * The element of an item of a granular list.
 * @throws TypeError if the item cannot be identified: it is no object, or has none of its keys and they have no defaults.
 */
export function itemElement(item: unknown, shape: Extract<Shape, { type: 'set' | 'list' }>): PathElement {
  if (shape.type === 'set') {
    if (typeof item === 'object') throw new TypeError('items of a set must be scalars');
    return `v:${JSON.stringify(item)}`;
  }
  if (!isFields(item)) throw new TypeError('an item of an associative list must be an object');
  const [first] = shape.keys;
  const name = shape.keys.length === 1 ? item[first!] : undefined;
  if (typeof name === 'string') return `k:{"${first}":${JSON.stringify(name)}}`;
  const keys: Record<string, unknown> = {};
  let present = 0;
  for (const key of shape.keys) {
    const value = item[key] ?? shape.keyDefaults?.[key];
    if (value === undefined) continue;
    present++;
    keys[key] = value;
  }
  if (present === 0) throw new TypeError(`an item has none of its keys ${shape.keys.join(', ')}`);
  return `k:${JSON.stringify(keys)}`;
}

/** The element with its JSON written in one way, so that equal elements are equal texts. Throws SyntaxError for other texts. */
export function canonicalElement(text: string): PathElement {
  const json = text.slice(2);
  switch (text.slice(0, 2)) {
    case 'f:':
      return text;
    case 'k:': {
      const keys: unknown = JSON.parse(json);
      if (!isFields(keys)) throw new SyntaxError(`${text}: keys must be an object`);
      return `k:${JSON.stringify(Object.fromEntries(Object.entries(keys).sort(([a], [b]) => compareTexts(a, b))))}`;
    }
    case 'v:':
      return `v:${JSON.stringify(JSON.parse(json))}`;
    case 'i:':
      if (/^\d+$/.test(json)) return `i:${Number(json)}`;
      break;
  }
  throw new SyntaxError(`${text}: must begin with f:, k:, v: or i:`);
}

const order = 'fkvi';

/** The order in which FieldsV1 lists elements: fields, keys, values, indexes. */
export function compareElements(left: PathElement, right: PathElement): number {
  return order.indexOf(left[0]!) - order.indexOf(right[0]!) || compareTexts(left, right);
}

function compareTexts(left: string, right: string): number {
  return left < right ? -1 : left > right ? 1 : 0;
}

/** Path for people, such as `.spec.containers[name="web"].image`. */
export function describePath(path: readonly PathElement[]): string {
  return path.map(describeElement).join('');
}

function describeElement(element: PathElement): string {
  const text = element.slice(2);
  switch (element[0]) {
    case 'f':
      return `.${text}`;
    case 'k':
      return `[${Object.entries(JSON.parse(text) as Record<string, unknown>)
        .map(([key, value]) => `${key}=${JSON.stringify(value)}`)
        .join(',')}]`;
    case 'v':
      return `[=${text}]`;
    default:
      return `[${text}]`;
  }
}
