import type { KindName } from '@gantry/model/built-in.ts';
import type { ConfigMap, Namespace } from '@gantry/model/gen/gantry.core.v1.ts';
import { FakeClock } from '@gantry/runtime/clock.ts';
import { GantryError } from '@gantry/runtime/errors.ts';
import { describe, expect, it } from 'vitest';
import { type Action, type AnyObject, type Remains, type View, waitForView } from '../core/action.ts';
import { KindTable } from '../core/kinds.ts';
import { fakeView, tableWith } from '../testing/fake-view.ts';
import { aWidget } from '../testing/foreign.ts';
import { aPod } from '../testing/objects.ts';
import { namespaceController } from './namespace.ts';

const wallMs = Date.parse('2026-01-01T00:00:00Z');

function aNamespace(overrides: Partial<Namespace> = {}): Namespace {
  return {
    apiVersion: 'v1',
    kind: 'Namespace',
    metadata: { name: 'ns', uid: 'u', resourceVersion: '7', deletionTimestamp: '2026-01-01T00:00:00Z' },
    spec: { finalizers: ['kubernetes'] },
    status: { phase: 'Terminating' },
    ...overrides,
  };
}

function aConfigMap(name: string, metadata: Partial<ConfigMap['metadata']> = {}): ConfigMap {
  return { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name, namespace: 'ns', uid: `uid-${name}`, ...metadata } };
}

const held = { deletionTimestamp: '2026-01-01T00:00:01Z', finalizers: ['example.com/hold'] };
const podInside = (): AnyObject => {
  const pod = aPod('p');
  return { ...pod, metadata: { ...pod.metadata, namespace: 'ns' } };
};

function controllerAndClock() {
  const clock = new FakeClock();
  const controller = namespaceController(clock);
  /** Kinds that are asked to be emptied are empty, unless a test says otherwise. */
  const reconcile = (key: string, view: View, left: Partial<Remains> = {}): readonly Action[] => {
    const plan = controller.reconcile(key, view, wallMs);
    const emptied = plan.filter((action) => action.type === 'empty');
    for (const { kind, namespace } of emptied) {
      controller.observed!(key, { kind, namespace, count: 0, finalizers: new Map(), problem: undefined, ...left });
    }
    return emptied.length === 0 ? plan : controller.reconcile(key, view, wallMs);
  };
  return { clock, controller, reconcile };
}

const viewOf = (objects: readonly AnyObject[], overrides: Partial<View> = {}): View => ({
  ...fakeView(objects, 7),
  ...overrides,
});

/** The conditions that a plan writes, as `type=status reason: message`. */
function told(plan: readonly Action[]): string[] {
  const written = plan.find((action) => action.type === 'updateStatus');
  const { conditions = [] } = (written?.object as Namespace | undefined)?.status ?? {};
  return conditions.map(({ type, status, reason, message }) => `${type}=${status} ${reason}: ${message}`);
}

