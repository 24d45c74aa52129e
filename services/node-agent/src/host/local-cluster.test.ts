import { expect, it } from 'vitest';
import { environmentOf } from './containerd.ts';
import { claimOrder } from './local-cluster.ts';

it('the addresses that a cluster had before are tried first, where they are free', () => {
  expect(claimOrder([0, 2, 5], 'gantry5')).toEqual([5, 0, 2]);
  expect(claimOrder([0, 2, 5], 'gantry1')).toEqual([0, 2, 5]);
  expect(claimOrder([0, 2, 5], undefined)).toEqual([0, 2, 5]);
});

it('containerd gets the way to programs and registries, and nothing else of our environment', () => {
  const env = {
    PATH: '/bin',
    https_proxy: 'http://proxy',
    NO_PROXY: 'local',
    GANTRY_TOKEN: 'x',
    AWS_SECRET_ACCESS_KEY: 'y',
  };
  expect(environmentOf(env)).toEqual({ PATH: '/bin', https_proxy: 'http://proxy', NO_PROXY: 'local' });
});
