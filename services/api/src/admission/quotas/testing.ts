import type { Client } from '@gantry/client/client.ts';
import type { ConfigMap, ResourceQuota } from '@gantry/model/gen/gantry.core.v1.ts';

/** A quota of config maps that has been counted already, as its controller does it. */
export async function countedQuota(client: Client, configmaps: number, namespace = 'default'): Promise<ResourceQuota> {
  const hard = { 'count/configmaps': String(configmaps) };
  const metadata = { name: 'q', namespace };
  const made: ResourceQuota = await client.create({
    apiVersion: 'v1',
    kind: 'ResourceQuota',
    metadata,
    spec: { hard },
  });
  const { items } = await client.list('ConfigMap', { namespace });
  const used = { 'count/configmaps': String(items.length) };
  return await client.updateStatus<ResourceQuota>({ ...made, status: { hard, used } });
}

/** The amounts that the quota says are used. */
export async function usedIn(client: Client, namespace = 'default'): Promise<number> {
  const { status } = await client.get('ResourceQuota', { namespace, name: 'q' });
  return Number(status?.used?.['count/configmaps']);
}

export function configMap(name: string, namespace = 'default'): ConfigMap {
  return { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name, namespace } };
}
