import { formatAge } from '../../age.ts';
import type { Node, NodeStatus } from '../../gen/gantry.core.v1.ts';
import type { Column } from '../../kind.ts';

const rolePrefix = 'node-role.kubernetes.io/';
const roleLabel = 'kubernetes.io/role';

/** All columns of `get nodes`: the age stands before the version. */
export const nodeColumns: readonly Column<Node>[] = [
  { name: 'NAME', cell: ({ metadata }) => metadata.name },
  { name: 'STATUS', cell: formatStatus },
  { name: 'ROLES', cell: formatRoles },
  { name: 'AGE', cell: ({ metadata }, nowMs) => formatAge(metadata.creationTimestamp, nowMs) },
  { name: 'VERSION', cell: ({ status }) => status?.nodeInfo?.kubeletVersion ?? '' },
  { name: 'INTERNAL-IP', wide: true, cell: ({ status }) => addressOf(status, 'InternalIP') },
  { name: 'EXTERNAL-IP', wide: true, cell: ({ status }) => addressOf(status, 'ExternalIP') },
  { name: 'OS-IMAGE', wide: true, cell: ({ status }) => status?.nodeInfo?.osImage || '<unknown>' },
  { name: 'KERNEL-VERSION', wide: true, cell: ({ status }) => status?.nodeInfo?.kernelVersion || '<unknown>' },
  {
    name: 'CONTAINER-RUNTIME',
    wide: true,
    cell: ({ status }) => status?.nodeInfo?.containerRuntimeVersion || '<unknown>',
  },
];

function formatStatus({ spec, status }: Node): string {
  const ready = status?.conditions?.find(({ type }) => type === 'Ready');
  const word = ready === undefined ? 'Unknown' : ready.status === 'True' ? 'Ready' : 'NotReady';
  return spec?.unschedulable ? `${word},SchedulingDisabled` : word;
}

function formatRoles({ metadata }: Node): string {
  const roles = Object.entries(metadata.labels ?? {}).map(([key, value]) =>
    key.startsWith(rolePrefix) ? key.slice(rolePrefix.length) : key === roleLabel ? value : '',
  );
  const named = new Set(roles.filter((role) => role !== ''));
  return [...named].sort().join(',') || '<none>';
}

function addressOf(status: NodeStatus | undefined, wanted: string): string {
  return status?.addresses?.find(({ type }) => type === wanted)?.address || '<none>';
}
