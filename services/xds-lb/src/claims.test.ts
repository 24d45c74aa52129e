import { describe, expect, it } from 'vitest';
import { parseCidr } from './cidr.ts';
import { assignListeners, isOurs } from './claims.ts';
import { defaultConfig } from './config.ts';
import { service } from './testing/fixtures.ts';

const config = defaultConfig.loadBalancer;
const http = [{ name: 'http', port: 80 }];

function claims(...services: Parameters<typeof assignListeners>[0]): Record<string, string[]> {
  const assigned = [...assignListeners(services, config)].map(([key, { granted, refused }]) => [
    key,
    [
      ...granted.map(({ address, port }) => `${address}:${port.port}`),
      ...refused.map(({ reason, message }) => `${reason}: ${message}`),
    ],
  ]);
  return Object.fromEntries(assigned);
}

describe('assignListeners', () => {
  it('gives each port of a LoadBalancer the listen address', () => {
    const web = service('web', [...http, { name: 'api', port: 81 }]);
    expect(claims(web)).toEqual({ 'default/web': ['0.0.0.0:80', '0.0.0.0:81'] });
  });

  it('gives the address that a Service asks for, as the map has it', () => {
    const asked = service('a', http, { loadBalancerIP: '192.0.2.1' });
    const mapped = { ...config, addressMap: { '192.0.2.1': '10.0.0.1' } };
    expect(claims(asked)).toEqual({ 'default/a': ['192.0.2.1:80'] });
    expect(assignListeners([asked], mapped).get('default/a')?.granted[0]?.address).toBe('10.0.0.1');
  });

  it('lets the older Service have the port, in whatever order they come, and tells the younger what would help', () => {
    const old = service('z', http);
    const young = service('a', http);
    young.metadata.creationTimestamp = '2026-02-01T00:00:00Z';
    const expected = {
      'default/z': ['0.0.0.0:80'],
      'default/a': ['PortInUse: 0.0.0.0:80 is taken by Service default/z; use another port or spec.loadBalancerIP'],
    };
    expect(claims(young, old)).toEqual(expected);
    expect(claims(old, young)).toEqual(expected);
  });

  it('decides by name between Services of the same age', () => {
    expect(claims(service('b', http), service('a', http))['default/a']).toEqual(['0.0.0.0:80']);
  });

  it('lets two Services have one port on different addresses', () => {
    const assigned = claims(service('a', http), service('b', http, { loadBalancerIP: '192.0.2.1' }));
    expect(assigned['default/b']).toEqual(['192.0.2.1:80']);
  });

  it('refuses what it cannot serve, and why', () => {
    expect(claims(service('dns', [{ port: 53, protocol: 'UDP' }]))['default/dns']).toEqual([
      'UnsupportedProtocol: port 53/UDP is not served: the load balancer serves TCP only',
    ]);
    expect(claims(service('a', http, { loadBalancerIP: 'here' }))['default/a']).toEqual([
      'InvalidAddress: spec.loadBalancerIP: Invalid value: "here": must be a valid IP address',
    ]);
    // An unreadable range must not open the port to everybody.
    expect(claims(service('a', http, { loadBalancerSourceRanges: ['10.0.0.0/8', '10/8'] }))['default/a']).toEqual([
      'InvalidSourceRange: spec.loadBalancerSourceRanges: Invalid value: "10/8": must be a CIDR, such as 10.0.0.0/8',
    ]);
  });
});

describe('isOurs', () => {
  it('is true for LoadBalancers of no class or of ours, that are not being deleted', () => {
    expect(isOurs(service('a', http), config)).toBe(true);
    expect(isOurs(service('a', http, { loadBalancerClass: 'gantry.dev/envoy' }), config)).toBe(true);
    expect(isOurs(service('a', http, { loadBalancerClass: 'example.com/lb' }), config)).toBe(false);
    expect(isOurs(service('a', http, { type: 'ClusterIP' }), config)).toBe(false);
    const going = service('a', http);
    going.metadata.deletionTimestamp = '2026-01-01T00:00:00Z';
    expect(isOurs(going, config)).toBe(false);
  });
});

it('parseCidr takes networks only', () => {
  expect(parseCidr('10.0.0.0/8')).toEqual({ addressPrefix: '10.0.0.0', prefixLen: 8 });
  expect(parseCidr(' fd00::/64 ')).toEqual({ addressPrefix: 'fd00::', prefixLen: 64 });
  for (const text of ['', '10.0.0.0', '10.0.0.0/33', '10.0.0.0/8/8', 'x/8', '10.0.0.0/-1', '/']) {
    expect(parseCidr(text), text).toBeUndefined();
  }
});
