import { GantryError } from '@gantry/runtime/errors.ts';
import { expect, it } from 'vitest';
import { defaultConfig, localRanges, readConfig } from './config.ts';

/** Each process has a name of its own. */
const traffic = { listen: '127.0.0.1:0', advertise: undefined, identity: expect.any(String) };

it('has defaults', () => {
  expect(readConfig([], {})).toEqual({ ...defaultConfig, traffic, diagnostics: undefined });
});

it('reads the environment', () => {
  const config = readConfig([], {
    GANTRY_XDS_HOST: '0.0.0.0',
    GANTRY_XDS_PORT: '0',
    GANTRY_XDS_LISTEN_ADDRESS: '::',
    GANTRY_XDS_ADDRESS_MAP: '192.0.2.1=10.0.0.1, 192.0.2.2=10.0.0.2',
    GANTRY_XDS_INGRESS_IPS: '192.0.2.1',
    GANTRY_XDS_LOAD_BALANCER_CLASS: 'example.com/mine',
    GANTRY_XDS_DIAGNOSTICS_PORT: '9090',
    GANTRY_XDS_SOCKET: '/run/xds.sock',
    GANTRY_XDS_DENIED_ENDPOINTS: '10.1.0.0/16',
    GANTRY_XDS_TRUST_NETWORK: 'true',
    GANTRY_XDS_TRAFFIC_LISTEN: '0.0.0.0:8085',
    GANTRY_XDS_TRAFFIC_ADVERTISE: 'xds-lb:8085',
    GANTRY_XDS_IDENTITY: 'one',
  });
  expect(config).toEqual({
    loadBalancer: {
      listenAddress: '::',
      addressMap: { '192.0.2.1': '10.0.0.1', '192.0.2.2': '10.0.0.2' },
      ingressIps: ['192.0.2.1'],
      loadBalancerClass: 'example.com/mine',
      deniedEndpoints: [...localRanges, '10.1.0.0/16'],
    },
    xdsHost: '0.0.0.0',
    xdsSocket: '/run/xds.sock',
    trustNetwork: true,
    xdsPort: 0,
    traffic: { listen: '0.0.0.0:8085', advertise: 'xds-lb:8085', identity: 'one' },
    diagnostics: { host: '127.0.0.1', port: 9090 },
  });
});

it.each([
  [
    'GANTRY_XDS_PORT',
    'many',
    'GANTRY_XDS_PORT: Invalid value: "many": must be a whole number between 0 and 65535, inclusive',
  ],
  [
    'GANTRY_XDS_PORT',
    '70000',
    'GANTRY_XDS_PORT: Invalid value: "70000": must be a whole number between 0 and 65535, inclusive',
  ],
  [
    'GANTRY_XDS_LISTEN_ADDRESS',
    'localhost',
    'GANTRY_XDS_LISTEN_ADDRESS: Invalid value: "localhost": must be a valid IP address',
  ],
  ['GANTRY_XDS_ADDRESS_MAP', '10.0.0.1', 'GANTRY_XDS_ADDRESS_MAP: Invalid value: "": must be a valid IP address'],
  [
    'GANTRY_XDS_DENIED_ENDPOINTS',
    '10.0.0.1',
    'GANTRY_XDS_DENIED_ENDPOINTS: Invalid value: "10.0.0.1": must be a range such as 10.0.0.0/24',
  ],
  ['GANTRY_XDS_INGRESS_IPS', '1.2.3', 'GANTRY_XDS_INGRESS_IPS: Invalid value: "1.2.3": must be a valid IP address'],
])('refuses %s=%s', (name, value, message) => {
  const causes = [{ reason: 'FieldValueInvalid', field: name, message }] as const;
  expect(() => readConfig([], { [name]: value })).toThrow(new GantryError('Invalid', message, { causes }));
});
