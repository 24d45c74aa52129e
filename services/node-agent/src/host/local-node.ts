import { existsSync } from 'node:fs';
import { mkdir, rm, stat, truncate, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { backoffMs } from '@gantry/runtime/backoff.ts';
import type { Clock } from '@gantry/runtime/clock.ts';
import type { Logger } from '@gantry/runtime/log.ts';
import { ensurePassableFolder } from '@gantry/runtime/private-files.ts';
import { imageTar } from '../images/image.ts';
import { pauseImage, pauseImageName } from '../images/local.ts';
import { removeCgroup, removeCgroupTree } from '../runtime/cgroups.ts';
import { openCriRuntime } from '../runtime/cri/driver.ts';
import type { Runtime } from '../runtime/runtime.ts';
import { type ContainerdHome, ensureContainerd, findContainerd, stopContainerd } from './containerd.ts';
import { containerdPaths } from './containerd-config.ts';
import { unmountBelow } from './mounts.ts';
import {
  type HostProcess,
  listProcesses,
  processesInNamespace,
  readProcess,
  signalProcess,
  waitForExit,
  withDescendants,
} from './processes.ts';

const superviseMs = 250;
const maxLogBytes = 16 * 1024 * 1024;
const killTimeoutMs = 5_000;
/** Pause between two restarts of a containerd that keeps ending. */
const restartBackoff = { initialMs: 100, maxMs: 30_000, factor: 2, jitter: 0.1 };
/** A containerd that ran this long was healthy: its backoff begins anew. */
const stableMs = 60_000;

/** A node on this machine that runs real containers. */
export interface LocalNode {
  readonly name: string;
  /** The node's own address, reachable from the machine and from every pod. */
  readonly address: string;
  readonly podCidr: string;
  /** Path of its network namespace: `nsenter --net=<this>` for service rules and hostNetwork. */
  readonly namespacePath: string;
  /** Directory of the pods' logs and volumes. Containers see mounts that are made below it. */
  readonly podsDirectory: string;
  /** Parent cgroup of the node's pods; removed with the node. */
  readonly cgroupPath: string;
  /** containerd's socket. */
  readonly socketPath: string;
  /** Lets images be pulled from a registry (host:port, as the node reaches it) without TLS. */
  allowPlainHttp(registry: string): Promise<void>;
  /** Connects a runtime driver to it. */
  openRuntime(): Promise<Runtime>;
  /** Kills containerd as a crash would; it is started again at once. Containers live on. */
  killContainerd(): Promise<void>;
  /** Takes the whole node down as pulling its plug would, and keeps it down until `powerOn`. */
  powerOff(): Promise<void>;
  /** Starts a node after `powerOff`. */
  powerOn(): Promise<void>;
}

/** A node with what its owner needs to end it. */
export interface SupervisedNode extends LocalNode {
  /** Leaves containerd and containers running, for the next start to adopt. */
  detach(): Promise<void>;
  /** Ends everything that runs on the node and deletes its files. */
  destroy(): Promise<void>;
}

/** Settings of a local node. */
export interface LocalNodeConfig {
  readonly name: string;
  readonly home: ContainerdHome;
}

/** Starts (or adopts) a node's containerd, imports the pause image and keeps containerd running. Its network must stand. */
export async function startLocalNode(
  config: LocalNodeConfig,
  deps: { log: Logger; clock: Clock },
  signal?: AbortSignal,
): Promise<SupervisedNode> {
  const { name, home } = config;
  const socketPath = containerdPaths(home.directory).socket;
  const podsDirectory = join(home.directory, 'pods');
  const openRuntime = () =>
    openCriRuntime({ socketPath, node: name, imagePath: home.directory }, { clock: deps.clock });
  await ensurePassableFolder(podsDirectory);
  const ensure = (stop?: AbortSignal) => ensureRunning(home, openRuntime, stop);
  await ensure(signal);
  let supervisor = supervise(config, ensure, deps);
  return {
    name,
    address: home.address,
    podCidr: home.podCidr,
    namespacePath: home.namespacePath,
    podsDirectory,
    cgroupPath: home.cgroupPath,
    socketPath,
    openRuntime,
    async allowPlainHttp(registry) {
      const directory = join(containerdPaths(home.directory).registries, registry);
      await mkdir(directory, { recursive: true });
      await writeFile(
        join(directory, 'hosts.toml'),
        `server = "http://${registry}"\n[host."http://${registry}"]\n  capabilities = ["pull", "resolve"]\n`,
      );
    },
    async killContainerd() {
      for (const found of await findContainerd(home)) {
        await signalProcess(found, 'SIGKILL');
        await waitForExit(found, killTimeoutMs);
      }
    },
    async powerOff() {
      await supervisor[Symbol.asyncDispose]();
      await killEverything(home);
    },
    async powerOn() {
      await ensure();
      supervisor = supervise(config, ensure, deps);
    },
    async detach() {
      await supervisor[Symbol.asyncDispose]();
    },
    async destroy() {
      await supervisor[Symbol.asyncDispose]();
      await destroyNode(home, openRuntime, deps.log);
    },
  };
}

/** Ends everything on a node, also one that an earlier run left behind, and deletes its files. */
export async function destroyNode(
  home: ContainerdHome,
  openRuntime: (() => Promise<Runtime>) | undefined,
  log: Logger,
): Promise<void> {
  // A regular removal also frees networks, mounts and cgroups; remaining processes are killed below.
  try {
    if (openRuntime) await removeSandboxes(openRuntime);
  } catch (error) {
    log.warn({ error, directory: home.directory }, 'containers could not be removed in order and are killed');
  }
  await haltNode(home);
  await removeCgroupTree(home.cgroupPath);
  // The common parent is removed with the last node.
  await removeCgroup(dirname(home.cgroupPath));
  await rm(home.directory, { recursive: true, force: true });
  const { socket } = containerdPaths(home.directory);
  for (const path of [socket, `${socket}.ttrpc`]) await rm(path, { force: true });
}

/** Ends everything that runs on a node and leaves its files. */
export async function haltNode(home: ContainerdHome): Promise<void> {
  for (const found of await findContainerd(home)) await stopContainerd(found);
  await killEverything(home);
  await unmountBelow(home.directory);
}

async function removeSandboxes(openRuntime: () => Promise<Runtime>): Promise<void> {
  await using runtime = await openRuntime();
  await Promise.all((await runtime.observer.observe()).map((sandbox) => runtime.sandboxes.remove(sandbox.id)));
}

/** Most rounds of killing: each takes what the one before had started before it died. */
const maxKillRounds = 10;

/**
 * Kills containerd, its shims and every container. Containers are in other namespaces, but they descend from the shims. A dying
 * process may just have started another, such as containerd the deletion of a shim that died: rounds go on until none is left.
 */
async function killEverything(home: ContainerdHome): Promise<void> {
  for (let round = 0; round < maxKillRounds; round++) {
    const victims = withDescendants(await processesInNamespace(home.namespacePath), await listProcesses());
    if (victims.length === 0) return;
    await Promise.all(victims.map((each) => signalProcess(each, 'SIGKILL')));
    await Promise.all(victims.map((each) => waitForExit(each, killTimeoutMs)));
  }
}

async function ensurePauseImage(openRuntime: () => Promise<Runtime>, directory: string): Promise<void> {
  await using runtime = await openRuntime();
  if (await runtime.images.status(pauseImageName)) return;
  const path = join(directory, 'pause.tar');
  await writeFile(path, await imageTar([await pauseImage()]));
  await runtime.images.importTar(path);
  await rm(path);
}

/**
 * Makes containerd run with the image that every pod needs. If its files are gone, somebody deleted them while it ran: its containers
 * cannot be managed any more, and are killed so that they do not hold addresses of new ones.
 */
async function ensureRunning(
  home: ContainerdHome,
  openRuntime: () => Promise<Runtime>,
  signal: AbortSignal | undefined,
): Promise<HostProcess> {
  if (!existsSync(containerdPaths(home.directory).root)) await killEverything(home);
  const containerd = await ensureContainerd(home, signal);
  await ensurePauseImage(openRuntime, home.directory);
  return containerd;
}

/** Restarts containerd whenever it, or its folder, is gone, until disposed of. */
function supervise(
  { name, home }: LocalNodeConfig,
  ensure: (signal: AbortSignal) => Promise<HostProcess>,
  { log, clock }: { log: Logger; clock: Clock },
): AsyncDisposable {
  const paths = containerdPaths(home.directory);
  const stop = new AbortController();
  const loop = async () => {
    let failures = 0;
    while (!stop.signal.aborted) {
      const startedAtMs = clock.monotonic();
      try {
        const containerd = await ensure(stop.signal);
        const isWell = async (): Promise<boolean> =>
          existsSync(paths.root) && (await readProcess(containerd.pid))?.startTime === containerd.startTime;
        while (!stop.signal.aborted && (await isWell())) {
          await clock.sleep(superviseMs, stop.signal);
          await boundLog(paths.log);
        }
        if (!stop.signal.aborted) log.warn({ node: name }, 'containerd ended and is started again');
      } catch (error) {
        if (!stop.signal.aborted) log.error({ node: name, error }, 'containerd cannot be started');
      }
      failures = clock.monotonic() - startedAtMs > stableMs ? 0 : failures + 1;
      // The first restart is at once: traffic flows on without containerd, but nothing heals.
      if (failures > 1) await clock.sleep(backoffMs(restartBackoff, failures - 1), stop.signal).catch(() => {});
    }
  };
  const done = loop();
  return {
    [Symbol.asyncDispose]: async () => {
      stop.abort();
      await done;
    },
  };
}

/** Truncates the log of containerd and its shims if it is too large. They append to it, so they go on at its beginning. */
async function boundLog(path: string): Promise<void> {
  const size = await stat(path).then(
    (found) => found.size,
    () => 0,
  );
  if (size > maxLogBytes) await truncate(path, 0);
}
