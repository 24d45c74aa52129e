import type { DefragmentPlan, MoveProgress } from '@gantry/client/placement-messages.ts';
import { counted, listed } from './listed.ts';
import { formatTable } from './table.ts';

/** Prints the nodes that become free and the moves that free them, and why the others do not. */
export function formatPlan({ freed, kept }: DefragmentPlan): string {
  const moves = freed.flatMap((node) => node.moves);
  const head =
    freed.length === 0
      ? 'No node can be freed.\n'
      : `${counted(freed.length, 'node')} can be freed by moving ${counted(moves.length, 'pod')}:\n`;
  const rows = moves.map(({ namespace, name, fromNode, toNode }) => [fromNode, `${namespace}/${name}`, toNode]);
  const reasons = kept.map(({ reason, nodes }) => [listed(nodes), reason]);
  return [
    head,
    rows.length === 0 ? '' : `${formatTable(['NODE', 'POD', 'GOES TO'], rows)}\n`,
    reasons.length === 0 ? '' : formatTable(['NODES THAT STAY', 'BECAUSE THEY'], reasons),
  ].join('');
}

/** A step of a move, in a line. */
export function formatMove({ move, state, message }: MoveProgress): string {
  const pod = `pod ${move.namespace}/${move.name}`;
  switch (state) {
    case 'evicted':
      return `${pod} is evicted from ${move.fromNode}\n`;
    case 'placed':
      return `${pod} has one in its place on ${move.toNode}\n`;
    case 'failed':
      return `${pod} stays on ${move.fromNode}, which keeps its pods: ${message}\n`;
  }
}
