import { expect, it } from 'vitest';
import { byPreference } from './version-order.ts';

it('prefers stable versions, then beta and alpha, then other names', () => {
  const versions = [
    'foo1',
    'v1alpha1',
    'v10',
    'v11beta2',
    'v1',
    'v11alpha2',
    'v2',
    'v3beta1',
    'v12alpha1',
    'foo10',
    'v10beta3',
  ];
  expect(versions.toSorted(byPreference)).toEqual([
    'v10',
    'v2',
    'v1',
    'v11beta2',
    'v10beta3',
    'v3beta1',
    'v12alpha1',
    'v11alpha2',
    'v1alpha1',
    'foo1',
    'foo10',
  ]);
});
