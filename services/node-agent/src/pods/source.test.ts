import type { Pod } from '@gantry/model/gen/gantry.core.v1.ts';
import { silentLogger } from '@gantry/runtime/log.ts';
import { describe, expect, it } from 'vitest';
import { eventually } from '../testing/agent-kit.ts';
import { FakeApi } from '../testing/fake-api.ts';
import { podOf } from '../testing/pod-world.ts';
import { boundPods, ownPodSource, type PodSource, sharedPodSource } from './source.ts';

function podOn(nodeName: string, name: string): Pod {
  return podOf({ nodeName }, { name, uid: `uid-${name}` });
}

/** The notifications of one node, as words. */
function hear(source: PodSource, nodeName: string): string[] {
  const heard: string[] = [];
  source.subscribe(nodeName, {
    put: ({ metadata }) => void heard.push(`put ${metadata.name}`),
    delete: ({ metadata }) => void heard.push(`delete ${metadata.name}`),
    synced: () => void heard.push('synced'),
  });
  return heard;
}

function apiWithPods(): FakeApi {
  const api = new FakeApi();
  api.put(podOn('node-1', 'a'));
  api.put(podOn('node-2', 'b'));
  api.put(podOf({ nodeName: '' }, { name: 'pending' }));
  return api;
}

async function check(api: FakeApi, source: PodSource): Promise<void> {
  const first = hear(source, 'node-1');
  const second = hear(source, 'node-2');
  await eventually('both are synced', () => first.includes('synced') && second.includes('synced'));
  expect([...new Set(first)]).toEqual(['put a', 'synced']);
  expect([...new Set(second)]).toEqual(['put b', 'synced']);
  api.put(podOn('node-1', 'c'));
  api.remove('Pod', 'a');
  await eventually('the changes', () => first.includes('delete a'));
  expect(first).toContain('put c');
  expect(second).not.toContain('put c');
}

describe('a source of pods', () => {
  it('tells a node of its own pods', async () => {
    const api = apiWithPods();
    await using source = ownPodSource(api, silentLogger);
    await check(api, source);
  });

  it('shared by many nodes tells each of its own', async () => {
    const api = apiWithPods();
    await using informer = boundPods(api, silentLogger);
    const source = sharedPodSource(informer);
    informer.start();
    await check(api, source);
  });
});
