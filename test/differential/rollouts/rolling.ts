/** Rollouts, pauses, rollbacks and deadlines. */
import { roll, rolling, type Scenario, up } from './scenario.ts';

export const rollingScenarios: readonly Scenario[] = [
  {
    name: 'a rollout by the defaults',
    tells: true,
    run: async (world) => {
      await world.deploy({ replicas: 4 });
      await world.snap('nothing is ready');
      await world.ready('i:1', 2);
      await world.snap('some are ready');
      await world.ready('i:1');
      await world.snap('all are ready');
      await world.image('i:2');
      await world.snap('another image');
      await roll(world, 'i:2', 3);
    },
  },
  ...[
    { replicas: 3, ...rolling(0, 1) },
    { replicas: 3, ...rolling('100%', 0) },
    { replicas: 10, ...rolling(3, 2) },
    { replicas: 1, ...rolling('25%', '25%') },
    { replicas: 2, ...rolling(0, '10%') },
    { replicas: 5, ...rolling('30%', '50%') },
  ].map(
    (spec): Scenario => ({
      name: `a rollout of ${JSON.stringify(spec.strategy.rollingUpdate)} of ${spec.replicas}`,
      run: async (world) => {
        await up(world, spec);
        await world.image('i:2');
        await world.snap('another image');
        await roll(world, 'i:2', 5);
      },
    }),
  ),
  {
    name: 'a rollout while old pods are not ready',
    run: async (world) => {
      await up(world, { replicas: 6, ...rolling(2, 2) });
      await world.spoil('i:1', 3);
      await world.snap('three pods are ill');
      await world.image('i:2');
      await world.snap('another image');
      await roll(world, 'i:2', 3);
    },
  },
  {
    name: 'one rollout over another',
    run: async (world) => {
      await up(world, { replicas: 6, ...rolling(2, 1) });
      await world.image('i:2');
      await world.ready('i:2', 1);
      await world.snap('the first is under way');
      await world.image('i:3');
      await world.snap('the second begins');
      await roll(world, 'i:3', 4);
    },
  },
  {
    name: 'a pause',
    tells: true,
    run: async (world) => {
      await world.deploy({ replicas: 3, paused: true });
      await world.snap('paused from the start');
      await world.change({ spec: { paused: false } });
      await world.snap('resumed');
      await world.ready('i:1');
      await world.snap('ready');
      await world.change({ spec: { paused: true } });
      await world.snap('paused');
      await world.image('i:2');
      await world.snap('a new template while it is paused');
      await world.change({ spec: { replicas: 5 } });
      await world.snap('scaled while it is paused');
      await world.ready('i:1');
      await world.change({ spec: { paused: false } });
      await world.snap('resumed again');
      await roll(world, 'i:2', 4);
    },
  },
  {
    name: 'a pause in the middle',
    run: async (world) => {
      await up(world, { replicas: 8, ...rolling(2, 2) });
      await world.image('i:2');
      await world.ready('i:2', 1);
      await world.change({ spec: { paused: true } });
      await world.ready('i:2');
      await world.snap('paused');
      await world.change({ spec: { replicas: 16 } });
      await world.snap('doubled');
      await world.ready('i:2');
      await world.ready('i:1');
      await world.change({ spec: { replicas: 4 } });
      await world.snap('shrunk');
      await world.change({ spec: { paused: false } });
      await world.snap('resumed');
      await roll(world, 'i:2', 3);
    },
  },
  {
    name: 'a rollback by the template',
    tells: true,
    run: async (world) => {
      await up(world, { replicas: 2 });
      await world.image('i:2');
      await roll(world, 'i:2', 2);
      await world.image('i:1');
      await world.snap('back');
      await roll(world, 'i:1', 2);
      await world.image('i:2');
      await roll(world, 'i:2', 2);
    },
  },
  {
    name: 'a rollback by the annotation of older clients',
    tells: true,
    run: async (world) => {
      await up(world, { replicas: 2 });
      await world.change({ metadata: { annotations: { 'kubernetes.io/change-cause': 'second' } } });
      await world.image('i:2');
      await roll(world, 'i:2', 2);
      const ask = (to: string): Promise<void> =>
        world.change({ metadata: { annotations: { 'deprecated.deployment.rollback.to': to } } });
      await ask('7');
      await world.snap('an unknown revision');
      await ask('2');
      await world.snap('the present revision');
      await ask('0');
      await world.snap('the last revision');
      await roll(world, 'i:1', 2);
    },
  },
  {
    name: 'a missed deadline',
    run: async (world) => {
      await up(world, { replicas: 3, progressDeadlineSeconds: 8, ...rolling(1, 0) });
      await world.snap('ready');
      await world.image('i:2');
      await world.snap('under way');
      await world.wait(11);
      await world.snap('too late');
      await world.change({ spec: { paused: true } });
      await world.snap('paused after that');
      await world.change({ spec: { paused: false } });
      await world.snap('resumed after that');
      await world.ready('i:2');
      await world.snap('it moves after all');
      await roll(world, 'i:2', 3);
    },
  },
  {
    name: 'a deadline that a pause holds off',
    run: async (world) => {
      await up(world, { replicas: 2, progressDeadlineSeconds: 8, ...rolling(1, 0) });
      await world.image('i:2');
      await world.change({ spec: { paused: true } });
      await world.wait(11);
      await world.snap('paused for longer than the deadline');
      await world.change({ spec: { paused: false } });
      await world.snap('resumed');
      await world.wait(11);
      await world.snap('too late');
      await world.image('i:1');
      await world.snap('back');
      await world.wait(11);
      await world.snap('back for longer than the deadline');
    },
  },
  {
    name: 'a Deployment without a deadline',
    run: async (world) => {
      await up(world, { replicas: 2, progressDeadlineSeconds: 2147483647 });
      await world.snap('ready');
      await world.change({ spec: { paused: true } });
      await world.snap('paused');
      await world.change({ spec: { paused: false, progressDeadlineSeconds: 600 } });
      await world.snap('watched over from now on');
    },
  },
];
