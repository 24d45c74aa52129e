import type { Deployment } from '../../gen/gantry.apps.v1.ts';
import type { Column } from '../../kind.ts';
import { templateColumns } from '../replicaset/columns.ts';

/** Columns of `get deployments`. */
export const deploymentColumns: readonly Column<Deployment>[] = [
  { name: 'READY', cell: ({ spec, status }) => `${status?.readyReplicas ?? 0}/${spec.replicas ?? 0}` },
  { name: 'UP-TO-DATE', cell: ({ status }) => String(status?.updatedReplicas ?? 0) },
  { name: 'AVAILABLE', cell: ({ status }) => String(status?.availableReplicas ?? 0) },
  ...templateColumns(),
];
