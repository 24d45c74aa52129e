/** Kubernetes' quantities and versions of software. */
import {
  addQuantities,
  compareQuantities,
  parseQuantity,
  type Quantity,
  quantityProblem,
  subtractQuantities,
} from '@gantry/model/quantity.ts';
import { intOf } from '../values/numbers.ts';
import { Double, fail, type Int, OpaqueValue } from '../values/value.ts';
import { declare, type FunctionDeclaration } from './function.ts';

class QuantityValue extends OpaqueValue {
  readonly typeName = 'kubernetes.Quantity';
  readonly quantity: Quantity;
  /** It was written as a whole number of few digits: others are no integers to Kubernetes, whatever their value. */
  readonly isWhole: boolean;
  constructor(quantity: Quantity, isWhole: boolean) {
    super();
    this.quantity = quantity;
    this.isWhole = isWhole;
  }
  equals(other: OpaqueValue): boolean {
    return other instanceof QuantityValue && compareQuantities(this.quantity, other.quantity) === 0;
  }
}

function quantity(text: string): QuantityValue {
  const problem = quantityProblem(text);
  return problem === undefined ? new QuantityValue(parseQuantity(text), isWholeText(text)) : fail(problem);
}

/** Digits of numbers that Kubernetes keeps as integers. */
const maxDigits = 18;
const exponents: Readonly<Record<string, number>> = { n: -9, u: -6, m: -3, k: 3, M: 6, G: 9, T: 12, P: 15, E: 18 };

function isWholeText(text: string): boolean {
  const [, whole = '', fraction = '', suffix = ''] = /^[+-]?(\d*)\.?(\d*)(.*)$/s.exec(text) ?? [];
  if (whole.length + fraction.length > maxDigits) return false;
  if (suffix.endsWith('i')) return fraction === '';
  const exponent = /^[eE]/.test(suffix) && suffix.length > 1 ? Number(suffix.slice(1)) : (exponents[suffix] ?? 0);
  return exponent >= fraction.length;
}

const ofInt = (value: Int): QuantityValue => new QuantityValue(parseQuantity(String(value)), true);

/** The whole number that a quantity is; undefined where it is none, or needs more than 64 bits. */
function wholeOf({ isWhole, quantity: { value, exponent } }: QuantityValue): bigint | undefined {
  if (!isWhole || exponent < 0) return undefined;
  const whole = value * 10n ** BigInt(exponent);
  return whole === BigInt.asIntN(64, whole) ? whole : undefined;
}

function asInteger(value: QuantityValue): Int {
  const whole = wholeOf(value);
  return whole === undefined ? fail('cannot convert value to integer') : intOf(whole);
}

const approximate = ({ quantity: { value, exponent } }: QuantityValue): Double =>
  new Double(Number(`${value}e${exponent}`));

const order = (a: QuantityValue, b: QuantityValue): number => compareQuantities(a.quantity, b.quantity);
const add = (a: QuantityValue, b: QuantityValue): QuantityValue =>
  new QuantityValue(addQuantities(a.quantity, b.quantity), a.isWhole && b.isWhole);
const subtract = (a: QuantityValue, b: QuantityValue): QuantityValue =>
  new QuantityValue(subtractQuantities(a.quantity, b.quantity), a.isWhole && b.isWhole);

export const quantityFunctions: readonly FunctionDeclaration[] = [
  declare('quantity', ['string_to_quantity', '(string) -> quantity', quantity]),
  declare('isQuantity', [
    'is_quantity_string',
    '(string) -> bool',
    (text: string) => quantityProblem(text) === undefined,
  ]),
  declare('sign', [
    'quantity_sign',
    '(quantity) -> int',
    ({ quantity: { value } }: QuantityValue): Int => (value > 0n ? 1 : value < 0n ? -1 : 0),
  ]),
  declare('isGreaterThan', [
    'quantity_is_greater_than',
    'quantity.(quantity) -> bool',
    (a: QuantityValue, b: QuantityValue) => order(a, b) > 0,
  ]),
  declare('isLessThan', [
    'quantity_is_less_than',
    'quantity.(quantity) -> bool',
    (a: QuantityValue, b: QuantityValue) => order(a, b) < 0,
  ]),
  declare('compareTo', ['quantity_compare_to', 'quantity.(quantity) -> int', order]),
  declare('asApproximateFloat', ['quantity_get_float', 'quantity.() -> double', approximate]),
  declare('asInteger', ['quantity_get_int', 'quantity.() -> int', asInteger]),
  declare('isInteger', [
    'quantity_is_integer',
    'quantity.() -> bool',
    (value: QuantityValue) => wholeOf(value) !== undefined,
  ]),
  declare(
    'add',
    ['quantity_add', 'quantity.(quantity) -> quantity', add],
    ['quantity_add_int', 'quantity.(int) -> quantity', (a: QuantityValue, b: Int) => add(a, ofInt(b))],
  ),
  declare(
    'sub',
    ['quantity_sub', 'quantity.(quantity) -> quantity', subtract],
    ['quantity_sub_int', 'quantity.(int) -> quantity', (a: QuantityValue, b: Int) => subtract(a, ofInt(b))],
  ),
];
