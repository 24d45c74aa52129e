import type { Client } from 'envoy-control-plane-ts/server.ts';
import type { RequestEvent } from 'envoy-control-plane-ts/stream-state.ts';
import { clusterType, listenerType } from 'envoy-control-plane-ts/type-urls.ts';
import { expect, it } from 'vitest';
import { build } from './build.ts';
import { defaultConfig } from './config.ts';
import { Reporter, reportsOf, reportsOfRejection } from './reports.ts';
import { endpoint, service, slice } from './testing/fixtures.ts';

const web = service('web', [{ name: 'http', port: 80 }]);
const long = service('web', [{ name: 'http', port: 8080 }]);
const client: Client = {
  stream: 1,
  peer: 'p',
  protocol: 'delta',
  node: { id: 'envoy-1' },
  group: 'envoy',
  connectedAtMs: 0,
  subscriptions: [],
};

function refusal(typeUrl: string, message: string): RequestEvent {
  const rejection = { nonce: '1', version: 'v', snapshotVersion: 'v', names: [], error: { code: 13, message } };
  return { kind: 'rejected', typeUrl, rejection };
}

it('finds the Services of the listeners that Envoy names', () => {
  const message = "Error adding/updating listener(s) web.default:80: cannot bind '192.0.2.1:80'";
  expect(
    reportsOfRejection(client, refusal(listenerType, message), [web, long]).map((report) => report.service),
  ).toEqual([web]);
  expect(reportsOfRejection(client, refusal(clusterType, message), [web])).toEqual([]);
});

it('tells a lasting problem once, and again when it comes back', () => {
  const told: string[] = [];
  const reporter = new Reporter({ record: (_service, type, reason) => told.push(`${type} ${reason}`) });
  const udp = service('dns', [{ port: 53, protocol: 'UDP' }]);
  const reports = reportsOf(build({ services: [udp], slices: [] }, defaultConfig.loadBalancer), [udp]);
  reporter.report(reports);
  reporter.report(reports);
  expect(told).toEqual(['Warning UnsupportedProtocol']);
  reporter.report([]);
  reporter.report(reports);
  expect(told).toHaveLength(2);
});

it('tells of Services that no configuration could be made of', () => {
  const bad = service('bad', [{ name: 'http', port: 70000 }]);
  const reports = reportsOf(build({ services: [bad], slices: [] }, defaultConfig.loadBalancer), [bad]);
  expect(reports.map(({ reason }) => reason)).toEqual(['InvalidConfiguration']);
});

it('tells of endpoints that no request is sent to', () => {
  const slices = [
    slice('web', { name: 'http', port: 8080 }, [endpoint('127.0.0.1'), endpoint('10.0.0.1')], 'evil'),
    slice('web', { name: 'http', port: 8080 }, [endpoint('127.0.0.1')], 'again'),
  ];
  const built = build({ services: [web], slices }, defaultConfig.loadBalancer);
  expect(reportsOf(built, [web])).toEqual([
    {
      service: web,
      reason: 'EndpointDenied',
      message: expect.stringContaining('no request is sent to 127.0.0.1 of EndpointSlice evil'),
    },
  ]);
});
