import type { Pod } from '@gantry/model/gen/gantry.core.v1.ts';
import { FakeClock } from '@gantry/runtime/clock.ts';
import { expect, test } from 'vitest';
import type { NodeStats } from '../runtime/runtime.ts';
import { podOf } from '../testing/pod-world.ts';
import { annotatedUsage, playedUsageAnnotation } from './play.ts';
import { PlayedStats } from './played.ts';

const pod = (usage: string): Pod =>
  podOf({ containers: [{ name: 'main', image: 'app:1' }] }, { annotations: { [playedUsageAnnotation]: usage } });

test.each([
  ['cpu=250m,memory=64Mi', { cpuMilli: 250, memoryBytes: 64 * 2 ** 20 }],
  ['main/cpu=2, cpu=250m', { cpuMilli: 2_000, memoryBytes: 0 }],
  ['side/cpu=2,memory=1Gi', { cpuMilli: 0, memoryBytes: 2 ** 30 }],
  ['cpu=lots,memory=-5', { cpuMilli: 0, memoryBytes: 0 }],
  ['', { cpuMilli: 0, memoryBytes: 0 }],
])('%j is played', (text, expected) => {
  expect(annotatedUsage(pod(text), 'main')).toEqual(expected);
});

test('counters grow as the play has it, and restart with their containers', async () => {
  const clock = new FakeClock();
  const main = { ...pod('cpu=500m,memory=64Mi'), uid: 'uid-1' };
  const running = (id: string) => ({ id, sandboxId: 's', name: 'main', state: { kind: 'running', startedAtMs: 0 } });
  let containers = [running('a'), { ...running('b'), state: { kind: 'created' } }];
  const pods = { workers: () => [{ pod: main, uid: 'uid-1' }].values(), sandboxesOf: () => [{ containers }] };
  const machine = { cpuCount: 4, memoryTotalBytes: 2 ** 30 } as NodeStats;
  const stats = new PlayedStats({ pods, clock, play: annotatedUsage, stats: { node: async () => machine } } as never);
  await stats.containers();
  clock.advance(10_000);
  expect(await stats.containers()).toMatchObject([
    { containerId: 'a', cpuUsageNs: 5e9, memoryWorkingSetBytes: 2 ** 26 },
  ]);
  containers = [running('c')];
  clock.advance(10_000);
  expect(await stats.containers()).toMatchObject([{ containerId: 'c', cpuUsageNs: 0 }]);
  clock.advance(10_000);
  expect(await stats.node()).toMatchObject({ cpuUsageNs: 10e9, memoryAvailableBytes: 2 ** 30 - 2 ** 26 });
});
