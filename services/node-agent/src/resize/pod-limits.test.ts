import type { Pod, ResourceRequirements } from '@gantry/model/gen/gantry.core.v1.ts';
import { expect, it } from 'vitest';
import { podOf } from '../testing/pod-world.ts';
import { podLimitsOf } from './pod-limits.ts';

const holding = (resources: (ResourceRequirements | undefined)[], whole?: ResourceRequirements): Pod =>
  podOf({
    containers: resources.map((each, index) => ({ name: `c${index}`, ...(each && { resources: each }) })),
    ...(whole && { resources: whole }),
  });
const both = { cpu: '1', memory: '1Mi' };

it.each<[string, Pod, ReturnType<typeof podLimitsOf>]>([
  ['nothing', holding([undefined]), { cpuShares: 2, cpuQuotaUs: undefined, memoryBytes: undefined }],
  [
    'limits of each container',
    holding([{ limits: both, requests: both }, { limits: both }]),
    { cpuShares: 2_048, cpuQuotaUs: 200_000, memoryBytes: 2 * 2 ** 20 },
  ],
  [
    'limits of one of two',
    holding([{ limits: both, requests: both }, { requests: { cpu: '500m' } }]),
    { cpuShares: 1_536, cpuQuotaUs: undefined, memoryBytes: undefined },
  ],
  [
    'limits of the pod as a whole',
    holding([{ requests: { cpu: '500m' } }], { requests: { cpu: '1' }, limits: { cpu: '2', memory: '4Mi' } }),
    { cpuShares: 1_024, cpuQuotaUs: 200_000, memoryBytes: 4 * 2 ** 20 },
  ],
])('%s', (_, pod, limits) => {
  expect(podLimitsOf(pod)).toEqual(limits);
});
