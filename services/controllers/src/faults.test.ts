import { describe, expect, it } from 'vitest';
import { wholeCast } from './testing/cast.ts';
import { type Scenario, scenarios } from './testing/scenarios.ts';
import { seeds, withSeeds } from './testing/seeds.ts';
import { allFaults, Simulation } from './testing/simulation.ts';

// All controllers under everything that can go wrong around them: late informers, refused and lost writes, changes of leader,
// steps of the clock, users who act meanwhile. Invariants hold at every write, and everything comes right when it stops.
// GANTRY_SEEDS=1000 runs a thousand seeds a scenario, GANTRY_SEED=7 the seventh alone.

const fewest = 12;
const faultySteps = 300;

async function run(scenario: Scenario, seed: number): Promise<void> {
  await using simulation = new Simulation({ seed, faults: allFaults, ...wholeCast(), act: scenario.act });
  scenario.setUp(simulation);
  await simulation.steps(faultySteps);
  await simulation.settle();
  expect(scenario.check(simulation)).toEqual([]);
}

describe.each(scenarios)('$name', (scenario) => {
  it(
    'keeps its promises whatever goes wrong',
    () => withSeeds(seeds(fewest), (seed) => run(scenario, seed)),
    20 * 60_000,
  );
});
