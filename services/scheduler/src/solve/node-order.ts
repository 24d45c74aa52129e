/**
 * True where the first node goes before the second: the better score, and among equals the lower rank.
 */
export function goesBefore(left: number, leftScore: number, right: number, rightScore: number, seed: number): boolean {
  return leftScore === rightScore ? rank(left, seed) < rank(right, seed) : leftScore > rightScore;
}

/** Ranks lie evenly below this. */
export const rankEnd = 2 ** 32;

/**
 * A number that orders nodes in a way of each seed's own: several schedulers don't run after the same node. No two nodes
 * have the same.
 */
export function rank(node: number, seed: number): number {
  let mixed = Math.imul(node ^ seed, 0x9e3779b1);
  mixed = Math.imul(mixed ^ (mixed >>> 15), 0x85ebca6b);
  return (mixed ^ (mixed >>> 13)) >>> 0;
}
