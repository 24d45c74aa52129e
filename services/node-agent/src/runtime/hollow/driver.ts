import { type Clock, systemClock } from '@gantry/runtime/clock.ts';
import { GantryError } from '@gantry/runtime/errors.ts';
import { ChangeHints } from '../hints.ts';
import type {
  ContainerConfig,
  ContainerState,
  ImageStatus,
  ObservedSandbox,
  Runtime,
  SandboxConfig,
} from '../runtime.ts';

/** How a hollow node behaves. */
export interface HollowRuntimeConfig {
  /** How long a sandbox and each container take to start. */
  readonly startMs: number;
  /** First two or three octets of the pods' addresses, such as `10.200.7`; two give room for 65,000 pods, three for 250. */
  readonly addressPrefix: string;
  /** Size of the machine that it pretends to be. */
  readonly cpuCount: number;
  readonly memoryBytes: number;
}

/** A runtime that runs nothing: pods are entries of a map and come up by the clock. For load tests of thousands of nodes. */
export interface HollowRuntime extends Runtime {
  /** Lets a running container end, as if its process had. */
  exitContainer(containerId: string, exitCode: number, reason?: string): void;
}

interface HollowContainer {
  readonly config: ContainerConfig;
  readonly sandboxId: string;
  readonly createdAtMs: number;
  state: ContainerState;
}

interface HollowSandbox {
  readonly config: SandboxConfig;
  readonly createdAtMs: number;
  readonly ip: string;
  ready: boolean;
  readonly containers: Map<string, HollowContainer>;
}

/** Makes a hollow runtime. */
export function openHollowRuntime(config: HollowRuntimeConfig, deps: { clock?: Clock } = {}): HollowRuntime {
  return new Hollow(config, deps.clock ?? systemClock);
}

class Hollow implements HollowRuntime {
  readonly info = { driver: 'hollow', name: 'hollow', version: '1', isolated: true } as const;
  readonly #config: HollowRuntimeConfig;
  readonly #clock: Clock;
  readonly #hints = new ChangeHints();
  readonly #sandboxes = new Map<string, HollowSandbox>();
  readonly #images = new Map<string, ImageStatus>();
  #count = 0;

  constructor(config: HollowRuntimeConfig, clock: Clock) {
    this.#config = config;
    this.#clock = clock;
  }

  readonly sandboxes: Runtime['sandboxes'] = {
    run: async (config, signal) => {
      await this.#clock.sleep(this.#config.startMs, signal);
      const id = this.#nextId();
      const ip = this.#address(this.#count);
      this.#sandboxes.set(id, { config, createdAtMs: this.#clock.now(), ip, ready: true, containers: new Map() });
      this.#hints.notify();
      return id;
    },
    stop: async (id) => {
      const sandbox = this.#sandboxes.get(id);
      if (!sandbox) return;
      sandbox.ready = false;
      for (const container of sandbox.containers.values()) this.#exit(container, 137, 'Error');
    },
    remove: async (id) => {
      await this.sandboxes.stop(id);
      this.#sandboxes.delete(id);
      this.#hints.notify();
    },
  };

