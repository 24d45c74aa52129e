import { isReady } from '@gantry/model/ready.ts';
import { createLogger } from '@gantry/runtime/log.ts';
import { eachFault } from '@gantry/runtime/testing/faults.ts';
import { describe, expect, it } from 'vitest';
import { wholeCast } from '../testing/cast.ts';
import { aDeployment, aNode, aPod, aService } from '../testing/objects.ts';
import { Simulation } from '../testing/simulation.ts';
import { users } from '../testing/users.ts';
import type { Controller } from './action.ts';
import { isActive } from './pods.ts';

describe('a controller that throws', () => {
  /** Labels pods, but for those that it chokes on. */
  const labeller = (where: 'keysFor' | 'reconcile'): Controller => ({
    name: 'labeller',
    watches: ['Pod'],
    keysFor: ({ metadata }) => {
      if (where === 'keysFor' && metadata.name === 'bad') throw new TypeError('no keys');
      return [metadata.name];
    },
    reconcile: (name, view) => {
      if (where === 'reconcile' && name === 'bad') throw new TypeError('no plan');
      const pod = view.get('Pod', 'default', name);
      if (pod === undefined || pod.metadata.labels?.seen) return [];
      const labels = { ...pod.metadata.labels, seen: 'yes' };
      return [{ type: 'update', object: { ...pod, metadata: { ...pod.metadata, labels } } }];
    },
  });

  it.each(['keysFor', 'reconcile'] as const)('in %s loses that key, and nothing else', async (where) => {
    await using simulation = new Simulation({ seed: 1, controllers: () => [labeller(where)] });
    for (const name of ['a', 'bad', 'b']) simulation.create(aPod(name));
    await simulation.settle();
    const seen = simulation.all('Pod').filter(({ metadata }) => metadata.labels?.seen);
    expect(seen.map(({ metadata }) => metadata.name)).toEqual(['a', 'b']);
    const exceptions = simulation.results.filter(({ result }) => result === 'exception').length;
    expect(exceptions).toBeGreaterThan(0);
    // Each wait is longer than the one before.
    expect(exceptions).toBeLessThan(20);
  });
});

describe('an object that a plan made', () => {
  it('is made again where it went while its kind was read anew, so that no change tells of it', async () => {
    const name = { namespace: 'default', name: 'wanted' };
    const maker: Controller = {
      name: 'maker',
      watches: ['ConfigMap', 'Node'],
      keysFor: () => ['key'],
      reconcile: (_key, view) =>
        view.get('ConfigMap', name.namespace, name.name) === undefined && [...view.list('Node')].length > 0
          ? [{ type: 'create', object: { apiVersion: 'v1', kind: 'ConfigMap', metadata: { ...name } } }]
          : [],
    };
    await using simulation = new Simulation({ seed: 1, controllers: () => [maker] });
    await simulation.settle();
    simulation.feeds.close('ConfigMap');
    simulation.create(aNode('n'));
    await simulation.steps(3);
    users.remove(simulation, simulation.all('ConfigMap')[0]!);
    simulation.feeds.reopen('ConfigMap');
    await simulation.settle();
    expect(simulation.all('ConfigMap')).toHaveLength(1);
  });
});

describe('a kind that cannot be read', () => {
  it('holds up the controllers that need it, by name in the log, and no others', async () => {
    const lines: string[] = [];
    const log = createLogger('test', 'warn', { write: (line: string) => void lines.push(line) });
    const idle = (name: string, kind: 'Pod' | 'Secret'): Controller => ({
      name,
      watches: [kind],
      keysFor: () => ['key'],
      reconcile: () => [],
    });
    await using simulation = new Simulation(
      { seed: 1, controllers: () => [idle('reads pods', 'Pod'), idle('reads secrets', 'Secret')] },
      log,
    );
    simulation.feeds.close('Secret');
    simulation.create(aPod('a'));
    await simulation.steps(60);
    expect(new Set(simulation.results.map(({ controller }) => controller))).toEqual(new Set(['reads pods']));
    expect(lines.join('')).toContain('"kinds":["Secret"]');
  });
});

it('every failing call of the api, refused, thrown or lost, costs a retry and nothing else', async () => {
  const runs = await eachFault(async (faults) => {
    await using simulation = new Simulation({ seed: 1, ...wholeCast(), wrapApi: (api) => faults.wrap(api) });
    simulation.create(aNode('n1'));
    simulation.create(aDeployment({ replicas: 2 }));
    simulation.create(aService());
    await simulation.steps(15);
    users.setImage(simulation, simulation.all('Deployment')[0], 'web:2');
    await simulation.settle(20);
    const pods = simulation.all('Pod').filter(isActive);
    expect(pods.map(({ spec }) => spec.containers[0]!.image)).toEqual(['web:2', 'web:2']);
    expect(pods.every(isReady)).toBe(true);
  });
  expect(runs).toBeGreaterThan(50);
}, 120_000);
