import type { Amounts } from '@gantry/model/amounts.ts';
import type { Change, Operation } from '@gantry/store/store.ts';
import { type AnyObject, type Stored, storedBy } from '../core/stored-object.ts';
import type { HubChange } from '../watch/change.ts';
import type { ChangeObserver } from '../watch/observers.ts';
import { allocatableOf, type Demand, demandOf } from './demand.ts';

// Accounts of the nodes' resources, counted from the pods themselves. docs/adr/node-fences.md: how Bind stays exact with many api replicas.

/** Resources of one node, and the part that its pods take. */
export interface NodeAccount {
  readonly name: string;
  readonly allocatable: Amounts;
  /** True if the node's end was asked for. */
  readonly deleting: boolean;
  /** True if the node was silent, so that whether it is ready is unknown. */
  readonly unknown: boolean;
  /** Labels that say where the node is: pods that it gets have them, too. */
  readonly topology: Labels;
  /** Sum over the pods. */
  readonly used: Amounts;
  /** Number of its pods that hold each host port. */
  readonly hostPorts: ReadonlyMap<string, number>;
  /** Revision of the node's fence; 0 if it has none. */
  readonly fence: number;
}

type Labels = Readonly<Record<string, string>>;

/** Labels of nodes that pods get with their node, as Kubernetes' PodTopologyLabels has them. */
const topologyLabels = ['topology.kubernetes.io/zone', 'topology.kubernetes.io/region'];

interface Account {
  name: string;
  /** Undefined where no such node exists (its pods or its fence were seen first, or outlive it). */
  node: { allocatable: Amounts; deleting: boolean; unknown: boolean; topology: Labels } | undefined;
  used: Map<string, number>;
  hostPorts: Map<string, number>;
  fence: number;
}

interface Share {
  readonly node: string;
  readonly demand: Demand;
  /** Of the pod's state that says so. This process knows its own writes early, so that older states may come after. */
  readonly revision: number;
}

const fencePrefix = 'claims/';

/** Key of a node's fence: every write that takes from a node's room puts it in the same batch. */
export function fenceKey(node: string): string {
  return `${fencePrefix}${node}`;
}

/** Puts a node's fence, whatever its revision: for writes that take room without asking whether there is any. */
export function raiseFence(node: string, by: string): Operation {
  return { type: 'put', key: fenceKey(node), value: JSON.stringify({ by }) };
}

/** The accounts of all nodes, kept up to date from the store's changes and this process's own writes. */
export class CapacityLedger implements ChangeObserver {
  readonly prefixes = ['nodes/', fencePrefix, 'pods/'];
  readonly #accounts = new Map<string, Account>();
  /** Share of each bound, unfinished pod, by its key. */
  readonly #shares = new Map<string, Share>();
  /** Revision of the last change that the store's tail brought. */
  #revision = 0;

  reset(revision: number): void {
    this.#accounts.clear();
    this.#shares.clear();
    this.#revision = revision;
  }

  onEntry(stored: Stored): void {
    this.#put(stored.key, stored.revision, () => stored.object);
  }

  onChange(change: Change, event: HubChange | undefined): void {
    this.#revision = change.revision;
    if (change.type === 'delete') this.#remove(change.key, change.revision);
    else this.#put(change.key, change.revision, () => event?.object);
  }

  /** Takes note of this process's own commit before the tail brings it, so that the next decision knows of it. */
  noteCommitted(operations: readonly Operation[], revisions: readonly number[]): void {
    for (const [index, operation] of operations.entries()) {
      const revision = revisions[index]!;
      // The tail may have brought this change already, and newer ones after it.
      if (operation.type !== 'put' || revision <= this.#revision) continue;
      this.#put(operation.key, revision, () => storedBy(operation, revision).object);
    }
  }

  /** The account of a node that exists. */
  account(name: string): NodeAccount | undefined {
    const account = this.#accounts.get(name);
    return account?.node && { ...account, ...account.node };
  }

  /** An object that cannot be decoded leaves its account as it was: its room is not given to others. */
  #put(key: string, revision: number, read: () => AnyObject | undefined): void {
    const { resource, name } = partsOf(key);
    if (resource === 'claims') this.#raise(this.#accountOf(name), revision);
    const object = resource === 'pods' || resource === 'nodes' ? read() : undefined;
    if (object === undefined) return;
    if (resource === 'pods') this.#putPod(key, revision, object);
    else this.#putNode(name, object);
  }

