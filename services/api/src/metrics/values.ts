import { formatQuantity, parseQuantity } from '@gantry/model/quantity.ts';
import type { Sample } from './source.ts';

/** A sample that is older, or as far in the future, is none of now. */
const maxAgeMs = 120_000;
/** Autoscalers count in thousandths, in 64 bits. */
const maxValue = 2 ** 63 / 1_000;

/** The reason for which a sample cannot be told; undefined where it can. */
export function problemOf({ value, timestampMs }: Sample, nowMs: number): string | undefined {
  if (!Number.isFinite(value)) return `its value is ${Number.isNaN(value) ? 'not a number' : 'infinite'}`;
  if (value < 0) return `its value ${value} is negative`;
  if (value >= maxValue) return `its value ${value} is too large`;
  const ageMs = nowMs - timestampMs;
  if (!(Math.abs(ageMs) <= maxAgeMs)) {
    const seconds = Math.round(Math.abs(ageMs) / 1_000);
    return `its last value is of a time ${seconds} seconds ${ageMs > 0 ? 'ago' : 'ahead'}`;
  }
  return undefined;
}

/** A number that problemOf finds nothing wrong with as a quantity: thousandths, and billionths of what is below one. */
export function quantityText(value: number): string {
  return formatQuantity(parseQuantity(value.toFixed(value >= 1 ? 3 : 9)));
}
