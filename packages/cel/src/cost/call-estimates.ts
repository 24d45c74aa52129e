/** Estimates of what calls cost at most, by the sizes that their arguments can have. They mirror the costs at run time (runtime.ts). */
import type { Expr } from '../syntax/ast.ts';
import { isSameType, type Type } from '../types/types.ts';
import { add, fixed, multiply, type Range, scale, unbounded, union, unknownRange } from './range.ts';
import {
  authorizerCheckCost,
  listCost,
  maxFormatPattern,
  messageCost,
  patternFactor,
  stringFactor,
} from './runtime.ts';

/** An argument, or the target, of a call. */
export interface Operand {
  readonly expr: Expr;
  readonly type: Type;
  /** Size, where the expression or a schema says it. */
  readonly size: Range | undefined;
  /** Sizes of the elements of a list, where a schema says it. */
  readonly elementSize: Range | undefined;
}

export interface Estimate {
  readonly cost: Range;
  /** Size of the result, where it can be said. */
  readonly size?: Range | undefined;
}

type Estimator = (args: readonly Operand[], target: Operand | undefined) => Estimate | undefined;

const sizeOf = (operand: Operand): Range => operand.size ?? unknownRange;
const one: Estimator = () => ({ cost: fixed(1) });
const withLast = ({ min, max }: Range): Range => ({ min: min + 1, max: max + 1 });

/** A pattern runs once for every character, the end included. */
function patternCost(text: Operand, pattern: Operand): Range {
  return multiply(scale(withLast(sizeOf(text)), stringFactor), scale(sizeOf(pattern), patternFactor));
}

const walkArgument: Estimator = ([text]) =>
  text === undefined ? undefined : { cost: scale(sizeOf(text), stringFactor) };

const walkTarget: Estimator = (_args, target) =>
  target === undefined ? undefined : { cost: scale(sizeOf(target), stringFactor), size: sizeOf(target) };

const urls: Estimator = ([text]) =>
  text === undefined ? undefined : { cost: scale(sizeOf(text), stringFactor), size: sizeOf(text) };

const selectors: Estimator = ([text]) => {
  if (text === undefined) return undefined;
  const parse = scale(sizeOf(text), stringFactor);
  return { cost: add(fixed(listCost), parse, scale(scale(sizeOf(text), 0.5), listCost + messageCost)) };
};

/** Looks at every element of a list, and through its texts; of a text at every character. */
const perElement: Estimator = (_args, target) => {
  if (target === undefined) return undefined;
  const element = target.type.parameters[0];
  if (target.type.kind !== 'list' || element === undefined) return { cost: scale(sizeOf(target), stringFactor) };
  const isText = element.kind === 'string' || element.kind === 'bytes';
  const walk = isText ? scale(target.elementSize ?? unknownRange, stringFactor) : fixed(0);
  return { cost: multiply(sizeOf(target), add(fixed(1), walk)) };
};

/** The longest and shortest result of replacing: see Kubernetes' library/cost.go. */
const replace: Estimator = ([searched, replacement], target) => {
  if (target === undefined || searched === undefined || replacement === undefined) return undefined;
  const [text, from, to] = [sizeOf(target), sizeOf(searched), sizeOf(replacement)];
  const end = (side: 'min' | 'max', other: 'min' | 'max'): [count: number, kept: number] => {
    if (from[other] === 0) return [text[side] + 1, text[side]];
    const isUnchanged = side === 'max' ? to.max <= from.min : from.max <= to.min;
    return isUnchanged ? [0, text[side]] : [Math.ceil(text[side] / from[other]), 0];
  };
  const [[minCount, minKept], [maxCount, maxKept]] = [end('min', 'max'), end('max', 'min')];
  const size = add(multiply({ min: minCount, max: maxCount }, to), { min: minKept, max: maxKept });
  return { cost: scale(text, 2 * stringFactor), size };
};

const split: Estimator = (args, target) => {
  if (target === undefined) return undefined;
  const limit = args[1]?.expr;
  const isLimited = limit?.kind === 'literal' && typeof limit.value === 'number';
  const max = isLimited ? (limit.value as number) : sizeOf(target).max;
  return { cost: scale(sizeOf(target), 2 * stringFactor), size: { min: 0, max } };
};

