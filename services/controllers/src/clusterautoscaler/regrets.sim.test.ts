import { describe, expect, it } from 'vitest';
import type { Consultant } from '../core/consult.ts';
import { wholeCast } from '../testing/cast.ts';
import { clusterAutoscaling, providers } from '../testing/cluster-autoscaler-scenario.ts';
import { seeds, withSeeds } from '../testing/seeds.ts';
import { Simulation } from '../testing/simulation.ts';
import { users } from '../testing/users.ts';

const timeoutMs = 5 * 60_000;

/** A cluster in which nothing goes wrong and nobody acts. */
function calm(seed: number, consultant = clusterAutoscaling.consultant!): Simulation {
  const cast = wholeCast(clusterAutoscaling.settings);
  const { always } = clusterAutoscaling;
  const simulation = new Simulation({ seed, ...cast, always: always!, consultant });
  clusterAutoscaling.setUp(simulation);
  return simulation;
}

type Simulate = Consultant['scheduling']['simulate'];

/** Puts something between the autoscaler and the scheduler's simulation. */
function instead(simulation: Simulation, wrap: (simulate: Simulate) => Simulate): Consultant {
  const consultant = clusterAutoscaling.consultant!(simulation);
  return { ...consultant, scheduling: { ...consultant.scheduling, simulate: wrap(consultant.scheduling.simulate) } };
}

/** All nodes are said to be free to go. */
function careless(simulation: Simulation): Consultant {
  return instead(simulation, (simulate) => async (request, signal) => {
    const answer = await simulate(request, signal);
    return { ...answer, emptied: (request.emptied ?? []).map(({ nodeName }) => ({ nodeName, fits: true })) };
  });
}

/** Nodes are said to be free to go whose room buffers want. */
function forgetful(simulation: Simulation): Consultant {
  return instead(simulation, (simulate) => (request, signal) => simulate({ ...request, headroom: [] }, signal));
}

/** Twelve pods, then four for a long time, with room for three others. */
async function constantDemand(seed: number, consultant?: typeof careless): Promise<void> {
  await using simulation = calm(seed, consultant);
  users.setHeadroom(simulation, simulation.all('CapacityBuffer')[0], 3);
  for (const [replicas, steps] of [
    [12, 60],
    [4, 400],
  ] as const) {
    users.scale(simulation, simulation.all('Deployment')[0], replicas);
    await simulation.steps(steps);
  }
  expect(clusterAutoscaling.check(simulation).join(', ')).toBe('');
}

describe('a constant demand', () => {
  it('is served without a loop, with the room that is wanted', () =>
    withSeeds(seeds(5), (seed) => constantDemand(seed)));

  it('is served by a loop where nodes are freed whatever the simulation says, which is found', () =>
    withSeeds(seeds(5), (seed) =>
      expect(constantDemand(seed, careless)).rejects.toThrow(/grows after it shrank|have room/),
    ));

  it('has too little room beside it where the simulation hears of no buffers, which is found', () =>
    withSeeds(seeds(5), (seed) =>
      expect(constantDemand(seed, forgetful)).rejects.toThrow(/of 3 pods of (the )?buffers? /),
    ));
});

/** Steps between two changes of a demand that goes up and down; nodes may leave after eight. */
const halfPeriod = 24;
const periods = 12;

/** Nodes given up while demand goes up and down so often, the first two times left out. */
async function removalsOf(simulation: Simulation, isKilled: boolean): Promise<number> {
  const { turns } = providers.get(simulation)!;
  let before = 0;
  for (let period = 0; period < periods + 2; period++) {
    if (period === 2) before = turns.removals;
    for (const replicas of [12, 2]) {
      users.scale(simulation, simulation.all('Deployment')[0], replicas);
      await simulation.steps(halfPeriod);
    }
    if (isKilled) await simulation.changeLeader();
  }
  return turns.removals - before;
}

// It is 1.1 and 1.4 nodes each time; without a memory of regrets 3.4 and 2.6.
it.each([
  ['one process', false, 1.8],
  ['processes that take turns', true, 2],
] as const)(
  'a demand that goes up and down finds its nodes still there, most times: %s',
  async (_who, isKilled, most) => {
    const list = seeds(5);
    let removals = 0;
    await withSeeds(list, async (seed) => {
      await using simulation = calm(seed);
      removals += await removalsOf(simulation, isKilled);
      expect(simulation.events.some(({ reason }) => reason === 'ScaleDownRegretted')).toBe(true);
    });
    expect(removals).toBeGreaterThan(0);
    expect(removals / periods / list.length).toBeLessThan(most);
  },
  timeoutMs,
);
