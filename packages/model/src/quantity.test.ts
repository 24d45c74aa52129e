import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  addQuantities,
  compareQuantities,
  formatQuantity,
  parseQuantity,
  subtractQuantities,
  toMilli,
  toUnits,
} from './quantity.ts';

const canonical = (text: string): string => formatQuantity(parseQuantity(text));

describe('parseQuantity', () => {
  it.each([
    ['0', '0'],
    ['100m', '100m'],
    ['0.1', '100m'],
    ['1000m', '1'],
    ['1500m', '1500m'],
    ['1.5', '1500m'],
    ['1Gi', '1Gi'],
    ['1024Mi', '1Gi'],
    ['1.5Gi', '1536Mi'],
    ['1500', '1500'],
    ['2000', '2k'],
    ['12e6', '12e6'],
    ['1E3', '1e3'],
    ['1E', '1E'],
    ['.5', '500m'],
    ['5.', '5'],
    ['+1', '1'],
    ['-2.5', '-2500m'],
    ['100n', '100n'],
    ['0.0000000001', '1n'],
    ['0.5Ki', '512'],
  ])('writes %s as %s', (input, output) => {
    expect(canonical(input)).toBe(output);
  });

  it.each(['', 'abc', '1..2', '1 Gi', '1gi', '1K', '--1', '1e', 'e3', '1Kii', '1e999', '9'.repeat(100)])(
    'refuses %s',
    (input) => {
      expect(() => parseQuantity(input)).toThrow(/quantit/);
    },
  );
});

describe('arithmetic', () => {
  it('rounds up to whole units and thousandths', () => {
    expect(toUnits(parseQuantity('1.2'))).toBe(2);
    expect(toUnits(parseQuantity('1Gi'))).toBe(1024 ** 3);
    expect(toMilli(parseQuantity('100u'))).toBe(1);
    expect(toMilli(parseQuantity('1.5'))).toBe(1500);
  });

  const quantities = fc
    .tuple(
      fc.bigInt({ min: -(10n ** 15n), max: 10n ** 15n }),
      fc.constantFrom('n', 'u', 'm', '', 'k', 'M', 'G', 'Ki', 'Mi', 'Gi'),
    )
    .map(([number, suffix]) => parseQuantity(`${number}${suffix}`));

  it('reads back what it writes', () => {
    fc.assert(
      fc.property(quantities, (quantity) => {
        expect(compareQuantities(parseQuantity(formatQuantity(quantity)), quantity)).toBe(0);
      }),
    );
  });

  it('takes away what it added', () => {
    fc.assert(
      fc.property(quantities, quantities, (a, b) => {
        expect(compareQuantities(subtractQuantities(addQuantities(a, b), b), a)).toBe(0);
        expect(compareQuantities(addQuantities(a, b), addQuantities(b, a))).toBe(0);
      }),
    );
  });
});
