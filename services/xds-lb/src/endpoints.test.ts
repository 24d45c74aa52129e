import type { Service } from '@gantry/model/gen/gantry.core.v1.ts';
import type { Endpoint, EndpointSlice } from '@gantry/model/gen/gantry.discovery.v1.ts';
import { ClusterLoadAssignment } from 'envoy-control-plane-ts/envoy/endpoint.ts';
import { decode } from 'envoy-control-plane-ts/proto/codec.ts';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { localRanges } from './config.ts';
import { inRanges } from './denied.ts';
import { endpointsOf, inUse, targetsOf, weightedEndpointsOf } from './endpoints.ts';
import { endpoint, service, slice } from './testing/fixtures.ts';

const http = { name: 'http', port: 80 };
const pods = { name: 'http', port: 8080 };
const web = service('web', [http]);
const isDenied = inRanges(localRanges);

/** Addresses by zone. */
function zones(slices: readonly EndpointSlice[], of: Service = web): Record<string, string[]> {
  const assignment = decode(
    ClusterLoadAssignment,
    endpointsOf('c', inUse(targetsOf(of, http, slices, isDenied))).value,
  );
  const entries = (assignment.endpoints ?? []).map(({ locality, loadBalancingWeight, lbEndpoints = [] }) => {
    expect(loadBalancingWeight).toBe(lbEndpoints.length);
    const addresses = lbEndpoints.map((item) => item.endpoint?.address?.socketAddress);
    return [locality?.zone ?? '', addresses.map((address) => `${address?.address}:${address?.portValue}`)];
  });
  return Object.fromEntries(entries);
}

function conditions(ready?: boolean, serving?: boolean, terminating?: boolean): Pick<Endpoint, 'conditions'> {
  return { conditions: { ready, serving, terminating } };
}

describe('endpointsOf', () => {
  it('takes the port of the slice with the same name and protocol', () => {
    const other = slice('web', { name: 'metrics', port: 9090 }, [endpoint('10.0.0.2')]);
    expect(zones([slice('web', pods, [endpoint('10.0.0.1')]), other])).toEqual({ '': ['10.0.0.1:8080'] });
  });

  it('takes an unnamed port as the one with an empty name', () => {
    const unnamed = { ...slice('web', pods, [endpoint('10.0.0.1')]), ports: [{ port: 8080 }] };
    const assignment = decode(
      ClusterLoadAssignment,
      endpointsOf('c', targetsOf(web, { port: 80 }, [unnamed], isDenied)).value,
    );
    expect(assignment.endpoints).toHaveLength(1);
  });

  it('groups by zone', () => {
    const endpoints = [
      endpoint('10.0.0.3', { zone: 'b' }),
      endpoint('10.0.0.2', { zone: 'a' }),
      endpoint('10.0.0.1', { zone: 'b' }),
    ];
    expect(zones([slice('web', pods, endpoints)])).toEqual({
      a: ['10.0.0.2:8080'],
      b: ['10.0.0.1:8080', '10.0.0.3:8080'],
    });
  });

  it.each([
    ['ready', conditions(true, true, false), true],
    ['without conditions', { conditions: {} }, true],
    ['with nothing said', { conditions: undefined }, true],
    ['not ready', conditions(false, false, false), false],
    ['serving but not ready, and not terminating', conditions(false, true, false), false],
    ['terminating and still serving', conditions(false, true, true), true],
    ['terminating and no longer serving', conditions(false, false, true), false],
  ])('has an endpoint that is %s: %#', (_, more, isThere) => {
    expect(zones([slice('web', pods, [endpoint('10.0.0.1', more)])])).toEqual(isThere ? { '': ['10.0.0.1:8080'] } : {});
  });

  it('leaves out what terminates while another is ready', () => {
    const endpoints = [endpoint('10.0.0.1', conditions(false, true, true)), endpoint('10.0.0.2')];
    expect(zones([slice('web', pods, endpoints)])).toEqual({ '': ['10.0.0.2:8080'] });
  });

  it('takes endpoints that are not ready where the Service says so', () => {
    const all = service('web', [http], { publishNotReadyAddresses: true });
    expect(zones([slice('web', pods, [endpoint('10.0.0.1', conditions(false, false, false))])], all)).toEqual({
      '': ['10.0.0.1:8080'],
    });
  });

  it('has an address once, and none that is not an IP address', () => {
    const slices = [
      slice('web', pods, [endpoint('10.0.0.1'), endpoint('web.example.com')]),
      slice('web', pods, [endpoint('10.0.0.1')], 'second'),
      { ...slice('web', pods, [endpoint('10.0.0.9')], 'names'), addressType: 'FQDN' },
    ];
    expect(zones(slices)).toEqual({ '': ['10.0.0.1:8080'] });
  });

  it.each([
    '127.0.0.1',
    '127.8.8.8',
    '169.254.169.254',
    '0.0.0.0',
    '224.0.0.1',
    '::1',
    '::',
    'fe80::1',
    'ff02::1',
    '::ffff:127.0.0.1',
    '::ffff:7f00:1',
  ])('never has %s, whatever a slice says', (address) => {
    const all = service('web', [http], { publishNotReadyAddresses: true });
    expect(zones([slice('web', pods, [endpoint(address), endpoint('10.0.0.2')])], all)).toEqual({
      '': ['10.0.0.2:8080'],
    });
  });

  it('has the same version in whatever order endpoints come', () => {
    const arbitrary = fc.uniqueArray(fc.record({ last: fc.nat(255), zone: fc.constantFrom('a', 'b') }), {
      selector: ({ last }) => last,
    });
    fc.assert(
      fc.property(arbitrary, (items) => {
        const endpoints = items.map(({ last, zone }) => endpoint(`10.0.0.${last}`, { zone }));
        const versionOf = (items: readonly Endpoint[]): string =>
          endpointsOf('c', targetsOf(web, http, [slice('web', pods, items)], isDenied)).version;
        expect(versionOf(endpoints.toReversed())).toBe(versionOf(endpoints));
      }),
    );
  });
});

describe('weightedEndpointsOf', () => {
  const target = (address: string, zone: string) => ({
    address,
    port: 1,
    zone,
    pod: undefined,
    state: 'ready' as const,
  });

  it('gives each part its percent, whatever the number of its targets and their zones', () => {
    const stable = [target('10.0.0.1', 'a'), target('10.0.0.2', 'a'), target('10.0.0.3', 'b')];
    const parts = [
      { revision: 'v1', weight: 75, targets: stable },
      { revision: 'v2', weight: 25, targets: [target('10.0.0.4', 'b')] },
    ];
    const { endpoints } = decode(ClusterLoadAssignment, weightedEndpointsOf('c', parts).value);
    expect(
      endpoints!.map(({ locality, loadBalancingWeight }) => [locality?.zone, locality?.subZone, loadBalancingWeight]),
    ).toEqual([
      ['a', 'v1', 50_000],
      ['b', 'v1', 25_000],
      ['b', 'v2', 25_000],
    ]);
  });
});
