import { describe, expect, it } from 'vitest';
import { type AutoscaleFlags, autoscalerOf } from './autoscale.ts';

const target = { apiVersion: 'apps/v1', kind: 'Deployment', name: 'web' };
const made = (flags: Partial<AutoscaleFlags>) => autoscalerOf(target, 'shop', { max: 5, dryRun: false, ...flags });
const targets = (flags: Partial<AutoscaleFlags>) =>
  made(flags).spec.metrics?.map(({ resource }) => [resource?.name, resource?.target]);

describe('an autoscaler by flags', () => {
  it('has the name of its target, and the metric of the api where none is named', () => {
    expect(made({})).toEqual({
      apiVersion: 'autoscaling/v2',
      kind: 'HorizontalPodAutoscaler',
      metadata: { name: 'web', namespace: 'shop' },
      spec: { scaleTargetRef: target, maxReplicas: 5 },
    });
    expect(made({ name: 'other', min: 0 })).toMatchObject({ metadata: { name: 'other' }, spec: { minReplicas: 0 } });
  });

  it.each<[string, Partial<AutoscaleFlags>, unknown]>([
    ['percent', { cpu: '70%' }, [['cpu', { type: 'Utilization', averageUtilization: 70 }]]],
    ['an amount', { cpu: '1.5' }, [['cpu', { type: 'AverageValue', averageValue: '1.5m' }]]],
    ['an amount with a unit', { cpu: '500m' }, [['cpu', { type: 'AverageValue', averageValue: '500m' }]]],
    ['mebibytes', { memory: '200' }, [['memory', { type: 'AverageValue', averageValue: '200Mi' }]]],
    [
      'both',
      { cpu: '60%', memory: ' 1Gi ' },
      [
        ['cpu', { type: 'Utilization', averageUtilization: 60 }],
        ['memory', { type: 'AverageValue', averageValue: '1Gi' }],
      ],
    ],
  ])('goes by %s', (_name, flags, expected) => {
    expect(targets(flags)).toEqual(expected);
  });

  it.each<[string, Partial<AutoscaleFlags>]>([
    ['--max is required', { max: 0 }],
    ['--max must be larger or equal to --min', { max: 2, min: 3 }],
    ['invalid resource cpu value: much', { cpu: 'much' }],
    ['invalid resource cpu value: 70 %', { cpu: '70 %' }],
    ['invalid resource memory value: ', { memory: '' }],
  ])('is refused: %s', (problem, flags) => {
    expect(() => made(flags)).toThrow(problem);
  });
});
