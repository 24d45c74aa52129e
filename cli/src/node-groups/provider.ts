/** The local provider: machines are nodes on this one. It deletes nothing by itself. */
import type {
  GroupOptions,
  Instance,
  InstanceError,
  NodeGroup,
  NodeProvider,
  ProviderNode,
} from '@gantry/cloud-provider/provider.ts';
import type { Pod } from '@gantry/model/gen/gantry.core.v1.ts';
import { parseQuantity, toMilli } from '@gantry/model/quantity.ts';
import { backoffMs } from '@gantry/runtime/backoff.ts';
import type { Clock } from '@gantry/runtime/clock.ts';
import { GantryError, toGantryError } from '@gantry/runtime/errors.ts';
import type { Logger } from '@gantry/runtime/log.ts';
import { Semaphore } from '@gantry/runtime/semaphore.ts';
import { type MachineHost, type MachineRecord, newName, providerIdOf, sizeOf, takenBack } from './machines.ts';
import type { NodeGroupSpec } from './spec.ts';
import { capacityOf, groupLabel, type MachineFacts, templateOf } from './template.ts';

/** Attempts to start or end a machine, of which a failed one is repeated. */
const retryBackoff = { initialMs: 1_000, maxMs: 60_000, factor: 2, jitter: 0.2 };
const hourMs = 3_600_000;

/** Dependencies of the provider. */
export interface LocalProviderDeps {
  readonly hostOf: (group: NodeGroupSpec) => MachineHost;
  /** Keeps the provider's books; resolves once they are on the disk. */
  readonly save: (machines: readonly MachineRecord[]) => Promise<void>;
  readonly facts: MachineFacts;
  readonly clock: Clock;
  readonly random: () => number;
  readonly log: Logger;
}

/** The start or the end of a machine, under way. */
interface Work {
  readonly state: MachineRecord['state'];
  readonly stop: AbortController;
  readonly done: Promise<void>;
}

type Books = Map<string, MachineRecord>;

/** The provider of this machine's node groups. Disposing of it stops what is under way; machines stay in the books. */
export class LocalProvider implements NodeProvider, AsyncDisposable {
  readonly #groups: ReadonlyMap<string, NodeGroupSpec>;
  readonly #deps: LocalProviderDeps;
  /** The books. They are replaced, never changed. */
  #machines: ReadonlyMap<string, MachineRecord>;
  /** Failures of the last attempt to start a machine. */
  readonly #errors = new Map<string, InstanceError>();
  /** Work on machines by name: at most one each. */
  readonly #work = new Map<string, Work>();
  readonly #saving = new Semaphore(1);
  #closed = false;

  /**
   * @param machines The books of an earlier run. Machines of groups that are gone are ended.
   */
  constructor(groups: readonly NodeGroupSpec[], machines: readonly MachineRecord[], deps: LocalProviderDeps) {
    this.#groups = new Map(groups.map((group) => [group.name, group]));
    this.#machines = new Map(machines.map((machine) => [machine.name, machine]));
    this.#deps = deps;
  }

