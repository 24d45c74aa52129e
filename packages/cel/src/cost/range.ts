/** Ranges of sizes and costs. The most is capped where 64 bits end, which stands for unknown. */

export interface Range {
  readonly min: number;
  readonly max: number;
}

/** 2^64: sizes and costs of which nothing is known. */
export const unbounded = 2 ** 64;

export const unknownRange: Range = { min: 0, max: unbounded };

export const fixed = (value: number): Range => ({ min: value, max: value });

const capped = (value: number): number => Math.min(value, unbounded);

export function add(...ranges: readonly Range[]): Range {
  let [min, max] = [0, 0];
  for (const range of ranges) {
    min = capped(min + range.min);
    max = capped(max + range.max);
  }
  return { min, max };
}

export function multiply(a: Range, b: Range): Range {
  return { min: product(a.min, b.min), max: product(a.max, b.max) };
}

function product(a: number, b: number): number {
  return a === 0 || b === 0 ? 0 : capped(a * b);
}

/** Each end times a factor, rounded up. */
export function scale({ min, max }: Range, factor: number): Range {
  return { min: capped(Math.ceil(min * factor)), max: capped(Math.ceil(max * factor)) };
}

export function union(a: Range, b: Range): Range {
  return { min: Math.min(a.min, b.min), max: Math.max(a.max, b.max) };
}