describe('a namespace that is being deleted', () => {
  it('says in five conditions what is left in it', () => {
    const { reconcile } = controllerAndClock();
    const plan = reconcile('ns', viewOf([aNamespace(), aConfigMap('a', held)]));
    expect(told(plan)).toEqual([
      'NamespaceDeletionDiscoveryFailure=False ResourcesDiscovered: All resources successfully discovered',
      'NamespaceDeletionGroupVersionParsingFailure=False ParsedGroupVersions: All legacy kube types successfully parsed',
      'NamespaceDeletionContentFailure=False ContentDeleted: All content successfully deleted, may be waiting on finalization',
      'NamespaceContentRemaining=True SomeResourcesRemain: Some resources are remaining: configmaps. has 1 resource instances',
      'NamespaceFinalizersRemaining=True SomeFinalizersRemain: Some content in the namespace has finalizers remaining: example.com/hold in 1 resource instances',
    ]);
  });

  it('is written once while nothing changes, and tells of many changes together', () => {
    const { reconcile, clock } = controllerAndClock();
    const [written] = reconcile('ns', viewOf([aNamespace(), aConfigMap('a', held), aConfigMap('b', held)]));
    const stored = (written as Extract<Action, { type: 'updateStatus' }>).object;
    expect(reconcile('ns', viewOf([stored, aConfigMap('a', held), aConfigMap('b', held)]))).toEqual([
      { type: 'requeue', afterMs: 5_000 },
    ]);
    clock.advance(400);
    expect(reconcile('ns', viewOf([stored, aConfigMap('a', held)]))).toEqual([{ type: 'requeue', afterMs: 600 }]);
    clock.advance(600);
    const plan = reconcile('ns', viewOf([stored, aConfigMap('a', held)]));
    expect(told(plan)).toContain(
      'NamespaceContentRemaining=True SomeResourcesRemain: Some resources are remaining: configmaps. has 1 resource instances',
    );
  });

  it('keeps the conditions of others, in their places', () => {
    const { reconcile } = controllerAndClock();
    const other = (type: string) => ({ type, status: 'False', reason: 'Other', message: 'other' });
    const conditions = [other('First'), other('NamespaceContentRemaining'), other('Last')];
    const plan = reconcile('ns', viewOf([aNamespace({ status: { conditions } }), aConfigMap('a', held)]));
    const types = told(plan).map((text) => text.split('=')[0]);
    expect(types.slice(0, 3)).toEqual(['First', 'NamespaceContentRemaining', 'Last']);
    expect(types).toHaveLength(7);
  });

  it('goes once it is empty, and keeps the finalizers of others', () => {
    const { reconcile } = controllerAndClock();
    const namespace = aNamespace({ spec: { finalizers: ['kubernetes', 'example.com/other'] } });
    expect(reconcile('ns', viewOf([namespace]))).toMatchObject([
      { type: 'finalize', object: { metadata: { name: 'ns' } }, finalizers: ['example.com/other'] },
    ]);
    expect(reconcile('ns', viewOf([aNamespace({ spec: { finalizers: ['example.com/other'] } })]))).toEqual([]);
  });

  it('stays while a view is older than it: something may be in it that is not shown', () => {
    const { reconcile } = controllerAndClock();
    const late = (kind: KindName): number => (kind === 'Secret' ? 6 : 7);
    expect(reconcile('ns', viewOf([aNamespace()], { revision: late }))).toEqual([waitForView]);
  });

  it('loses its pods first, and then everything else', () => {
    const { reconcile } = controllerAndClock();
    const objects = [aNamespace(), podInside(), aConfigMap('a')];
    expect(reconcile('ns/ConfigMap', viewOf(objects))).toEqual([{ type: 'requeue', afterMs: 5_000 }]);
    expect(reconcile('ns/Pod', viewOf(objects))).toMatchObject([{ type: 'delete', object: { kind: 'Pod' } }]);
    expect(reconcile('ns/ConfigMap', viewOf([aNamespace(), aConfigMap('a')]))).toMatchObject([
      { type: 'delete', object: { metadata: { name: 'a' } }, propagationPolicy: 'Background' },
    ]);
    const late = (kind: KindName): number => (kind === 'Pod' ? 6 : 7);
    const unsure = viewOf([aNamespace(), aConfigMap('a')], { revision: late });
    expect(reconcile('ns/ConfigMap', unsure)).toEqual([waitForView]);
  });

  it('has all its kinds looked at when it begins to end, and when a pod of it ends', () => {
    const { controller } = controllerAndClock();
    const view = viewOf([aNamespace()]);
    const kinds = view.kinds.all.filter(({ namespaced, isShown }) => namespaced && isShown);
    const keys = ['ns', ...kinds.map(({ id }) => `ns/${id}`)];
    expect(controller.keysFor(aNamespace(), view)).toEqual(keys);
    expect(controller.keysFor(podInside(), view)).toEqual(keys);
    expect(controller.keysFor(aConfigMap('a'), view)).toEqual(['ns', 'ns/ConfigMap']);
  });
});

describe('content that cannot be deleted', () => {
  it('is named in a condition where it cannot be decoded, and holds the namespace', () => {
    const { reconcile } = controllerAndClock();
    const unreadable = (kind: KindName) => new Set(kind === 'ConfigMap' ? ['ns/bad', 'other/x'] : []);
    const plan = reconcile('ns', viewOf([aNamespace()], { unreadable }));
    expect(told(plan).slice(2, 4)).toEqual([
      'NamespaceDeletionContentFailure=True ContentDeletionFailed: Failed to delete all resource types, 1 remaining: ' +
        'configmaps "bad" cannot be decoded: it is to be repaired, or deleted by name',
      'NamespaceContentRemaining=True SomeResourcesRemain: Some resources are remaining: configmaps. has 1 resource instances',
    ]);
  });

  it('is told of where its kind cannot be read, which holds up no other kind', () => {
    const { reconcile } = controllerAndClock();
    const revision = (kind: KindName): number => (kind === 'Secret' ? 0 : 7);
    const view = viewOf([aNamespace(), aConfigMap('a')], { revision });
    expect(told(reconcile('ns', view))[2]).toContain('1 remaining: secrets cannot be listed');
    expect(reconcile('ns/ConfigMap', view)).toMatchObject([{ type: 'delete', object: { kind: 'ConfigMap' } }]);
  });

  it('is told of with the reason of its refusal, until it is being deleted', () => {
    const { reconcile, controller, clock } = controllerAndClock();
    const view = viewOf([aNamespace(), aConfigMap('a')]);
    reconcile('ns/ConfigMap', view);
    controller.failed?.('ns/ConfigMap', new GantryError('Forbidden', 'configmaps "a" is forbidden: kept'), 'empty');
    expect(told(reconcile('ns', view))[2]).toContain('1 remaining: configmaps "a" is forbidden: kept');
    const deleting = viewOf([aNamespace(), aConfigMap('a', held)]);
    reconcile('ns/ConfigMap', deleting);
    clock.advance(1_000);
    expect(told(reconcile('ns', deleting))[2]).toContain('=False ContentDeleted');
  });

  it('does not hold up the other objects of its kind for ever', () => {
    const { controller } = controllerAndClock();
    const view = viewOf([aNamespace(), aConfigMap('a'), aConfigMap('b'), aConfigMap('c')]);
    const firsts = [0, 1, 2].map((seconds) => {
      const [first] = controller.reconcile('ns/ConfigMap', view, wallMs + seconds * 1_000);
      return (first as Extract<Action, { type: 'delete' }>).object.metadata.name;
    });
    expect(firsts.sort()).toEqual(['a', 'b', 'c']);
  });
});

