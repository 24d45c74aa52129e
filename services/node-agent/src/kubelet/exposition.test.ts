import { expect, test } from 'vitest';
import { exposition } from './exposition.ts';

test('values are written with their labels and times', () => {
  const labels = { path: 'C:\\', text: 'a "b"\nc' };
  const families = [
    {
      name: 'b_total',
      help: 'Counts.',
      type: 'counter',
      samples: [{ labels, value: 1.5, atMs: 1_000.4 }, { value: 0 }],
    },
    { name: 'a', help: 'A gauge.', type: 'gauge', samples: [{ value: 3 }] },
    { name: 'none', help: 'Nothing.', type: 'gauge', samples: [] },
  ] as const;
  expect(exposition(families)).toBe(`# HELP a A gauge.
# TYPE a gauge
a 3
# HELP b_total Counts.
# TYPE b_total counter
b_total{path="C:\\\\",text="a \\"b\\"\\nc"} 1.5 1000
b_total 0
`);
});
