/** Random numbers from a seed: whole, from 0, below the given bound. */
export type Random = (below: number) => number;

/** A stream of random numbers that is the same for the same seed (a Weyl sequence through a mixer). */
export function randomFrom(seed: number): Random {
  let state = Math.imul(seed + 1, 0x9e3779b1);
  return (below) => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 16), 0x7feb352d);
    mixed = Math.imul(mixed ^ (mixed >>> 15), 0x846ca68b);
    return ((((mixed ^ (mixed >>> 16)) >>> 0) * below) / 2 ** 32) | 0;
  };
}
