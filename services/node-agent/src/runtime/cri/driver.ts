import { type Clock, systemClock } from '@gantry/runtime/clock.ts';
import { GantryError, isError } from '@gantry/runtime/errors.ts';
import { removeCgroup } from '../cgroups.ts';
import { readNodeStats } from '../node-stats.ts';
import type {
  ContainerStats,
  Containers,
  ExecResult,
  Runtime,
  SandboxConfig,
  Sandboxes,
  Stats,
  Streams,
} from '../runtime.ts';
import { criChanges } from './changes.ts';
import { type CriClient, connectCri } from './client.ts';
import { decodeSandboxConfig, encodeContainer, encodeResources, encodeSandbox, nodeLabel } from './encode.ts';
import { criImages } from './images.ts';
import type { CriContainer, CriContainerStats, CriPodSandbox } from './messages.ts';
import { criObserver } from './observe.ts';
import { openExecSession, openPortForward } from './streaming.ts';
import { versionOf } from './version.ts';

/** Networks and root file systems are set up meanwhile, on a machine that may start a hundred pods at once. */
const runTimeoutMs = 4 * 60_000;
/** Time that stopping may take beyond the grace period. */
const stopSlackMs = 2 * 60_000;
/** How long after a command's time-out the runtime may take to tell of it. */
const execAnswerMs = 10_000;
/** Bytes of each output that execSync hands over. */
const maxExecOutputBytes = 1024 * 1024;

/** Location of the runtime. */
export interface CriRuntimeConfig {
  /** Path of containerd's unix socket. */
  readonly socketPath: string;
  /** The node that everything is labelled with; only what bears it is seen. */
  readonly node: string;
  /** A directory on the file system that holds images and writable layers. */
  readonly imagePath: string;
}

/** Connects to a container runtime that speaks CRI v1. ServiceUnavailable if none answers. */
export async function openCriRuntime(config: CriRuntimeConfig, deps: { clock?: Clock } = {}): Promise<Runtime> {
  const clock = deps.clock ?? systemClock;
  const client = connectCri(config.socketPath);
  try {
    const version = await versionOf(client, clock);
    const configs = new SandboxConfigs(client);
    const observe = criObserver(client, config.node);
    return {
      info: { driver: 'cri', name: version.runtimeName, version: version.runtimeVersion, isolated: true },
      sandboxes: criSandboxes(client, configs, config.node),
      containers: criContainers(client, configs, config.node),
      observer: { observe, changes: (signal) => criChanges(client, clock, signal) },
      images: criImages(client, config.socketPath),
      streams: criStreams(client, clock),
      stats: criStats(client, config, clock),
      [Symbol.asyncDispose]: async () => client[Symbol.dispose](),
    };
  } catch (error) {
    client[Symbol.dispose]();
    throw error;
  }
}

function criSandboxes(client: CriClient, configs: SandboxConfigs, node: string): Sandboxes {
  const stop = async (podSandboxId: string, signal?: AbortSignal) => {
    await ignoreNotFound(client.runtime('StopPodSandbox', { podSandboxId }, { timeoutMs: stopSlackMs, signal }));
  };
  return {
    stop,
    async run(config, signal) {
      const request = { config: encodeSandbox(config, node) };
      const options = { timeoutMs: runTimeoutMs, signal };
      const { podSandboxId } = await client.runtime<{ podSandboxId: string }>('RunPodSandbox', request, options);
      configs.remember(podSandboxId, config);
      return podSandboxId;
    },
    async remove(podSandboxId, signal) {
      const config = await configs.find(podSandboxId, signal);
      await stop(podSandboxId, signal);
      await ignoreNotFound(client.runtime('RemovePodSandbox', { podSandboxId }, { timeoutMs: stopSlackMs, signal }));
      configs.forget(podSandboxId);
      if (config?.cgroupParent) await removeCgroup(config.cgroupParent);
    },
  };
}

/** The configs of sandboxes, which CRI wants again with every container: remembered, or else read from the runtime. */
class SandboxConfigs {
  readonly #client: CriClient;
  readonly #known = new Map<string, SandboxConfig>();

  constructor(client: CriClient) {
    this.#client = client;
  }

  remember(id: string, config: SandboxConfig): void {
    this.#known.set(id, config);
  }

  forget(id: string): void {
    this.#known.delete(id);
  }

  async find(id: string, signal?: AbortSignal): Promise<SandboxConfig | undefined> {
    const known = this.#known.get(id);
    if (known) return known;
    const { items } = await this.#client.runtime<{ items: CriPodSandbox[] }>(
      'ListPodSandbox',
      { filter: { id } },
      { signal },
    );
    return items[0] && decodeSandboxConfig(items[0]);
  }
}