  /** Starts what the books say, and what groups lack of their least size. */
  async start(): Promise<void> {
    await this.#change((books) => {
      for (const { name, group, state } of [...books.values()]) {
        const stays = this.#groups.has(group) && state !== 'deleting';
        books.set(name, { name, group, state: stays ? 'creating' : 'deleting' });
      }
      for (const { name, minSize } of this.#groups.values()) {
        this.#enter(books, name, Math.max(0, minSize - sizeOf(books.values(), name)));
      }
    });
  }

  async nodeGroups(): Promise<readonly NodeGroup[]> {
    return [...this.#groups.values()].map(groupOf);
  }

  async nodeGroupForNode(node: ProviderNode): Promise<NodeGroup | undefined> {
    const group = find(this.#machines, node)?.group;
    const spec = group === undefined ? undefined : this.#groups.get(group);
    return spec === undefined ? undefined : groupOf(spec);
  }

  async targetSize(group: string): Promise<number> {
    return sizeOf(this.#machines.values(), this.#group(group).name);
  }

  async increaseSize(group: string, count: number): Promise<void> {
    const { maxSize } = this.#group(group);
    await this.#change((books) => {
      const size = sizeOf(books.values(), group);
      if (size + count > maxSize) {
        throw refused(`node group ${group} has ${size} nodes: ${count} more are beyond its greatest size, ${maxSize}`);
      }
      this.#enter(books, group, count);
    });
  }

  async deleteNodes(group: string, nodes: readonly ProviderNode[]): Promise<void> {
    const { minSize } = this.#group(group);
    await this.#change((books) => {
      const found = nodes.map((node) => {
        const machine = find(books, node);
        if (machine?.group === group) return machine;
        throw new GantryError('NotFound', `node ${node.name || node.providerID} is none of group ${group}`);
      });
      const ending = new Set(found.filter(({ state }) => state !== 'deleting'));
      const left = sizeOf(books.values(), group) - ending.size;
      if (ending.size > 0 && left < minSize) {
        throw refused(`node group ${group} would have ${left} nodes, below its least size, ${minSize}`);
      }
      for (const { name } of ending) books.set(name, { name, group, state: 'deleting' });
    });
  }

  async decreaseTargetSize(group: string, count: number): Promise<void> {
    this.#group(group);
    await this.#change((books) => {
      const machines = takenBack([...books.values()], group, count);
      if (machines === undefined) throw refused(`fewer than ${count} nodes of group ${group} are on their way`);
      for (const { name } of machines) books.set(name, { name, group, state: 'deleting' });
    });
  }

  async instances(group: string): Promise<readonly Instance[]> {
    const { name } = this.#group(group);
    return [...this.#machines.values()]
      .filter((machine) => machine.group === name)
      .map(({ name, state }) => {
        const error = this.#errors.get(name);
        return { id: providerIdOf(name), state, ...(error === undefined ? {} : { error }) };
      });
  }

  async template(group: string) {
    return templateOf(this.#group(group), this.#deps.facts);
  }

  async options(group: string, defaults: GroupOptions): Promise<GroupOptions | undefined> {
    const { unneededMs } = this.#group(group);
    return unneededMs === undefined ? undefined : { ...defaults, scaleDownUnneededMs: unneededMs };
  }

  async nodePrice(node: ProviderNode, fromMs: number, toMs: number): Promise<number> {
    // Of a node that is not there yet, which is a template's copy, the label tells.
    const group = find(this.#machines, node)?.group ?? node.labels[groupLabel];
    const spec = group === undefined ? undefined : this.#groups.get(group);
    if (spec?.price === undefined) throw noPrice(node.name);
    return (spec.price * (toMs - fromMs)) / hourMs;
  }

  /** The share of a node that a pod asks for, of the dearer of cpu and memory, in the group where that is cheapest. */
  async podPrice(pod: Pod, fromMs: number, toMs: number): Promise<number> {
    const prices = [...this.#groups.values()].flatMap((group) => {
      const { price } = group;
      return price === undefined ? [] : [price * shareOf(pod, capacityOf(group, this.#deps.facts))];
    });
    if (prices.length === 0) throw noPrice(pod.metadata?.name ?? '');
    return (Math.min(...prices) * (toMs - fromMs)) / hourMs;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#closed = true;
    const works = [...this.#work.values()];
    for (const { stop } of works) stop.abort();
    await Promise.all(works.map(({ done }) => done));
  }

  #group(name: string): NodeGroupSpec {
    const group = this.#groups.get(name);
    if (group !== undefined) return group;
    throw new GantryError('NotFound', `there is no node group ${JSON.stringify(name)}`);
  }

  #enter(books: Books, group: string, count: number): void {
    for (let i = 0; i < count; i++) {
      const name = newName(group, (taken) => books.has(taken), this.#deps.random);
      books.set(name, { name, group, state: 'creating' });
    }
  }

  /** Changes the books, all or nothing and on the disk first, and then carries out what they say. */
  async #change(edit: (books: Books) => void): Promise<void> {
    await this.#saving.run(async () => {
      const books: Books = new Map(this.#machines);
      edit(books);
      await this.#deps.save([...books.values()]);
      this.#machines = books;
    });
    for (const { name } of this.#machines.values()) this.#carryOut(name);
  }

  #carryOut(name: string): void {
    const state = this.#machines.get(name)?.state;
    if (this.#closed || state === undefined || state === 'running') return;
    const work = this.#work.get(name);
    if (work !== undefined) {
      // Its end carries out what is wanted now.
      if (work.state !== state) work.stop.abort();
      return;
    }
    const stop = new AbortController();
    const done = this.#untilDone(name, state, stop.signal)
      .catch((error: unknown) => this.#deps.log.error({ error, machine: name }, 'the work on a machine ended'))
      .then(() => {
        this.#work.delete(name);
        this.#carryOut(name);
      });
    this.#work.set(name, { state, stop, done });
  }

  /** Starts or ends a machine, again and again until that is done, or not wanted any more. */
  async #untilDone(name: string, state: 'creating' | 'deleting', signal: AbortSignal): Promise<void> {
    const { clock, log } = this.#deps;
    for (let failures = 1; !signal.aborted; failures++) {
      const machine = this.#machines.get(name);
      if (machine?.state !== state) return;
      try {
        await (state === 'creating' ? this.#startMachine(machine, signal) : this.#stopMachine(machine));
        this.#errors.delete(name);
        return;
      } catch (thrown) {
        if (signal.aborted) return;
        const error = toGantryError(thrown);
        log.warn({ error, machine: name, state }, 'the work on a machine failed and will be repeated');
        this.#errors.set(name, { kind: 'other', code: error.reason, message: error.message });
        await clock.sleep(backoffMs(retryBackoff, failures), signal).catch(() => {});
      }
    }
  }

  async #startMachine({ name, group }: MachineRecord, signal: AbortSignal): Promise<void> {
    const spec = this.#group(group);
    await this.#deps.clock.sleep(spec.startMs, signal);
    const machine = { name, group: spec, providerId: providerIdOf(name) };
    await this.#deps.hostOf(spec).start(machine, signal);
    await this.#change((books) => {
      if (books.get(name)?.state === 'creating') books.set(name, { name, group, state: 'running' });
    });
  }

  async #stopMachine({ name, group }: MachineRecord): Promise<void> {
    // Of a group that is gone nobody knows any more how its machines ran: both kinds of host are asked.
    const spec = this.#groups.get(group);
    const specs = spec === undefined ? (['real', 'hollow'] as const).map(goneGroup(group)) : [spec];
    for (const each of specs) await this.#deps.hostOf(each).stop(name);
    this.#errors.delete(name);
    await this.#change((books) => void books.delete(name));
  }
}

