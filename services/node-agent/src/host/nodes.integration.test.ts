import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { silentLogger } from '@gantry/runtime/log.ts';
import { expect, it } from 'vitest';
import { hostImage } from '../runtime/process/image-store.ts';
import { run } from './commands.ts';
import { startHostNodes } from './nodes.ts';
import { listProcesses } from './processes.ts';
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

it('adds and removes process nodes while it runs, adopts kept ones, and ends those that nobody added', async () => {
  await using directory = await testDirectory();
  const config = { directory: directory.path, nodes: ['node-1'], driver: 'process' } as const;
  const first = await startHostNodes(config, { log: silentLogger });
  const container = { name: 'main', attempt: 0, image: hostImage, command: ['sleep', '1000'], logPath: 'main.log' };
  const start = async ({ runtime }: { readonly runtime: (typeof first.nodes)[number]['runtime'] }): Promise<void> => {
    const id = await runtime.sandboxes.run({ ...sandbox, logDirectory: directory.path });
    await runtime.containers.start(await runtime.containers.create(id, container));
  };
  for (const name of ['pool-1', 'pool-2', 'pool-3']) await start(await first.add(name, {}));
  await first.remove('pool-3');
  await first.remove('pool-3');
  expect(existsSync(join(directory.path, 'process', 'pool-3'))).toBe(false);
  await first.detach();
  const second = await startHostNodes({ ...config, kept: ['pool-1', 'pool-2'] }, { log: silentLogger });
  const again = await second.add('pool-1', {});
  expect(await again.runtime.observer.observe()).toHaveLength(1);
  await second[Symbol.asyncDispose]();
  await using third = await startHostNodes(config, { log: silentLogger });
  for (const name of ['pool-1', 'pool-2']) {
    expect(await (await third.add(name, {})).runtime.observer.observe(), name).toEqual([]);
  }
});

it('adds and removes real nodes, held to their limits, and leaves nothing of them', async () => {
  await using directory = await testDirectory();
  await using host = await startHostNodes(
    { directory: directory.path, nodes: ['node-1'], driver: 'cri' },
    { log: silentLogger },
  );
  const { isolated } = await host.add('pool-1', { cpuMillicores: 500, memoryBytes: 2 ** 28 });
  const { cgroupRoot, podCidr, local } = isolated!;
  const limits = await run('find', ['/sys/fs/cgroup', '-path', `*${cgroupRoot}/*`, '-name', 'memory.*']);
  const bound = limits.split('\n').find((path) => /memory\.(max|limit_in_bytes)$/.test(path))!;
  expect((await readFile(bound, 'utf8')).trim()).toBe(String(2 ** 28));
  expect(await run('ip', ['route'])).toContain(podCidr);
  await host.remove('pool-1');
  expect(await run('ip', ['route'])).not.toContain(podCidr);
  expect(await run('ip', ['netns'])).not.toContain(local.namespacePath.split('/').at(-1));
  expect(await run('find', ['/sys/fs/cgroup', '-path', `*${cgroupRoot}*`])).toBe('');
  const left = (await listProcesses()).filter((each) => each.command.some((arg) => arg.includes('/pool-1/')));
  expect(left).toEqual([]);
  // Its place, and with it its addresses, are the next one's.
  expect((await host.add('pool-2', {})).isolated?.podCidr).toBe(podCidr);
});
