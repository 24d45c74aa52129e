import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { memoryProblem, type ResizeStep, resizePlan, type ShareChange } from './plan.ts';
import type { PodLimits } from './pod-limits.ts';
import type { Share } from './shares.ts';

const share = (cpu: number, memory: number): Share => {
  const amounts = { cpu: `${cpu}m`, memory: String(memory) };
  return { requests: amounts, limits: amounts };
};
const change = (name: string, before: Share, after: Share): ShareChange => {
  return { containerId: name, container: { name }, before, after };
};
/** Bounds of a pod whose containers are all bounded. */
const bounds = (shares: readonly Share[]): PodLimits => {
  const sum = (name: 'cpu' | 'memory'): number =>
    shares.reduce((total, { limits }) => total + Number.parseInt(limits[name]!, 10), 0);
  return { cpuShares: sum('cpu'), cpuQuotaUs: sum('cpu') * 100, memoryBytes: sum('memory') };
};

const shown = (steps: readonly ResizeStep[]): string[] =>
  steps.map((step) =>
    step.kind === 'pod'
      ? `pod ${JSON.stringify(step.limits)}`
      : `${step.change.container.name} ${step.share.limits.cpu} ${step.share.limits.memory}`,
  );

describe('the order of writes', () => {
  it('goes from the outside in where a pod grows, and from the inside out where it shrinks', () => {
    const [small, large] = [share(10, 100), share(20, 50)];
    expect(shown(resizePlan([change('a', small, large)], bounds([small]), bounds([large])))).toEqual([
      'a 10m 50',
      'pod {"memoryBytes":50}',
      'pod {"cpuQuotaUs":2000}',
      'pod {"cpuShares":20}',
      'a 20m 50',
    ]);
    expect(shown(resizePlan([change('a', large, small)], bounds([large]), bounds([small])))).toEqual([
      'pod {"memoryBytes":100}',
      'a 20m 100',
      'a 10m 100',
      'pod {"cpuShares":10}',
      'pod {"cpuQuotaUs":1000}',
    ]);
  });

  it('takes no bound of a pod away', () => {
    const before = { cpuShares: 2, cpuQuotaUs: 1_000, memoryBytes: 5 };
    expect(resizePlan([], before, { cpuShares: 2, cpuQuotaUs: undefined, memoryBytes: undefined })).toEqual([]);
  });

  it('never has containers that are bounded to more than their pod is, and ends at the new size', () => {
    const amount = fc.integer({ min: 1, max: 1_000 });
    const sizes = fc.tuple(amount, amount).map(([cpu, memory]) => share(cpu, memory));
    fc.assert(
      fc.property(fc.array(fc.tuple(sizes, sizes), { minLength: 1, maxLength: 4 }), (pairs) => {
        const changes = pairs.map(([before, after], index) => change(`c${index}`, before, after));
        const now = new Map(changes.map(({ containerId, before }) => [containerId, before]));
        const before = bounds(pairs.map(([each]) => each));
        const after = bounds(pairs.map(([, each]) => each));
        let pod = before;
        for (const step of resizePlan(changes, before, after)) {
          if (step.kind === 'pod') pod = { ...pod, ...step.limits };
          else now.set(step.change.containerId, step.share);
          const used = bounds([...now.values()]);
          expect(used.memoryBytes).toBeLessThanOrEqual(Math.max(pod.memoryBytes!, 0));
          expect(used.cpuQuotaUs).toBeLessThanOrEqual(pod.cpuQuotaUs!);
        }
        expect(pod).toEqual(after);
        expect(bounds([...now.values()])).toEqual(after);
      }),
    );
  });
});

describe('memory limits that are lowered', () => {
  const [before, after] = [bounds([share(1, 100)]), bounds([share(1, 50)])];
  const lower = [change('a', share(1, 100), share(1, 50))];

  it('are refused where more is in use', () => {
    expect(memoryProblem(lower, before, after, new Map([['a', 49]]))).toBeUndefined();
    expect(memoryProblem(lower, before, after, new Map([['a', 50]]))).toBe(
      'cannot decrease memory limits: [attempting to set pod memory limit (50) below current usage (50), attempting to set container "a" memory limit (50) below current usage (50)]',
    );
    expect(memoryProblem(lower, before, before, new Map([['a', 60]]))).toBe(
      'cannot decrease memory limits: attempting to set container "a" memory limit (50) below current usage (60)',
    );
  });

  it('are no matter where memory grows', () => {
    expect(
      memoryProblem([change('a', share(1, 50), share(1, 100))], after, before, new Map([['a', 999]])),
    ).toBeUndefined();
  });
});
