import type { Deployment } from '@gantry/model/gen/gantry.apps.v1.ts';
import type { ConfigMap, PodSpec, Secret } from '@gantry/model/gen/gantry.core.v1.ts';
import { describe, expect, it } from 'vitest';
import type { AnyObject } from '../core/action.ts';
import { fakeView } from '../testing/fake-view.ts';
import { aDeployment } from '../testing/objects.ts';
import { configHashAnnotation, observedAnnotation, restartAnnotation } from './annotations.ts';
import { contentReferences, idOf } from './references.ts';
import { restartController } from './restarts.ts';

const configMap = (name: string, data: Record<string, string>): ConfigMap => ({
  apiVersion: 'v1',
  kind: 'ConfigMap',
  metadata: { name, namespace: 'default', resourceVersion: '5' },
  data,
});
const secret = (name: string, data: Record<string, string>): Secret => ({
  apiVersion: 'v1',
  kind: 'Secret',
  metadata: { name, namespace: 'default', resourceVersion: '5' },
  data,
});

function aWorkload(spec: Partial<PodSpec>, asks = 'true'): Deployment {
  const deployment = aDeployment();
  deployment.metadata.annotations = { [restartAnnotation]: asks };
  Object.assign(deployment.spec.template.spec!, spec);
  return deployment;
}

const reading = (...names: string[]): Partial<PodSpec> => ({
  volumes: names.map((name) => ({ name, configMap: { name } })),
});
const readingIfThere = (name: string): Partial<PodSpec> => ({
  volumes: [{ name, configMap: { name, optional: true } }],
});

/** The workload as the controller leaves it, and whether its pods are replaced. */
function after(
  workload: Deployment,
  ...others: AnyObject[]
): { workload: Deployment; restarts: boolean; writes: number } {
  const actions = restartController.reconcile('Deployment/default/web', fakeView([workload, ...others]), 0);
  const updates = actions.flatMap((action) => (action.type === 'update' ? [action.object as Deployment] : []));
  const next = updates[0] ?? workload;
  const hash = (one: Deployment): string | undefined => one.spec.template.metadata?.annotations?.[configHashAnnotation];
  return { workload: next, restarts: hash(next) !== hash(workload), writes: updates.length };
}

