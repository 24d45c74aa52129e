import type { AnyKind, ObjectOf } from '@gantry/client/api.ts';
import { type KindName, kindNames } from '@gantry/model/built-in.ts';
import type { BackoffPolicy } from '@gantry/runtime/backoff.ts';
import { FakeClock } from '@gantry/runtime/clock.ts';
import { type Logger, silentLogger } from '@gantry/runtime/log.ts';
import type { AnyObject, Controller, View } from '../core/action.ts';
import type { Consultant } from '../core/consult.ts';
import type { ControllerApi } from '../core/executor.ts';
import type { Measurer } from '../core/measure.ts';
import type { ReconcileResult } from '../core/metrics.ts';
import { RunningControllers } from '../core/run.ts';
import { type FeedFaults, Feeds } from './feeds.ts';
import { foreignKinds } from './foreign.ts';
import { Invariants } from './invariants.ts';
import { Network, type NetworkFaults } from './network.ts';
import { Players } from './players.ts';
import { Random } from './random.ts';
import { type Change, TruthStore } from './store.ts';

/** Rates of faults: probabilities in one step unless it says otherwise. */
export interface Faults {
  /** Of a call. */
  readonly network: NetworkFaults;
  readonly feeds: FeedFaults;
  /** Another process takes the lead: what the old one had under way stops anywhere, the new one knows nothing. */
  readonly leaderChange: number;
  /** The wall clock steps by hours, either way. */
  readonly clockStep: number;
  /** Containers fail now and then. */
  readonly failingPods: boolean;
}

/** Everything that this world can do to controllers, often. */
export const allFaults: Faults = {
  network: { unsent: 0.04, lostAnswer: 0.06, late: 0.04, refusedItem: 0.05 },
  feeds: { stall: 0.04, maxStallMs: 15_000, maxStaleness: 40, broken: 0.01 },
  leaderChange: 0.01,
  clockStep: 0.01,
  failingPods: true,
};

export interface SimulationOptions {
  readonly seed: number;
  /** Makes the controllers of one process; called anew for each leader. */
  readonly controllers: (simulation: Simulation) => readonly Controller[];
  /** If absent, nothing goes wrong, and changes are late by one step. */
  readonly faults?: Faults;
  /** Puts something between the controllers and the api, such as faults. */
  readonly wrapApi?: (api: ControllerApi) => ControllerApi;
  /** Stands for the service's work beside its controllers, such as listening to heartbeats; runs in each step. */
  readonly beside?: (simulation: Simulation) => void;
  /** Stands for Envoy and Prometheus. */
  readonly measurer?: (simulation: Simulation) => Measurer;
  /** Goes on with each step, such as clients' requests that are under way. */
  readonly always?: (simulation: Simulation) => void;
  /** Stands for the provider of nodes and the scheduler's simulation. */
  readonly consultant?: (simulation: Simulation) => Consultant;
  /** Acts with each step, such as users; stops while the simulation settles. */
  readonly act?: (simulation: Simulation) => void;
}

/** An event for users. */
export interface ToldEvent {
  readonly controller: string;
  readonly about: AnyObject;
  readonly type: 'Normal' | 'Warning';
  readonly reason: string;
  readonly message: string;
}

/** Milliseconds of a step while nothing is late. */
const calmStepMs = 500;
/** Steps without a write after which nothing more is to come: longer than the quarantine of nodes that are gone. */
const defaultQuietSteps = 100;
/** Steps in which everything must have come to rest. */
const maxSettleSteps = 3_000;
const backoff: BackoffPolicy = { initialMs: 50, maxMs: 500, factor: 2, jitter: 0 };

/**
 * A cluster in one thread, in which the real loops, caches, informers, executors and pending writes of the controllers run
 * against a store of truth, with a network, informers' feeds, kubelets, a scheduler and users that play. A seed decides
 * everything. Invariants are checked at every write.
 */
export class Simulation implements AsyncDisposable {
  readonly clock = new FakeClock();
  readonly random: Random;
  readonly store: TruthStore;
  readonly players: Players;
  readonly network: Network;
  readonly feeds: Feeds;
  readonly invariants: Invariants;
  readonly events: ToldEvent[] = [];
  /** Results of reconciles, in order. */
  readonly results: { readonly controller: string; readonly result: ReconcileResult }[] = [];
  readonly #options: SimulationOptions;
  readonly #log: Logger;
  readonly #decidedAt = new Map<string, ReadonlyMap<KindName | undefined, number>>();
  #running: RunningControllers | undefined;
  #faults: Faults | undefined;

  constructor(options: SimulationOptions, log: Logger = silentLogger) {
    this.#options = options;
    this.#log = log;
    this.random = new Random(options.seed);
    this.store = new TruthStore(this.clock, this.random);
    this.players = new Players(this.store, this.clock, this.random);
    this.network = new Network(this.store, this.clock, this.random);
    this.feeds = new Feeds(this.store, this.clock, this.random);
    this.invariants = new Invariants({
      store: this.store,
      clock: this.clock,
      players: this.players,
      decidedAt: (controller, key, kind) => this.decidedAt(controller, key, kind),
    });
    this.#setFaults(options.faults);
  }

