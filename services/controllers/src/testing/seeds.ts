/**
 * Seeds that a simulation is run with: `fewest` of them, or GANTRY_SEEDS where that is set, be it a number or a range such as 201-400;
 * GANTRY_SEED=n runs the one.
 */
export function seeds(fewest: number): number[] {
  const { GANTRY_SEED: one, GANTRY_SEEDS: many = String(fewest) } = process.env;
  if (one !== undefined) return [Number(one)];
  const [first, last] = many.includes('-') ? many.split('-').map(Number) : [1, Number(many)];
  return Array.from({ length: last! - first! + 1 }, (_, index) => first! + index);
}

/** Runs a simulation once a seed. Rejects at the first that fails, naming its seed. */
export async function withSeeds(list: readonly number[], run: (seed: number) => Promise<void>): Promise<void> {
  for (const seed of list) {
    try {
      await run(seed);
    } catch (error) {
      const message = error instanceof Error ? error.message : String(error);
      throw new Error(`seed ${seed} (GANTRY_SEED=${seed} repeats it): ${message}`, { cause: error });
    }
  }
}
