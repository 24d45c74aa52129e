import type { Container, Pod, PodSpec } from '@gantry/model/gen/gantry.core.v1.ts';
import { rfc3339 } from '@gantry/runtime/time.ts';
import { describe, expect, it } from 'vitest';
import { type Ages, groupPods, requestsOf } from './pods.ts';
import type { Samples } from './samples.ts';

const nowMs = Date.parse('2026-01-01T12:00:00Z');
const ages: Ages = {
  nowMs,
  settings: { cpuInitializationPeriodMs: 120_000, initialReadinessDelayMs: 10_000 },
  readyForMs: () => 0,
};

interface Given {
  readonly phase?: string;
  /** Seconds since it was started; absent where it was not. */
  readonly startedAgo?: number;
  readonly ready?: 'True' | 'False';
  /** Seconds since its readiness changed. */
  readonly changedAgo?: number;
  readonly leaving?: true;
}

function aPod({ phase = 'Running', startedAgo, ready, changedAgo, leaving }: Given, name = 'p'): Pod {
  const ago = (seconds: number): string => rfc3339(nowMs - seconds * 1000);
  const changed = changedAgo === undefined ? {} : { lastTransitionTime: ago(changedAgo) };
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name, ...(leaving ? { deletionTimestamp: ago(0) } : {}) },
    spec: { containers: [] },
    status: {
      phase,
      ...(startedAgo === undefined ? {} : { startTime: ago(startedAgo) }),
      ...(ready === undefined ? {} : { conditions: [{ type: 'Ready', status: ready, ...changed }] }),
    },
  };
}

const sampled = (sampledAgo = 0, windowSeconds = 60, name = 'p'): Samples =>
  new Map([[name, { value: 1n, timestampMs: nowMs - sampledAgo * 1000, windowMs: windowSeconds * 1000 }]]);
const none: Samples = new Map();

function groupOf(given: Given, samples: Samples, resource: string, seen = 0): string {
  const { readyCount, unready, missing, ignored } = groupPods([aPod(given)], samples, resource, {
    ...ages,
    readyForMs: () => seen * 1000,
  });
  const names = [readyCount ? 'ready' : '', unready.size ? 'unready' : '', missing.size ? 'missing' : ''];
  return [...names, ignored.size ? 'ignored' : ''].join('');
}

