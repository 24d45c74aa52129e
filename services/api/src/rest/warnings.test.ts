import { expect, test } from 'vitest';
import type { Outgoing } from './answer.ts';
import { Warnings } from './warnings.ts';

function headersOf(texts: readonly string[]): string[] {
  const warnings = new Warnings();
  for (const text of texts) warnings.add(text);
  const headers: string[] = [];
  const response = { headersSent: false, setHeader: (_: string, values: string[]) => headers.push(...values) };
  warnings.tell(response as unknown as Outgoing);
  return headers;
}

test('each warning is one header, told once', () => {
  expect(headersOf(['unknown field "spec.x"', 'other', 'other'])).toEqual([
    '299 - "unknown field \\"spec.x\\""',
    '299 - "other"',
  ]);
  expect(headersOf([])).toEqual([]);
});

test('what no header may have is taken out, and other letters are bytes of UTF-8', () => {
  expect(headersOf(['a\r\nb\u0000', 'é'])).toEqual(['299 - "a  b "', '299 - "\u00c3\u00a9"']);
});

test('warnings without end are cut', () => {
  const headers = headersOf(Array.from({ length: 100 }, (_, index) => `${index} ${'x'.repeat(1_000)}`));
  expect(headers.length).toBeGreaterThan(10);
  expect(headers.join('').length).toBeLessThan(5_000);
});