const join: Estimator = ([separator], target) => {
  if (target === undefined) return undefined;
  const count = sizeOf(target);
  let size = target.type.parameters[0] === undefined ? fixed(0) : multiply(count, target.elementSize ?? unknownRange);
  if (separator !== undefined) {
    const gaps = { min: Math.max(count.min - 1, 0), max: Math.max(count.max - 1, 0) };
    size = add(size, multiply(sizeOf(separator), gaps));
  }
  return { cost: scale(size, stringFactor), size };
};

const find: Estimator = ([pattern], target) =>
  target === undefined || pattern === undefined
    ? undefined
    : { cost: patternCost(target, pattern), size: { min: 0, max: sizeOf(target).max } };

/** Addresses are 4 or 16 bytes long. */
const addressSize: Range = { min: 4, max: 16 };

const containsAddress =
  (isNetwork: boolean): Estimator =>
  ([other]) => {
    if (other === undefined) return undefined;
    const compared = scale(add(addressSize, addressSize), stringFactor);
    const masked = isNetwork ? add(scale(addressSize, stringFactor), fixed(1)) : fixed(0);
    const parsed = other.type.kind === 'string' ? scale(sizeOf(other), stringFactor) : fixed(0);
    return { cost: add(compared, masked, parsed) };
  };

const validate: Estimator = ([text]) =>
  text === undefined ? undefined : { cost: scale(scale(sizeOf(text), stringFactor), maxFormatPattern * patternFactor) };

const named = (list: string, estimator: Estimator): [string, Estimator][] =>
  list.split(' ').map((name) => [name, estimator]);

const byFunction: ReadonlyMap<string, Estimator> = new Map<string, Estimator>([
  ['check', () => ({ cost: fixed(authorizerCheckCost) })],
  ...named('serviceAccount path group resource subresource namespace name allowed reason error errored', one),
  ...named('fieldSelector labelSelector', selectors),
  ...named('isSorted sum max min indexOf lastIndexOf', perElement),
  ...named('url jsonpatch.escapeKey', urls),
  ...named('lowerAscii upperAscii substring trim', walkTarget),
  ['replace', replace],
  ['split', split],
  ['join', join],
  ...named('find findAll', find),
  ...named('cidr isIP isCIDR quantity isQuantity semver isSemver', walkArgument),
  ['ip', (args, target) => (target === undefined ? walkArgument(args, target) : { cost: fixed(1) })],
  ['ip.isCanonical', ([text]) => (text === undefined ? undefined : { cost: scale(sizeOf(text), 2 * stringFactor) })],
  ...named(
    'masked prefixLength family isUnspecified isLoopback isLinkLocalMulticast isLinkLocalUnicast isGlobalUnicast',
    one,
  ),
  ['containsIP', containsAddress(false)],
  ['containsCIDR', containsAddress(true)],
  ['validate', validate],
  ...named('format.named sign asInteger isInteger asApproximateFloat isGreaterThan isLessThan compareTo', one),
  ...named('add sub major minor patch getScheme getHostname getHost getPort getEscapedPath getQuery', one),
  ['_==_', equality],
]);

/** Values of libraries are compared at once. */
function equality([left, right]: readonly Operand[]): Estimate | undefined {
  if (left === undefined || right === undefined || !isSameType(left.type, right.type)) return undefined;
  const { name, kind } = left.type;
  if (kind !== 'object' && kind !== 'opaque') return undefined;
  if (name === 'kubernetes.NamedFormat') return { cost: scale({ min: 1, max: 64 }, stringFactor) };
  if (name === 'kubernetes.URL') {
    return { cost: scale({ min: 1, max: right.size?.max ?? 1 }, stringFactor) };
  }
  const isAtOnce = /^(?:net\.|kubernetes\.)/.test(name);
  return isAtOnce ? { cost: fixed(1) } : undefined;
}

const smallerOperand: Estimator = ([left, right]) => {
  const max = Math.min(sizeOf(left!).max, sizeOf(right!).max);
  return { cost: scale({ min: max > 0 ? 1 : 0, max }, stringFactor) };
};

const concatenation: Estimator = ([left, right]) => {
  const size = add(sizeOf(left!), sizeOf(right!));
  return { cost: scale(size, stringFactor), size };
};