  #raise(account: Account, revision: number): void {
    account.fence = Math.max(account.fence, revision);
  }

  #putNode(name: string, object: AnyObject): void {
    this.#accountOf(name).node = {
      allocatable: allocatableOf(object),
      deleting: object.metadata.deletionTimestamp !== undefined,
      unknown: isUnknown(object),
      topology: topologyOf(object),
    };
  }

  #putPod(key: string, revision: number, pod: AnyObject): void {
    const node = nodeOf(pod);
    const known = this.#shares.get(key);
    // The tail brings this process's own commits, which are counted already, too.
    if (known === undefined ? node === undefined : known.revision >= revision) return;
    // A pod with a field of another type throws here, before anything is changed.
    const demand = node === undefined ? undefined : demandOf(pod);
    this.#release(key, revision);
    if (node === undefined || demand === undefined) return;
    this.#shares.set(key, { node, demand, revision });
    this.#count(this.#accountOf(node), demand, 1);
  }

  #remove(key: string, revision: number): void {
    const { resource, name } = partsOf(key);
    if (resource === 'pods') this.#release(key, revision);
    const account = resource === 'nodes' || resource === 'claims' ? this.#accounts.get(name) : undefined;
    if (account === undefined) return;
    if (resource === 'nodes') account.node = undefined;
    else if (account.fence <= revision) account.fence = 0;
    this.#dropEmpty(account);
  }

  #release(key: string, revision: number): void {
    const share = this.#shares.get(key);
    if (share === undefined || share.revision > revision) return;
    this.#shares.delete(key);
    const account = this.#accountOf(share.node);
    this.#count(account, share.demand, -1);
    this.#dropEmpty(account);
  }

  #count(account: Account, demand: Demand, sign: 1 | -1): void {
    for (const [resource, amount] of demand.amounts) add(account.used, resource, sign * amount);
    for (const port of demand.hostPorts) add(account.hostPorts, port, sign);
  }

  #accountOf(name: string): Account {
    const known = this.#accounts.get(name);
    if (known !== undefined) return known;
    const made: Account = { name, node: undefined, used: new Map(), hostPorts: new Map(), fence: 0 };
    this.#accounts.set(name, made);
    return made;
  }

  #dropEmpty(account: Account): void {
    if (account.node === undefined && account.fence === 0 && account.used.size === 0)
      this.#accounts.delete(account.name);
  }
}

function topologyOf({ metadata: { labels = {} } }: AnyObject): Labels {
  const known = topologyLabels.filter((label) => labels[label] !== undefined);
  return Object.fromEntries(known.map((label) => [label, labels[label]!]));
}

function isUnknown({ status }: AnyObject): boolean {
  const conditions = (status?.conditions ?? []) as readonly { readonly type: string; readonly status: string }[];
  return conditions.some((condition) => condition.type === 'Ready' && condition.status === 'Unknown');
}

function partsOf(key: string): { readonly resource: string; readonly name: string } {
  return { resource: key.slice(0, key.indexOf('/')), name: key.slice(key.lastIndexOf('/') + 1) };
}

/** A pod with the labels of where its node is. */
export function withTopology(pod: AnyObject, { topology }: Pick<NodeAccount, 'topology'>): AnyObject {
  if (Object.keys(topology).length === 0) return pod;
  return { ...pod, metadata: { ...pod.metadata, labels: { ...pod.metadata.labels, ...topology } } };
}

/** The node on which a pod takes room; undefined for one that is not bound or has finished. */
export function nodeOf(pod: AnyObject): string | undefined {
  const phase = pod.status?.phase;
  if (phase === 'Succeeded' || phase === 'Failed') return undefined;
  return (pod.spec?.nodeName as string | undefined) || undefined;
}

/** Why a demand does not fit beside what is used and what `planned` takes; undefined if it does. In the node agent's words in Kubernetes. */
export function fitProblem(account: NodeAccount, planned: Demand, demand: Demand): string | undefined {
  for (const [resource, amount] of demand.amounts) {
    const used = (account.used.get(resource) ?? 0) + (planned.amounts.get(resource) ?? 0);
    const capacity = account.allocatable.get(resource) ?? 0;
    if (amount > 0 && used + amount > capacity) {
      return `Node didn't have enough resource: ${resource}, requested: ${amount}, used: ${used}, capacity: ${capacity}`;
    }
  }
  for (const port of demand.hostPorts) {
    const holder = [...account.hostPorts.keys(), ...planned.hostPorts].find((taken) => portsCollide(taken, port));
    if (holder !== undefined) return `Node didn't have free ports: host port ${port} is taken by ${holder}`;
  }
  return undefined;
}

/** Host ports are `<protocol>/<ip>/<port>`; one on all addresses collides with one on any. */
function portsCollide(left: string, right: string): boolean {
  const [leftProtocol, leftIp, leftPort] = left.split('/');
  const [rightProtocol, rightIp, rightPort] = right.split('/');
  if (leftProtocol !== rightProtocol || leftPort !== rightPort) return false;
  return leftIp === rightIp || leftIp === '0.0.0.0' || rightIp === '0.0.0.0';
}

function add(counts: Map<string, number>, key: string, amount: number): void {
  const sum = (counts.get(key) ?? 0) + amount;
  if (sum === 0) counts.delete(key);
  else counts.set(key, sum);
}
