/** Scaling, ends of pods, histories, adoption, and sets of their own. */
import { roll, rolling, type Scenario, up } from './scenario.ts';
import { template } from './world.ts';

export const scalingScenarios: readonly Scenario[] = [
  ...[
    [20, 5],
    [12, 0],
    [11, 9],
    [30, 40],
  ].map(
    ([first, second]): Scenario => ({
      name: `a scaling in the middle of a rollout, to ${first} and to ${second}`,
      run: async (world) => {
        await up(world, { replicas: 10, ...rolling('30%', '20%') });
        await world.image('i:2');
        await world.ready('i:2', 2);
        await world.snap('under way');
        await world.change({ spec: { replicas: first } });
        await world.snap('scaled');
        await world.ready('i:2', 3);
        await world.snap('a few more are ready');
        await world.change({ spec: { replicas: second } });
        await world.snap('scaled again');
        await world.ready('i:2', 1);
        await world.snap('one more is ready');
      },
    }),
  ),
  {
    name: 'a scaling of three sets',
    run: async (world) => {
      await up(world, { replicas: 9, ...rolling(3, 3) });
      await world.image('i:2');
      await world.ready('i:2', 2);
      await world.image('i:3');
      await world.ready('i:3', 1);
      await world.snap('under way');
      await world.change({ spec: { replicas: 21 } });
      await world.snap('grown');
      await world.change({ spec: { replicas: 7 } });
      await world.snap('shrunk');
    },
  },
  {
    name: 'a scaling to nothing and back',
    tells: true,
    run: async (world) => {
      await up(world, { replicas: 3 });
      await world.change({ spec: { replicas: 0 } });
      await world.snap('nothing');
      await world.image('i:2');
      await world.snap('nothing of another image');
      await world.change({ spec: { replicas: 2 } });
      await world.snap('back');
      await world.ready('i:2');
      await world.snap('ready');
    },
  },
  {
    name: 'a scaling and another template at once',
    run: async (world) => {
      await up(world, { replicas: 4 });
      await world.change({ spec: { replicas: 8, template: template('i:2') } });
      await world.snap('both');
      await world.ready('i:1');
      await roll(world, 'i:2', 4);
    },
  },
  {
    name: 'another surge in the middle',
    run: async (world) => {
      await up(world, { replicas: 6, ...rolling(1, 1) });
      await world.image('i:2');
      await world.change({ spec: rolling(4, 2) });
      await world.snap('wider');
      await world.change({ spec: { replicas: 8 } });
      await world.snap('scaled');
      await roll(world, 'i:2', 3);
    },
  },
  {
    name: 'pods that are recreated',
    tells: true,
    losesProgress: true,
    run: async (world) => {
      await up(world, { replicas: 3, strategy: { type: 'Recreate' } });
      await world.bind();
      await world.spoil('i:1', 1);
      await world.snap('one pod is ill');
      await world.ready('i:1');
      await world.image('i:2');
      await world.snap('old pods end');
      await world.end(1);
      await world.snap('one has ended');
      await world.end();
      await world.snap('all have ended');
      await roll(world, 'i:2', 1);
      await world.change({ spec: { replicas: 1 } });
      await world.snap('scaled');
    },
  },
  {
    name: 'pods that end slowly',
    run: async (world) => {
      await up(world, { replicas: 4, ...rolling(1, 1) });
      await world.bind();
      await world.image('i:2');
      await world.snap('old pods end');
      await world.bind();
      await world.ready('i:2');
      await world.snap('more end');
      await world.end();
      await world.snap('they have ended');
      await world.change({ spec: { replicas: 1 } });
      await world.snap('scaled down');
    },
  },
  {
    name: 'pods that have to stay ready',
    run: async (world) => {
      await world.deploy({ replicas: 2, minReadySeconds: 6, ...rolling(1, 0) });
      await world.ready('i:1');
      await world.snap('ready');
      await world.wait(8);
      await world.snap('available');
      await world.image('i:2');
      await world.ready('i:2');
      await world.snap('a new pod is ready');
      await world.wait(8);
      await world.snap('it is available');
      await world.change({ spec: { minReadySeconds: 0 } });
      await world.snap('no pod has to stay ready');
    },
  },
  {
    name: 'a short history',
    run: async (world) => {
      await up(world, { replicas: 1, revisionHistoryLimit: 1 });
      for (const image of ['i:2', 'i:3', 'i:4']) {
        await world.image(image);
        await roll(world, image, 2);
      }
      await world.change({ spec: { revisionHistoryLimit: 0 } });
      await world.snap('no history');
    },
  },
  {
    name: 'a set that was there before',
    run: async (world) => {
      const { metadata, spec } = template('i:1') as { metadata: { labels: object }; spec: object };
      await world.create(
        'ReplicaSet',
        {
          replicas: 2,
          selector: { matchLabels: { app: 'web' } },
          template: { metadata, spec },
        },
        { labels: { app: 'web' } },
      );
      await world.ready('i:1');
      await world.snap('a set');
      await world.deploy({ replicas: 3 });
      await world.snap('its Deployment');
      await world.ready('i:1');
      await world.snap('ready');
      await world.image('i:2');
      await world.snap('another image');
      await roll(world, 'i:2', 3);
    },
  },
  {
    name: 'a set that belongs here no more',
    run: async (world) => {
      await up(world, { replicas: 2 });
      await world.relabelSets({ app: 'other' });
      await world.snap('released, and made anew or not');
    },
  },
  {
    name: 'annotations',
    run: async (world) => {
      await up(world, { replicas: 2 });
      await world.change({ metadata: { annotations: { note: 'a' } } });
      await world.snap('one is new');
      await world.change({ metadata: { annotations: { note: null } } });
      await world.snap('it goes');
      await world.change({ spec: { template: { metadata: { annotations: { restartedAt: 'now' } } } } });
      await world.snap('restarted');
    },
  },
  {
    name: 'pods that fail',
    run: async (world) => {
      await up(world, { replicas: 3 });
      await world.spoil('i:1', 1, 'Failed');
      await world.snap('one has failed');
      await world.spoil('i:1', 2);
      await world.snap('two are ill');
      await world.ready('i:1');
      await world.snap('all are well');
    },
  },
  ...(['ReplicaSet', 'ReplicationController'] as const).map(
    (kind): Scenario => ({
      name: `a ${kind} of its own`,
      tells: true,
      run: async (world) => {
        const selector = kind === 'ReplicaSet' ? { matchLabels: { app: 'web' } } : { app: 'web' };
        await world.create(kind, { replicas: 4, selector, template: template('i:1') });
        await world.snap('made');
        await world.ready('i:1', 3);
        await world.bind();
        await world.snap('some are ready');
        await world.change({ spec: { replicas: 2 } }, kind);
        await world.snap('shrunk');
        await world.end();
        await world.snap('they have ended');
        await world.spoil('i:1', 1, 'Failed');
        await world.snap('one has failed');
        await world.change({ spec: { minReadySeconds: 6 } }, kind);
        await world.ready('i:1');
        await world.snap('one has to stay ready');
        await world.wait(8);
        await world.snap('it is available');
        await world.change({ spec: { replicas: 0 } }, kind);
        await world.end();
        await world.snap('nothing');
      },
    }),
  ),
];
