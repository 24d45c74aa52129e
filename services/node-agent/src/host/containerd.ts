import { type ChildProcess, spawn } from 'node:child_process';
import { mkdir, open, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { connect } from 'node:net';
import { basename, dirname, join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { GantryError } from '@gantry/runtime/errors.ts';
import { ensurePrivateFolder } from '@gantry/runtime/private-files.ts';
import {
  type ContainerdConfig,
  containerdConfigName,
  containerdPaths,
  renderCniConfig,
  renderContainerdConfig,
} from './containerd-config.ts';
import { shareMounts } from './mounts.ts';
import { type HostProcess, processesInNamespace, signalProcess, waitForExit } from './processes.ts';

/** Deadline of a start, which takes a tenth of a second unless the machine is overloaded. */
const startTimeoutMs = 30_000;
const startPollMs = 10;
const stopTimeoutMs = 10_000;

/** A node's containerd and where it runs. */
export interface ContainerdHome extends ContainerdConfig {
  /** Path of the node's network namespace. */
  readonly namespacePath: string;
  /** Parent of the node's pods in the tree of control groups, such as /gantry/gantry0-node-1. */
  readonly cgroupPath: string;
}

/**
 * Makes containerd run in the node's network namespace and resolves to its process. One that runs already with the same
 * configuration is adopted, one with another is replaced; containers live on in both cases.
 */
export async function ensureContainerd(home: ContainerdHome, signal?: AbortSignal): Promise<HostProcess> {
  const configPath = join(home.directory, containerdConfigName(home));
  for (const found of await findContainerd(home)) {
    if (found.command.includes(configPath) && (await answers(home))) return found;
    await stopContainerd(found);
  }
  await writeConfig(home, configPath);
  const shim = (await processesInNamespace(home.namespacePath)).find((each) => isShim(each));
  const child = await spawnContainerd(home, configPath, shim);
  try {
    return await waitForStart(home, child, signal);
  } catch (error) {
    // It may not have entered the node's namespace yet, where everything else is found.
    child.kill('SIGKILL');
    throw error;
  }
}

/** Ends a containerd; its containers live on. */
export async function stopContainerd(found: HostProcess): Promise<void> {
  await signalProcess(found, 'SIGTERM');
  if (await waitForExit(found, stopTimeoutMs)) return;
  await signalProcess(found, 'SIGKILL');
  await waitForExit(found, stopTimeoutMs);
}

/** The containerd processes of a node; more than one only when something went wrong. */
export async function findContainerd(
  home: Pick<ContainerdHome, 'directory' | 'namespacePath'>,
): Promise<HostProcess[]> {
  const all = await processesInNamespace(home.namespacePath);
  return all.filter(
    ({ command }) => basename(command[0] ?? '') === 'containerd' && dirname(command[2] ?? '') === home.directory,
  );
}

function isShim({ command }: HostProcess): boolean {
  return basename(command[0] ?? '').startsWith('containerd-shim');
}

async function writeConfig(home: ContainerdHome, configPath: string): Promise<void> {
  const paths = containerdPaths(home.directory);
  // Containers' volumes and logs are below, which other users of the machine must not read.
  await ensurePrivateFolder(home.directory);
  for (const each of [paths.root, paths.state, paths.cniConfig, paths.cniState, paths.registries])
    await mkdir(each, { recursive: true });
  for (const name of await readdir(home.directory)) {
    if (/^containerd-[0-9a-f]+\.toml$/.test(name)) await rm(join(home.directory, name));
  }
  await writeFile(configPath, renderContainerdConfig(home));
  await writeFile(join(paths.cniConfig, '10-gantry.conflist'), renderCniConfig(home));
}

/**
 * Starts it detached, in a session of its own, so that it survives us. Where it needs a mount namespace of its own, it joins that
 * of a container that still runs (its shim's), because only there are the mounts of the containers that are to be adopted.
 */
async function spawnContainerd(
  home: ContainerdHome,
  configPath: string,
  shim: HostProcess | undefined,
): Promise<ChildProcess> {
  const containerd = ['containerd', '--config', configPath];
  const enter = [`--net=${home.namespacePath}`];
  const hide = 'umount /sys/fs/cgroup/unified && exec "$@"';
  let command = containerd;
  if (home.choices.hideUnifiedCgroup && shim) enter.push(`--mount=/proc/${shim.pid}/ns/mnt`);
  else if (home.choices.hideUnifiedCgroup) {
    await shareMounts(home.directory);
    command = ['unshare', '--mount', '--propagation', 'slave', 'sh', '-c', hide, 'sh', ...containerd];
  }
  const log = await open(containerdPaths(home.directory).log, 'a');
  try {
    const child = spawn('nsenter', [...enter, ...command], {
      detached: true,
      stdio: ['ignore', log.fd, log.fd],
      cwd: '/',
      env: environmentOf(process.env),
    });
    await new Promise((resolve, reject) => {
      child.once('spawn', resolve);
      child.once('error', (error) =>
        reject(new GantryError('FailedPrecondition', `cannot start containerd: ${error.message}`, { cause: error })),
      );
    });
    child.unref();
    return child;
  } finally {
    await log.close();
  }
}

/** Variables that containerd gets: for finding programs, and for the way to registries. The rest may hold secrets. */
const passedOn = /^(PATH|HOME|LANG|TMPDIR|SSL_CERT_(FILE|DIR)|(HTTP|HTTPS|NO|ALL)_PROXY)$/i;

/** The part of an environment that containerd gets. */
export function environmentOf(env: Readonly<Record<string, string | undefined>>): Record<string, string | undefined> {
  return Object.fromEntries(Object.entries(env).filter(([name]) => passedOn.test(name)));
}

async function waitForStart(home: ContainerdHome, child: ChildProcess, signal?: AbortSignal): Promise<HostProcess> {
  const { log } = containerdPaths(home.directory);
  const deadline = performance.now() + startTimeoutMs;
  while (performance.now() < deadline) {
    if (child.exitCode !== null || child.signalCode !== null) {
      const lines = (await readFile(log, 'utf8')).trimEnd().split('\n');
      throw new GantryError('InternalError', `containerd ended while it started: ${lines.at(-1)} (its log is ${log})`);
    }
    if (await answers(home)) {
      const [found] = await findContainerd(home);
      if (found) return found;
    }
    await delay(startPollMs, undefined, { signal });
  }
  throw new GantryError('Timeout', `containerd did not start within ${startTimeoutMs} ms; its log is ${log}`);
}

/** Whether somebody listens on its socket. */
function answers(home: ContainerdHome): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(containerdPaths(home.directory).socket);
    socket.once('connect', () => resolve(true));
    socket.once('error', () => resolve(false));
    socket.once('close', () => resolve(false));
    socket.once('connect', () => socket.destroy());
  });
}
