/**
 * Seeds that a simulation is run with: `fewest` of them, or GANTRY_SEEDS where that is set; GANTRY_SEED=n runs the one.
 */
export function seeds(fewest: number): number[] {
  const one = process.env.GANTRY_SEED;
  if (one !== undefined) return [Number(one)];
  return Array.from({ length: Number(process.env.GANTRY_SEEDS ?? fewest) }, (_, index) => index + 1);
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