function criContainers(client: CriClient, configs: SandboxConfigs, node: string): Containers {
  return {
    async create(podSandboxId, config, signal) {
      const sandbox = await configs.find(podSandboxId, signal);
      if (sandbox === undefined) throw new GantryError('NotFound', `sandbox "${podSandboxId}" not found`);
      const request = {
        podSandboxId,
        config: encodeContainer(sandbox, config, node),
        sandboxConfig: encodeSandbox(sandbox, node),
      };
      return (
        await client.runtime<{ containerId: string }>('CreateContainer', request, { timeoutMs: runTimeoutMs, signal })
      ).containerId;
    },
    async start(containerId, signal) {
      await client.runtime('StartContainer', { containerId }, { timeoutMs: runTimeoutMs, signal });
    },
    async stop(containerId, graceMs, signal) {
      const request = { containerId, timeout: Math.ceil(graceMs / 1000) };
      await ignoreNotFound(client.runtime('StopContainer', request, { timeoutMs: graceMs + stopSlackMs, signal }));
    },
    async remove(containerId, signal) {
      await ignoreNotFound(client.runtime('RemoveContainer', { containerId }, { timeoutMs: stopSlackMs, signal }));
    },
    async updateResources(containerId, resources, signal) {
      await client.runtime('UpdateContainerResources', { containerId, linux: encodeResources(resources) }, { signal });
    },
    async reopenLog(containerId, signal) {
      await client.runtime('ReopenContainerLog', { containerId }, { signal });
    },
  };
}

function criStreams(client: CriClient, clock: Clock): Streams {
  return {
    async execSync(containerId, command, timeoutMs, signal) {
      // The runtime ends the command; a runtime that does not answer at all says nothing of the command.
      const seconds = Math.ceil(timeoutMs / 1000);
      const callMs = seconds * 1000 + execAnswerMs;
      const request = { containerId, cmd: command, timeout: seconds };
      const beganMs = clock.monotonic();
      const result = await client
        .runtime<ExecResult>('ExecSync', request, { timeoutMs: callMs, signal })
        .catch((error) => {
          const tookMs = clock.monotonic() - beganMs;
          if (signal?.aborted || tookMs < timeoutMs) throw error;
          if (tookMs >= callMs - 1)
            throw new GantryError('ServiceUnavailable', 'the runtime does not answer', { cause: error });
          // One that cannot kill the command in time says so instead of telling of the time-out.
          throw new GantryError('Timeout', `the command did not end within ${timeoutMs} ms`, { cause: error });
        });
      return {
        exitCode: result.exitCode,
        stdout: result.stdout.subarray(0, maxExecOutputBytes),
        stderr: result.stderr.subarray(0, maxExecOutputBytes),
      };
    },
    async exec(containerId, command, options, signal) {
      const request = {
        containerId,
        cmd: command,
        tty: options.tty,
        stdin: options.stdin,
        stdout: true,
        stderr: !options.tty,
      };
      const { url } = await client.runtime<{ url: string }>('Exec', request, { signal });
      return openExecSession(url, options, signal);
    },
    async attach(containerId, options, signal) {
      const request = { containerId, tty: options.tty, stdin: options.stdin, stdout: true, stderr: !options.tty };
      const { url } = await client.runtime<{ url: string }>('Attach', request, { signal });
      return openExecSession(url, options, signal);
    },
    async portForward(podSandboxId, port, signal) {
      const { url } = await client.runtime<{ url: string }>('PortForward', { podSandboxId, port: [port] }, { signal });
      return openPortForward(url, port, signal);
    },
  };
}

function criStats(client: CriClient, config: CriRuntimeConfig, clock: Clock): Stats {
  return {
    node: () => readNodeStats(config.imagePath, clock.now()),
    async containers(signal) {
      const filter = { labelSelector: { [nodeLabel]: config.node } };
      const [{ containers }, { stats }] = await Promise.all([
        client.runtime<{ containers: CriContainer[] }>('ListContainers', { filter }, { signal }),
        client.runtime<{ stats: CriContainerStats[] }>('ListContainerStats', { filter }, { signal }),
      ]);
      const running = containers.filter((container) => container.state === 'CONTAINER_RUNNING');
      const sandboxOf = new Map(running.map((container) => [container.id, container.podSandboxId]));
      return stats.flatMap((each) => containerStats(each, sandboxOf) ?? []);
    },
  };
}

function containerStats(stats: CriContainerStats, sandboxOf: ReadonlyMap<string, string>): ContainerStats | undefined {
  const containerId = stats.attributes?.id ?? '';
  const sandboxId = sandboxOf.get(containerId);
  if (sandboxId === undefined) return undefined;
  return {
    containerId,
    sandboxId,
    atMs: Math.floor((stats.cpu?.timestamp ?? 0) / 1e6),
    cpuUsageNs: stats.cpu?.usageCoreNanoSeconds?.value ?? 0,
    memoryWorkingSetBytes: stats.memory?.workingSetBytes?.value ?? 0,
    rootfsUsedBytes: stats.writableLayer?.usedBytes?.value ?? 0,
  };
}

async function ignoreNotFound(call: Promise<unknown>): Promise<void> {
  try {
    await call;
  } catch (error) {
    if (!isError(error, 'NotFound')) throw error;
  }
}
