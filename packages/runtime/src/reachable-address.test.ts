import { expect, test } from 'vitest';
import { reachableAddress } from './reachable-address.ts';

const local = { address: '127.0.0.1', family: 'IPv4', internal: true } as const;
const external = { address: '10.1.2.3', family: 'IPv4', internal: false } as const;
const interfaces = { lo: [local], eth0: [external] } as unknown as Parameters<typeof reachableAddress>[2];

test.each([
  ['127.0.0.1', 7, '127.0.0.1:7'],
  ['::1', 7, '[::1]:7'],
  ['scheduler', 7444, 'scheduler:7444'],
  ['0.0.0.0', 7444, '10.1.2.3:7444'],
  ['::', 7444, '10.1.2.3:7444'],
])('%s', (host, port, address) => {
  expect(reachableAddress(host, port, interfaces)).toBe(address);
});

test('a machine that is on no network is reached from itself', () => {
  expect(reachableAddress('0.0.0.0', 1, { lo: [local] } as never)).toBe('127.0.0.1:1');
});
