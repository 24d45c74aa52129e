import { GantryError } from '@gantry/runtime/errors.ts';
import { describe, expect, it, vi } from 'vitest';
import { type Action, type Controller, keyOf, splitKey, type View } from './core/action.ts';
import type { ControllerApi } from './core/executor.ts';
import { controllerOf } from './core/owners.ts';
import { wholeCast } from './testing/cast.ts';
import type { Scenario } from './testing/scenario.ts';
import { scenarios } from './testing/scenarios.ts';
import { seeds, withSeeds } from './testing/seeds.ts';
import { allFaults, Simulation, type SimulationOptions } from './testing/simulation.ts';

// All controllers under everything that can go wrong around them: late informers, refused and lost writes, changes of leader,
// steps of the clock, users who act meanwhile. Invariants hold at every write, and everything comes right when it stops.
// GANTRY_SEEDS=1000 runs a thousand seeds a scenario, GANTRY_SEED=7 the seventh alone.

const fewest = 25;
const defaultSteps = 300;

type Careless = Pick<SimulationOptions, 'controllers' | 'beside' | 'wrapApi'>;

async function run(scenario: Scenario, seed: number, cast: Careless = wholeCast(scenario.settings)): Promise<void> {
  await using simulation = new Simulation({ seed, faults: allFaults, ...cast, ...scenario });
  scenario.setUp(simulation);
  await simulation.steps(scenario.steps ?? defaultSteps);
  await simulation.settle(scenario.quietSteps);
  expect(scenario.check(simulation)).toEqual([]);
}

describe.each(scenarios)('$name', (scenario) => {
  it(
    'keeps its promises whatever goes wrong',
    () => withSeeds(seeds(fewest), (seed) => run(scenario, seed)),
    20 * 60_000,
  );
});

describe('a run', () => {
  const histories = async (seed: number): Promise<string[]> => {
    const scenario = scenarios.find(({ name }) => name === 'statefulset-controller')!;
    await using simulation = new Simulation({ seed, faults: allFaults, ...wholeCast(), ...scenario });
    scenario.setUp(simulation);
    await simulation.steps(800);
    return simulation.history().map(({ revision, by, object }) => `${revision} ${by} ${JSON.stringify(object)}`);
  };

  it('is decided by its seed, whatever else is random', () =>
    withSeeds(seeds(8), async (seed) => {
      const runs: string[][] = [];
      for (const number of [0.1, 0.9]) {
        using _random = vi.spyOn(Math, 'random').mockReturnValue(number);
        runs.push(await histories(seed));
      }
      expect(runs[0]).toEqual(runs[1]);
    }));
});

/** All controllers, one of which takes its view for up to date and looks at nothing before it acts. */
function trusting(name: string): Careless {
  const cast = wholeCast();
  const careless = (controller: Controller): Controller => ({
    ...controller,
    reconcile: (key, view, nowMs) => {
      const methods: View = {
        get: (...given) => view.get(...given),
        list: (...given) => view.list(...given),
        ownedBy: (...given) => view.ownedBy(...given),
        orphans: (...given) => view.orphans(...given),
        podsOn: (...given) => view.podsOn(...given),
        unreadable: (...given) => view.unreadable(...given),
        readyForMs: (...given) => view.readyForMs(...given),
        kinds: view.kinds,
        shows: (...given) => view.shows(...given),
        ended: (...given) => view.ended(...given),
        revision: () => Number.MAX_SAFE_INTEGER,
      };
      return controller.reconcile(key, methods, nowMs).map((action): Action => {
        const {
          requires: _requires,
          ifUnchanged: _ifUnchanged,
          ...bare
        } = { requires: [], ifUnchanged: true, ...action };
        return bare as Action;
      });
    },
  });
  return {
    ...cast,
    controllers: (simulation) =>
      cast.controllers(simulation).map((controller) => (controller.name === name ? careless(controller) : controller)),
  };
}

/** All controllers, of which that of Jobs lets pods go before it has written them down. */
function uncounting(): Careless {
  const cast = wholeCast();
  const hurried = (controller: Controller): Controller => ({
    ...controller,
    reconcile: (key, view, nowMs) => {
      const plan = controller.reconcile(key, view, nowMs);
      const first = plan.filter(({ type }) => type === 'removeFinalizer');
      return [...first, ...plan.filter((action) => !first.includes(action))];
    },
  });
  return {
    ...cast,
    controllers: (simulation) =>
      cast.controllers(simulation).map((each) => (each.name === 'job-controller' ? hurried(each) : each)),
  };
}

/** All controllers, and one that ends the pods of nodes which it does not see. */
function hasty(): Careless {
  const cast = wholeCast();
  const controller: Controller = {
    name: 'hasty-controller',
    watches: ['Pod', 'Node'],
    keysFor: (object) => (object.kind === 'Pod' && object.spec.nodeName ? [object.spec.nodeName] : []),
    reconcile: (name, view) => {
      if (view.get('Node', undefined, name) !== undefined) return [];
      return [...view.podsOn(name)].map((object) => ({ type: 'delete', object, gracePeriodSeconds: 0 }));
    },
  };
  return { ...cast, controllers: (simulation) => [...cast.controllers(simulation), controller] };
}

/** All controllers, and one that takes the pods of StatefulSets from nodes that it does not hear. */
function impatient(): Careless {
  const cast = wholeCast();
  const controller: Controller = {
    name: 'impatient-controller',
    watches: ['Pod'],
    keysFor: (object) => [keyOf(object)],
    reconcile: (key, view) => {
      const { namespace, name } = splitKey(key);
      const object = view.get('Pod', namespace, name);
      if (object?.metadata.deletionTimestamp === undefined || controllerOf(object)?.kind !== 'StatefulSet') return [];
      return [{ type: 'delete', object, gracePeriodSeconds: 0 }];
    },
  };
  return { ...cast, controllers: (simulation) => [...cast.controllers(simulation), controller] };
}

