import { expect, test } from 'vitest';
import { formatMove, formatPlan } from './defrag-plan.ts';

const move = { namespace: 'default', name: 'web-1', fromNode: 'c', toNode: 'a' };

test('what becomes free by which moves, and why the rest does not', () => {
  const plan = {
    freed: [{ nodeName: 'c', moves: [move] }],
    kept: [{ reason: 'are cordoned', nodes: ['d', 'e', 'f', 'g'] }],
  };
  expect(formatPlan(plan)).toBe(`1 node can be freed by moving 1 pod:
NODE   POD             GOES TO
c      default/web-1   a

NODES THAT STAY      BECAUSE THEY
d, e, f and 1 more   are cordoned
`);
});

test('nothing to free', () => {
  const kept = [{ reason: 'are free already', nodes: ['d'] }];
  expect(formatPlan({ freed: [], kept })).toBe(`No node can be freed.
NODES THAT STAY   BECAUSE THEY
d                 are free already
`);
});

test.each([
  [{ state: 'evicted', message: '' }, 'pod default/web-1 is evicted from c\n'],
  [{ state: 'placed', message: '' }, 'pod default/web-1 has one in its place on a\n'],
  [{ state: 'failed', message: 'no' }, 'pod default/web-1 stays on c, which keeps its pods: no\n'],
] as const)('%j', (step, line) => {
  expect(formatMove({ move, ...step })).toBe(line);
});
