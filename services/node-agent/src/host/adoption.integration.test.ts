import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { dirname } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';
import { pauseImageName } from '../images/local.ts';
import type { ObservedSandbox, Runtime } from '../runtime/runtime.ts';
import { run } from './commands.ts';
import { findContainerd } from './containerd.ts';
import type { LocalNode } from './local-node.ts';
import { processesInNamespace } from './processes.ts';
import {
  addressOf,
  fetchText,
  importBusybox,
  runPod,
  serving,
  startTestCluster,
  type TestPod,
  testDirectory,
} from './testing/cluster.ts';

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

it('a stopped cluster comes back with its addresses, or with others where somebody has them now', async () => {
  await using directory = await testDirectory();
  await using elsewhere = await testDirectory();
  const first = await startTestCluster(directory.path, ['node-1']);
  const had = first.nodes[0]!.podCidr;
  await first[Symbol.asyncDispose]();
  const again = await startTestCluster(directory.path, ['node-1']);
  expect(again.nodes[0]!.podCidr).toBe(had);
  await again[Symbol.asyncDispose]();
  // The first cluster's file names this bridge too, but the bridge says whose it is.
  await using other = await startTestCluster(elsewhere.path, ['node-1']);
  expect(other.nodes[0]!.podCidr).toBe(had);
  await using moved = await startTestCluster(directory.path, ['node-1']);
  expect(moved.nodes[0]!.podCidr).not.toBe(had);
});

it('a node whose files somebody deleted ends what ran, and runs pods again', async () => {
  await using directory = await testDirectory();
  await using cluster = await startTestCluster(directory.path, ['node-1']);
  const node = cluster.nodes[0]!;
  await using before = await node.openRuntime();
  await importBusybox(before, directory.path);
  const lost = await runPod(node, before, 'lost', serving('lost'));
  const address = await addressOf(before, lost.sandboxId);
  expect(await fetchText(`http://${address}/`)).toBe('lost');
  // Mount points cannot be deleted; rm goes on with the rest.
  await run('rm', ['-rf', dirname(node.socketPath)]).catch(() => {});
  await using runtime = await openedAgain(node);
  await importBusybox(runtime, directory.path);
  const pod = await runPod(node, runtime, 'again', serving('again'));
  // The lost pod's address is given out anew: nothing of it may be in the way.
  expect(await addressOf(runtime, pod.sandboxId)).toBe(address);
  expect(await fetchText(`http://${address}/`)).toBe('again');
});

/** Connects once a new containerd answers that knows no containers. */
async function openedAgain(node: LocalNode): Promise<Runtime> {
  for (;;) {
    const runtime = await node.openRuntime().catch(() => undefined);
    const isNew = await runtime?.images.status(pauseImageName).catch(() => undefined);
    if (runtime && isNew && (await runtime.observer.observe()).length === 0) return runtime;
    await runtime?.[Symbol.asyncDispose]();
    await delay(50);
  }
}
