import { compareQuantities, parseQuantity, toMilli, toUnits } from '@gantry/model/quantity.ts';

/** Thousandths of a CPU, rounded up. */
export function millisOf(quantity: string): number {
  return toMilli(parseQuantity(quantity));
}

/** Bytes, rounded up. */
export function bytesOf(quantity: string): number {
  return toUnits(parseQuantity(quantity));
}

/** How many whole divisors it takes to reach the quantity. */
export function resourceInUnits(quantity: string, divisor: string): bigint {
  const dividend = BigInt(millisOf(quantity));
  const by = BigInt(millisOf(divisor)) || 1_000n;
  return (dividend + by - 1n) / by;
}

/** True if both are the same amount, however they are written. */
export function isSameQuantity(a: string, b: string): boolean {
  return compareQuantities(parseQuantity(a), parseQuantity(b)) === 0;
}
