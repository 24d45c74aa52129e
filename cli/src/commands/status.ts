import type { Pod } from '@gantry/model/gen/gantry.core.v1.ts';
import { isReady } from '@gantry/model/ready.ts';
import type { Context } from '../context.ts';
import { formatTable } from '../output/table.ts';

/** Tells in a few lines how the cluster is. */
export async function status(context: Context, server: string): Promise<void> {
  const { client, signal, output } = context;
  const [nodes, pods, deployments] = await Promise.all([
    client.list('Node', {}, { signal }),
    client.list('Pod', {}, { signal }),
    client.list('Deployment', {}, { signal }),
  ]);
  const available = deployments.items.filter(
    ({ spec, status: now }) => (now?.availableReplicas ?? 0) >= (spec.replicas ?? 1),
  );
  const rows = [
    ['api', `${server}, revision ${nodes.resourceVersion}`],
    ['nodes', `${nodes.items.filter(isReady).length} of ${nodes.items.length} ready`],
    ['pods', phases(pods.items) || 'none'],
    ['deployments', `${available.length} of ${deployments.items.length} available`],
  ];
  output.write(formatTable(undefined, rows));
}

function phases(pods: readonly Pod[]): string {
  const counts = Map.groupBy(pods, (pod) => pod.status?.phase ?? 'Pending');
  return [...counts].map(([phase, members]) => `${members.length} ${phase.toLowerCase()}`).join(', ');
}