describe('a changed ConfigMap or Secret', () => {
  it('replaces pods, and neither the first sight of it nor a look at the same content does', () => {
    const first = after(aWorkload(reading('a')), configMap('a', { x: '1' }));
    expect(first).toMatchObject({ restarts: false, writes: 1 });
    expect(after(first.workload, configMap('a', { x: '1' }))).toMatchObject({ writes: 0 });
    const changed = after(first.workload, configMap('a', { x: '2' }));
    expect(changed).toMatchObject({ restarts: true, writes: 1 });
    expect(after(changed.workload, configMap('a', { x: '2' }))).toMatchObject({ writes: 0 });
    // Back again is a change again, with the hash of before.
    const back = after(changed.workload, configMap('a', { x: '1' }));
    expect(back).toMatchObject({ restarts: true, writes: 1 });
  });

  it('is told to users', () => {
    const { workload } = after(aWorkload(reading('a')), configMap('a', { x: '1' }));
    const view = fakeView([workload, configMap('a', { x: '2' })]);
    expect(restartController.reconcile('Deployment/default/web', view, 0)).toContainEqual(
      expect.objectContaining({ reason: 'RestartedOnChange', message: expect.stringContaining('configmap/a') }),
    );
  });

  it('replaces no pods of a workload that does not ask for it', () => {
    for (const asks of ['false', '']) {
      expect(after(aWorkload(reading('a'), asks), configMap('a', {}))).toMatchObject({ writes: 0 });
    }
    expect(after(aDeployment(), configMap('a', {}))).toMatchObject({ writes: 0 });
  });

  it('counts where a list names it, and not otherwise', () => {
    const { workload } = after(
      aWorkload(reading('a', 'b'), 'configmap/b, secret/s, nonsense'),
      configMap('a', {}),
      configMap('b', {}),
    );
    const others = [configMap('b', {}), configMap('a', { x: '2' })];
    expect(after(workload, ...others)).toMatchObject({ writes: 0 });
    expect(after(workload, configMap('b', { x: '2' }))).toMatchObject({ restarts: true });
    expect(after(workload, configMap('b', {}), secret('s', { p: 'eA==' }))).toMatchObject({ restarts: true });
  });

  it('that pods can do without counts when it comes and goes', () => {
    const { workload } = after(aWorkload(readingIfThere('a')));
    const there = after(workload, configMap('a', {}));
    expect(there).toMatchObject({ restarts: true });
    expect(after(there.workload)).toMatchObject({ restarts: true });
  });

  it('that pods need counts by its content alone, when it was gone for a while', () => {
    const { workload } = after(aWorkload(reading('a')), configMap('a', { x: '1' }));
    expect(after(workload)).toMatchObject({ writes: 0 });
    expect(after(workload, configMap('a', { x: '1' }))).toMatchObject({ writes: 0 });
    expect(after(workload, configMap('a', { x: '2' }))).toMatchObject({ restarts: true });
    // One that was not there yet: pods wait for it anyway.
    const waiting = after(aWorkload(reading('a')));
    expect(after(waiting.workload, configMap('a', {}))).toMatchObject({ restarts: false, writes: 1 });
  });

  it('replaces no pods because the template names another one: that does so itself', () => {
    const { workload } = after(aWorkload(reading('a')), configMap('a', {}));
    workload.spec.template.spec!.volumes = reading('a', 'b').volumes!;
    expect(after(workload, configMap('a', {}), configMap('b', { x: '1' }))).toMatchObject({
      restarts: false,
      writes: 1,
    });
  });

  it('is not taken for gone by a view that is older than the workload', () => {
    const workload = aWorkload(readingIfThere('a'));
    workload.metadata.resourceVersion = '7';
    const view = fakeView([workload], 6);
    expect(restartController.reconcile('Deployment/default/web', view, 0)).toEqual([{ type: 'requeue', afterMs: 500 }]);
  });

  it('concerns the workloads that name it', () => {
    const workload = aWorkload(reading('a'));
    const view = fakeView([workload]);
    expect(restartController.keysFor(configMap('a', {}), view)).toEqual(['Deployment/default/web']);
    expect(restartController.keysFor(configMap('b', {}), view)).toEqual([]);
    expect(restartController.keysFor(secret('a', {}), view)).toEqual([]);
  });

  it('is noted by hashes alone', () => {
    const { workload } = after(
      aWorkload({ volumes: [{ name: 'v', secret: { secretName: 's' } }] }),
      secret('s', { p: 'aHVudGVyMg==' }),
    );
    expect(workload.metadata.annotations?.[observedAnnotation]).toMatch(/^secret\/s=[a-z0-9]{10}$/);
  });
});

it('finds every place in which a pod gets content', () => {
  const spec: PodSpec = {
    initContainers: [{ name: 'i', image: 'i', envFrom: [{ configMapRef: { name: 'env-from' } }] }],
    containers: [
      {
        name: 'c',
        image: 'i',
        envFrom: [{ secretRef: { name: 'env-from', optional: true } }],
        env: [
          { name: 'A', valueFrom: { configMapKeyRef: { name: 'key', key: 'k', optional: true } } },
          { name: 'B', valueFrom: { secretKeyRef: { name: 'key', key: 'k' } } },
          { name: 'C', value: 'x' },
        ],
      },
    ],
    volumes: [
      { name: 'a', configMap: { name: 'volume' } },
      { name: 'b', secret: { secretName: 'volume', optional: true } },
      { name: 'c', projected: { sources: [{ configMap: { name: 'key' } }, { secret: { name: 'projected' } }] } },
      { name: 'd', emptyDir: {} },
    ],
  };
  expect(contentReferences(spec).map((each) => `${idOf(each)}${each.isOptional ? '?' : ''}`)).toEqual([
    'configmap/env-from',
    'configmap/key',
    'configmap/volume',
    'secret/env-from?',
    'secret/key',
    'secret/projected',
    'secret/volume?',
  ]);
});
