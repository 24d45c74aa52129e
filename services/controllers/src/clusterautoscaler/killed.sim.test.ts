import { expect, it } from 'vitest';
import { wholeCast } from '../testing/cast.ts';
import { clusterAutoscaling } from '../testing/cluster-autoscaler-scenario.ts';
import { seeds, withSeeds } from '../testing/seeds.ts';
import { allFaults, Simulation } from '../testing/simulation.ts';

/** Chance of a step that the process is killed, in the middle of whatever is under way. A round takes about a dozen steps. */
const leaderChange = 0.08;

it(
  'killed at any step, it leaves no pod without a node, starts none twice, and leaves none behind',
  async () => {
    await withSeeds(seeds(10), async (seed) => {
      const faults = { ...allFaults, leaderChange };
      const cast = wholeCast(clusterAutoscaling.settings);
      await using simulation = new Simulation({ seed: 10_000 + seed, faults, ...cast, ...clusterAutoscaling });
      clusterAutoscaling.setUp(simulation);
      await simulation.steps(clusterAutoscaling.steps!);
      await simulation.settle(clusterAutoscaling.quietSteps);
      expect(clusterAutoscaling.check(simulation)).toEqual([]);
    });
  },
  10 * 60_000,
);
