/**
 * The process driver: containers are child processes of this machine, and NOTHING IS ISOLATED. They share its files, users, network
 * and ports; limits and capabilities are not enforced; two that want one port are in each other's way.
 */
import { randomBytes } from 'node:crypto';
import { mkdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type Clock, systemClock } from '@gantry/runtime/clock.ts';
import { GantryError } from '@gantry/runtime/errors.ts';
import { writeWhole } from '../../json-file.ts';
import { ChangeHints } from '../hints.ts';
import { readNodeStats } from '../node-stats.ts';
import type {
  ContainerConfig,
  Containers,
  ObservedContainer,
  ObservedSandbox,
  Runtime,
  Sandboxes,
} from '../runtime.ts';
import { ContainerProcess } from './container-process.ts';
import { type ImageStore, openImageStore } from './image-store.ts';
import { findProgram, linkMounts, planProcess } from './launch.ts';
import { type ContainerRecord, readRecords, type SandboxRecord } from './records.ts';
import { processStreams } from './streams.ts';

/** Directory of the driver's records, and the address that its pods share. */
export interface ProcessRuntimeConfig {
  readonly directory: string;
  /** The machine's address, which every pod reports as its own. */
  readonly address: string;
}

/** Directory of a node's records, below the root directory of its agent. */
export function processDirectory(rootDir: string): string {
  return join(rootDir, 'processes');
}

interface LiveSandbox {
  readonly record: SandboxRecord;
  readonly directory: string;
  ready: boolean;
  readonly containers: Map<string, ContainerProcess>;
}

/** Opens the driver; processes that an earlier agent started from the same directory are adopted. */
export async function openProcessRuntime(config: ProcessRuntimeConfig, deps: { clock?: Clock } = {}): Promise<Runtime> {
  if (process.platform !== 'linux')
    throw new GantryError('FailedPrecondition', `the process driver needs Linux, and this is ${process.platform}`);
  const driver = new ProcessRuntime(config, deps.clock ?? systemClock);
  await driver.adopt();
  return driver;
}

class ProcessRuntime implements Runtime {
  readonly info = { driver: 'process', name: 'process', version: process.version, isolated: false } as const;
  readonly #config: ProcessRuntimeConfig;
  readonly #clock: Clock;
  readonly #hints = new ChangeHints();
  readonly #store: ImageStore;
  readonly #sandboxes = new Map<string, LiveSandbox>();
  readonly sandboxes: Sandboxes;
  readonly containers: Containers;
  readonly images: Runtime['images'];
  readonly observer: Runtime['observer'];
  readonly streams: Runtime['streams'];
  readonly stats: Runtime['stats'];