describe('content of kinds that no view shows', () => {
  const table = tableWith();
  const ns = 'ns';

  it('is asked to end once the pods are gone, and counted', () => {
    const { controller } = controllerAndClock();
    const withPods = controller.reconcile(ns, viewOf([aNamespace(), podInside()]), wallMs);
    expect(withPods.map(({ type }) => type)).not.toContain('empty');
    expect(controller.reconcile(ns, viewOf([aNamespace()]), wallMs)).toEqual([
      { type: 'empty', kind: 'Event', namespace: 'ns' },
      { type: 'requeue', afterMs: 0 },
    ]);
  });

  it('holds the namespace with what is left, and is asked again after a while', () => {
    const { controller, clock, reconcile } = controllerAndClock();
    const left = { count: 2, finalizers: new Map([['example.com/hold', 2]]) };
    const plan = reconcile(ns, viewOf([aNamespace()]), left);
    expect(told(plan).slice(3)).toEqual([
      'NamespaceContentRemaining=True SomeResourcesRemain: Some resources are remaining: events. has 2 resource instances',
      'NamespaceFinalizersRemaining=True SomeFinalizersRemain: Some content in the namespace has finalizers remaining: example.com/hold in 2 resource instances',
    ]);
    clock.advance(5_000);
    expect(controller.reconcile(ns, viewOf([aNamespace()]), wallMs)[0]).toMatchObject({ type: 'empty' });
  });

  it('is told of with the reason why it could not be deleted', () => {
    const { reconcile } = controllerAndClock();
    const plan = reconcile(ns, viewOf([aNamespace()]), { problem: 'the store is away' });
    expect(told(plan)[2]).toContain('Failed to delete all resource types, 1 remaining: the store is away');
  });

  it('is not believed to be gone where groups of kinds are not known', () => {
    const { reconcile } = controllerAndClock();
    const unknown = [
      { group: 'metrics.k8s.io', version: 'v1beta1', problem: 'stale GroupVersion discovery: metrics.k8s.io/v1beta1' },
    ];
    const plan = reconcile(ns, viewOf([aNamespace()], { kinds: new KindTable(table.all, unknown) }));
    expect(told(plan)[0]).toBe(
      'NamespaceDeletionDiscoveryFailure=True DiscoveryFailed: Discovery failed for some groups, 1 failing: unable to retrieve ' +
        'the complete list of server APIs: metrics.k8s.io/v1beta1: stale GroupVersion discovery: metrics.k8s.io/v1beta1',
    );
  });
});

it('empties namespaces of kinds that definitions brought, by the name of their resource', () => {
  const { reconcile, controller } = controllerAndClock();
  const kinds = tableWith('widgets.example.com', 'gizmos.example.com');
  const widget = aWidget('w', { namespace: 'ns' });
  const view = viewOf([aNamespace(), widget], { kinds });
  expect(controller.keysFor(widget, view)).toEqual(['ns', 'ns/widgets.example.com']);
  expect(controller.keysFor(aNamespace(), view)).toContain('ns/widgets.example.com');
  expect(controller.keysFor(aNamespace(), view)).not.toContain('ns/gizmos.example.com');
  expect(reconcile('ns/widgets.example.com', view)).toEqual([
    { type: 'delete', object: widget, kind: 'widgets.example.com', propagationPolicy: 'Background' },
  ]);
  expect(told(reconcile('ns', view))[3]).toContain('widgets.example.com has 1 resource instances');
  // Once their definition is gone, nothing of them can be left.
  expect(reconcile('ns', viewOf([aNamespace(), widget]))).toMatchObject([{ type: 'finalize' }]);
});
