import { silentLogger } from '@gantry/runtime/log.ts';
import { expect, it } from 'vitest';
import { hostImage } from '../runtime/process/image-store.ts';
import { startHostNodes } from './nodes.ts';
import { testDirectory } from './testing/cluster.ts';

const names = ['node-1', 'node-2'];
const sandbox = { podUid: 'u', namespace: 'default', name: 'web', attempt: 0, hostname: 'web' };

it('has process nodes, which adopt what a detached run left and end it when disposed of', async () => {
  await using directory = await testDirectory();
  const config = { directory: directory.path, nodes: names, driver: 'process' } as const;
  const first = await startHostNodes(config, { log: silentLogger });
  expect(first).toMatchObject({ driver: 'process', reasons: ['the process driver was asked for'] });
  const { runtime } = first.nodes[0]!;
  const id = await runtime.sandboxes.run({ ...sandbox, logDirectory: directory.path });
  const container = { name: 'main', attempt: 0, image: hostImage, command: ['sleep', '1000'], logPath: 'main.log' };
  await runtime.containers.start(await runtime.containers.create(id, container));
  const before = await runtime.observer.observe();
  await expect(startHostNodes(config, { log: silentLogger })).rejects.toMatchObject({
    reason: 'FailedPrecondition',
    message: expect.stringMatching(/another gantry/),
  });
  await first.detach();
  const second = await startHostNodes(config, { log: silentLogger });
  expect(await second.nodes[0]!.runtime.observer.observe()).toEqual(before);
  expect(await second.nodes[1]!.runtime.observer.observe()).toEqual([]);
  await second[Symbol.asyncDispose]();
  await using third = await startHostNodes(config, { log: silentLogger });
  expect(await third.nodes[0]!.runtime.observer.observe()).toEqual([]);
});

it('has real nodes, with what an agent needs to know of them', async () => {
  await using directory = await testDirectory();
  await using host = await startHostNodes(
    { directory: directory.path, nodes: names, driver: 'cri' },
    { log: silentLogger },
  );
  expect(host.driver).toBe('cri');
  expect(host.reasons[0]).toMatch(/^containerd with c?run/);
  expect(host.nodes.map((node) => node.name)).toEqual(names);
  for (const node of host.nodes) {
    expect(node.runtime.info).toMatchObject({ driver: 'cri', name: 'containerd', isolated: true });
    expect(node.isolated?.commandPrefix[1]).toContain(node.name);
  }
  // Another cluster on the same machine keeps out of the first one's way.
  await using elsewhere = await testDirectory();
  await using other = await startHostNodes(
    { directory: elsewhere.path, nodes: names, driver: 'auto' },
    { log: silentLogger },
  );
  const ranges = [...host.nodes, ...other.nodes].map((node) => node.isolated?.podCidr);
  expect(new Set(ranges).size).toBe(4);
});
