import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { ConfigMap, Secret } from '@gantry/model/gen/gantry.core.v1.ts';
import { isError } from '@gantry/runtime/errors.ts';
import { projectFile, startProgram } from '../../e2e/command.ts';
import type { TestCluster } from '../../e2e/harness.ts';
import { eventually } from '../../e2e/wait.ts';
import { check, withOutput } from '../check.ts';
import { goBuild } from '../go.ts';
import type { Suite, TestResult } from '../scoreboard.ts';

const namespace = 'controllers';

/** Controllers on Kubernetes' Go libraries, unmodified: they run as processes beside the cluster and do their work. */
export const clients: Suite = {
  name: 'clients',
  title: 'Controllers on client-go and controller-runtime',
  build: async () => {
    const programs = projectFile('.gantry/conformance/clients');
    await mkdir(programs, { recursive: true });
    goBuild(projectFile('test/conformance/clients'), './...', programs);
    return programs;
  },
  run: async (cluster, programs) => {
    await cluster.client.create({ apiVersion: 'v1', kind: 'Namespace', metadata: { name: namespace } });
    return {
      results: [...(await withClientGo(cluster, programs)), ...(await withControllerRuntime(cluster, programs))],
    };
  },
};

/** Secrets beside ConfigMaps, by informers, protobuf, a lease, server-side apply and events. */
async function withClientGo(cluster: TestCluster, programs: string): Promise<TestResult[]> {
  const { client } = cluster;
  const flags = ['--kubeconfig', join(cluster.stateDir, 'kubeconfig'), '--namespace', namespace];
  const controller = startProgram(join(programs, 'clientgo'), flags);
  const kept = (): Promise<Secret> => client.get('Secret', { namespace, name: 'kept' });
  const results = [
    await check('client-go: leads by a lease, and keeps a Secret by server-side apply', async () => {
      await client.create(source('kept', 'secret', { a: '1' }));
      await eventually('the secret is kept', async () => decoded(await kept()).a === '<1>');
      const { metadata } = await kept();
      const managers = metadata.managedFields?.map(({ manager, operation }) => `${operation} ${manager}`) ?? [];
      if (!managers.includes('Apply clientgo')) throw new Error(`its fields are owned by ${managers.join(', ')}`);
      await client.get('Lease', { namespace, name: 'clientgo' });
    }),
    await check('client-go: sees changes by its informer, and mends what others change', async () => {
      const change = { type: 'merge', body: { data: { a: '2' } } } as const;
      await client.patch('ConfigMap', { namespace, name: 'kept' }, change);
      await eventually('the secret follows', async () => decoded(await kept()).a === '<2>');
    }),
    await check('client-go: records events', async () => {
      const events = async (): Promise<boolean> =>
        (await client.list('Event', { namespace })).items.some(({ reason }) => reason === 'Kept');
      await eventually('an event is there', events);
    }),
    await check('client-go: what it owns goes with its owner', async () => {
      await client.delete('ConfigMap', { namespace, name: 'kept' });
      await eventually('the secret is gone', () => isGone(kept));
    }),
  ];
  controller.kill();
  await controller.ended;
  return results.map((result) => withOutput(result, controller.output.stderr));
}

/** Deployments beside ConfigMaps, by a manager with a cache, owner references, a finalizer and patches. */
async function withControllerRuntime(cluster: TestCluster, programs: string): Promise<TestResult[]> {
  const { client } = cluster;
  const flags = ['--config', join(cluster.stateDir, 'kubeconfig'), '--namespace', namespace];
  const controller = startProgram(join(programs, 'controllerruntime'), flags);
  const name = { namespace, name: 'run' };
  const results = [
    await check('controller-runtime: makes a Deployment, and writes back how many pods are ready', async () => {
      await client.create(source('run', 'deployment', { replicas: '2', image: 'gantry.dev/hello:1' }));
      const ready = async (): Promise<boolean> =>
        (await client.get('ConfigMap', name)).metadata.annotations?.ready === '2';
      await eventually('two pods are ready', ready, 90_000);
    }),
    await check('controller-runtime: mends what somebody changes of what it owns', async () => {
      await client.patch('Deployment', name, { type: 'merge', body: { spec: { replicas: 0 } } });
      await eventually('the replicas are back', async () => (await client.get('Deployment', name)).spec.replicas === 2);
    }),
    await check(
      'controller-runtime: holds its object by a finalizer, lets it go, and its Deployment goes too',
      async () => {
        await client.delete('ConfigMap', name);
        await eventually('the object is gone', () => isGone(() => client.get('ConfigMap', name)));
        await eventually('the Deployment is gone', () => isGone(() => client.get('Deployment', name)));
      },
    ),
  ];
  controller.kill();
  await controller.ended;
  return results.map((result) => withOutput(result, controller.output.stderr));
}

async function isGone(get: () => Promise<unknown>): Promise<boolean> {
  try {
    await get();
    return false;
  } catch (error) {
    if (isError(error, 'NotFound')) return true;
    throw error;
  }
}

function source(name: string, keep: string, data: Record<string, string>): ConfigMap {
  return { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name, namespace, labels: { keep } }, data };
}

function decoded({ data = {} }: Secret): Record<string, string> {
  return Object.fromEntries(Object.entries(data).map(([key, value]) => [key, Buffer.from(value, 'base64').toString()]));
}
