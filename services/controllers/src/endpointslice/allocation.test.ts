import type { Node } from '@gantry/model/gen/gantry.core.v1.ts';
import type { Endpoint } from '@gantry/model/gen/gantry.discovery.v1.ts';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { aNode } from '../testing/objects.ts';
import { allocate, zoneShares } from './allocation.ts';
import type { Planned } from './arrange.ts';

function node(name: string, zone: string | undefined, cpu: string, labels: Record<string, string> = {}): Node {
  const plain = aNode(name);
  const own = zone === undefined ? labels : { 'topology.kubernetes.io/zone': zone, ...labels };
  return { ...plain, metadata: { ...plain.metadata, labels: own }, status: { ...plain.status, allocatable: { cpu } } };
}

function planned(zones: readonly string[], isChanged = true): Planned {
  const endpoints = zones.map(
    (zone, index): Endpoint => ({ addresses: [`10.0.0.${index}`], conditions: { ready: true }, zone }),
  );
  return { addressType: 'IPv4', ports: [], endpoints, isChanged };
}

const zonesOf = (slices: readonly Planned[]): (string | undefined)[] =>
  slices.flatMap(({ endpoints }) => endpoints.map(({ hints }) => hints?.forZones?.[0]?.name));

describe('the shares of zones', () => {
  it('are those of their CPUs, without the control plane and nodes that are not ready', () => {
    const sick = {
      ...node('d', 'c', '8'),
      status: { allocatable: { cpu: '8' }, conditions: [{ type: 'Ready', status: 'False' }] },
    };
    const control = node('e', 'c', '8', { 'node-role.kubernetes.io/control-plane': '' });
    const shares = zoneShares([node('a', 'a', '3'), node('b', 'b', '500m'), node('c', 'b', '500m'), sick, control]);
    expect(shares).toEqual(
      new Map([
        ['a', 0.75],
        ['b', 0.25],
      ]),
    );
  });

  it.each<[string, Node[]]>([
    ['there is one zone', [node('a', 'a', '3'), node('b', 'a', '3')]],
    ['a node tells no zone', [node('a', 'a', '3'), node('b', 'b', '3'), node('c', undefined, '3')]],
    ['a node tells no CPUs', [node('a', 'a', '3'), node('b', 'b', '0')]],
  ])('are unknown where %s', (_, nodes) => {
    expect(zoneShares(nodes)).toBeUndefined();
  });
});

describe('the allocation of endpoints', () => {
  const halves = new Map([
    ['a', 0.5],
    ['b', 0.5],
  ]);

  it('leaves endpoints to their zones, and moves what a zone lacks', () => {
    expect(zonesOf(allocate([planned(['a', 'a', 'b', 'b'])], halves).slices)).toEqual(['a', 'a', 'b', 'b']);
    const moved = zonesOf(allocate([planned(['a', 'a', 'a', 'a'])], halves).slices);
    expect(moved.toSorted()).toEqual(['a', 'a', 'b', 'b']);
  });

  it('leaves hints that are there alone while no zone has too many of them', () => {
    const { slices } = allocate([planned(['a', 'a', 'b', 'b'])], halves);
    const settled = slices.map((slice) => ({ ...slice, isChanged: false }));
    expect(allocate(settled, halves).slices).toEqual(settled);
  });

  it.each<[string, Planned, ReadonlyMap<string, number> | undefined, string]>([
    [
      'shares are unknown',
      planned(['a', 'b']),
      undefined,
      'Insufficient Node information: allocatable CPU or zone not specified on one or more nodes',
    ],
    [
      'endpoints are fewer than zones',
      planned(['a']),
      halves,
      'Insufficient number of endpoints (1 endpoints, 2 zones)',
    ],
    [
      'a zone would be overloaded',
      planned(['a', 'b', 'a']),
      halves,
      'Unable to allocate minimum required endpoints to each zone without exceeding overload threshold (3 endpoints, 2 zones)',
    ],
    [
      'an endpoint has no zone',
      planned(['a', 'b', '', 'a']),
      halves,
      'One or more endpoints do not have a zone specified',
    ],
  ])('gives no hints where %s', (_, slice, shares, problem) => {
    const given = {
      ...slice,
      endpoints: slice.endpoints.map((each) => ({ ...each, hints: { forZones: [{ name: 'a' }] } })),
    };
    const result = allocate([given], shares);
    expect(result.problem).toBe(problem);
    expect(zonesOf(result.slices).every((zone) => zone === undefined)).toBe(true);
  });

  it('overloads no zone: each has the endpoints that its share asks for, or but a fifth less', () => {
    const shares = fc.array(fc.integer({ min: 1, max: 9 }), { minLength: 2, maxLength: 4 }).map((cpus) => {
      const total = cpus.reduce((sum, each) => sum + each, 0);
      return new Map(cpus.map((each, index) => [`z${index}`, each / total]));
    });
    fc.assert(
      fc.property(shares, fc.array(fc.nat(3), { maxLength: 40 }), (given, places) => {
        const slice = planned(places.map((place) => `z${place % given.size}`));
        const { slices, problem } = allocate([slice], given);
        const zones = zonesOf(slices);
        if (problem !== undefined) {
          expect(zones.every((zone) => zone === undefined)).toBe(true);
          return;
        }
        for (const [zone, share] of given) {
          const count = zones.filter((each) => each === zone).length;
          expect(count).toBeGreaterThanOrEqual(Math.floor((share * zones.length) / 1.2));
        }
      }),
    );
  });
});
