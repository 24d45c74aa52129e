import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';
import type { ObservedSandbox } from '../runtime/runtime.ts';
import { findContainerd } from './containerd.ts';
import { processesInNamespace } from './processes.ts';
import { addressOf, fetchText, startTestCluster, type TestPod, testDirectory } from './testing/cluster.ts';

it('a new start adopts containerd and containers of a run that was killed with -9', async () => {
  await using directory = await testDirectory();
  const fixture = fileURLToPath(new URL('testing/adoption-fixture.ts', import.meta.url));
  const child = spawn(process.execPath, [fixture, directory.path], { stdio: ['ignore', 'pipe', 'inherit'] });
  const [line] = (await once(child.stdout, 'data')) as [Buffer];
  child.kill('SIGKILL');
  await once(child, 'exit');
  const left = JSON.parse(String(line)) as TestPod & { sandboxes: ObservedSandbox[] };

  await using cluster = await startTestCluster(directory.path, ['node-1']);
  const node = cluster.nodes[0]!;
  await using runtime = await node.openRuntime();
  expect(await runtime.observer.observe()).toEqual(left.sandboxes);
  expect(left.sandboxes[0]?.containers[0]).toMatchObject({
    id: left.containerId,
    attempt: 5,
    labels: { hash: 'abc' },
    state: { kind: 'running' },
  });
  expect(await fetchText(`http://${await addressOf(runtime, left.sandboxId)}/`)).toBe('adopted');
  const home = { directory: node.socketPath.replace(/\/containerd.sock$/, ''), namespacePath: node.namespacePath };
  expect(await findContainerd(home)).toHaveLength(1);
});

it('a node that is not wanted any more is taken down, the others keep their addresses', async () => {
  await using directory = await testDirectory();
  const first = await startTestCluster(directory.path, ['node-1', 'node-2']);
  const [gone, kept] = first.nodes;
  await first.detach();
  await using cluster = await startTestCluster(directory.path, ['node-2', 'node-3']);
  expect(await processesInNamespace(gone!.namespacePath)).toEqual([]);
  expect(cluster.nodes[0]).toMatchObject({ name: 'node-2', address: kept!.address, podCidr: kept!.podCidr });
  expect(cluster.nodes[1]?.address).not.toBe(gone!.address);
});
