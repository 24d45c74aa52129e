import { mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import type { Pod } from '@gantry/model/gen/gantry.core.v1.ts';
import { defaultClusterDomain, defaultParallelStarts } from '@gantry/node-agent/config.ts';
import { containerConfigOf } from '@gantry/node-agent/containers/config.ts';
import { mountsOf } from '@gantry/node-agent/containers/mounts.ts';
import { containerdPaths } from '@gantry/node-agent/host/containerd-config.ts';
import { podPaths } from '@gantry/node-agent/pods/paths.ts';
import { plannedContainers, podUid } from '@gantry/node-agent/pods/spec.ts';
import { type CriClient, connectCri } from '@gantry/node-agent/runtime/cri/client.ts';
import { openCriRuntime } from '@gantry/node-agent/runtime/cri/driver.ts';
import { decodeSandboxConfig } from '@gantry/node-agent/runtime/cri/encode.ts';
import type { CriPodSandbox } from '@gantry/node-agent/runtime/cri/messages.ts';
import type { ContainerConfig, ImageStatus, Runtime, SandboxConfig } from '@gantry/node-agent/runtime/runtime.ts';

/** Everything that runs is labelled with this, so that the node's agent takes it for somebody else's. */
const ownLabel = 'straight';

/** One pod, ready to be run. */
interface Job {
  readonly pod: Pod;
  readonly sandbox: SandboxConfig;
  readonly container: ContainerConfig;
}

/** A node of a running cluster whose containerd is driven without Gantry, with what its agent ran before. */
export class DirectNode implements AsyncDisposable {
  readonly #runtime: Runtime;
  readonly #cri: CriClient;
  /** Folder of the agent's files of its pods. */
  readonly #rootDir: string;
  #learnt: { readonly pod: Pod; readonly sandbox: SandboxConfig; readonly image: ImageStatus }[] = [];
  #jobs: Job[] = [];
  #running: string[] = [];

  private constructor(runtime: Runtime, cri: CriClient, rootDir: string) {
    this.#runtime = runtime;
    this.#cri = cri;
    this.#rootDir = rootDir;
  }

  /** Connects to the containerd of a node of the cluster with this state folder. */
  static async open(stateDir: string, node: string): Promise<DirectNode> {
    const directory = join(stateDir, 'nodes', 'cri', node);
    const { socket } = containerdPaths(directory);
    const runtime = await openCriRuntime({ socketPath: socket, node: ownLabel, imagePath: directory });
    return new DirectNode(runtime, connectCri(socket), join(directory, 'pods'));
  }

  /** Takes over the pods that the agent runs now: their sandboxes' configurations as the agent made them. */
  async learn(pods: readonly Pod[]): Promise<void> {
    const byUid = new Map(pods.map((pod) => [podUid(pod), pod]));
    this.#learnt = [];
    for (const item of await this.#sandboxes()) {
      const sandbox = decodeSandboxConfig(item);
      const pod = byUid.get(item.metadata.uid);
      if (sandbox === undefined || pod === undefined) continue;
      const image = await this.#runtime.images.status(pod.spec.containers[0]!.image!);
      this.#learnt.push({ pod, sandbox, image: image! });
    }
  }

  /** Resolves when the agent has removed everything of its own. */
  async untilEmpty(): Promise<void> {
    while ((await this.#sandboxes()).length > 0) await delay(50);
  }

  /** Makes the folders and files that the pods mount, which is not measured. */
  async prepare(): Promise<void> {
    const paths = podPaths(this.#rootDir);
    const noVolumes = {
      prepare: async () => {},
      refresh: async () => {},
      mounts: async () => [],
      tearDown: async () => {},
    };
    const deps = { volumes: noVolumes, paths, clusterDomain: defaultClusterDomain, isolated: true };
    this.#jobs = [];
    for (const { pod, sandbox, image } of this.#learnt) {
      const planned = plannedContainers(pod)[0]!;
      await mkdir(join(sandbox.logDirectory, planned.name), { recursive: true });
      const mounts = await mountsOf(deps, pod, planned, 0, [], []);
      const facts = {
        pod,
        planned,
        attempt: 0,
        delayMs: undefined,
        image,
        env: [],
        mounts,
        nodeMemoryBytes: 2 ** 33,
        seccompRoot: '/seccomp',
      };
      this.#jobs.push({ pod, sandbox, container: containerConfigOf(facts) });
    }
  }

  /** Runs them all, as many at once as an agent does; resolves when the last container runs. */
  async runAll(): Promise<void> {
    const { sandboxes, containers } = this.#runtime;
    await inLanes(this.#jobs, async ({ sandbox, container }) => {
      const id = await sandboxes.run(sandbox);
      this.#running.push(id);
      await containers.start(await containers.create(id, container));
    });
  }

  /** Removes all that runs, with its files. */
  async removeAll(): Promise<void> {
    const paths = podPaths(this.#rootDir);
    await inLanes(this.#running, (id) => this.#runtime.sandboxes.remove(id));
    this.#running = [];
    for (const { pod, sandbox } of this.#jobs) {
      await rm(paths.pod(podUid(pod)), { recursive: true, force: true });
      await rm(sandbox.logDirectory, { recursive: true, force: true });
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#cri[Symbol.dispose]();
    await this.#runtime[Symbol.asyncDispose]();
  }

  async #sandboxes(): Promise<readonly CriPodSandbox[]> {
    return (await this.#cri.runtime<{ items: CriPodSandbox[] }>('ListPodSandbox', {})).items;
  }
}

async function inLanes<T>(items: readonly T[], work: (item: T) => Promise<void>): Promise<void> {
  const queue = items.values();
  const lane = async (): Promise<void> => {
    for (const item of queue) await work(item);
  };
  await Promise.all(Array.from({ length: defaultParallelStarts }, lane));
}
