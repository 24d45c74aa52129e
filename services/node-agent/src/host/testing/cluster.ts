/** Set-up that the tests with real containers share. */
import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { get } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { silentLogger } from '@gantry/runtime/log.ts';
import { writeImageTar } from '../../images/image.ts';
import { busyboxImage, busyboxImageName } from '../../images/local.ts';
import type { ContainerConfig, ObservedContainer, Runtime, SandboxConfig } from '../../runtime/runtime.ts';
import { decideHost } from '../decide.ts';
import { detectHost } from '../detect.ts';
import { type LocalCluster, startLocalCluster } from '../local-cluster.ts';
import type { LocalNode } from '../local-node.ts';

/** A new directory that is removed again. */
export async function testDirectory(): Promise<AsyncDisposable & { readonly path: string }> {
  const path = await mkdtemp(join(tmpdir(), 'gantry-host-'));
  return { path, [Symbol.asyncDispose]: () => rm(path, { recursive: true, force: true }) };
}

/** Starts nodes below a directory. */
export async function startTestCluster(
  directory: string,
  nodes: readonly string[],
  signal?: AbortSignal,
): Promise<LocalCluster> {
  const decision = decideHost(await detectHost(directory));
  if (decision.driver !== 'cri') throw new Error(`no real containers here: ${decision.reasons.join('; ')}`);
  return startLocalCluster({ directory, nodes, choices: decision.containerd }, { log: silentLogger }, signal);
}

/** Imports the busybox image into a node. */
export async function importBusybox(runtime: Runtime, directory: string): Promise<void> {
  const tar = join(directory, 'busybox.tar');
  await writeImageTar(tar, [await busyboxImage()]);
  await runtime.images.importTar(tar);
  await rm(tar);
}

/** A pod with one container that runs a shell script. */
export interface TestPod {
  readonly sandboxId: string;
  readonly containerId: string;
  readonly sandbox: SandboxConfig;
}

/** Runs a pod. */
export async function runPod(
  node: LocalNode,
  runtime: Runtime,
  name: string,
  script: string,
  extra: { readonly sandbox?: Partial<SandboxConfig>; readonly container?: Partial<ContainerConfig> } = {},
): Promise<TestPod> {
  const logDirectory = join(node.podsDirectory, name);
  await mkdir(join(logDirectory, 'main'), { recursive: true });
  const cgroupParent = `${node.cgroupPath}/pod-${name}`;
  const common = { podUid: `uid-${name}`, namespace: 'default', name, attempt: 0, hostname: name };
  const sandbox: SandboxConfig = { ...common, logDirectory, cgroupParent, ...extra.sandbox };
  const sandboxId = await runtime.sandboxes.run(sandbox);
  const containerId = await startScript(runtime, sandboxId, script, extra.container);
  return { sandboxId, containerId, sandbox };
}

/** Starts one more container in a sandbox. */
export async function startScript(
  runtime: Runtime,
  sandboxId: string,
  script: string,
  extra: Partial<ContainerConfig> = {},
): Promise<string> {
  const config = {
    name: 'main',
    attempt: 0,
    image: busyboxImageName,
    command: ['sh', '-c', script],
    logPath: 'main/0.log',
    ...extra,
  };
  const id = await runtime.containers.create(sandboxId, config);
  await runtime.containers.start(id);
  return id;
}

/** A script that serves a text by HTTP on port 80. */
export function serving(text: string, port = 80): string {
  return `mkdir -p /www && printf %s ${text} > /www/index.html && exec httpd -f -p ${port} -h /www`;
}

/** The pod's address. */
export async function addressOf(runtime: Runtime, sandboxId: string): Promise<string> {
  const found = (await runtime.observer.observe()).find((each) => each.id === sandboxId);
  if (!found?.ips[0]) throw new Error(`sandbox ${sandboxId} has no address`);
  return found.ips[0];
}

/** A container as it is, once `wanted` says so. */
export async function observed(
  runtime: Runtime,
  containerId: string,
  wanted: (container: ObservedContainer) => boolean = () => true,
): Promise<ObservedContainer> {
  for (;;) {
    const sandboxes = await runtime.observer.observe().catch(() => []);
    const found = sandboxes.flatMap((each) => each.containers).find((each) => each.id === containerId);
    if (found && wanted(found)) return found;
    await delay(20);
  }
}

/** The answer of a server, tried until it comes. */
export async function fetchText(url: string): Promise<string> {
  for (;;) {
    try {
      return await new Promise<string>((resolve, reject) => {
        get(url, { timeout: 1000 }, (response) => {
          let text = '';
          response.setEncoding('utf8').on('data', (chunk) => {
            text += chunk;
          });
          response.once('end', () => resolve(text));
        })
          .once('error', reject)
          .once('timeout', () => reject(new Error('timeout')));
      });
    } catch {
      await delay(20);
    }
  }
}
