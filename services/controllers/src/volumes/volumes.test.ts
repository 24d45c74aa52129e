import type { PersistentVolume, PersistentVolumeClaim } from '@gantry/model/gen/gantry.core.v1.ts';
import type { StorageClass } from '@gantry/model/gen/gantry.storage.v1.ts';
import { FakeClock } from '@gantry/runtime/clock.ts';
import { GantryError } from '@gantry/runtime/errors.ts';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type Action, type AnyObject, waitForView } from '../core/action.ts';
import { fakeView } from '../testing/fake-view.ts';
import { aNode, aPod } from '../testing/objects.ts';
import { Simulation } from '../testing/simulation.ts';
import { users } from '../testing/users.ts';
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

const newWorld = (): Simulation => new Simulation({ seed: 1, controllers: ({ clock }) => [volumeController(clock)] });

const key = 'claim/default/c';

/** The controller alone, and the notices of its plans for a claim, as `type reason: message`. */
function binder() {
  const clock = new FakeClock();
  const controller = volumeController(clock);
  const plan = (objects: readonly AnyObject[]): readonly Action[] => controller.reconcile(key, fakeView(objects), 0);
  const notices = (objects: readonly AnyObject[]): string[] =>
    plan(objects).flatMap((action) =>
      action.type === 'event' ? [`${action.eventType} ${action.reason}: ${action.message}`] : [],
    );
  return { clock, controller, plan, notices };
}

const claimsOf = (world: Simulation) =>
  Object.fromEntries(world.all('PersistentVolumeClaim').map(({ metadata, spec }) => [metadata.name, spec.volumeName]));
const phasesOf = (world: Simulation) =>
  Object.fromEntries(
    [...world.all('PersistentVolumeClaim'), ...world.all('PersistentVolume')].map(({ metadata, status }) => [
      metadata.name,
      status?.phase,
    ]),
  );

