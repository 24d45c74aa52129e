import type { Container, Pod } from '@gantry/model/gen/gantry.core.v1.ts';
import { qosClassOf } from '@gantry/model/kinds/pod/qos.ts';
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { advisedContainers } from './advice-patch.ts';

type Resources = NonNullable<Container['resources']>;

const followed = (resources: Resources, target: Record<string, string>, autoscaledBy = {}, autoscaled = false) =>
  advisedContainers({ containers: [{ name: 'c', target, autoscaledBy }] }, [{ name: 'c', resources }], {
    autoscaled,
  })[0]?.resources;

it.each<[string, Resources, Record<string, string>, ReturnType<typeof followed>]>([
  ['a request', { requests: { cpu: '1' } }, { cpu: '300m' }, { requests: { cpu: '300m' } }],
  ['the same request in other words', { requests: { cpu: '1' } }, { cpu: '1000m' }, undefined],
  ['no request', { requests: { cpu: '1' } }, { memory: '1Gi' }, undefined],
  ['a limit that stays', { requests: { cpu: '1' }, limits: { cpu: '4' } }, { cpu: '2' }, { requests: { cpu: '2' } }],
  [
    'a limit that grows with the request',
    { requests: { cpu: '1' }, limits: { cpu: '2' } },
    { cpu: '3' },
    { requests: { cpu: '3' }, limits: { cpu: '6000m' } },
  ],
  [
    'a limit that is the request',
    { requests: { memory: '1Gi' }, limits: { memory: '1Gi' } },
    { memory: '300Mi' },
    { requests: { memory: '300Mi' }, limits: { memory: '300Mi' } },
  ],
])('follows advice on %s', (_, resources, target, patch) => {
  expect(followed(resources, target)).toEqual(patch);
});

it('leaves a resource alone that an autoscaler goes by, unless it is asked for', () => {
  const resources = { requests: { cpu: '1', memory: '1Gi' } };
  const target = { cpu: '300m', memory: '300Mi' };
  expect(followed(resources, target, { cpu: 'web' })).toEqual({ requests: { memory: '300Mi' } });
  expect(followed(resources, target, { cpu: 'web' }, true)).toEqual({ requests: target });
});

it('never changes the class of a pod, nor asks for more than the limit', () => {
  const amount = fc.integer({ min: 1, max: 4_000 });
  const share = fc.record({ request: amount, over: fc.option(fc.integer({ min: 0, max: 4_000 }), { nil: undefined }) });
  const arbitrary = fc.record({
    cpu: fc.option(share, { nil: undefined }),
    memory: fc.option(share, { nil: undefined }),
  });
  fc.assert(
    fc.property(arbitrary, amount, amount, (shares, cpu, memory) => {
      const resources: { requests: Record<string, string>; limits: Record<string, string> } = {
        requests: {},
        limits: {},
      };
      for (const name of ['cpu', 'memory'] as const) {
        const of = shares[name];
        if (of === undefined) continue;
        // Memory comes in whole bytes.
        const unit = name === 'cpu' ? 'm' : '';
        resources.requests[name] = `${of.request}${unit}`;
        if (of.over !== undefined) resources.limits[name] = `${of.request + of.over}${unit}`;
      }
      const patch = followed(resources, { cpu: `${cpu}m`, memory: `${memory}` });
      const after = {
        requests: { ...resources.requests, ...patch?.requests },
        limits: { ...resources.limits, ...patch?.limits },
      };
      const podWith = (each: Resources): Pod => ({ spec: { containers: [{ name: 'c', resources: each }] } }) as Pod;
      expect(qosClassOf(podWith(after))).toBe(qosClassOf(podWith(resources)));
    }),
  );
});
