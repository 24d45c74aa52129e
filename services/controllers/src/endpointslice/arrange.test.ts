import type { Endpoint, EndpointSlice } from '@gantry/model/gen/gantry.discovery.v1.ts';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type Arrangement, arrange, maxEndpoints } from './arrange.ts';

const ports = [{ name: 'http', protocol: 'TCP', port: 80 }];

function endpoint(index: number, ready = true): Endpoint {
  const name = `p${index}`;
  const targetRef = { kind: 'Pod', namespace: 'default', name, uid: name };
  return { addresses: [`10.0.${index >> 8}.${index & 255}`], conditions: { ready }, targetRef };
}

const range = (from: number, to: number): Endpoint[] =>
  Array.from({ length: to - from }, (_, index) => endpoint(from + index));

function slice(name: string, endpoints: Endpoint[]): EndpointSlice {
  return {
    apiVersion: 'discovery.k8s.io/v1',
    kind: 'EndpointSlice',
    metadata: { name },
    addressType: 'IPv4',
    ports,
    endpoints,
  };
}

const arranged = (endpoints: readonly Endpoint[], stored: readonly EndpointSlice[]): Arrangement =>
  arrange(['IPv4'], [{ addressType: 'IPv4', ports, endpoints }], stored);

/** Names of stored slices with their sizes, `new` for those to come, `!` before those that are written. */
const outline = ({ planned, surplus }: Arrangement): string[] => [
  ...planned.map(({ stored, endpoints, isChanged }) => {
    return `${isChanged ? '!' : ''}${stored?.metadata.name ?? 'new'} ${endpoints.length}`;
  }),
  ...surplus.map(({ metadata }) => `-${metadata.name}`),
];

describe('arranging endpoints in slices', () => {
  it.each<[what: string, endpoints: Endpoint[], stored: EndpointSlice[], outline: string[]]>([
    ['makes slices of a hundred', range(0, 250), [], ['!new 100', '!new 100', '!new 50']],
    [
      'leaves what is right alone',
      range(0, 150),
      [slice('a', range(0, 100)), slice('b', range(100, 150))],
      ['a 100', 'b 50'],
    ],
    [
      'fills slices that change anyway before all others',
      range(1, 121),
      [slice('a', range(0, 60)), slice('b', range(60, 100))],
      ['!a 80', 'b 40'],
    ],
    [
      'puts the rest into the fullest slice that has room for all of it',
      range(0, 150),
      [slice('a', range(0, 95)), slice('b', range(95, 125)), slice('c', range(125, 140))],
      ['a 95', '!b 40', 'c 15'],
    ],
    [
      'makes a new slice rather than spread the rest over several',
      range(0, 192),
      [slice('a', range(0, 90)), slice('b', range(90, 179))],
      ['a 90', 'b 89', '!new 13'],
    ],
    ['makes a slice that would go the one that is to come', range(50, 60), [slice('a', range(0, 10))], ['!a 10']],
    ['keeps one empty slice', [], [slice('a', range(0, 10)), slice('b', range(10, 20))], ['!a 0', '-b']],
  ])('%s', (_what, endpoints, stored, expected) => {
    expect(outline(arranged(endpoints, stored))).toEqual(expected);
  });

  it('keeps the empty slice that it has, and one a family', () => {
    const empty = { ...slice('e', []), ports: [] };
    const both = arrange(['IPv4', 'IPv6'], [], [empty]);
    expect(outline(both)).toEqual(['e 0', '!new 0']);
    expect(both.planned.map(({ addressType }) => addressType)).toEqual(['IPv4', 'IPv6']);
  });

  it('takes the order of ports for nothing, and hints for no change', () => {
    const two = [...ports, { name: 'b', protocol: 'TCP', port: 81 }];
    const hinted = range(0, 2).map((each) => ({ ...each, hints: { forZones: [{ name: 'z' }] } }));
    const stored = { ...slice('a', hinted), ports: two.toReversed() };
    const plan = arrange(['IPv4'], [{ addressType: 'IPv4', ports: two, endpoints: range(0, 2) }], [stored]);
    expect(outline(plan)).toEqual(['a 2']);
    expect(plan.planned[0]!.endpoints).toEqual(hinted);
  });

  it('lists every endpoint once, in slices that are not too large, and comes to rest at once', () => {
    const wanted = fc.uniqueArray(fc.record({ index: fc.nat(400), ready: fc.boolean() }), {
      selector: ({ index }) => index,
      maxLength: 320,
    });
    const before = fc.array(fc.uniqueArray(fc.nat(400), { maxLength: maxEndpoints }), { maxLength: 5 });
    fc.assert(
      fc.property(wanted, before, (pods, sets) => {
        const endpoints = pods.map(({ index, ready }) => endpoint(index, ready));
        const stored = sets.map((set, index) =>
          slice(
            `s${index}`,
            set.map((each) => endpoint(each)),
          ),
        );
        const { planned, surplus } = arranged(endpoints, stored);
        const listed = planned.flatMap((each) => each.endpoints.map(({ targetRef }) => targetRef!.uid));
        expect(listed.toSorted()).toEqual(endpoints.map(({ targetRef }) => targetRef!.uid).toSorted());
        expect(planned.every((each) => each.endpoints.length <= maxEndpoints)).toBe(true);
        const kept = planned.map((each) => each.stored?.metadata.name).filter(Boolean);
        expect([...kept, ...surplus.map(({ metadata }) => metadata.name)].toSorted()).toEqual(
          stored.map(({ metadata }) => metadata.name),
        );
        const written = planned.map((each, index) => ({
          ...slice(`n${index}`, each.endpoints),
          ports: [...each.ports],
        }));
        const again = arranged(endpoints, written);
        expect(again.surplus).toEqual([]);
        expect(again.planned.every(({ isChanged }) => !isChanged)).toBe(true);
      }),
      { numRuns: 200 },
    );
  });
});
