import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { addressPlan, chooseAddressPlan, maxNodes, nodeAddresses } from './address-plan.ts';

describe('addresses', () => {
  it('are the first block on a machine that uses none', () => {
    expect(chooseAddressPlan(['default', '192.168.1.0/24', 'ff00::/8'])).toEqual({
      podCidr: '10.64.0.0/16',
      nodeCidr: '10.65.0.0/24',
      gateway: '10.65.0.1',
    });
  });

  it('keep out of what the machine routes already', () => {
    expect(chooseAddressPlan(['10.64.3.7']).podCidr).toBe('10.66.0.0/16');
    expect(chooseAddressPlan(['10.65.0.0/24']).podCidr).toBe('10.66.0.0/16');
    expect(chooseAddressPlan(['10.64.0.0/14']).podCidr).toBe('10.68.0.0/16');
    expect(() => chooseAddressPlan(['10.0.0.0/8'])).toThrow(/is routed elsewhere/);
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
    expect(() => addressPlan(16)).toThrow(/no addresses are left/);
    expect(() => nodeAddresses(addressPlan(0), maxNodes)).toThrow(/at most 200 nodes/);
  });
});