describe('a claim', () => {
  it('gets the smallest volume that will do', async () => {
    await using world = newWorld();
    world.create(aVolume('large', { capacity: { storage: '5Gi' } }));
    world.create(aVolume('small', { capacity: { storage: '2Gi' } }));
    world.create(aVolume('tiny', { capacity: { storage: '1Mi' } }));
    world.create(aClaim('c'));
    await world.settle(5);
    expect(claimsOf(world)).toEqual({ c: 'small' });
    expect(phasesOf(world)).toEqual({ c: 'Bound', small: 'Bound', large: 'Available', tiny: 'Available' });
    expect(world.all('PersistentVolumeClaim')[0]!.status).toMatchObject({ capacity: { storage: '2Gi' } });
  });

  it('says of which class the attributes of its volume are as it is bound, and leaves that to others afterwards', async () => {
    await using world = newWorld();
    const attributes = { volumeAttributesClassName: 'gold' };
    world.create(aVolume('v', attributes));
    world.create(aClaim('c', { ...attributes, volumeName: 'v' }));
    await world.settle(5);
    const [claim] = world.all('PersistentVolumeClaim');
    expect(claim!.status).toMatchObject({ phase: 'Bound', currentVolumeAttributesClassName: 'gold' });
    const silver = (draft: PersistentVolumeClaim): void => {
      draft.status!.currentVolumeAttributesClassName = 'silver';
    };
    world.store.editStatus(claim!, silver, 'resizer');
    await world.settle(5);
    expect(world.all('PersistentVolumeClaim')[0]!.status?.currentVolumeAttributesClassName).toBe('silver');
  });

  it.each<[difference: string, claim: object]>([
    ['class', { storageClassName: 'other' }],
    ['mode', { volumeMode: 'Block' }],
    ['access', { accessModes: ['ReadWriteMany'] }],
    ['labels', { selector: { matchLabels: { tier: 'fast' } } }],
    ['name', { volumeName: 'other' }],
  ])('gets none of another %s', async (_, spec) => {
    await using world = newWorld();
    world.create(aVolume('v'));
    world.create(aClaim('c', spec));
    await world.settle(5);
    expect(phasesOf(world)).toEqual({ c: 'Pending', v: 'Available' });
  });

  it('gets the one that is meant for it, which no other gets', async () => {
    await using world = newWorld();
    world.create(aVolume('meant', { capacity: { storage: '9Gi' }, claimRef: { namespace: 'default', name: 'c' } }));
    world.create(aClaim('other'));
    await world.settle(5);
    world.create(aVolume('free'));
    world.create(aClaim('c'));
    await world.settle(5);
    expect(claimsOf(world)).toEqual({ c: 'meant', other: 'free' });
  });

  it('waits for its pod where its class says so, and gets a volume that the pod’s node reaches', async () => {
    await using world = newWorld();
    const near = (name: string, node: string) => {
      const matchExpressions = [{ key: 'host', operator: 'In', values: [node] }];
      const nodeAffinity = { required: { nodeSelectorTerms: [{ matchExpressions }] } };
      return aVolume(name, { storageClassName: 'local', nodeAffinity });
    };
    world.create(waitingClass);
    world.create(near('va', 'a'));
    world.create(near('vb', 'b'));
    world.create(aClaim('c', { storageClassName: 'local' }));
    const node = aNode('b');
    world.create({ ...node, metadata: { ...node.metadata, labels: { host: 'b' } } });
    await world.settle(5);
    expect(claimsOf(world)).toEqual({ c: undefined });
    const pod = aPod('p', { node: 'b' });
    world.create({
      ...pod,
      spec: { ...pod.spec, volumes: [{ name: 'd', persistentVolumeClaim: { claimName: 'c' } }] },
    });
    await world.settle(5);
    expect(claimsOf(world)).toEqual({ c: 'vb' });
  });

  it('that goes releases its volume; one whose volume goes is lost', async () => {
    await using world = newWorld();
    world.create(aVolume('v'));
    world.create(aVolume('w'));
    world.create(aClaim('c'));
    world.create(aClaim('d'));
    await world.settle(5);
    users.remove(
      world,
      world.all('PersistentVolumeClaim').find(({ metadata }) => metadata.name === 'c'),
    );
    users.remove(
      world,
      world.all('PersistentVolume').find(({ metadata }) => metadata.name === 'w'),
    );
    await world.settle(5);
    expect(phasesOf(world)).toEqual({ d: 'Lost', v: 'Released' });
    world.create(aClaim('c'));
    await world.settle(5);
    expect(phasesOf(world)).toMatchObject({ c: 'Pending', v: 'Released' });
  });

  it('never shares its volume, and none is left waiting that could have one', async () => {
    const size = fc.constantFrom('1Gi', '2Gi', '4Gi');
    await fc.assert(
      fc.asyncProperty(fc.array(size, { maxLength: 6 }), fc.array(size, { maxLength: 6 }), async (volumes, claims) => {
        await using world = newWorld();
        for (const [index, storage] of volumes.entries()) world.create(aVolume(`v${index}`, { capacity: { storage } }));
        for (const [index, storage] of claims.entries()) {
          world.create(aClaim(`c${index}`, { resources: { requests: { storage } } }));
        }
        await world.settle(5);
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

describe('a claim that is pending', () => {
  const aClass = (provisioner: string): StorageClass => ({
    ...waitingClass,
    metadata: { name: 'fast' },
    provisioner,
    volumeBindingMode: 'Immediate',
  });
  const inFast = aClaim('c', { storageClassName: 'fast' });
  const named = aClaim('c', { volumeName: 'v' });
  const delayed = aClaim('c', { storageClassName: 'local' });
  const user = (): AnyObject => {
    const pod = aPod('p');
    return { ...pod, spec: { ...pod.spec, volumes: [{ name: 'd', persistentVolumeClaim: { claimName: 'c' } }] } };
  };

  it.each<[string, AnyObject[], string]>([
    [
      'no volume',
      [aClaim('c')],
      'Normal FailedBinding: no persistent volumes available for this claim and no storage class is set',
    ],
    ['no class', [inFast], 'Warning ProvisioningFailed: storageclass.storage.k8s.io "fast" not found'],
    [
      'no provisioner',
      [inFast, aClass('kubernetes.io/no-provisioner')],
      'Warning ProvisioningFailed: no volume plugin matched name: kubernetes.io/no-provisioner',
    ],
    [
      'an external provisioner',
      [inFast, aClass('example.com/disks')],
      "Normal ExternalProvisioning: Waiting for a volume to be created either by the external provisioner 'example.com/disks' or manually by the system administrator. If volume creation is delayed, please verify that the provisioner is running and correctly registered.",
    ],
    [
      'no consumer',
      [delayed, waitingClass],
      'Normal WaitForFirstConsumer: waiting for first consumer to be created before binding',
    ],
    [
      'a consumer without a node',
      [delayed, waitingClass, user()],
      'Normal WaitForPodScheduled: waiting for pod p to be scheduled',
    ],
    ['a volume that is missing', [named], 'Warning FailedBinding: volume "v" not found'],
    [
      'a volume that is too small',
      [named, aVolume('v', { capacity: { storage: '1Mi' } })],
      'Warning VolumeMismatch: Cannot bind to requested volume "v": requested PV is too small',
    ],
    [
      'a volume of another claim',
      [named, aVolume('v', { claimRef: { namespace: 'default', name: 'd' } })],
      'Warning FailedBinding: volume "v" already bound to a different claim.',
    ],
    [
      'a volume that cannot be judged',
      [aClaim('c'), aVolume('v', { capacity: { storage: 'much' } })],
      'Warning FailedBinding: volume "v" is passed over: ',
    ],
  ])('for want of %s says so, once', (_, objects, text) => {
    const { notices } = binder();
    expect(notices(objects)).toEqual([expect.stringContaining(text)]);
    expect(notices(objects)).toEqual([]);
  });

  it('gets another volume where one cannot be judged', async () => {
    await using world = newWorld();
    world.create(aVolume('bad', { capacity: { storage: 'much' } }));
    world.create(aVolume('good'));
    world.create(aClaim('c'));
    await world.settle(5);
    expect(claimsOf(world)).toEqual({ c: 'good' });
  });

  it('is told why its volume was refused, gets another one, and tries again later', () => {
    const { plan, notices, controller, clock } = binder();
    const small = aVolume('a');
    const large = aVolume('b', { capacity: { storage: '5Gi' } });
    const volumeOf = (actions: readonly Action[]): string | undefined =>
      actions.flatMap((action) => (action.type === 'update' ? [action.object.metadata.name] : []))[0];
    expect(volumeOf(plan([aClaim('c'), small, large]))).toBe('a');
    controller.failed?.(key, new GantryError('Conflict', 'it was changed'), 'update');
    expect(volumeOf(plan([aClaim('c'), small, large]))).toBe('a');
    controller.failed?.(key, new GantryError('Invalid', 'PersistentVolume "a" is invalid: spec: Forbidden'), 'update');
    const second = plan([aClaim('c'), small, large]);
    expect(volumeOf(second)).toBe('b');
    expect(second[0]).toMatchObject({
      type: 'event',
      eventType: 'Warning',
      reason: 'FailedBinding',
      message: 'PersistentVolume "a" is invalid: spec: Forbidden',
    });
    expect(notices([aClaim('c'), small])).toEqual([expect.stringContaining('no persistent volumes available')]);
    expect(plan([aClaim('c'), small])).toEqual([{ type: 'requeue', afterMs: 60_000 }]);
    clock.advance(60_000);
    expect(volumeOf(plan([aClaim('c'), small]))).toBe('a');
  });
});

describe('a volume whose claim is gone', () => {
  const claimRef = { namespace: 'default', name: 'c', uid: 'gone' };
  const reconcile = (volume: PersistentVolume, revision?: number): readonly Action[] =>
    volumeController(new FakeClock()).reconcile('volume/v', fakeView([volume], revision), 0);
  const bound = (spec: Partial<PersistentVolume['spec']>, annotations?: Record<string, string>): PersistentVolume => {
    const volume = aVolume('v', { claimRef, ...spec });
    return {
      ...volume,
      metadata: { name: 'v', resourceVersion: '1', ...(annotations && { annotations }) },
      status: { phase: 'Bound' },
    };
  };

  it('has failed where it was to be deleted and nothing here can do that', () => {
    const message = 'error getting deleter volume plugin for volume "v": no deletable volume plugin matched';
    const volume = bound({ persistentVolumeReclaimPolicy: 'Delete' });
    const plan = reconcile(volume);
    expect(plan).toMatchObject([
      { type: 'updateStatus', object: { status: { phase: 'Failed', message } } },
      { type: 'event', eventType: 'Warning', reason: 'VolumeFailedDelete', message },
    ]);
    const { object } = plan[0] as Extract<Action, { type: 'updateStatus' }>;
    expect(reconcile(object as PersistentVolume)).toEqual([]);
  });

  it('waits for the provisioner that made it', () => {
    const annotations = { 'pv.kubernetes.io/provisioned-by': 'disks.example.com' };
    const plan = reconcile(bound({ persistentVolumeReclaimPolicy: 'Delete' }, annotations));
    expect(plan).toMatchObject([{ type: 'updateStatus', object: { status: { phase: 'Released' } } }]);
  });

  it('has failed where it was to be recycled', () => {
    expect(reconcile(bound({ persistentVolumeReclaimPolicy: 'Recycle' }))).toMatchObject([
      { object: { status: { phase: 'Failed', message: 'No recycler plugin found for the volume!' } } },
      { reason: 'VolumeFailedRecycle' },
    ]);
  });

  it('is not released by a view of claims that is older than it', () => {
    const volume = bound({});
    const stored = { ...volume, metadata: { ...volume.metadata, resourceVersion: '9' } };
    expect(reconcile(stored, 8)).toEqual([waitForView]);
  });

  it('is free again where its claim was bound to another volume meanwhile', () => {
    const claim = aClaim('c', { volumeName: 'w' });
    const other = { ...claim, metadata: { ...claim.metadata, uid: 'gone' } };
    const volume = bound({}, { 'pv.kubernetes.io/bound-by-controller': 'yes' });
    const view = fakeView([volume, other]);
    const [freed] = volumeController(new FakeClock()).reconcile('volume/v', view, 0);
    expect((freed as Extract<Action, { type: 'update' }>).object).not.toHaveProperty('spec.claimRef');
    const asked = bound({});
    expect(volumeController(new FakeClock()).reconcile('volume/v', fakeView([asked, other]), 0)).toEqual([]);
  });
});
