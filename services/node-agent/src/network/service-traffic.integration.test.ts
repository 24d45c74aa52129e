import { systemClock } from '@gantry/runtime/clock.ts';
import { silentLogger } from '@gantry/runtime/log.ts';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { eventually } from '../testing/agent-kit.ts';
import { served, serviceOf } from '../testing/services.ts';
import { UdpFlows } from './conntrack.ts';
import type { ServiceEndpoints } from './endpoints.ts';
import { ServiceRules } from './rules.ts';
import { rulesetOf } from './ruleset.ts';
import { nodeAddress, type PodProgram, podAddress, type RoutedNode, startRoutedNode } from './testing/routed-node.ts';

// Packets through the rules of a node, as the kernel sends them.

let node: RoutedNode;
let rules: ServiceRules;
let services: ServiceEndpoints[];
let client: PodProgram | undefined;

/** Answers each packet with the name of its pod. */
const server = (name: string): string => `
const socket = require('node:dgram').createSocket('udp4');
socket.on('message', (_, from) => socket.send('${name}', from.port, from.address));
socket.bind(8080, () => console.log('up'));`;

/** Asks from one socket all the time: to the kernel it is one flow. */
const asking = (address: string, port: number): string => `
const socket = require('node:dgram').createSocket('udp4');
socket.on('message', (text) => console.log(String(text)));
socket.on('error', () => {});
socket.bind(4000, () => {
  console.log('asks');
  setInterval(() => socket.send('?', ${port}, '${address}', () => {}), 20);
});`;

/** Tells how connecting ends. */
const connecting = (address: string, port: number): string => `
const socket = require('node:net').connect({ host: '${address}', port: ${port}, timeout: 3000 });
socket.on('connect', () => { console.log('connected'); socket.destroy(); });
socket.on('timeout', () => { console.log('left the node'); socket.destroy(); });
socket.on('error', ({ code }) => console.log(code));`;

const ports = [{ name: 'http', port: 80, targetPort: 8080, protocol: 'UDP', nodePort: 30_080 }];

/** The UDP service with endpoints on these pods. */
function udpService(...pods: readonly number[]): ServiceEndpoints {
  const entry = served(serviceOf('u', { type: 'NodePort', ports }), pods.map(podAddress));
  return { ...entry, slices: entry.slices.map((slice) => ({ ...slice, ports: [{ ...ports[0]!, port: 8080 }] })) };
}

function change(...wanted: ServiceEndpoints[]): void {
  services = wanted;
  rules.changed();
}

const nextAnswer = (wanted: string): Promise<unknown> =>
  eventually(`${wanted} answers`, () => client!.lines.at(-1) === wanted);

async function answersEnd(): Promise<void> {
  await eventually('answers end', async () => {
    const before = client!.lines.length;
    await new Promise((resolve) => setTimeout(resolve, 200));
    return client!.lines.length === before;
  });
}

beforeAll(async () => {
  node = await startRoutedNode(['client', 'u1', 'u2']);
  for (const name of ['u1', 'u2']) await node.start(name, server(name));
});
afterAll(() => node?.[Symbol.asyncDispose]());
beforeEach(async () => {
  rules = new ServiceRules({
    nft: (script, signal) => node.runInNode(['nft', '-f', '-'], script, signal),
    wanted: () => rulesetOf({ services, nodeName: 'node-1', clusterCidr: '10.64.0.0/16', extra: [] }),
    flows: new UdpFlows(
      (command, input, signal) => node.runInNode(command, input, signal),
      { serviceCidr: '10.96.0.0/16', nodeAddresses: new Set([nodeAddress]) },
      silentLogger,
    ),
    serviceCidr: '10.96.0.0/16',
    clock: systemClock,
    log: silentLogger,
  });
});
afterEach(async () => {
  await client?.end();
  client = undefined;
  await rules[Symbol.asyncDispose]();
});

describe('a UDP client with one socket', () => {
  it.each([
    ['the service address', '10.96.0.20', 80],
    ['a node port', nodeAddress, 30_080],
  ])('follows the endpoints behind %s, and hears nobody once the service is gone', async (_what, address, port) => {
    // No service yet: nobody answers, and the flow must not stay what it is.
    change();
    await rules.attempted;
    client = await node.start('client', asking(address, port));
    change(udpService(1));
    await nextAnswer('u1');
    change(udpService(2));
    await nextAnswer('u2');
    change(udpService());
    await answersEnd();
    change(udpService(1));
    await nextAnswer('u1');
    change();
    await answersEnd();
  });

  it('stays where it is while its endpoint is there', async () => {
    change(udpService(1));
    await rules.attempted;
    client = await node.start('client', asking('10.96.0.20', 80));
    await nextAnswer('u1');
    change(udpService(1, 2));
    await new Promise((resolve) => setTimeout(resolve, 500));
    expect(new Set(client.lines)).toEqual(new Set(['asks', 'u1']));
  });
});

it('packets for ports that a service does not have, and for addresses of no service, do not leave the node', async () => {
  change(udpService(1));
  await rules.attempted;
  for (const [address, port] of [
    ['10.96.0.20', 80],
    ['10.96.0.20', 81],
    ['10.96.77.7', 80],
  ] as const) {
    expect(await node.evaluate('client', connecting(address, port))).toBe('ECONNREFUSED\n');
    expect(await node.evaluate('node', connecting(address, port))).toBe('ECONNREFUSED\n');
  }
  // Packets for other addresses are forwarded.
  expect(await node.evaluate('client', connecting('198.51.100.1', 80))).toBe('left the node\n');
});