/** The machine of a node: by its identifier, or by its name where it has none. */
function find(
  books: ReadonlyMap<string, MachineRecord>,
  { providerID, name }: ProviderNode,
): MachineRecord | undefined {
  const machine = books.get(providerID === '' ? name : providerID.replace(/^local:\/\//, ''));
  if (machine === undefined || providerID === '') return machine;
  return providerID === providerIdOf(machine.name) ? machine : undefined;
}

function groupOf(group: NodeGroupSpec): NodeGroup {
  const { name, minSize, maxSize, runtime } = group;
  const amounts = Object.entries(group.capacity).map(([resource, amount]) => `${resource} ${amount}`);
  return { id: name, minSize, maxSize, debug: [`${runtime} nodes on this machine`, ...amounts].join(', ') };
}

function goneGroup(name: string): (runtime: NodeGroupSpec['runtime']) => NodeGroupSpec {
  const none = { price: undefined, unneededMs: undefined };
  return (runtime) => ({
    name,
    minSize: 0,
    maxSize: 0,
    runtime,
    capacity: {},
    labels: {},
    taints: [],
    startMs: 0,
    ...none,
  });
}

/** The share of a node that a pod's requests take. */
function shareOf({ spec }: Pod, capacity: Readonly<Record<string, string>>): number {
  const share = (resource: string): number => {
    const requests = (spec?.containers ?? []).map(({ resources }) => amountOf(resources?.requests?.[resource]));
    const all = amountOf(capacity[resource]);
    return all === 0 ? 0 : requests.reduce((sum, amount) => sum + amount, 0) / all;
  };
  return Math.max(share('cpu'), share('memory'));
}

function amountOf(quantity: string | undefined): number {
  return quantity === undefined ? 0 : toMilli(parseQuantity(quantity));
}

function noPrice(of: string): GantryError {
  return new GantryError('MethodNotAllowed', `there is no price of ${JSON.stringify(of)}`);
}

function refused(text: string): GantryError {
  return new GantryError('FailedPrecondition', text);
}
