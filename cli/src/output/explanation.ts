import type {
  FittingNodes,
  PluginScore,
  PodExplanation,
  QueueState,
  RefusingNodes,
} from '@gantry/client/placement-messages.ts';
import { counted, listed } from './listed.ts';
import { formatTable } from './table.ts';

/** Groups of nodes that are shown of each kind; `-o yaml` shows all. */
const maxGroups = 10;

/** Prints a scheduler's explanation of a pod for people: short however many nodes there are. */
export function formatExplanation(explanation: PodExplanation, nowMs: number): string {
  const { namespace, name, profile, priority, message, fitting, refusing, bestNode } = explanation;
  const head = formatTable(undefined, [
    ['Pod:', `${namespace}/${name}`],
    ['Profile:', `${profile}, priority ${priority}`],
    ...stateRows(explanation, nowMs),
    ['Verdict:', message],
    ...(bestNode === '' ? [] : [['Best node:', bestNode]]),
    ...preemptionRows(explanation),
  ]);
  return [head, formatFitting(fitting), formatRefusing(refusing)].filter((part) => part !== '').join('\n');
}

function stateRows({ nodeName, queue, message }: PodExplanation, nowMs: number): string[][] {
  const rows: string[][] = [];
  if (nodeName !== '') rows.push(['Node:', `${nodeName}; judged below as if it were to be placed now`]);
  if (queue === null || nodeName !== '') return rows;
  rows.push(['State:', stateInWords(queue, nowMs)]);
  // Events end with what is said of preemption, which stands on a line of its own.
  if (queue.said !== '' && !queue.said.startsWith(message)) rows.push(['Last event:', queue.said]);
  if (queue.wakesOn.length > 0) rows.push(['Wakes on:', queue.wakesOn.join('; ')]);
  if (queue.nominatedNodeName !== '') {
    const pods = queue.waitsForPods.length === 0 ? 'nobody' : listed(queue.waitsForPods);
    rows.push(['Nominated:', `${queue.nominatedNodeName}, once these have left it: ${pods}`]);
  }
  return rows;
}

function stateInWords(queue: QueueState, nowMs: number): string {
  const attempts = queue.attempts === 0 ? '' : ` after ${counted(queue.attempts, 'failed attempt')}`;
  switch (queue.place) {
    case 'active':
      return `waits for its turn, ${counted(queue.ahead, 'pod')} before it`;
    case 'backoff':
      return `backs off${attempts}, tried again in ${seconds(queue.readyAtMs - nowMs)}`;
    case 'parked':
      return `parked${attempts}: no node takes it; tried again in ${seconds(queue.sweepAtMs - nowMs)} at the latest`;
    case 'gated':
      return `held back by scheduling gates: ${queue.gates.join(', ')}`;
    default:
      return 'is being placed';
  }
}

function preemptionRows({ preemption, queue }: PodExplanation): string[][] {
  if (preemption === null || (queue !== null && queue.nominatedNodeName !== '')) return [];
  const { nodeName, victims, message } = preemption;
  if (nodeName === '') return message === '' ? [] : [['Preemption:', message.replace(/^preemption: /, '')]];
  const evicted = victims.length === 0 ? '' : `evicting ${listed(victims)} would make room`;
  return [['Preemption:', `${[evicted, message].filter((text) => text !== '').join('; ')} on ${nodeName}`]];
}

function formatFitting(groups: readonly FittingNodes[]): string {
  if (groups.length === 0) return '';
  const plugins = [...new Map(groups.flatMap(({ scores }) => scores).map((score) => [score.plugin, score])).values()];
  const header = ['NODES THAT TAKE IT', 'SCORE', ...plugins.map(({ plugin, weight }) => `${plugin} ×${weight}`)];
  const rows = groups
    .slice(0, maxGroups)
    .map(({ nodes, score, scores }) => [listed(nodes), rounded(score), ...cellsOf(plugins, scores)]);
  const rest = groups.slice(maxGroups);
  if (rest.length > 0) {
    const nodes = rest.reduce((sum, group) => sum + group.nodes.length, 0);
    rows.push([`and ${counted(nodes, 'more node')}`, `${rounded(rest[0]!.score)} to ${rounded(rest.at(-1)!.score)}`]);
  }
  return formatTable(header, rows);
}

function cellsOf(plugins: readonly PluginScore[], scores: readonly PluginScore[]): string[] {
  return plugins.map(({ plugin }) => {
    const found = scores.find((score) => score.plugin === plugin);
    return found === undefined ? '-' : rounded(found.score);
  });
}

function formatRefusing(groups: readonly RefusingNodes[]): string {
  if (groups.length === 0) return '';
  const header = ['NODES THAT DO NOT', 'PLUGIN', 'REASON', 'WHAT MIGHT HELP'];
  const rows = groups.slice(0, maxGroups).flatMap(({ nodes, refusals }) =>
    refusals.map(({ plugin, reasons, details, unblockedBy, helpedByPreemption }, index) => {
      const why = [...reasons, ...details.map((detail) => `(${detail})`)].join(' ');
      const help = [...unblockedBy, ...(helpedByPreemption ? ['evicting pods'] : [])].join('; ');
      return [index === 0 ? listed(nodes) : '', plugin, why, help];
    }),
  );
  const rest = groups.slice(maxGroups).reduce((sum, { nodes }) => sum + nodes.length, 0);
  if (rest > 0) rows.push([`and ${counted(rest, 'more node')}`, '', 'other combinations of reasons', '']);
  return formatTable(header, rows);
}

function seconds(ms: number): string {
  return `${Math.max(0, Math.ceil(ms / 1_000))}s`;
}

function rounded(score: number): string {
  return score.toFixed(1);
}