/** All controllers, which do not hear of the items of a batch that were written where another one was refused. */
function forgetful(): Careless {
  const wrapApi = (api: ControllerApi): ControllerApi => ({
    ...api,
    createBatch: async (objects, options) => {
      const results = await api.createBatch(objects, options);
      const refused = results.find(({ code }) => code !== 0);
      if (refused !== undefined) throw new GantryError('Forbidden', refused.message);
      return results;
    },
  });
  return { ...wholeCast(), wrapApi };
}

/** All controllers, and an autoscaler that takes silence for an empty queue. */
function hopeful(): Careless {
  const cast = wholeCast();
  const empty = {
    type: 'values',
    values: [{ name: '', timestampMs: 0, windowSeconds: undefined, value: '0' }],
  } as const;
  const wrap = (controller: Controller): Controller => ({
    ...controller,
    measured: (key, { id, answers }) =>
      controller.measured?.(key, { id, answers: answers.map((answer) => (answer.type === 'none' ? empty : answer)) }),
  });
  return {
    ...cast,
    controllers: (simulation) =>
      cast.controllers(simulation).map((each) => (each.name === 'horizontal-pod-autoscaler' ? wrap(each) : each)),
  };
}

/** All controllers, one of which forgets the evictions that a budget granted as soon as it writes the budget's status. */
function oblivious(): Careless {
  const cast = wholeCast();
  const forget = (action: Action): Action => {
    if (action.type !== 'updateStatus' || action.object.kind !== 'PodDisruptionBudget') return action;
    const { disruptedPods: _forgotten, ...status } = action.object.status ?? {};
    return { ...action, object: { ...action.object, status } };
  };
  const wrap = (controller: Controller): Controller =>
    controller.name === 'disruption-controller'
      ? { ...controller, reconcile: (...given) => controller.reconcile(...given).map(forget) }
      : controller;
  return { ...cast, controllers: (simulation) => cast.controllers(simulation).map(wrap) };
}

/** All controllers, one of which takes all old pods of a Deployment at once. */
function greedy(): Careless {
  const cast = wholeCast();
  const emptied = (action: Action): Action => {
    if (action.type !== 'update' || action.object.kind !== 'ReplicaSet') return action;
    const { spec, status } = action.object;
    const shrinks = (spec.replicas ?? 1) < (status?.replicas ?? 0);
    return shrinks ? { ...action, object: { ...action.object, spec: { ...spec, replicas: 0 } } } : action;
  };
  const careless = (controller: Controller): Controller => ({
    ...controller,
    reconcile: (key, view, nowMs) => controller.reconcile(key, view, nowMs).map(emptied),
  });
  return {
    ...cast,
    controllers: (simulation) =>
      cast
        .controllers(simulation)
        .map((controller) => (controller.name === 'deployment-controller' ? careless(controller) : controller)),
  };
}

describe('the simulation catches', () => {
  // The seeds are those that found it; others do as well.
  it.each<[what: string, scenario: string, cast: () => Careless, seeds: number[], caught: RegExp]>([
    [
      'a loop that forgets what it wrote',
      'replicaset-controller',
      forgetful,
      Array.from({ length: 200 }, (_, i) => i + 1),
      /pods of ReplicaSet/,
    ],
    [
      'a rollout that takes all old pods at once',
      'deployment-controller',
      greedy,
      Array.from({ length: 200 }, (_, i) => i + 1),
      /available pods of Deployment web are missing/,
    ],
    [
      'a budget whose granted evictions are forgotten',
      'evictions',
      oblivious,
      Array.from({ length: 200 }, (_, i) => i + 1),
      /evictions leave/,
    ],
    [
      'an autoscaler that takes silence for an empty queue',
      'horizontal-pod-autoscaler to zero',
      hopeful,
      Array.from({ length: 200 }, (_, i) => i + 1),
      /knows nothing/,
    ],
    [
      'a loop that forgets which nodes it served',
      'daemonset-controller',
      forgetful,
      Array.from({ length: 200 }, (_, i) => i + 1),
      /pods for node/,
    ],
    [
      'a node that only one view misses',
      'node-lifecycle-controller',
      hasty,
      Array.from({ length: 200 }, (_, i) => i + 1),
      /force-deletes pod/,
    ],
    [
      'a pod of a StatefulSet that is replaced while it runs on a node that is cut off',
      'statefulset-controller',
      impatient,
      Array.from({ length: 200 }, (_, i) => i + 1),
      /force-deletes pod|starts on .* while it runs on/,
    ],
    [
      'an adoption by a set that is gone',
      'garbage-collector',
      () => trusting('replicaset-controller'),
      Array.from({ length: 200 }, (_, i) => i + 1),
      /adopts .* back|which was orphaned/,
    ],
    [
      'a pod that a Job lets go before it counts it',
      'job-controller',
      uncounting,
      Array.from({ length: 10 }, (_, i) => i + 1),
      /is let go and not counted/,
    ],
    [
      'a collection by a late view',
      'garbage-collector',
      () => trusting('garbage-collector'),
      Array.from({ length: 200 }, (_, i) => i + 250),
      /is collected/,
    ],
  ])('%s', async (_what, name, cast, found, caught) => {
    const scenario = scenarios.find((candidate) => candidate.name === name)!;
    await expect(withSeeds(found, (seed) => run(scenario, seed, cast()))).rejects.toThrow(caught);
  });
});
