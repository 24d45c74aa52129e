import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { podRequests, podRequestsOnNode } from '../../amounts.ts';
import type { Pod } from '../../gen/gantry.core.v1.ts';
import { resourcesCountedOf } from './allocated.ts';

type Amounts = Record<string, string>;

const podOf = (wanted: Amounts, allocated?: Amounts, inForce?: Amounts, reason?: string): Pod => ({
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: { name: 'p' },
  spec: { containers: [{ name: 'a', resources: { requests: wanted } }] },
  status: {
    conditions: reason === undefined ? [] : [{ type: 'PodResizePending', status: 'True', reason }],
    containerStatuses: [
      {
        name: 'a',
        ...(allocated && { allocatedResources: allocated }),
        ...(inForce && { resources: { requests: inForce } }),
      },
    ],
  },
});

describe('what counts of a pod while it is resized', () => {
  it.each<[Amounts, Amounts | undefined, Amounts | undefined, string | undefined, number]>([
    [{ cpu: '1' }, undefined, undefined, undefined, 1_000],
    [{ cpu: '2' }, { cpu: '1' }, { cpu: '1' }, undefined, 2_000],
    [{ cpu: '1' }, { cpu: '2' }, { cpu: '2' }, undefined, 2_000],
    [{ cpu: '1' }, { cpu: '1' }, { cpu: '3' }, undefined, 3_000],
    [{ cpu: '4' }, { cpu: '1' }, { cpu: '1' }, 'Deferred', 4_000],
    [{ cpu: '4' }, { cpu: '1' }, { cpu: '1' }, 'Infeasible', 1_000],
    [{ cpu: '4' }, { cpu: '1' }, { cpu: '2' }, 'Infeasible', 2_000],
  ])('asks for %j, has %j, uses %j, pending %s: %d', (wanted, allocated, inForce, reason, cpu) => {
    expect(podRequestsOnNode(podOf(wanted, allocated, inForce, reason)).get('cpu')).toBe(cpu);
  });

  it('counts a pod as a whole by what is set aside for it', () => {
    const pod = podOf({ cpu: '1' });
    pod.spec.resources = { requests: { cpu: '2' } };
    pod.status = { ...pod.status, allocatedResources: { cpu: '3' } };
    expect(podRequestsOnNode(pod).get('cpu')).toBe(3_000);
  });

  it('leaves the spec alone where the node has what it asks for', () => {
    const pod = podOf({ cpu: '1' }, { cpu: '1' }, { cpu: '1000m' });
    expect(resourcesCountedOf(pod)).toBe(pod.spec);
  });

  it('never counts less than what the node has set aside, nor less than what is asked for and feasible', () => {
    const amount = fc.integer({ min: 0, max: 5_000 }).map((milli) => ({ cpu: `${milli}m` }));
    const reason = fc.constantFrom(undefined, 'Deferred', 'Infeasible');
    fc.assert(
      fc.property(amount, amount, amount, reason, (wanted, allocated, inForce, why) => {
        const given = podRequestsOnNode(podOf(wanted, allocated, inForce, why)).get('cpu') ?? 0;
        const least = [allocated, inForce, ...(why === 'Infeasible' ? [] : [wanted])];
        const bounds = least.map((requests) => podRequests(podOf(requests).spec).get('cpu') ?? 0);
        expect(given).toBe(Math.max(...bounds));
      }),
    );
  });
});