  readonly containers: Runtime['containers'] = {
    create: async (sandboxId, config) => {
      const sandbox = this.#sandboxes.get(sandboxId);
      if (!sandbox) throw new GantryError('NotFound', `sandbox "${sandboxId}" not found`);
      if (!this.#images.has(config.image)) throw new GantryError('NotFound', `image "${config.image}" not found`);
      const id = this.#nextId();
      sandbox.containers.set(id, { config, sandboxId, createdAtMs: this.#clock.now(), state: { kind: 'created' } });
      this.#hints.notify();
      return id;
    },
    start: async (id, signal) => {
      await this.#clock.sleep(this.#config.startMs, signal);
      const container = this.#find(id);
      if (container.state.kind !== 'created') {
        throw new GantryError('FailedPrecondition', `container "${id}" is ${container.state.kind}, not created`);
      }
      container.state = { kind: 'running', startedAtMs: this.#clock.now() };
      this.#hints.notify();
    },
    stop: async (id, graceMs) => {
      const container = this.#lookup(id);
      if (container) this.#exit(container, graceMs > 0 ? 143 : 137, 'Error');
    },
    remove: async (id) => {
      const container = this.#lookup(id);
      if (!container) return;
      this.#sandboxes.get(container.sandboxId)?.containers.delete(id);
      this.#hints.notify();
    },
    updateResources: async (id) => {
      this.#find(id);
    },
    reopenLog: async (id) => {
      this.#find(id);
    },
  };

  readonly observer: Runtime['observer'] = {
    observe: async () => [...this.#sandboxes].map(([id, sandbox]) => observed(id, sandbox)),
    changes: (signal) => this.#hints.changes(signal),
  };

  readonly images: Runtime['images'] = {
    pull: async (ref) => {
      const image: ImageStatus = { id: ref, tags: [ref], digests: [], sizeBytes: 0 };
      this.#images.set(ref, image);
      return image;
    },
    status: async (ref) => this.#images.get(ref),
    list: async () => [...this.#images.values()],
    remove: async (ref) => {
      this.#images.delete(ref);
    },
    importTar: async () => {
      throw runsNothing();
    },
  };

  readonly streams: Runtime['streams'] = {
    execSync: async () => {
      throw runsNothing();
    },
    exec: async () => {
      throw runsNothing();
    },
    attach: async () => {
      throw runsNothing();
    },
    portForward: async () => {
      throw runsNothing();
    },
  };

  readonly stats: Runtime['stats'] = {
    containers: async () => [],
    node: async () => ({
      atMs: this.#clock.now(),
      cpuCount: this.#config.cpuCount,
      cpuUsageNs: 0,
      memoryTotalBytes: this.#config.memoryBytes,
      memoryAvailableBytes: this.#config.memoryBytes,
      fsTotalBytes: 0,
      fsAvailableBytes: 0,
    }),
  };

  exitContainer(containerId: string, exitCode: number, reason?: string): void {
    this.#exit(this.#find(containerId), exitCode, reason ?? (exitCode === 0 ? 'Completed' : 'Error'));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#sandboxes.clear();
  }

  #exit(container: HollowContainer, exitCode: number, reason: string): void {
    if (container.state.kind !== 'running') return;
    const { startedAtMs } = container.state;
    container.state = { kind: 'exited', exitCode, reason, message: '', startedAtMs, finishedAtMs: this.#clock.now() };
    this.#hints.notify();
  }

  #lookup(id: string): HollowContainer | undefined {
    for (const sandbox of this.#sandboxes.values()) {
      const container = sandbox.containers.get(id);
      if (container) return container;
    }
    return undefined;
  }

  #find(id: string): HollowContainer {
    const container = this.#lookup(id);
    if (!container) throw new GantryError('NotFound', `container "${id}" not found`);
    return container;
  }

  #nextId(): string {
    this.#count += 1;
    return `hollow-${this.#config.addressPrefix}-${this.#count}`;
  }

  #address(number: number): string {
    const octets = this.#config.addressPrefix.split('.').length;
    return octets === 3
      ? `${this.#config.addressPrefix}.${(number % 250) + 2}`
      : `${this.#config.addressPrefix}.${Math.floor(number / 250) % 256}.${(number % 250) + 2}`;
  }
}

function observed(id: string, sandbox: HollowSandbox): ObservedSandbox {
  const { config } = sandbox;
  return {
    id,
    podUid: config.podUid,
    namespace: config.namespace,
    name: config.name,
    attempt: config.attempt,
    ready: sandbox.ready,
    createdAtMs: sandbox.createdAtMs,
    ips: sandbox.ready && !config.hostNetwork ? [sandbox.ip] : [],
    labels: config.labels ?? {},
    annotations: config.annotations ?? {},
    containers: [...sandbox.containers].map(([containerId, container]) => ({
      id: containerId,
      sandboxId: id,
      name: container.config.name,
      attempt: container.config.attempt,
      image: container.config.image,
      imageId: container.config.image,
      createdAtMs: container.createdAtMs,
      state: container.state,
      logPath: `${config.logDirectory}/${container.config.logPath}`,
      labels: container.config.labels ?? {},
      annotations: container.config.annotations ?? {},
    })),
  };
}

function runsNothing(): GantryError {
  return new GantryError('FailedPrecondition', 'this is a hollow node, which runs no containers');
}
