import { isReady } from '@gantry/model/ready.ts';
import type { Context } from '../context.ts';
import { listEach } from '../listing.ts';
import { formatTable } from '../output/table.ts';

/** Summarizes the cluster's state in a few lines. */
export async function status(context: Context, server: string): Promise<void> {
  const [nodes, pods, deployments] = await Promise.all([
    listEach(context, 'Node', {}, isReady),
    listEach(context, 'Pod', {}, (pod) => pod.status?.phase ?? 'Pending'),
    listEach(
      context,
      'Deployment',
      {},
      ({ spec, status: now }) => (now?.availableReplicas ?? 0) >= (spec.replicas ?? 1),
    ),
  ]);
  const rows = [
    ['api', `${server}, revision ${nodes.resourceVersion}`],
    ['nodes', `${nodes.items.filter(Boolean).length} of ${nodes.items.length} ready`],
    ['pods', phases(pods.items) || 'none'],
    ['deployments', `${deployments.items.filter(Boolean).length} of ${deployments.items.length} available`],
  ];
  context.output.write(formatTable(undefined, rows));
}

/** `5 running, 1 pending` */
function phases(pods: readonly string[]): string {
  const counts = Map.groupBy(pods, (phase) => phase);
  return [...counts].map(([phase, members]) => `${members.length} ${phase.toLowerCase()}`).join(', ');
}
