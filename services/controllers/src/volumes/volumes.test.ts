import type { PersistentVolume, PersistentVolumeClaim } from '@gantry/model/gen/gantry.core.v1.ts';
import type { StorageClass } from '@gantry/model/gen/gantry.storage.v1.ts';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { aNode, aPod } from '../testing/objects.ts';
import { World } from '../testing/world.ts';
import { volumeController } from './volumes.ts';

function aVolume(name: string, spec: Partial<PersistentVolume['spec']> = {}): PersistentVolume {
  return {
    apiVersion: 'v1',
    kind: 'PersistentVolume',
    metadata: { name },
    spec: { accessModes: ['ReadWriteOnce'], capacity: { storage: '1Gi' }, hostPath: { path: '/a' }, ...spec },
    status: { phase: 'Pending' },
  };
}

function aClaim(name: string, spec: Partial<PersistentVolumeClaim['spec']> = {}): PersistentVolumeClaim {
  return {
    apiVersion: 'v1',
    kind: 'PersistentVolumeClaim',
    metadata: { name, namespace: 'default' },
    spec: { accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '1Gi' } }, ...spec },
    status: { phase: 'Pending' },
  };
}

const waitingClass: StorageClass = {
  apiVersion: 'storage.k8s.io/v1',
  kind: 'StorageClass',
  metadata: { name: 'local' },
  provisioner: 'kubernetes.io/no-provisioner',
  volumeBindingMode: 'WaitForFirstConsumer',
};

function settle(world: World): void {
  for (let round = 0; round < 6; round++) world.reconcile([volumeController]);
}

const claimsOf = (world: World) =>
  Object.fromEntries(world.all('PersistentVolumeClaim').map(({ metadata, spec }) => [metadata.name, spec.volumeName]));
const phasesOf = (world: World) =>
  Object.fromEntries(
    [...world.all('PersistentVolumeClaim'), ...world.all('PersistentVolume')].map(({ metadata, status }) => [
      metadata.name,
      status?.phase,
    ]),
  );

describe('a claim', () => {
  it('gets the smallest volume that will do', () => {
    const world = new World();
    world.put(aVolume('large', { capacity: { storage: '5Gi' } }));
    world.put(aVolume('small', { capacity: { storage: '2Gi' } }));
    world.put(aVolume('tiny', { capacity: { storage: '1Mi' } }));
    world.put(aClaim('c'));
    settle(world);
    expect(claimsOf(world)).toEqual({ c: 'small' });
    expect(phasesOf(world)).toEqual({ c: 'Bound', small: 'Bound', large: 'Available', tiny: 'Available' });
    expect(world.all('PersistentVolumeClaim')[0]!.status).toMatchObject({ capacity: { storage: '2Gi' } });
  });

  it.each<[difference: string, claim: object]>([
    ['class', { storageClassName: 'other' }],
    ['mode', { volumeMode: 'Block' }],
    ['access', { accessModes: ['ReadWriteMany'] }],
    ['labels', { selector: { matchLabels: { tier: 'fast' } } }],
    ['name', { volumeName: 'other' }],
  ])('gets none of another %s', (_, spec) => {
    const world = new World();
    world.put(aVolume('v'));
    world.put(aClaim('c', spec));
    settle(world);
    expect(phasesOf(world)).toEqual({ c: 'Pending', v: 'Available' });
  });

  it('gets the one that is meant for it, which no other gets', () => {
    const world = new World();
    world.put(aVolume('meant', { capacity: { storage: '9Gi' }, claimRef: { namespace: 'default', name: 'c' } }));
    world.put(aClaim('other'));
    settle(world);
    world.put(aVolume('free'));
    world.put(aClaim('c'));
    settle(world);
    expect(claimsOf(world)).toEqual({ c: 'meant', other: 'free' });
  });

  it('waits for its pod where its class says so, and gets a volume that the pod’s node reaches', () => {
    const world = new World();
    const near = (name: string, node: string) => {
      const matchExpressions = [{ key: 'host', operator: 'In', values: [node] }];
      const nodeAffinity = { required: { nodeSelectorTerms: [{ matchExpressions }] } };
      return aVolume(name, { storageClassName: 'local', nodeAffinity });
    };
    world.put(waitingClass);
    world.put(near('va', 'a'));
    world.put(near('vb', 'b'));
    world.put(aClaim('c', { storageClassName: 'local' }));
    const node = aNode('b');
    world.put({ ...node, metadata: { ...node.metadata, labels: { host: 'b' } } });
    settle(world);
    expect(claimsOf(world)).toEqual({ c: undefined });
    const pod = aPod('p', { node: 'b' });
    world.put({ ...pod, spec: { ...pod.spec, volumes: [{ name: 'd', persistentVolumeClaim: { claimName: 'c' } }] } });
    settle(world);
    expect(claimsOf(world)).toEqual({ c: 'vb' });
  });

  it('that goes releases its volume; one whose volume goes is lost', () => {
    const world = new World();
    world.put(aVolume('v'));
    world.put(aVolume('w'));
    world.put(aClaim('c'));
    world.put(aClaim('d'));
    settle(world);
    world.remove(world.all('PersistentVolumeClaim').find(({ metadata }) => metadata.name === 'c')!);
    world.remove(world.all('PersistentVolume').find(({ metadata }) => metadata.name === 'w')!);
    settle(world);
    expect(phasesOf(world)).toEqual({ d: 'Lost', v: 'Released' });
    world.put(aClaim('c'));
    settle(world);
    expect(phasesOf(world)).toMatchObject({ c: 'Pending', v: 'Released' });
  });

  it('never shares its volume, and none is left waiting that could have one', () => {
    const size = fc.constantFrom('1Gi', '2Gi', '4Gi');
    fc.assert(
      fc.property(fc.array(size, { maxLength: 6 }), fc.array(size, { maxLength: 6 }), (volumes, claims) => {
        const world = new World();
        for (const [index, storage] of volumes.entries()) world.put(aVolume(`v${index}`, { capacity: { storage } }));
        for (const [index, storage] of claims.entries()) {
          world.put(aClaim(`c${index}`, { resources: { requests: { storage } } }));
        }
        settle(world);
        const bound = Object.values(claimsOf(world)).filter((name) => name !== undefined);
        expect(new Set(bound).size).toBe(bound.length);
        const free = world.all('PersistentVolume').filter(({ status }) => status?.phase === 'Available');
        const pending = world.all('PersistentVolumeClaim').filter(({ status }) => status?.phase === 'Pending');
        const inGi = (text: string | undefined): number => Number.parseInt(text ?? '0', 10);
        for (const { spec } of pending) {
          const wanted = inGi(spec.resources?.requests?.storage);
          expect(free.every((volume) => inGi(volume.spec.capacity?.storage) < wanted)).toBe(true);
        }
      }),
    );
  });
});
