/**
 * Kubernetes' quantities, such as 100m, 1.5Gi or 2e3: exact decimal numbers with a suffix. Kept as an integer and a power of
 * ten, so that no arithmetic rounds.
 */
import { GantryError } from '@gantry/runtime/errors.ts';

/** How a quantity was written: its canonical form keeps the family of its suffix. */
export type QuantityFormat = 'decimal' | 'binary' | 'exponent';

/** value × 10^exponent. */
export interface Quantity {
  readonly value: bigint;
  readonly exponent: number;
  readonly format: QuantityFormat;
}

/** Powers of ten of the decimal suffixes. */
const decimalSuffixes: readonly (readonly [suffix: string, exponent: number])[] = [
  ['n', -9],
  ['u', -6],
  ['m', -3],
  ['', 0],
  ['k', 3],
  ['M', 6],
  ['G', 9],
  ['T', 12],
  ['P', 15],
  ['E', 18],
];
const binarySuffixes = ['Ki', 'Mi', 'Gi', 'Ti', 'Pi', 'Ei'];
const decimalExponents = new Map(decimalSuffixes);

/** Digits and exponents beyond these cannot be meant. */
const maxLength = 64;
const maxExponent = 40;
/** Kubernetes caps what it reads at 2^63-1, either side of zero. */
const maxAmount = 2n ** 63n - 1n;
/** Amounts of resources are whole thousandths, such as millicores. */
const resourceExponent = -3;
/** Kubernetes rounds up to whole billionths. */
const finestExponent = -9;

const pattern = /^([+-]?)(\d+(?:\.\d*)?|\.\d+)(?:([eE][+-]?\d{1,3})|([numkMGTPE]|[KMGTPE]i)?)$/;

/** Objects are made of the same few quantities again and again, and exact arithmetic is dear. */
const known = new Map<string, Quantity>();
const maxKnown = 10_000;

/** Problem of a quantity's text, in Kubernetes' words; undefined if it is one. */
export function quantityProblem(text: string): string | undefined {
  if (known.has(text)) return undefined;
  const match = text.length <= maxLength ? pattern.exec(text) : null;
  if (match === null) {
    return "quantities must match the regular expression '^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$'";
  }
  const [, , digits, exponentText = 'e0'] = match;
  const fractionDigits = digits!.split('.')[1]?.length ?? 0;
  const isFar = Math.abs(Number(exponentText.slice(1)) - fractionDigits) > maxExponent;
  return isFar ? `quantities with exponents beyond ${maxExponent} are out of range` : undefined;
}

/** Reads a quantity. Throws BadRequest in Kubernetes' words. */
export function parseQuantity(text: string | number): Quantity {
  const input = String(text);
  const before = known.get(input);
  if (before !== undefined) return before;
  const problem = quantityProblem(input);
  if (problem !== undefined) throw new GantryError('BadRequest', problem);
  const [, sign, digits, exponentText, suffix = ''] = pattern.exec(input)!;
  const [whole, fraction = ''] = digits!.split('.');
  let value = BigInt(`${whole}${fraction}`);
  let exponent = -fraction.length;
  let format: QuantityFormat = 'decimal';
  if (exponentText !== undefined) {
    format = 'exponent';
    exponent += Number(exponentText.slice(1));
  } else if (suffix.endsWith('i')) {
    format = 'binary';
    value *= 1024n ** BigInt(binarySuffixes.indexOf(suffix) + 1);
  } else {
    exponent += decimalExponents.get(suffix)!;
  }
  const quantity = capped(normalize({ value: sign === '-' ? -value : value, exponent, format }));
  if (known.size >= maxKnown) known.clear();
  known.set(input, quantity);
  return quantity;
}

/** The same number with the largest exponent, rounded away from zero to `finest`. */
function normalize({ value, exponent, format }: Quantity, finest = finestExponent): Quantity {
  if (exponent < finest) {
    value = divideAwayFromZero(value, 10n ** BigInt(finest - exponent));
    exponent = finest;
  }
  if (value === 0n) return { value, exponent: 0, format };
  while (value % 10n === 0n) {
    value /= 10n;
    exponent++;
  }
  return { value, exponent, format };
}

function capped(quantity: Quantity): Quantity {
  for (const limit of [maxAmount, -maxAmount]) {
    const capped: Quantity = { value: limit, exponent: 0, format: quantity.format };
    const difference = compareQuantities(quantity, capped);
    if (limit > 0n ? difference > 0 : difference < 0) return capped;
  }
  return quantity;
}

/** The quantity as amounts of resources are kept: rounded up to whole thousandths. */
export function roundedForResources(quantity: Quantity): Quantity {
  return quantity.exponent >= resourceExponent ? quantity : normalize(quantity, resourceExponent);
}

function divideAwayFromZero(value: bigint, divisor: bigint): bigint {
  const quotient = value / divisor;
  if (value % divisor === 0n) return quotient;
  return value > 0n ? quotient + 1n : quotient - 1n;
}

function scaled({ value, exponent }: Quantity, toExponent: number): bigint {
  const shift = exponent - toExponent;
  return shift >= 0 ? value * 10n ** BigInt(shift) : divideAwayFromZero(value, 10n ** BigInt(-shift));
}

/** The quantity as Kubernetes writes it: the largest suffix of its family that leaves a whole number. */
export function formatQuantity(quantity: Quantity): string {
  const { value, exponent, format } = normalize(quantity);
  if (value === 0n) return '0';
  if (format === 'binary' && exponent >= 0) return formatBinary(value * 10n ** BigInt(exponent));
  // Multiples of three alone have suffixes.
  const floor = Math.floor(exponent / 3) * 3;
  const digits = value * 10n ** BigInt(exponent - floor);
  if (format === 'exponent') return floor === 0 ? String(digits) : `${digits}e${floor}`;
  const suffix = decimalSuffixes.find(([, power]) => power === floor);
  return suffix === undefined ? `${digits * 10n ** BigInt(floor - 18)}E` : `${digits}${suffix[0]}`;
}

function formatBinary(bytes: bigint): string {
  let power = 0;
  let rest = bytes;
  while (power < binarySuffixes.length && rest % 1024n === 0n) {
    rest /= 1024n;
    power++;
  }
  return power === 0 ? String(rest) : `${rest}${binarySuffixes[power - 1]}`;
}

/** Negative, zero or positive as a is less than, equal to or more than b. */
export function compareQuantities(a: Quantity, b: Quantity): number {
  const common = Math.min(a.exponent, b.exponent);
  const difference = scaled(a, common) - scaled(b, common);
  return difference < 0n ? -1 : difference > 0n ? 1 : 0;
}

/** a + b, in the format of a (of b where a is zero). */
export function addQuantities(a: Quantity, b: Quantity): Quantity {
  const exponent = Math.min(a.exponent, b.exponent);
  const format = a.value === 0n ? b.format : a.format;
  return normalize({ value: scaled(a, exponent) + scaled(b, exponent), exponent, format });
}

/** a - b, in the format of a. */
export function subtractQuantities(a: Quantity, b: Quantity): Quantity {
  return addQuantities(a, { ...b, value: -b.value });
}

/** The number in whole units, rounded up: bytes of memory, pieces of a device. */
export function toUnits(quantity: Quantity): number {
  return Number(scaled(quantity, 0));
}

/** The number in thousandths, rounded up: millicores. */
export function toMilli(quantity: Quantity): number {
  return Number(toExactMilli(quantity));
}

/** The same for numbers whose thousandths no double can count, such as those of terabytes. */
export function toExactMilli(quantity: Quantity): bigint {
  return scaled(quantity, -3);
}
