import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PodCalls } from '@gantry/client/pods.ts';
import { systemClock } from '@gantry/runtime/clock.ts';
import { silentLogger } from '@gantry/runtime/log.ts';
import { Client as GrpcClient } from '@grpc/grpc-js';
import { expect, it } from 'vitest';
import { startHollowNodes } from './hollow-nodes.ts';
import { defaultNodeTimes } from './node/registrar.ts';
import { eventually, testCredentials } from './testing/agent-kit.ts';
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

it('tells the usage that pods of hollow nodes are annotated with', async () => {
  const rootDir = await mkdtemp(join(tmpdir(), 'gantry-hollow-'));
  const api = new FakeApi();
  {
    const size = { cpuCount: 8, memoryBytes: 2 ** 34, startMs: 0 };
    const statistics = { credentialsOf: () => testCredentials, everyMs: 600 };
    await using _nodes = await startHollowNodes(
      { count: 1, namePrefix: 'hollow', rootDir, ...size, nodeTimes: defaultNodeTimes, statistics },
      { client: api, clock: systemClock, log: silentLogger },
    );
    const annotations = { 'gantry.dev/hollow-usage': 'cpu=500m,memory=64Mi' };
    const containers = [{ name: 'main', image: 'app:1' }];
    api.put(podOf({ nodeName: 'hollow-0', containers }, { name: 'web', uid: 'uid-web', annotations }));
    const address = api.peek('Node', 'hollow-0')!.metadata.annotations!['gantry.dev/agent-address']!;
    const { transport, options } = testCredentials.dial('');
    const channel = new GrpcClient(address, transport, options);
    const calls = new PodCalls(channel, { timeoutMs: 10_000, whenAway: 'wait' });
    const measured = await eventually('a rate is known', async () => {
      const { containers } = await calls.stats({ pod: 'web' });
      return containers.find(({ windowMs }) => windowMs > 0);
    });
    expect(measured).toMatchObject({ podUid: 'uid-web', container: 'main', memoryWorkingSetBytes: 2 ** 26 });
    expect(measured.cpuNanocores).toBeGreaterThan(0);
    channel.close();
  }
  await rm(rootDir, { recursive: true, force: true });
});