const byOverload: ReadonlyMap<string, Estimator> = new Map<string, Estimator>([
  [
    'string_format',
    (_args, target) => (target === undefined ? undefined : { cost: scale(sizeOf(target), stringFactor) }),
  ],
  [
    'string_to_bytes',
    ([text]) => ({
      cost: scale(sizeOf(text!), stringFactor),
      size: { min: sizeOf(text!).min, max: multiply(sizeOf(text!), fixed(4)).max },
    }),
  ],
  [
    'bytes_to_string',
    ([bytes]) => ({
      cost: scale(sizeOf(bytes!), stringFactor),
      size: { min: Math.floor(sizeOf(bytes!).min / 4), max: sizeOf(bytes!).max },
    }),
  ],
  [
    'strings_quote',
    ([text]) => ({
      cost: scale(sizeOf(text!), stringFactor),
      size: add(multiply(sizeOf(text!), { min: 1, max: 2 }), fixed(2)),
    }),
  ],
  ...named('starts_with_string ends_with_string', ([part]) => ({ cost: scale(sizeOf(part!), stringFactor) })),
  ['in_list', ([, list]) => ({ cost: sizeOf(list!) })],
  ['matches_string', ([pattern], target) => ({ cost: patternCost(target!, pattern!) })],
  ['matches', ([text, pattern]) => ({ cost: patternCost(text!, pattern!) })],
  [
    'contains_string',
    ([part], target) => ({
      cost: multiply(scale(sizeOf(target!), stringFactor), scale(sizeOf(part!), stringFactor)),
    }),
  ],
  ...['less', 'less_equals', 'greater', 'greater_equals'].flatMap((name) =>
    named(`${name}_string ${name}_bytes`, smallerOperand),
  ),
  ...named('equals not_equals', smallerOperand),
  ...named('add_string add_bytes', concatenation),
  ['add_list', ([left, right]) => ({ cost: fixed(1), size: add(sizeOf(left!), sizeOf(right!)) })],
]);

/** A call that makes a list of this size. */
function made(size: Range, factor = 1): Estimate {
  return { cost: add(scale(size, factor), fixed(1 + listCost)), size };
}

function literalInt(operand: Operand | undefined, otherwise: number): number {
  const expr = operand?.expr;
  if (expr?.kind !== 'literal' || (typeof expr.value !== 'number' && typeof expr.value !== 'bigint')) return otherwise;
  return Math.max(Number(expr.value), 0);
}

const pairwise = (operand: Operand | undefined, factor: number): Estimate | undefined =>
  operand === undefined ? undefined : made(multiply(sizeOf(operand), sizeOf(operand)), factor);

const sets =
  (times: number): Estimator =>
  ([a, b]) => ({ cost: add(scale(multiply(sizeOf(a!), sizeOf(b!)), times), fixed(1)) });

/** Estimates that the extensions of lists and sets bring with them. */
const byExtension: ReadonlyMap<string, Estimator> = new Map<string, Estimator>([
  [
    'list_slice',
    ([start, end], target) => {
      const size = literalInt(end, sizeOf(target!).max) - literalInt(start, 0);
      return made(fixed(size < 0 ? unbounded : size));
    },
  ],
  ['lists_range', ([size]) => made(fixed(literalInt(size, unbounded)))],
  ['list_reverse', (_args, target) => made(sizeOf(target!))],
  ['list_flatten', (_args, target) => made(sizeOf(target!))],
  ['list_flatten_int', ([depth], target) => made(sizeOf(target!), literalInt(depth, unbounded))],
  ['list_distinct', (_args, target) => pairwise(target, 2)],
  ['list_sets_contains_list', sets(1)],
  ['list_sets_intersects_list', sets(1)],
  ['list_sets_equivalent_list', sets(2)],
]);

function extensionEstimate(
  overloadId: string,
  args: readonly Operand[],
  target: Operand | undefined,
): Estimate | undefined {
  const match = /^list_(\w+)_sort(ByAssociatedKeys)?$/.exec(overloadId);
  if (match === null) return byExtension.get(overloadId)?.(args, target);
  const isText = match[1] === 'string' || match[1] === 'bytes';
  return pairwise(match[2] === undefined ? target : args[0], isText ? 2 + stringFactor : 2);
}

/** The cost of a call by one of its overloads, without that of its arguments. */
export function estimateCall(
  functionName: string,
  overloadId: string,
  args: readonly Operand[],
  target: Operand | undefined,
): Estimate {
  const byName = extensionEstimate(overloadId, args, target) ?? byFunction.get(functionName)?.(args, target);
  return byName ?? byOverload.get(overloadId)?.(args, target) ?? { cost: fixed(1) };
}

/** The sizes of either of two results. */
export function eitherSize(a: Range | undefined, b: Range | undefined): Range | undefined {
  return a === undefined ? b : b === undefined ? a : union(a, b);
}
