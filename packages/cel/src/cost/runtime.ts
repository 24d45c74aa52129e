/** Costs of calls at run time, in Kubernetes' units: what a call cost with the arguments that it had. */
import { sizeOf } from '../values/size.ts';
import { ListValue, MapValue, type Value } from '../values/value.ts';

/** A unit is 10 characters of text that are walked through. */
export const stringFactor = 0.1;
/** Length of a pattern that counts as one instruction. */
export const patternFactor = 0.25;
/** Making a list, map or object. */
export const listCost = 10;
export const mapCost = 30;
export const messageCost = 40;
/** A check of an authorizer: two of them fit in an expression. */
export const authorizerCheckCost = 350_000;

export type CallCost = (args: readonly Value[], result: Value) => number;

const fixed =
  (cost: number): CallCost =>
  () =>
    cost;
const one = fixed(1);

/** Walks through the argument of this index, `times` over. */
const walk =
  (index = 0, times = 1): CallCost =>
  (args) =>
    Math.ceil(sizeOf(args[index]!) * times * stringFactor);

const patternCost =
  (pattern = 1): CallCost =>
  (args) =>
    Math.ceil((1 + sizeOf(args[0]!)) * stringFactor) * Math.ceil(sizeOf(args[pattern]!) * patternFactor);

/** Longest pattern that a named format stands for, as Kubernetes counts it. */
export const maxFormatPattern = 128;

function traversal(value: Value): number {
  if (typeof value === 'string') return Math.trunc(Buffer.byteLength(value) * stringFactor);
  if (value instanceof Uint8Array) return Math.trunc(value.length * stringFactor);
  let cost = 0;
  if (value instanceof ListValue) {
    for (const element of value) cost += traversal(element);
    return cost;
  }
  if (!(value instanceof MapValue)) return 1;
  for (const key of value.keys()) cost += traversal(key) + traversal(value.get(key)!);
  return cost;
}

/** The pattern of labels and fields: requirements of at least two characters, each a list and a struct. */
const selectorCost: CallCost = (args) => {
  const length = sizeOf(args[1]!);
  return listCost + Math.ceil(length * stringFactor) + Math.ceil(Math.ceil(length * 0.5) * (listCost + messageCost));
};

const names = (list: string): readonly string[] => list.split(' ');

/** Costs by the name of the function. */
const byFunction: ReadonlyMap<string, CallCost> = new Map<string, CallCost>([
  ['check', fixed(authorizerCheckCost)],
  ...names('fieldSelector labelSelector').map((name): [string, CallCost] => [name, selectorCost]),
  ...names('isSorted sum max min indexOf lastIndexOf').map((name): [string, CallCost] => [
    name,
    (args) => (args.length > 0 ? traversal(args[0]!) : 0),
  ]),
  ...names('url lowerAscii upperAscii substring trim jsonpatch.escapeKey cidr isIP isCIDR ip').map(
    (name): [string, CallCost] => [name, walk()],
  ),
  ...names('quantity isQuantity semver isSemver').map((name): [string, CallCost] => [name, walk()]),
  ...names('replace split ip.isCanonical').map((name): [string, CallCost] => [name, walk(0, 2)]),
  ['join', (_args, result) => Math.ceil(sizeOf(result) * 2 * stringFactor)],
  ['find', patternCost()],
  ['findAll', patternCost()],
  [
    'validate',
    (args) => Math.ceil((1 + sizeOf(args[1]!)) * stringFactor) * Math.ceil(maxFormatPattern * patternFactor),
  ],
  ['containsIP', (args) => Math.ceil(sizeOf(args[0]!) * 2 * stringFactor)],
  ['containsCIDR', (args) => Math.ceil(sizeOf(args[0]!) * 2 * stringFactor) + walk()(args, null) + 1],
]);

const smaller: CallCost = (args) => Math.ceil(Math.min(sizeOf(args[0]!), sizeOf(args[1]!)) * stringFactor);
const both: CallCost = (args) => Math.ceil((sizeOf(args[0]!) + sizeOf(args[1]!)) * stringFactor);

/** Costs by the name of the overload, where the function says nothing. */
const byOverload: ReadonlyMap<string, CallCost> = new Map<string, CallCost>([
  ['starts_with_string', walk(1)],
  ['ends_with_string', walk(1)],
  ...names('string_to_bytes bytes_to_string strings_quote string_format').map((id): [string, CallCost] => [id, walk()]),
  ['in_list', (args) => sizeOf(args[1]!)],
  ...names('less less_equals greater greater_equals').flatMap((name): [string, CallCost][] => [
    [`${name}_string`, smaller],
    [`${name}_bytes`, smaller],
  ]),
  ['equals', smaller],
  ['not_equals', smaller],
  ['add_string', both],
  ['add_bytes', both],
  ['matches', patternCost()],
  ['matches_string', patternCost()],
  [
    'contains_string',
    (args) => Math.ceil(sizeOf(args[0]!) * stringFactor) * Math.ceil(sizeOf(args[1]!) * stringFactor),
  ],
  // The address of a network is a field of it.
  ['cidr_ip', one],
  ['cidr_contains_ip_string', (args) => Math.ceil(sizeOf(args[0]!) * 2 * stringFactor) + walk(1)(args, null)],
  [
    'cidr_contains_cidr_string',
    (args) => Math.ceil(sizeOf(args[0]!) * 2 * stringFactor) + walk()(args, null) + 1 + walk(1)(args, null),
  ],
]);

const overloadsFirst = new Set(['cidr_ip', 'cidr_contains_ip_string', 'cidr_contains_cidr_string']);

/** A call that makes a list: each element counts, and the list itself. */
const made = (size: number, factor = 1): number => Math.trunc(size * factor) + 1 + listCost;

/** Every element is compared with every other one. */
const pairwise = (list: Value): number => {
  const size = sizeOf(list);
  const first = list instanceof ListValue && size > 0 ? list.at(0) : null;
  const isText = typeof first === 'string' || first instanceof Uint8Array;
  return made(size * size, isText ? 2 + stringFactor : 2);
};

const sets = (times: number): CallCost => {
  return (args) => sizeOf(args[0]!) * sizeOf(args[1]!) * times + 1;
};

/** Costs that the extensions of lists and sets bring with them. */
const byExtension: ReadonlyMap<string, CallCost> = new Map<string, CallCost>([
  ...names('list_slice lists_range list_reverse').map((id): [string, CallCost] => [
    id,
    (_args, result) => made(sizeOf(result)),
  ]),
  ['list_flatten', (args) => made(sizeOf(args[0]!))],
  ['list_flatten_int', (args) => made(sizeOf(args[0]!), Number(args[1]))],
  ['list_distinct', (args) => pairwise(args[0]!)],
  ['list_sets_contains_list', sets(1)],
  ['list_sets_intersects_list', sets(1)],
  ['list_sets_equivalent_list', sets(2)],
]);

const isSort = /^list_\w+_sort(ByAssociatedKeys)?$/;

/** Cost of a call; undefined where it is 1 whatever the arguments. */
export function callCost(functionName: string, overloadId: string): CallCost | undefined {
  const extension = byExtension.get(overloadId);
  if (extension !== undefined) return extension;
  if (isSort.test(overloadId)) return (args) => pairwise(args.at(-1)!);
  if (overloadsFirst.has(overloadId)) return byOverload.get(overloadId);
  return byFunction.get(functionName) ?? byOverload.get(overloadId);
}
