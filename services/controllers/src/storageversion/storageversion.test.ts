import type { StorageVersionMigration } from '@gantry/model/gen/gantry.storagemigration.v1.ts';
import { conflict, GantryError } from '@gantry/runtime/errors.ts';
import { describe, expect, it } from 'vitest';
import { type Action, type AnyObject, type View, waitForView } from '../core/action.ts';
import { fakeView, tableWith } from '../testing/fake-view.ts';
import { aWidget } from '../testing/foreign.ts';
import { storageVersionController } from './storageversion.ts';

const created = '2026-01-01T00:00:00Z';
const createdMs = Date.parse(created);
const kinds = tableWith('widgets.example.com');

function aMigration(name: string, status: StorageVersionMigration['status'] = {}): StorageVersionMigration {
  return {
    apiVersion: 'storagemigration.k8s.io/v1',
    kind: 'StorageVersionMigration',
    metadata: { name, uid: `${name}-uid`, resourceVersion: '10', creationTimestamp: created },
    spec: { resource: { group: 'example.com', resource: 'widgets' } },
    status,
  };
}

const condition = (type: string) => ({ type, status: 'True', reason: 'R', message: '', lastTransitionTime: created });
const running = (name = 'm'): StorageVersionMigration =>
  aMigration(name, { conditions: [condition('Running')], resourceVersion: '10' });
const viewOf = (objects: readonly AnyObject[], table = kinds, revision = 99): View =>
  fakeView(objects, revision, table);
const told = (plan: readonly Action[]): string[] =>
  plan.flatMap((action) =>
    action.type === 'updateStatus'
      ? ((action.object as StorageVersionMigration).status?.conditions ?? []).map(
          ({ type, message }) => `${type}: ${message}`,
        )
      : [],
  );
const patched = (plan: readonly Action[]): string[] =>
  plan.flatMap((action) => (action.type === 'patchMetadata' ? [action.object.metadata.name] : []));

describe('a migration', () => {
  it('begins at its own revision, one at a time for a resource', () => {
    const controller = storageVersionController();
    const [begun] = controller.reconcile('m', viewOf([aMigration('m')]), createdMs);
    expect(begun).toMatchObject({ type: 'updateStatus', object: { status: { resourceVersion: '10' } } });
    expect(told([begun!])).toEqual(['Running: The migration is running']);
    const waiting = controller.reconcile('m', viewOf([aMigration('m'), running('other')]), createdMs);
    expect(waiting).toEqual([{ type: 'requeue', afterMs: 1_000 }]);
    const ended = aMigration('other', { conditions: [condition('Running'), condition('Succeeded')] });
    expect(told(controller.reconcile('m', viewOf([aMigration('m'), ended]), createdMs))).toHaveLength(1);
  });

  it('stores each object anew that was there before it, and then has succeeded', () => {
    const controller = storageVersionController();
    const objects = [
      running(),
      aWidget('old', { resourceVersion: '7' }),
      aWidget('same', { resourceVersion: '10' }),
      aWidget('new', { resourceVersion: '11' }),
    ];
    const plan = controller.reconcile('m', viewOf(objects), createdMs);
    expect(plan[0]).toMatchObject({ kind: 'widgets.example.com', metadata: {} });
    expect(patched(plan)).toEqual(['old', 'same']);
    // A patch that changed nothing leaves the object's revision as it was.
    const done = controller.reconcile('m', viewOf(objects), createdMs);
    expect(told(done)).toEqual([`Running: `, 'Succeeded: Migration completed']);
  });

  it('goes on after failures that pass, and ends with a refusal that does not', () => {
    const controller = storageVersionController();
    const objects = [running(), aWidget('old')];
    controller.reconcile('m', viewOf(objects), createdMs);
    controller.failed!('m', conflict({ group: 'example.com', resource: 'widgets', name: 'old' }), 'updateStatus');
    expect(patched(controller.reconcile('m', viewOf(objects), createdMs))).toEqual(['old']);
    controller.failed!('m', new GantryError('Invalid', 'Widget "old" is invalid'), 'updateStatus');
    expect(told(controller.reconcile('m', viewOf(objects), createdMs))).toEqual([
      'Running: ',
      'Failed: 1/1 not yet migrated. migration encountered unhandled error: Widget "old" is invalid',
    ]);
  });

  it('waits until the view is as new as its beginning', () => {
    const controller = storageVersionController();
    expect(controller.reconcile('m', viewOf([running(), aWidget('old')], kinds, 9), createdMs)).toEqual([waitForView]);
  });

  it('waits a minute for its resource, and fails without one', () => {
    const controller = storageVersionController();
    const view = viewOf([aMigration('m')], tableWith());
    expect(controller.reconcile('m', view, createdMs + 59_000)).toEqual([{ type: 'requeue', afterMs: 1_000 }]);
    expect(told(controller.reconcile('m', view, createdMs + 60_000))).toEqual([
      'Failed: migration encountered unhandled error: resource does not exist in discovery',
    ]);
  });
});
