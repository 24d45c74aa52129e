import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { addressPlan, freePlanNumbers, maxNodes, nodeAddresses } from './address-plan.ts';

describe('addresses', () => {
  it('are taken in order on a machine that uses none', () => {
    expect(freePlanNumbers(['default', '192.168.1.0/24', 'ff00::/8'])).toEqual([...Array(16).keys()]);
    expect(addressPlan(0)).toEqual({ podCidr: '10.64.0.0/16', nodeCidr: '10.65.0.0/24', gateway: '10.65.0.1' });
  });

  it.each([
    ['10.64.3.7', 1],
    ['10.65.0.0/24', 1],
    ['10.64.0.0/14', 2],
    ['10.0.0.0/8', undefined],
  ])('keep out of what the machine routes already: %s', (route, first) => {
    expect(freePlanNumbers([route])[0]).toBe(first);
  });

  it('never meet the default range of services, 10.96.0.0/12, nor each other', () => {
    const number = fc.integer({ min: 0, max: 15 });
    const index = fc.integer({ min: 0, max: maxNodes - 1 });
    fc.assert(
      fc.property(number, index, index, (plan, a, b) => {
        const [first, second] = [nodeAddresses(addressPlan(plan), a), nodeAddresses(addressPlan(plan), b)];
        expect(Number(first.podCidr.split('.')[1])).toBeLessThan(96);
        expect(first.address).not.toBe(addressPlan(plan).gateway);
        expect(first.podCidr === second.podCidr).toBe(a === b);
        expect(first.address === second.address).toBe(a === b);
      }),
    );
  });

  it('end', () => {
    expect(() => addressPlan(16)).toThrow(/address plan 16/);
    expect(() => nodeAddresses(addressPlan(0), maxNodes)).toThrow(/at most 200 nodes/);
  });
});