  constructor(config: ProcessRuntimeConfig, clock: Clock) {
    this.#config = config;
    this.#clock = clock;
    this.#store = openImageStore(join(config.directory, 'images'));
    this.images = this.#store.images;
    this.observer = {
      observe: async () => this.#observe(),
      changes: (signal) => this.#hints.changes(signal),
    };
    this.sandboxes = {
      run: (sandbox) => this.#runSandbox(sandbox),
      stop: (id) => this.#stopSandbox(id),
      remove: (id) => this.#removeSandbox(id),
    };
    this.containers = {
      create: (sandboxId, container) => this.#create(sandboxId, container),
      start: async (id) => this.#find(id).start(),
      stop: async (id, graceMs) => this.#lookup(id)?.stop(graceMs),
      remove: (id) => this.#remove(id),
      updateResources: async () => {
        throw new GantryError('FailedPrecondition', 'the process driver enforces no limits');
      },
      // The log file is opened for every piece of output, so the next one goes to the new file.
      reopenLog: async (id) => {
        const { kind } = this.#find(id).state;
        if (kind !== 'running')
          throw new GantryError('FailedPrecondition', `container "${id}" is ${kind}, not running`);
      },
    };
    this.streams = processStreams((id) => this.#find(id));
    this.stats = {
      node: () => readNodeStats(config.directory, clock.now()),
      containers: async () => {
        const running = [...this.#sandboxes.values()].flatMap((sandbox) => [...sandbox.containers.values()]);
        return (await Promise.all(running.map((each) => each.stats()))).filter((each) => each !== undefined);
      },
    };
  }

  async adopt(): Promise<void> {
    await mkdir(this.#config.directory, { recursive: true });
    const { sandboxes, containers } = await readRecords(this.#config.directory);
    for (const { record, stopped } of sandboxes) {
      const directory = this.#directoryOf(record.id);
      this.#sandboxes.set(record.id, { record, directory, ready: !stopped, containers: new Map() });
    }
    for (const record of containers) await this.#addContainer(record);
  }

  /** Lets go of the processes; they run on. */
  async [Symbol.asyncDispose](): Promise<void> {
    const all = [...this.#sandboxes.values()].flatMap((sandbox) => [...sandbox.containers.values()]);
    await Promise.all(all.map((each) => each.release()));
    this.#sandboxes.clear();
  }

  async #runSandbox(config: SandboxRecord['config']): Promise<string> {
    const record: SandboxRecord = { id: newId(), createdAtMs: this.#clock.now(), config };
    const directory = this.#directoryOf(record.id);
    await mkdir(directory, { recursive: true });
    await writeWhole(join(directory, 'sandbox.json'), record);
    this.#sandboxes.set(record.id, { record, directory, ready: true, containers: new Map() });
    this.#hints.notify();
    return record.id;
  }

  async #stopSandbox(id: string): Promise<void> {
    const sandbox = this.#sandboxes.get(id);
    if (!sandbox) return;
    await Promise.all([...sandbox.containers.values()].map((each) => each.stop(0)));
    await writeFile(join(sandbox.directory, 'stopped'), '');
    sandbox.ready = false;
    this.#hints.notify();
  }

  async #removeSandbox(id: string): Promise<void> {
    await this.#stopSandbox(id);
    const sandbox = this.#sandboxes.get(id);
    if (!sandbox) return;
    await Promise.all([...sandbox.containers.values()].map((each) => each.release()));
    this.#sandboxes.delete(id);
    await rm(sandbox.directory, { recursive: true, force: true });
    this.#hints.notify();
  }

  async #create(sandboxId: string, config: ContainerConfig): Promise<string> {
    const sandbox = this.#sandboxes.get(sandboxId);
    if (!sandbox) throw new GantryError('NotFound', `sandbox "${sandboxId}" not found`);
    if (!sandbox.ready) throw new GantryError('FailedPrecondition', `sandbox "${sandboxId}" is not ready`);
    if (config.tty || config.stdin) {
      throw new GantryError(
        'Invalid',
        `container "${config.name}": the process driver has neither terminals nor standard input`,
      );
    }
    const image = await this.#store.find(config.image);
    if (!image) throw new GantryError('NotFound', `image "${config.image}" not found`);
    const id = newId();
    const directory = join(sandbox.directory, id);
    const mountsDirectory = join(directory, 'root');
    const plan = planProcess(config, image, mountsDirectory);
    await linkMounts(mountsDirectory, config.mounts ?? []);
    // A program that is not there is found out at the start, as with containers.
    const program = await findProgram(plan.argv[0]!, plan, image.rootDirectory).catch(() => plan.argv[0]!);
    const record: ContainerRecord = {
      ...plan,
      argv: [program, ...plan.argv.slice(1)],
      id,
      sandboxId,
      createdAtMs: this.#clock.now(),
      config,
      imageId: image.id,
      logFile: join(sandbox.record.config.logDirectory, config.logPath),
    };
    await writeWhole(join(directory, 'container.json'), record);
    await this.#addContainer(record);
    this.#hints.notify();
    return id;
  }

  async #addContainer(record: ContainerRecord): Promise<void> {
    const sandbox = this.#sandboxes.get(record.sandboxId);
    if (!sandbox) return;
    const directory = join(sandbox.directory, record.id);
    sandbox.containers.set(
      record.id,
      await ContainerProcess.open(record, directory, this.#clock, () => this.#hints.notify()),
    );
  }

  async #remove(id: string): Promise<void> {
    const container = this.#lookup(id);
    if (!container) return;
    await container.stop(0);
    await container.release();
    const sandbox = this.#sandboxes.get(container.record.sandboxId);
    sandbox?.containers.delete(id);
    if (sandbox) await rm(join(sandbox.directory, id), { recursive: true, force: true });
    this.#hints.notify();
  }

  #directoryOf(sandboxId: string): string {
    return join(this.#config.directory, 'sandboxes', sandboxId);
  }

  #lookup(id: string): ContainerProcess | undefined {
    for (const sandbox of this.#sandboxes.values()) {
      const container = sandbox.containers.get(id);
      if (container) return container;
    }
    return undefined;
  }

  #find(id: string): ContainerProcess {
    const container = this.#lookup(id);
    if (!container) throw new GantryError('NotFound', `container "${id}" not found`);
    return container;
  }

  #observe(): ObservedSandbox[] {
    return [...this.#sandboxes.values()].map(({ record, ready, containers }) => ({
      id: record.id,
      podUid: record.config.podUid,
      namespace: record.config.namespace,
      name: record.config.name,
      attempt: record.config.attempt,
      ready,
      createdAtMs: record.createdAtMs,
      ips: ready && !record.config.hostNetwork ? [this.#config.address] : [],
      labels: record.config.labels ?? {},
      annotations: record.config.annotations ?? {},
      containers: [...containers.values()].map(observedContainer),
    }));
  }
}

function observedContainer({ record, state }: ContainerProcess): ObservedContainer {
  return {
    id: record.id,
    sandboxId: record.sandboxId,
    name: record.config.name,
    attempt: record.config.attempt,
    image: record.config.image,
    imageId: record.imageId,
    createdAtMs: record.createdAtMs,
    state,
    logPath: record.logFile,
    labels: record.config.labels ?? {},
    annotations: record.config.annotations ?? {},
  };
}

function newId(): string {
  return randomBytes(16).toString('hex');
}