  all<K extends AnyKind>(kind: K): ObjectOf<K>[] {
    return this.store.all(kind);
  }

  /** The view of the controllers; undefined while nobody leads. */
  get view(): View | undefined {
    return this.#running?.caches;
  }

  /** Creates an object as a user. */
  create<T extends AnyObject>(object: T): T {
    const metadata = { ...object.metadata, uid: undefined, resourceVersion: undefined };
    return this.store.create({ ...object, metadata } as unknown as T, 'user');
  }

  /** All changes so far, in order. */
  history(): Change[] {
    return [...kindNames, ...foreignKinds.keys()]
      .flatMap((kind) => [...this.store.changesOf(kind)])
      .sort((a, b) => a.revision - b.revision);
  }

  /** Has a key of a controller reconciled soon, as what no informer tells of does. */
  add(controller: string, key: string): void {
    this.#running?.add(controller, key);
  }

  /** Lets time pass, and everybody act, so many times. */
  async steps(count: number): Promise<void> {
    for (let step = 0; step < count; step++) await this.#step();
  }

  /**
   * Lets faults and users stop, and everything come to rest: so many steps of half a second without a write. Throws where
   * that never comes.
   */
  async settle(quietSteps = defaultQuietSteps): Promise<void> {
    this.#setFaults(undefined);
    this.players.reconnect();
    let quiet = 0;
    for (let step = 0; quiet < quietSteps; step++) {
      if (step > maxSettleSteps) throw new Error(`nothing comes to rest: ${this.#lastWrites()}`);
      const { revision } = this.store;
      await this.#step(false);
      quiet = this.store.revision === revision && this.network.underWay === 0 ? quiet + 1 : 0;
    }
    this.invariants.settled();
  }

  /** Lets faults begin again after `settle`. */
  resumeFaults(): void {
    this.#setFaults(this.#options.faults);
  }

  /** Another process takes the lead. */
  async changeLeader(): Promise<void> {
    await this.#stopLeading();
    this.#running = this.#lead();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#running?.[Symbol.asyncDispose]();
  }

  async #step(acting = true): Promise<void> {
    this.#running ??= this.#lead();
    const faults = this.#faults;
    this.clock.advance(faults === undefined ? calmStepMs : this.random.int(1, 300));
    this.network.step();
    this.feeds.step();
    this.players.step();
    this.#options.beside?.(this);
    this.#options.always?.(this);
    if (acting) this.#options.act?.(this);
    if (faults !== undefined && this.random.chance(faults.clockStep)) {
      this.clock.stepWall(this.random.int(-3, 3) * 3_600_000);
    }
    await turn();
    if (faults !== undefined && this.random.chance(faults.leaderChange)) await this.changeLeader();
  }

  #lead(): RunningControllers {
    const { wrapApi = (api) => api } = this.#options;
    const controllers = this.#options.controllers(this).map((controller) => this.#observed(controller));
    return new RunningControllers(controllers, {
      sourceOf: this.feeds.sourceOf,
      resources: this.feeds.resources,
      apiOf: (controller) => wrapApi(this.network.apiFor(controller)),
      eventsOf: (controller) => ({
        record: (about, type, reason, message) => this.events.push({ controller, about, type, reason, message }),
      }),
      metrics: { reconciled: (controller, result) => this.results.push({ controller, result }) },
      measurer: this.#options.measurer?.(this),
      consultant: this.#options.consultant?.(this),
      clock: this.clock,
      log: this.#log,
      backoff,
      random: () => this.random.next(),
    });
  }

  /** The revision of a kind that a controller's latest plan for a key was made from; of its own kind where none is named. */
  decidedAt(controller: string, key: string, kind?: KindName): number {
    return this.#decidedAt.get(`${controller} ${key}`)?.get(kind) ?? 0;
  }

  /** The controller itself, of which is noted what its plans were made from. */
  #observed(controller: Controller): Controller {
    const { name, watches } = controller;
    const [own] = watches;
    if (own === undefined) return controller;
    return {
      ...controller,
      reconcile: (key, view, nowMs) => {
        const revisions = watches.map((kind): [KindName, number] => [kind, view.revision(kind)]);
        this.#decidedAt.set(`${name} ${key}`, new Map([[undefined, view.revision(own)], ...revisions]));
        return controller.reconcile(key, view, nowMs);
      },
    };
  }

  async #stopLeading(): Promise<void> {
    const running = this.#running;
    this.#running = undefined;
    this.network.hangUp();
    await running?.[Symbol.asyncDispose]();
    this.network.hangUp();
  }

  #setFaults(faults: Faults | undefined): void {
    this.#faults = faults;
    this.network.faults = faults?.network;
    this.feeds.faults = faults?.feeds;
    this.players.failing = faults?.failingPods ?? false;
  }

  #lastWrites(): string {
    return this.history()
      .slice(-8)
      .map(({ by, type, object }) => `${by} ${type} ${object.kind} ${object.metadata.name}`)
      .join('; ');
  }
}

/** Lets everything run that waits for nothing but its turn. */
function turn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
