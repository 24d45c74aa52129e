import { formatDuration } from '../../age.ts';
import type { Pod } from '../../gen/gantry.core.v1.ts';
import type { Column } from '../../kind.ts';
import { readinessGates, summarizePod } from './summary.ts';

const none = '<none>';

/** Columns of `get pods`. */
export const podColumns: readonly Column<Pod>[] = [
  {
    name: 'READY',
    cell: (pod) => {
      const { ready, total } = summarizePod(pod);
      return `${ready}/${total}`;
    },
  },
  { name: 'STATUS', cell: (pod) => summarizePod(pod).state },
  { name: 'RESTARTS', cell: formatRestarts },
  { name: 'IP', wide: true, cell: ({ status }) => status?.podIPs?.[0]?.ip || status?.podIP || none },
  { name: 'NODE', wide: true, cell: ({ spec }) => spec.nodeName || none },
  { name: 'NOMINATED NODE', wide: true, cell: ({ status }) => status?.nominatedNodeName || none },
  {
    name: 'READINESS GATES',
    wide: true,
    cell: (pod) => {
      const gates = readinessGates(pod);
      return gates === undefined ? none : `${gates.open}/${gates.total}`;
    },
  },
];

/** `3 (5m ago)`. */
function formatRestarts(pod: Pod, nowMs: number): string {
  const { restarts, lastRestartMs } = summarizePod(pod);
  if (restarts === 0 || lastRestartMs === undefined) return String(restarts);
  return `${restarts} (${formatDuration(nowMs - lastRestartMs)} ago)`;
}
