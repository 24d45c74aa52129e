import { rank, rankEnd } from './node-order.ts';

/** Lower bound of a choice: nodes with a lower score, or the same and a higher rank, are left out. */
export interface Floor {
  readonly score: number;
  readonly rank: number;
}

/** The floor of a choice that leaves nobody out. */
export const noFloor: Floor = { score: 0, rank: rankEnd };

/** Room for chosen nodes, with their scores in step. The arrays may lie in shared memory. */
export interface Selection {
  readonly nodes: Int32Array;
  readonly scores: Float64Array;
}

const mostSamples = 256;
const fewestSamples = 16;
const sampled = new Float64Array(mostSamples);
const equals = new Float64Array(mostSamples);

/** True where a node with this score is not below the floor. */
export function isAbove(floor: Floor, node: number, score: number, seed: number): boolean {
  return score > floor.score || (score === floor.score && rank(node, seed) <= floor.rank);
}

/**
 * A floor above which about so many of the nodes lie, judged by samples. Negative scores don't count; where few others
 * are seen nobody is left out, nor where most would be chosen anyhow.
 */
export function floorFor(wanted: number, scores: Float64Array, end: number, seed: number): Floor {
  if (4 * wanted >= end) return noFloor;
  const step = Math.max(1, Math.floor(end / mostSamples));
  const last = Math.min(end, step * mostSamples);
  let seen = 0;
  for (let node = 0; node < last; node += step) if (scores[node]! >= 0) sampled[seen++] = scores[node]!;
  const place = Math.floor(wanted / step);
  if (seen < fewestSamples || place >= seen) return noFloor;
  const score = sampled.subarray(0, seen).sort()[seen - 1 - place]!;
  const better = seen - 1 - sampled.subarray(0, seen).lastIndexOf(score);
  // Among equals the rank decides, and those of low rank are taken first: they too are judged by who is left.
  let equal = 0;
  for (let node = 0; node < last; node += step) if (scores[node] === score) equals[equal++] = rank(node, seed);
  return { score, rank: equals.subarray(0, equal).sort()[place - better]! };
}

/** Chooses the nodes below `end` that lie above a floor. Returns how many; those beyond the room are not written. */
export function select(scores: Float64Array, end: number, floor: Floor, seed: number, into: Selection): number {
  const { nodes: chosen, scores: chosenScores } = into;
  let found = 0;
  for (let node = 0; node < end; node++) {
    const score = scores[node]!;
    if (score < floor.score || !isAbove(floor, node, score, seed)) continue;
    chosen[found] = node;
    chosenScores[found] = score;
    found++;
  }
  return found;
}
