import { describe, expect, it } from 'vitest';
import type { StatefulSet, VolumeClaimTemplate } from '../../gen/gantry.apps.v1.ts';
import { validateStatefulSetUpdate } from './validation.ts';

function template(storage: string, rest: Partial<VolumeClaimTemplate['spec']> = {}): VolumeClaimTemplate {
  return {
    metadata: { name: 'data' },
    spec: { accessModes: ['ReadWriteOnce'], resources: { requests: { storage } }, ...rest },
  };
}

function setWith(...volumeClaimTemplates: VolumeClaimTemplate[]): StatefulSet {
  return {
    apiVersion: 'apps/v1',
    kind: 'StatefulSet',
    metadata: { name: 's' },
    spec: { selector: { matchLabels: { a: 'b' } }, template: { spec: { containers: [] } }, volumeClaimTemplates },
  } as unknown as StatefulSet;
}

const two: VolumeClaimTemplate = { ...template('5Gi'), metadata: { name: 'logs' } };

describe('claim templates of a StatefulSet', () => {
  it.each<readonly [what: string, now: readonly VolumeClaimTemplate[], before: readonly VolumeClaimTemplate[]]>([
    ['stay', [template('1Gi')], [template('1Gi')]],
    ['grow', [template('1500Mi')], [template('1Gi')]],
    ['grow one by one', [template('1Gi'), { ...two, spec: template('6Gi').spec }], [template('1Gi'), two]],
  ])('may %s', (_what, now, before) => {
    expect(validateStatefulSetUpdate(setWith(...now), setWith(...before))).toEqual([]);
  });

  it.each<readonly [what: string, now: readonly VolumeClaimTemplate[], before: readonly VolumeClaimTemplate[]]>([
    ['shrink', [template('1Gi')], [template('2Gi')]],
    ['shrink while another grows', [template('2Gi'), { ...two, spec: template('4Gi').spec }], [template('1Gi'), two]],
    ['change otherwise as they grow', [template('2Gi', { storageClassName: 'other' })], [template('1Gi')]],
    ['come', [template('1Gi'), two], [template('1Gi')]],
    ['go', [], [template('1Gi')]],
  ])('may not %s', (_what, now, before) => {
    const causes = validateStatefulSetUpdate(setWith(...now), setWith(...before));
    expect(causes).toMatchObject([{ field: 'spec.volumeClaimTemplates' }]);
    expect(causes[0]!.message).toMatch(/field is immutable$/);
  });

  it('that grow are validated', () => {
    const odd = { accessModes: [] };
    const causes = validateStatefulSetUpdate(setWith(template('2Gi', odd)), setWith(template('1Gi', odd)));
    expect(causes).toMatchObject([{ field: 'spec.volumeClaimTemplates[0].spec.accessModes' }]);
  });
});
