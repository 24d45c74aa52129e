import { PassThrough } from 'node:stream';
import * as kubernetes from '@kubernetes/client-node';
import { expect, test } from 'vitest';
import { eventually } from '../wait.ts';
import type { Kubectl } from './kubectl.ts';
import { waitingPod } from './objects.ts';

/** The client library for JavaScript, with its informers, patches and streams. `k` names the kubeconfig and the namespace. */
export function clientNode(k: Kubectl): void {
  const config = (): kubernetes.KubeConfig => {
    const loaded = new kubernetes.KubeConfig();
    loaded.loadFromFile(k.kubeconfig);
    return loaded;
  };
  const { namespace } = k;

  test('an informer sees what is there, what changes and what goes', async () => {
    const core = config().makeApiClient(kubernetes.CoreV1Api);
    const list = (): Promise<kubernetes.V1ConfigMapList> =>
      core.listNamespacedConfigMap({ namespace, labelSelector: 'set=informer' });
    const informer = kubernetes.makeInformer(
      config(),
      `/api/v1/namespaces/${namespace}/configmaps`,
      list,
      'set=informer',
    );
    const seen: string[] = [];
    for (const verb of ['add', 'update', 'delete'] as const) {
      informer.on(verb, ({ metadata, data }: kubernetes.V1ConfigMap) => {
        seen.push(`${verb} ${metadata?.name} ${data?.a}`);
      });
    }
    const body = { metadata: { name: 'informed', labels: { set: 'informer' } }, data: { a: '1' } };
    await core.createNamespacedConfigMap({ namespace, body });
    await informer.start();
    const patch = [{ op: 'replace', path: '/data/a', value: '2' }];
    await core.patchNamespacedConfigMap({ namespace, name: 'informed', body: patch });
    await core.deleteNamespacedConfigMap({ namespace, name: 'informed' });
    await eventually('the informer saw it all', () => seen.length === 3);
    await informer.stop();
    expect(seen).toEqual(['add informed 1', 'update informed 2', 'delete informed 2']);
  });

  test('every type of patch is taken, server-side apply among them', async () => {
    const objects = kubernetes.KubernetesObjectApi.makeApiClient(config());
    const head = { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'patched', namespace } };
    await objects.create({ ...head, data: { a: '1' } } as kubernetes.KubernetesObject);
    const by = (strategy: string, fields: object, manager = 'client-node'): Promise<kubernetes.V1ConfigMap> =>
      objects.patch(
        { ...head, ...fields } as kubernetes.KubernetesObject,
        undefined,
        undefined,
        manager,
        // A word on force, be it no, is for applications alone.
        strategy === kubernetes.PatchStrategy.ServerSideApply || undefined,
        strategy as kubernetes.PatchStrategy,
      );
    await by(kubernetes.PatchStrategy.MergePatch, { data: { b: '2' } });
    await by(kubernetes.PatchStrategy.StrategicMergePatch, { data: { c: '3' } });
    const applied = await by(kubernetes.PatchStrategy.ServerSideApply, { data: { d: '4' } }, 'applier');
    expect(applied.data).toEqual({ a: '1', b: '2', c: '3', d: '4' });
    const managers = applied.metadata?.managedFields?.map(({ manager, operation }) => `${operation} ${manager}`);
    expect(managers).toContain('Apply applier');
  });

  test('exec streams a command, and tells how it ended', async () => {
    const core = config().makeApiClient(kubernetes.CoreV1Api);
    await core.createNamespacedPod({ namespace, body: waitingPod('node-client') as kubernetes.V1Pod });
    await eventually('the pod runs', async () => {
      const { status } = await core.readNamespacedPod({ namespace, name: 'node-client' });
      return status?.phase === 'Running';
    });
    const output = new PassThrough();
    const input = new PassThrough();
    const status = new Promise<kubernetes.V1Status>((resolve, reject) => {
      const command = ['sh', '-c', 'busybox cat; exit 3'];
      new kubernetes.Exec(config())
        .exec(namespace, 'node-client', 'main', command, output, null, input, false, resolve)
        .catch(reject);
    });
    input.end('echoed');
    expect(await status).toMatchObject({ status: 'Failure', reason: 'NonZeroExitCode' });
    expect(output.read().toString()).toBe('echoed');
    const log = await core.readNamespacedPodLog({ namespace, name: 'node-client' });
    expect(log).toBe('started\n');
  });

  test('what is wrong comes as an error with its status', async () => {
    const core = config().makeApiClient(kubernetes.CoreV1Api);
    await expect(core.readNamespacedPod({ namespace, name: 'none' })).rejects.toMatchObject({ code: 404 });
  });
}