describe('pods count as in Kubernetes', () => {
  it.each<[string, string, Given, Samples, string]>([
    ['ready, for a resource other than CPU', 'ready', {}, sampled(), 'memory'],
    ['ready, for a metric of no resource', 'ready', {}, sampled(), ''],
    ['unready, without a condition', 'unready', { startedAgo: 0 }, sampled(), 'cpu'],
    ['unready, without a start', 'unready', { ready: 'True', changedAgo: 0 }, sampled(), 'cpu'],
    [
      'ready, with a sample since it is',
      'ready',
      { startedAgo: 60, ready: 'True', changedAgo: 30 },
      sampled(0, 30),
      'cpu',
    ],
    [
      'unready, with a sample from before it was',
      'unready',
      { startedAgo: 60, ready: 'True', changedAgo: 30 },
      sampled(),
      'cpu',
    ],
    [
      'unready, soon after its start',
      'unready',
      { startedAgo: 60, ready: 'False', changedAgo: 50 },
      sampled(0, 30),
      'cpu',
    ],
    [
      'unready, and never ready since its start',
      'unready',
      { startedAgo: 600, ready: 'False', changedAgo: 594 },
      sampled(),
      'cpu',
    ],
    [
      'ready, with an old sample after its start',
      'ready',
      { startedAgo: 180, ready: 'True', changedAgo: 180 },
      sampled(120),
      'cpu',
    ],
    [
      'ready, as one that was ready and is not any more',
      'ready',
      { startedAgo: 600, ready: 'False', changedAgo: 540 },
      sampled(),
      'cpu',
    ],
    [
      'ready, as one that changed when its start was over',
      'ready',
      { startedAgo: 600, ready: 'False', changedAgo: 590 },
      sampled(),
      'cpu',
    ],
    ['missing, without a sample', 'missing', { startedAgo: 180 }, none, 'cpu'],
    ['unready, while it is pending', 'unready', { phase: 'Pending' }, none, 'cpu'],
    ['unready, while it is pending, whatever the resource', 'unready', { phase: 'Pending' }, sampled(), 'memory'],
    ['ignored, when it is to end', 'ignored', { phase: 'Pending', leaving: true }, sampled(), 'cpu'],
    ['ignored, when it failed', 'ignored', { phase: 'Failed' }, sampled(), 'cpu'],
  ])('%s', (_name, group, given, samples, resource) => {
    expect(groupOf(given, samples, resource)).toBe(group);
  });

  it('together', () => {
    const pods = [
      aPod({ startedAgo: 0 }, 'new'),
      aPod({ startedAgo: 180, ready: 'True', changedAgo: 180 }, 'old'),
      aPod({ startedAgo: 180 }, 'silent'),
    ];
    const samples = new Map([...sampled(0, 60, 'new'), ...sampled(0, 60, 'old')]);
    expect(groupPods(pods, samples, 'cpu', ages)).toEqual({
      readyCount: 1,
      unready: new Set(['new']),
      missing: new Set(['silent']),
      ignored: new Set(),
    });
  });

  it('whatever the wall clock does: a pod that was seen ready for long enough is no new one', () => {
    const ahead = { startedAgo: -7_200, ready: 'True', changedAgo: -7_200 } as const;
    expect(groupOf(ahead, sampled(), 'cpu', 119)).toBe('unready');
    expect(groupOf(ahead, sampled(), 'cpu', 120)).toBe('ready');
  });
});

describe('requests', () => {
  const container = (name: string, cpu?: string, sidecar?: true): Container => ({
    name,
    image: 'i',
    ...(cpu === undefined ? {} : { resources: { requests: { cpu } } }),
    ...(sidecar ? { restartPolicy: 'Always' } : {}),
  });
  const requested = (spec: Partial<PodSpec>, of = ''): unknown => {
    const pod = { apiVersion: 'v1', kind: 'Pod', metadata: { name: 'p' }, spec: { containers: [], ...spec } } as Pod;
    const requests = requestsOf([pod], 'cpu', of);
    return requests instanceof Map ? requests.get('p') : requests.problem;
  };
  const two = { containers: [container('a', '100m'), container('b', '50m')] };
  const whole = { resources: { requests: { cpu: '800m' } } };

  it.each<[string, unknown, Partial<PodSpec>, string?]>([
    ['are those of all containers', 150n, two],
    ['are those of the pod as a whole where it has some', 800n, { ...two, ...whole }],
    ['are those of the pod as a whole where a container has none', 800n, { containers: [container('a')], ...whole }],
    ['are those of one container', 100n, two, 'a'],
    ['are those of one container, whatever the pod as a whole has', 100n, { ...two, ...whole }, 'a'],
    [
      'count sidecars, and no containers that end before',
      150n,
      {
        containers: [container('a', '100m')],
        initContainers: [container('i', '20m'), container('s', '50m', true)],
      },
    ],
    [
      'of a container that has none',
      'missing request for cpu in container a of Pod p',
      { containers: [container('a'), container('b', '50m')] },
    ],
    ['of a container that there is not', 'container c not found in Pod p', two, 'c'],
    [
      'of a pod as a whole that names other resources',
      'missing pod-level request for cpu in Pod p',
      { containers: [container('a')], resources: { requests: { memory: '1Gi' } } },
    ],
    ['with the overhead of the pod', 900n, { ...two, ...whole, overhead: { cpu: '100m' } }],
  ])('%s', (_name, expected, spec, of) => {
    expect(requested(spec, of)).toEqual(expected);
  });

  it('of no pods are none', () => {
    expect(requestsOf([], 'cpu', '')).toEqual(new Map());
  });
});
