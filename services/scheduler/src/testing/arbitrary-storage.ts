import type { PersistentVolume, PersistentVolumeClaim } from '@gantry/model/gen/gantry.core.v1.ts';
import type { StorageClass } from '@gantry/model/gen/gantry.storage.v1.ts';
import * as fc from 'fast-check';
import { claimNamed, storageClassNamed, volumeNamed } from './builders.ts';

// Random storage in which things meet: few claims, few volumes, the zones of arbitraryNodes.

const zone = 'topology.kubernetes.io/zone';
const zones = fc.constantFrom('z1', 'z2', 'z3');

/** Names of the claims that pods may use; not all of them are there. */
export const claimNames = ['c0', 'c1', 'c2', 'c3', 'c4'];

const volumeSpec: fc.Arbitrary<PersistentVolume> = fc
  .record({
    name: fc.constantFrom('v0', 'v1', 'v2', 'v3'),
    size: fc.constantFrom('1Gi', '2Gi'),
    class: fc.constantFrom('wait', 'make', 'now'),
    reachedFrom: fc.option(zones, { nil: undefined }),
    label: fc.option(fc.constantFrom('z1', 'z1__z2'), { nil: undefined, freq: 2 }),
    many: fc.boolean(),
    claim: fc.option(fc.constantFrom(...claimNames), { nil: undefined, freq: 2 }),
  })
  .map(({ name, size, reachedFrom, label, many, claim, ...rest }) => {
    const matchExpressions = [{ key: zone, operator: 'In', values: [reachedFrom ?? ''] }];
    const spec: Partial<PersistentVolume['spec']> = {
      capacity: { storage: size },
      storageClassName: rest.class,
      accessModes: many ? ['ReadWriteOnce', 'ReadWriteMany'] : ['ReadWriteOnce'],
      ...(reachedFrom ? { nodeAffinity: { required: { nodeSelectorTerms: [{ matchExpressions }] } } } : {}),
      ...(claim ? { claimRef: { namespace: 'default', name: claim } } : {}),
    };
    return volumeNamed(name, spec, label ? { [zone]: label } : {});
  });

const claimSpec: fc.Arbitrary<PersistentVolumeClaim> = fc
  .record({
    name: fc.constantFrom(...claimNames),
    size: fc.constantFrom('1Gi', '2Gi'),
    class: fc.constantFrom('wait', 'wait', 'make', 'now'),
    mode: fc.constantFrom('ReadWriteOnce', 'ReadWriteOnce', 'ReadWriteMany', 'ReadWriteOncePod'),
    volume: fc.option(fc.constantFrom('v0', 'v1', 'v2', 'v3'), { nil: undefined, freq: 1 }),
  })
  .map(({ name, size, mode, volume, ...rest }) =>
    claimNamed(name, {
      resources: { requests: { storage: size } },
      storageClassName: rest.class,
      accessModes: [mode],
      ...(volume ? { volumeName: volume } : {}),
    }),
  );

const classes: readonly StorageClass[] = [
  storageClassNamed('wait'),
  storageClassNamed('make', {
    provisioner: 'example.com/disk',
    allowedTopologies: [{ matchLabelExpressions: [{ key: zone, values: ['z1', 'z3'] }] }],
  }),
  storageClassNamed('now', { volumeBindingMode: 'Immediate' }),
];

/** Claims, volumes and classes. */
export const arbitraryStorage = fc.record({
  claims: fc.uniqueArray(claimSpec, { selector: ({ metadata }) => metadata.name, maxLength: 5 }),
  volumes: fc.uniqueArray(volumeSpec, { selector: ({ metadata }) => metadata.name, maxLength: 4 }),
  classes: fc.constant(classes),
});
