import type { Pod } from '@gantry/model/gen/gantry.core.v1.ts';
import { describe, expect, it } from 'vitest';
import type { Ages } from './pods.ts';
import { byAverage, byUtilization, byValue, byValuePerPod, type Problem, type Proposal, sumOf } from './replicas.ts';
import { type Samples, samplesOfUse } from './samples.ts';
import { type ReplicaCase, replicaCases } from './testing/replica-cases.ts';

const nowMs = Date.parse('2026-01-01T00:00:00Z');
const longAgo = '0001-01-01T00:00:00Z';
const ages: Ages = {
  nowMs,
  settings: { cpuInitializationPeriodMs: 120_000, initialReadinessDelayMs: 10_000 },
  readyForMs: () => 0,
};
const phases = { r: 'Running', p: 'Pending', f: 'Failed' } as const;

function podsOf({ current, ready, phases: told, started, leaving, requests = [] }: ReplicaCase): Pod[] {
  return Array.from({ length: Math.max(current, told?.length ?? 0) }, (_, index) => {
    const request = requests[index];
    const resources = request === undefined ? {} : { resources: { requests: { cpu: request } } };
    const startTime =
      started === undefined ? longAgo : started[index] === 'h' ? '2026-01-01T00:00:00Z' : '2025-12-31T23:55:00Z';
    return {
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: {
        name: `p${index}`,
        ...(leaving?.[index] === 'y' ? { deletionTimestamp: '2026-01-01T00:00:00Z' } : {}),
      },
      spec: { containers: ['container1', 'container2'].map((name) => ({ name, image: 'i', ...resources })) },
      status: {
        phase: phases[(told?.[index] ?? 'r') as keyof typeof phases],
        startTime,
        conditions: [{ type: 'Ready', status: ready?.[index] === 'f' ? 'False' : 'True' }],
      },
    };
  });
}

function samplesOf({ uses = [], named = [], container, values }: ReplicaCase): Samples {
  const timestampMs = Date.parse(longAgo);
  if (values !== undefined) {
    return new Map(
      values.map((value, index) => [`p${index}`, { value: BigInt(value), timestampMs, windowMs: 60_000 }]),
    );
  }
  const pods = uses.map((each, index) => ({
    name: named[index] ?? `p${index}`,
    containers: each.map((milli, place) => {
      return { name: `container${place + 1}`, cpuNanocores: milli * 1e6, memoryWorkingSetBytes: 1 };
    }),
    ...{ timestampMs, windowMs: 60_000 },
  }));
  return samplesOfUse(pods, 'cpu', container);
}

function calculated(given: ReplicaCase): Proposal | Problem {
  const { by, current, container = '', values = [], target, tolerances = { up: 0.1, down: 0.1 } } = given;
  const pods = podsOf(given);
  const scaled = { current, pods, tolerances, ages };
  const wanted = BigInt(target);
  switch (by) {
    case 'utilization':
      return byUtilization(scaled, samplesOf(given), { resource: 'cpu', container, target: Number(target) });
    case 'average':
      return byAverage(scaled, samplesOf(given), wanted);
    case 'value':
      return byValue(scaled, sumOf(values.map(BigInt)), wanted);
    case 'per pod':
      return byValuePerPod({ current, present: current, tolerances }, sumOf(values.map(BigInt)), wanted);
  }
}

/** The inputs in short, as the name of the test. */
function nameOf({ want: _want, problem: _problem, ...inputs }: ReplicaCase): string {
  return JSON.stringify(inputs).replaceAll('"', '');
}

describe('replicas that metrics call for are those of Kubernetes', () => {
  it.each(replicaCases().map((each) => [nameOf(each), each] as const))('%s', (_name, each) => {
    const { want, problem } = each;
    const result = calculated(each);
    if (problem !== undefined) expect(result).toEqual({ problem: expect.stringContaining(problem) });
    else expect(result).toEqual({ ...want, usage: BigInt(want!.usage) });
  });

  it('are as many as the tolerance allows when requests and use are uneven', () => {
    // Ten pods of 100 millicores of use in two containers each, which request 200 more or less.
    const requests = [300, 100, 210, 190, 202, 198, 201, 199, 200, 200].map((milli) => `${milli}m`);
    const uses = requests.map(() => [100, 100]);
    const at = (target: number) => calculated({ by: 'utilization', current: 10, requests, uses, target });
    expect(at(50)).toEqual({ replicas: 10, utilization: 50, usage: 200n });
    expect(at(55)).toMatchObject({ replicas: 10 });
    expect(at(56)).toMatchObject({ replicas: 9 });
    expect(at(45)).toMatchObject({ replicas: 12 });
    expect(at(46)).toMatchObject({ replicas: 10 });
  });

  it('wake a target from zero by the value alone', () => {
    const scaled = { current: 0, pods: [], tolerances: { up: 0.1, down: 0.1 } };
    expect(byValue(scaled, 0n, 1000n)).toEqual({ replicas: 0, usage: 0n });
    expect(byValue(scaled, 1n, 1000n)).toEqual({ replicas: 1, usage: 1n });
    expect(byValue(scaled, 2500n, 1000n)).toEqual({ replicas: 3, usage: 2500n });
    const without = { current: 0, present: 0, tolerances: { up: 0.1, down: 0.1 } };
    expect(byValuePerPod(without, 0n, 1000n)).toEqual({ replicas: 0, usage: 0n });
    expect(byValuePerPod(without, 2500n, 1000n)).toEqual({ replicas: 3, usage: 2500n });
  });

  it('do not undo a change that is under way', () => {
    const tolerances = { up: 0.2, down: 0.1 };
    // Four replicas are within the tolerance, and five were asked for already.
    expect(byValuePerPod({ current: 5, present: 4, tolerances }, 44n, 10n)).toEqual({ replicas: 5, usage: 11n });
    expect(byValuePerPod({ current: 5, present: 5, tolerances }, 44n, 10n)).toEqual({ replicas: 5, usage: 9n });
    expect(byValuePerPod({ current: 4, present: 4, tolerances }, 44n, 10n)).toEqual({ replicas: 4, usage: 11n });
  });

  it('say nothing without pods', () => {
    const scaled = { current: 2, pods: [], tolerances: { up: 0, down: 0 }, ages };
    const problem = 'no pods returned by selector while calculating replica count';
    expect(byAverage(scaled, new Map(), 1n)).toEqual({ problem });
    expect(byValue(scaled, 5n, 1n)).toEqual({ problem: `unable to calculate ready pods: ${problem}` });
  });
});
