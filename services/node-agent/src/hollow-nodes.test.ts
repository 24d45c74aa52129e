import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { systemClock } from '@gantry/runtime/clock.ts';
import { silentLogger } from '@gantry/runtime/log.ts';
import { expect, it } from 'vitest';
import { startHollowNodes } from './hollow-nodes.ts';
import { defaultNodeTimes } from './node/registrar.ts';
import { eventually } from './testing/agent-kit.ts';
import { FakeApi } from './testing/fake-api.ts';
import { podOf } from './testing/pod-world.ts';

it('many hollow nodes run the pods that are theirs', async () => {
  const rootDir = await mkdtemp(join(tmpdir(), 'gantry-hollow-'));
  const api = new FakeApi();
  {
    const labels = (index: number) => ({ 'topology.kubernetes.io/zone': `zone-${index % 3}` });
    const size = { cpuCount: 8, memoryBytes: 2 ** 34, startMs: 0 };
    await using nodes = await startHollowNodes(
      { count: 20, namePrefix: 'hollow', rootDir, ...size, nodeTimes: defaultNodeTimes, labels },
      { client: api, clock: systemClock, log: silentLogger },
    );
    expect(
      api
        .all('Node')
        .map(({ metadata }) => metadata.name)
        .sort(),
    ).toEqual(nodes.names.toSorted());
    expect(api.peek('Node', 'hollow-4')?.metadata.labels?.['topology.kubernetes.io/zone']).toBe('zone-1');
    const containers = [{ name: 'main', image: 'app:1' }];
    for (let index = 0; index < 60; index++) {
      api.put(podOf({ nodeName: `hollow-${index % 20}`, containers }, { name: `p-${index}`, uid: `uid-p-${index}` }));
    }
    await eventually('all run', () => api.all('Pod').every(({ status }) => status?.phase === 'Running'));
    expect(api.peek('Pod', 'p-23')?.status?.hostIP).toBe('10.201.0.3');
  }
  await rm(rootDir, { recursive: true, force: true });
});
