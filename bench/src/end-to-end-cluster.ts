import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { defaultApiConfig } from '@gantry/api/config.ts';
import { startApi } from '@gantry/api/service.ts';
import { busSource } from '@gantry/client/bus-source.ts';
import { type Client, connect } from '@gantry/client/client.ts';
import { Informer } from '@gantry/client/informer.ts';
import { keyOf } from '@gantry/client/object-cache.ts';
import type { EventBus } from '@gantry/events/events.ts';
import { openBus } from '@gantry/events/open.ts';
import { startNatsServer } from '@gantry/events/testing/nats-server.ts';
import type { Pod } from '@gantry/model/gen/gantry.core.v1.ts';
import type { KubeObject } from '@gantry/model/kind.ts';
import { systemClock } from '@gantry/runtime/clock.ts';
import { silentLogger } from '@gantry/runtime/log.ts';
import { readConfig } from '@gantry/scheduler/config.ts';
import { startScheduler } from '@gantry/scheduler/service.ts';
import { openStore } from '@gantry/store/open.ts';
import { startRedisServer } from '@gantry/store/testing/redis-server.ts';
import { isRunning } from './pods.ts';
import { processorTimes, startApiProcess, startControllersProcess, startSchedulerProcess } from './services.ts';

/** A store, a bus, an api and a scheduler that run. */
export interface Services extends AsyncDisposable {
  /** Of the api. */
  readonly address: string;
  readonly busUrl: string;
  /** Milliseconds of processor time that each process has had so far. */
  processorTimes(): Promise<Map<string, number>>;
}

/** Services, and an informer of all pods. */
export interface Cluster extends Omit<Services, 'busUrl'> {
  readonly client: Client;
  readonly pods: PodWatcher;
}

export interface ProcessOptions {
  /** Flags for Node, such as --cpu-prof. */
  readonly nodeFlags?: readonly string[];
  /** If absent, everysec. */
  readonly appendfsync?: 'always' | 'everysec';
  /** Starts the controllers, too. */
  readonly controllers?: boolean;
}

/** redis-server, nats-server, api and scheduler as processes of their own, and an informer in this one. */
export async function startProcesses(options: ProcessOptions = {}): Promise<Cluster> {
  await using stack = new AsyncDisposableStack();
  const services = stack.use(await startServices(options));
  const bus = stack.use(await openBus(services.busUrl, 'bench'));
  return await followed(stack, services.address, bus, () => services.processorTimes());
}

/** redis-server, nats-server, api and scheduler as processes of their own. */
export async function startServices(options: ProcessOptions = {}): Promise<Services> {
  const { nodeFlags = [], appendfsync = 'everysec', controllers = false } = options;
  await using stack = new AsyncDisposableStack();
  const redis = stack.use(await startRedisServer({ appendfsync }));
  const nats = stack.use(await startNatsServer());
  const urls = { storeUrl: redis.url, busUrl: nats.url, nodeFlags };
  const api = stack.use(await startApiProcess(urls));
  const scheduler = stack.use(startSchedulerProcess(api.address, urls));
  const labels = new Map([
    [api.pid, 'api'],
    [scheduler.pid, 'scheduler'],
    [process.pid, 'bench'],
  ]);
  if (controllers) labels.set(stack.use(startControllersProcess(api.address, urls)).pid, 'controllers');
  const owned = stack.move();
  return {
    address: api.address,
    busUrl: nats.url,
    processorTimes: () => processorTimes(labels),
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  };
}

/** All in this process, with SQLite and the bus that needs no server. */
export async function startOneProcess(): Promise<Cluster> {
  await using stack = new AsyncDisposableStack();
  const folder = await mkdtemp(join(tmpdir(), 'gantry-bench-'));
  stack.defer(() => rm(folder, { recursive: true, force: true }));
  const store = stack.use(await openStore(`sqlite:${join(folder, 'state.db')}`));
  const bus = stack.use(await openBus('memory:'));
  const api = stack.use(
    await startApi(
      { ...defaultApiConfig, listen: '127.0.0.1:0', trustNetwork: true },
      { store, bus, log: silentLogger },
    ),
  );
  const forScheduler = stack.use(connect(api.address));
  stack.use(startScheduler(readConfig([], {}), { client: forScheduler, bus, clock: systemClock, log: silentLogger }));
  const labels = new Map([[process.pid, 'all']]);
  return await followed(stack, api.address, bus, () => processorTimes(labels));
}

async function followed(
  stack: AsyncDisposableStack,
  address: string,
  bus: EventBus,
  times: Cluster['processorTimes'],
): Promise<Cluster> {
  const client = stack.use(connect(address));
  const pods = stack.use(new PodWatcher(bus, client));
  await pods.ready;
  const owned = stack.move();
  return { client, address, pods, processorTimes: times, [Symbol.asyncDispose]: () => owned.disposeAsync() };
}

/** Longest wait for pods, in milliseconds: a broken cluster must not hold a benchmark up. */
const patienceMs = 120_000;

/** Times at which an informer saw each pod bound and running, or learned that it has no node. */
export class PodWatcher implements AsyncDisposable {
  readonly ready: Promise<void>;
  /** Times at which the state was read anew because the bus had lost something. */
  repairs = 0;
  readonly #informer: Informer<Pod>;
  readonly #boundMs = new Map<string, number>();
  readonly #runningMs = new Map<string, number>();
  readonly #refused = new Set<string>();
  #look = (): void => {};

  constructor(bus: EventBus, client: Client) {
    const source = busSource(bus, client, 'Pod', {}, { onRepair: () => this.repairs++ });
    this.#informer = new Informer<Pod>({ source, onError: (error) => console.error(`informer: ${error}`) }).start();
    this.#informer.onChange(({ type, object }) => {
      const key = keyOf(object);
      if (type === 'DELETED') return;
      if (object.spec?.nodeName) {
        if (!this.#boundMs.has(key)) this.#boundMs.set(key, performance.now());
        if (isRunning(object) && !this.#runningMs.has(key)) this.#runningMs.set(key, performance.now());
      } else if (object.status?.conditions?.some(({ type, status }) => type === 'PodScheduled' && status === 'False')) {
        this.#refused.add(key);
      }
      this.#look();
    });
    this.ready = this.#informer.hasSynced;
  }

  get bound(): number {
    return this.#boundMs.size;
  }

  get running(): number {
    return this.#runningMs.size;
  }

  get refused(): number {
    return this.#refused.size;
  }

  /** Time at which a pod was first seen bound, on the clock of performance.now; undefined if it was not. */
  boundMs(pod: KubeObject): number | undefined {
    return this.#boundMs.get(keyOf(pod));
  }

  /** Time at which a pod was first seen running; undefined if it was not. */
  runningMs(pod: KubeObject): number | undefined {
    return this.#runningMs.get(keyOf(pod));
  }

  /** Resolves as soon as `holds` is true; it is asked at every change. */
  async until(holds: () => boolean): Promise<void> {
    if (holds()) return;
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    const timer = setTimeout(() => {
      reject(new Error(`waited ${patienceMs / 1_000} s in vain: ${this.bound} bound, ${this.refused} refused`));
    }, patienceMs);
    this.#look = () => {
      if (holds()) resolve();
    };
    try {
      await promise;
    } finally {
      clearTimeout(timer);
      this.#look = () => {};
    }
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.#informer[Symbol.asyncDispose]();
  }
}
