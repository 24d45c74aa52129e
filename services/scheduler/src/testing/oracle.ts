import type { Amounts } from '@gantry/model/amounts.ts';
import { deviceCount } from '@gantry/model/gpu.ts';
import { meets } from '@gantry/model/selectors.ts';
import type { ScoreWeights } from '../profiles.ts';
import type { NodeInfo, NodeTerm, PodInfo, PodRequirement, PodSelector, PodTerm, SpreadRule } from '../requirement.ts';
import type { RoomKind } from '../score/gpu-packing.ts';
import { type Storage, volumesAllow } from './storage-oracle.ts';

// The right decisions, written as plainly as possible and as slowly as it takes: everything is looked at
// anew for every question. The fast path is held against it.

export interface PlacedPod {
  readonly pod: PodInfo;
  readonly node: string;
  /** GPU devices that it has there. */
  readonly devices: readonly number[];
}

/** A cluster as plain lists. */
export interface Picture {
  readonly nodes: readonly NodeInfo[];
  readonly placed: readonly PlacedPod[];
  readonly namespaces: ReadonlyMap<string, Readonly<Record<string, string>>>;
  /** Typical requests, if they matter. */
  readonly typical?: readonly Amounts[];
  /** Value of room, if GPU packing counts. */
  readonly prices?: Prices;
  /** Absent where no pod has claims. */
  readonly storage?: Storage;
}

/** Value of a place for each kind of pods, and upper bound of one node's room. */
export interface Prices {
  readonly kinds: readonly (Omit<RoomKind, 'verdicts'> & { readonly example: PodRequirement })[];
  readonly most: number;
}

/** The nodes that may take a pod, each with its score. */
export function oracle(pod: PodRequirement, picture: Picture, weights: ScoreWeights): Map<string, number> {
  const feasible = picture.nodes.filter((node) => mayTake(pod, node, picture));
  return new Map(feasible.map((node) => [node.name, scoreOf(pod, node, picture, weights)]));
}

/** Whether a node may take a pod beside those that are placed. */
export function mayTake(pod: PodRequirement, node: NodeInfo, picture: Picture): boolean {
  return (
    mayGo(pod, node) &&
    [...pod.requests].every(
      ([name, amount]) => used(name, node, picture) + amount <= (node.allocatable.get(name) ?? 0),
    ) &&
    devicesAreFree(pod, node, picture) &&
    portsAreFree(pod, node, picture) &&
    volumesAllow(pod, node, picture) &&
    pod.spread.every((rule) => !rule.required || spreadAllows(rule, pod, node, picture)) &&
    podAffinityAllows(pod, node, picture) &&
    pod.antiAffinity.every(
      (term) => near(term, node, picture, (other) => matches(term.selector, other, picture)) === 0,
    ) &&
    picture.placed.every(({ pod: { requirement: other }, node: place }) =>
      other.antiAffinity.every(
        (term) => !(matches(term.selector, pod, picture) && sameDomain(term.topologyKey, node, nodeOf(place, picture))),
      ),
    )
  );
}

/** Whether a node may take a pod as far as labels and taints say. */
function mayGo(pod: PodRequirement, node: NodeInfo): boolean {
  const taints = node.unschedulable
    ? [...node.taints, { key: 'node.kubernetes.io/unschedulable', value: '', effect: 'NoSchedule' as const }]
    : node.taints;
  const bearsAll = taints.every((taint) => taint.effect === 'PreferNoSchedule' || bears(pod, taint));
  return bearsAll && affinityAllows(pod, node);
}

function bears(pod: PodRequirement, taint: NodeInfo['taints'][number]): boolean {
  return pod.tolerations.some(({ key, operator, value, effect }) => {
    if (effect !== '' && effect !== taint.effect) return false;
    if (operator === 'Exists') return key === '' || key === taint.key;
    if (key !== taint.key) return false;
    if (operator === 'Equal') return value === taint.value;
    if (![value, taint.value].every((text) => /^[+-]?\d+$/.test(text))) return false;
    return operator === 'Lt' ? Number(taint.value) < Number(value) : Number(taint.value) > Number(value);
  });
}

function affinityAllows(pod: PodRequirement, node: NodeInfo): boolean {
  const bySelector = pod.nodeSelector.every((requirement) => meets(node.labels, requirement));
  return bySelector && (pod.nodeTerms === undefined || pod.nodeTerms.some((term) => termMatches(term, node)));
}

/** Whether a node meets a term. */
export function termMatches({ labels, names }: NodeTerm, node: NodeInfo): boolean {
  if (labels.length + names.length === 0) return false;
  const name = { 'metadata.name': node.name };
  return (
    labels.every((requirement) => meets(node.labels, requirement)) &&
    names.every((requirement) => meets(name, { ...requirement, key: 'metadata.name' }))
  );
}

function podsOn(node: NodeInfo, { placed }: Picture): PodRequirement[] {
  return placed.filter(({ node: name }) => name === node.name).map(({ pod }) => pod.requirement);
}

function used(resource: string, node: NodeInfo, picture: Picture): number {
  return podsOn(node, picture).reduce((sum, { requests }) => sum + (requests.get(resource) ?? 0), 0);
}

/** Free thousandths of each GPU device. */
function freeDevices(node: NodeInfo, { placed }: Picture): number[] {
  const here = placed.filter(({ node: name }) => name === node.name);
  return Array.from({ length: deviceCount(node.allocatable) }, (_, device) => {
    const holders = here.filter(({ devices }) => devices.includes(device));
    return 1_000 - holders.reduce((sum, { pod }) => sum + pod.requirement.gpu!.milliEach, 0);
  });
}

function devicesAreFree({ gpu }: PodRequirement, node: NodeInfo, picture: Picture): boolean {
  if (gpu === undefined) return true;
  return freeDevices(node, picture).filter((milli) => milli >= gpu.milliEach).length >= gpu.devices;
}

/** Whether a pod has as many GPU devices of its node as it asks for, and none of the node's is given out beyond what it is. */
export function devicesAreRight({ pod, devices }: PlacedPod, node: NodeInfo, picture: Picture): boolean {
  const free = freeDevices(node, picture);
  const wanted = pod.requirement.gpu?.devices ?? 0;
  return (
    free.every((milli) => milli >= 0) &&
    devices.every((device) => free[device] !== undefined) &&
    devices.length === wanted &&
    new Set(devices).size === wanted
  );
}

function portsAreFree(pod: PodRequirement, node: NodeInfo, picture: Picture): boolean {
  const taken = podsOn(node, picture).flatMap(({ hostPorts }) => hostPorts);
  return !pod.hostPorts.some((want) =>
    taken.some(
      (has) =>
        want.port === has.port &&
        want.protocol === has.protocol &&
        (want.ip === has.ip || want.ip === '0.0.0.0' || has.ip === '0.0.0.0'),
    ),
  );
}

function matches(selector: PodSelector, pod: PodRequirement, { namespaces }: Picture): boolean {
  const byName = selector.namespaces.has(pod.namespace);
  const byLabels = selector.namespaceLabels?.every((requirement) => meets(namespaces.get(pod.namespace), requirement));
  if (!byName && !byLabels) return false;
  return selector.labels?.every((requirement) => meets(pod.labels, requirement)) ?? false;
}

function nodeOf(name: string, { nodes }: Picture): NodeInfo | undefined {
  return nodes.find((node) => node.name === name);
}

function sameDomain(key: string, left: NodeInfo, right: NodeInfo | undefined): boolean {
  return left.labels[key] !== undefined && left.labels[key] === right?.labels[key];
}

/** Pods in the node's domain that pass a test. */
function near(term: PodTerm, node: NodeInfo, picture: Picture, test: (pod: PodRequirement) => boolean): number {
  return picture.placed.filter(
    ({ pod, node: place }) => test(pod.requirement) && sameDomain(term.topologyKey, node, nodeOf(place, picture)),
  ).length;
}

function podAffinityAllows(pod: PodRequirement, node: NodeInfo, picture: Picture): boolean {
  const terms = pod.affinity;
  const matchesAll = (other: PodRequirement): boolean =>
    terms.every(({ selector }) => matches(selector, other, picture));
  if (terms.some(({ topologyKey }) => node.labels[topologyKey] === undefined)) return false;
  if (terms.every((term) => near(term, node, picture, matchesAll) > 0)) return true;
  const anywhere = picture.placed.some(
    ({ pod: other, node: place }) =>
      matchesAll(other.requirement) &&
      terms.some(({ topologyKey }) => nodeOf(place, picture)?.labels[topologyKey] !== undefined),
  );
  return !anywhere && matchesAll(pod);
}

/** Pods of a rule's group by domain, for the domains that count. */
function groupCounts(rule: SpreadRule, pod: PodRequirement, picture: Picture): Map<string, number> {
  const together = pod.spread.filter(({ required }) => required === rule.required);
  const eligible = picture.nodes.filter(
    (node) =>
      together.every(({ topologyKey }) => node.labels[topologyKey] !== undefined) &&
      (!rule.honorAffinity || affinityAllows(pod, node)) &&
      (!rule.honorTaints || node.taints.every((taint) => taint.effect === 'PreferNoSchedule' || bears(pod, taint))),
  );
  const counts = new Map(eligible.map((node) => [node.labels[rule.topologyKey]!, 0]));
  for (const { pod: other, node: place } of picture.placed) {
    const node = eligible.find(({ name }) => name === place);
    if (node === undefined || other.terminating || !matches(rule.selector, other.requirement, picture)) continue;
    const domain = node.labels[rule.topologyKey]!;
    counts.set(domain, counts.get(domain)! + 1);
  }
  return counts;
}

function spreadAllows(rule: SpreadRule, pod: PodRequirement, node: NodeInfo, picture: Picture): boolean {
  const domain = node.labels[rule.topologyKey];
  if (domain === undefined) return false;
  const counts = groupCounts(rule, pod, picture);
  const least = counts.size < rule.minDomains ? 0 : Math.min(...counts.values());
  const own = matches(rule.selector, pod, picture) ? 1 : 0;
  return (counts.get(domain) ?? 0) + own - (counts.size === 0 ? 0 : least) <= rule.maxSkew;
}

function scoreOf(pod: PodRequirement, node: NodeInfo, picture: Picture, weights: ScoreWeights): number {
  return (
    resources(pod, node, picture, weights) +
    (weights.gpuPacking > 0 ? weights.gpuPacking * packing(pod, node, picture) : 0) +
    (weights.usableRoom > 0 ? weights.usableRoom * usableRoom(pod, node, picture) : 0) +
    weights.nodeAffinity * preferredAffinity(pod, node) +
    weights.taintToleration * fewTaints(pod, node, picture) +
    weights.topologySpread * softSpread(pod, node, picture) +
    weights.defaultSpread * evenSpread(pod, node, picture) +
    weights.imageLocality * imagesThere(pod, node, picture) +
    weights.podAffinity * neighbours(pod, node, picture)
  );
}

function resources(pod: PodRequirement, node: NodeInfo, picture: Picture, weights: ScoreWeights): number {
  const pods = [...podsOn(node, picture), pod];
  const cpu = pods.reduce((sum, { scoring }) => sum + scoring.cpuMilli, 0) / (node.allocatable.get('cpu') ?? 0);
  const memory =
    pods.reduce((sum, { scoring }) => sum + scoring.memoryBytes, 0) / (node.allocatable.get('memory') ?? 0);
  const shares = [cpu, memory].map((share) => Math.min(1, share));
  const mean = (shares[0]! + shares[1]!) / 2;
  const balance = 1 - Math.abs(shares[0]! - shares[1]!) / 2;
  return (
    100 * (weights.leastAllocated * (1 - mean) + weights.mostAllocated * mean + weights.balancedAllocation * balance)
  );
}

/** How little of what a node's room is worth the pod takes, on the best of its GPU devices. */
function packing(pod: PodRequirement, node: NodeInfo, picture: Picture): number {
  const { kinds, most } = picture.prices!;
  const left = (name: string): number => (node.allocatable.get(name) ?? 0) - used(name, node, picture);
  const worth = (free: readonly number[], taken: (name: string) => number): number =>
    kinds
      .filter(({ example }) => mayGo(example, node))
      .reduce((sum, kind) => sum + kind.worth * places(kind, free, (name) => left(name) - taken(name)), 0);
  const free = freeDevices(node, picture);
  const before = worth(free, () => 0);
  const after = deviceChoices(pod, free).map((choice) => worth(choice, (name) => pod.requests.get(name) ?? 0));
  return most === 0 ? 100 : 100 * (1 - Math.min(1, (before - Math.max(...after)) / most));
}

/** How many pods of a kind a node takes; parts of pods count where cpu or memory are the limit. */
function places(
  { devices, milliEach, cpuMilli, memoryBytes }: Prices['kinds'][number],
  free: readonly number[],
  left: (name: string) => number,
): number {
  if (left('cpu') < cpuMilli || left('memory') < memoryBytes || left('pods') <= 0) return 0;
  const bySize = Math.min(left('cpu') / cpuMilli || 1 / 0, left('memory') / memoryBytes || 1 / 0, left('pods'));
  const shares = free.reduce((sum, milli) => sum + Math.floor(milli / milliEach), 0);
  return Math.min(bySize, Math.floor(shares / devices));
}

/** Possible free shares of each device after the pod took its own. */
function deviceChoices({ gpu }: PodRequirement, free: readonly number[]): number[][] {
  if (gpu === undefined) return [[...free]];
  const fitting = [...free.keys()].filter((device) => free[device]! >= gpu.milliEach);
  const choices = gpu.devices === 1 ? fitting.map((device) => [device]) : [fitting.slice(0, gpu.devices)];
  return choices.map((chosen) =>
    free.map((milli, device) => (chosen.includes(device) ? milli - gpu.milliEach : milli)),
  );
}

function usableRoom(pod: PodRequirement, node: NodeInfo, picture: Picture): number {
  const { typical: kinds = [] } = picture;
  const available = (name: string): number => node.allocatable.get(name) ?? 0;
  const names = new Set(kinds.flatMap((kind) => [...kind.keys()]));
  const free = new Map([...names].map((name) => [name, available(name) - used(name, node, picture)]));
  const fitting = (kind: Amounts, taken?: Amounts): number =>
    Math.min(...[...kind].map(([name, amount]) => Math.floor((free.get(name)! - (taken?.get(name) ?? 0)) / amount)));
  const lost = kinds.map((kind) => {
    const fewer = fitting(kind) - fitting(kind, pod.requests);
    return fewer === 0 ? 0 : fewer * Math.max(...[...kind].map(([name, amount]) => amount / available(name))) ** 1.5;
  });
  return kinds.length === 0 ? 0 : 100 * (1 - lost.reduce((sum, each) => sum + each, 0) / kinds.length);
}

function preferredAffinity({ preferredNodeTerms }: PodRequirement, node: NodeInfo): number {
  const total = preferredNodeTerms.reduce((sum, { weight }) => sum + weight, 0);
  const got = preferredNodeTerms.filter(({ term }) => termMatches(term, node));
  return total === 0 ? 0 : (100 * got.reduce((sum, { weight }) => sum + weight, 0)) / total;
}

/** The score is neutral if no node has such a taint. */
function fewTaints(pod: PodRequirement, node: NodeInfo, { nodes }: Picture): number {
  const disliked = (of: NodeInfo): number =>
    of.taints.filter((taint) => taint.effect === 'PreferNoSchedule' && !bears(pod, taint)).length;
  return nodes.every((other) => disliked(other) === 0) ? 0 : 100 / (1 + disliked(node));
}

/** Images by size, those that are on many nodes for more; between 23 MiB in all and 1,000 MiB each. */
function imagesThere({ images }: PodRequirement, node: NodeInfo, { nodes }: Picture): number {
  const mebibytes = images.map((image) => {
    const name = /[:@][^/]*$/.test(image) ? image : `${image}:latest`;
    const holders = nodes.filter((other) => other.images.has(name)).length;
    return ((node.images.get(name) ?? 0) / 1024 / 1024) * (holders / nodes.length);
  });
  const sum = mebibytes.reduce((total, size) => total + size, 0);
  const most = 1000 * images.length;
  return (100 * (Math.min(most, Math.max(23, sum)) - 23)) / (most - 23);
}

function softSpread(pod: PodRequirement, node: NodeInfo, picture: Picture): number {
  const rules = pod.spread.filter(({ required }) => !required);
  const scores = rules.map((rule) => {
    const domain = node.labels[rule.topologyKey];
    if (domain === undefined) return 0;
    const counts = groupCounts(rule, pod, picture);
    const least = counts.size === 0 ? 0 : Math.min(...counts.values());
    return 100 / (1 + Math.max(0, (counts.get(domain) ?? 0) - least) / rule.maxSkew);
  });
  return scores.length === 0 ? 0 : scores.reduce((sum, score) => sum + score, 0) / scores.length;
}

/** Few pods of the same class on the node and in its zone, where there are several of them. */
function evenSpread(pod: PodRequirement, node: NodeInfo, picture: Picture): number {
  if (!pod.spreadsByDefault) return 0;
  const scores = [['kubernetes.io/hostname', 3] as const, ['topology.kubernetes.io/zone', 5] as const].flatMap(
    ([label, maxSkew]) => {
      const domains = new Set(picture.nodes.flatMap(({ labels }) => labels[label] ?? []));
      if (domains.size < 2) return [];
      const own = node.labels[label];
      if (own === undefined) return [0];
      const inDomain = (domain: string): number =>
        picture.placed.filter(
          ({ pod: other, node: place }) =>
            other.requirement.key === pod.key &&
            !other.terminating &&
            picture.nodes.find(({ name }) => name === place)?.labels[label] === domain,
        ).length;
      const least = Math.min(...[...domains].map(inDomain));
      return [100 / (1 + (inDomain(own) - least) / maxSkew)];
    },
  );
  return scores.length === 0 ? 0 : scores.reduce((sum, score) => sum + score, 0) / scores.length;
}

/** The pod's preferences about others, and those of others about it; equal rules of several pods count as one. */
function neighbours(pod: PodRequirement, node: NodeInfo, picture: Picture): number {
  interface Wish {
    readonly likes: boolean;
    readonly weight: number;
    readonly term: PodTerm;
    readonly from: (other: PodRequirement) => boolean;
  }
  const wishes = new Map<string, Wish>();
  const own = (likes: boolean, index: number, weight: number, term: PodTerm): void => {
    const from = (other: PodRequirement): boolean => matches(term.selector, other, picture);
    wishes.set(`own ${likes} ${index}`, { likes, weight, term, from });
  };
  for (const [index, { weight, term }] of pod.preferredAffinity.entries()) own(true, index, weight, term);
  for (const [index, { weight, term }] of pod.preferredAntiAffinity.entries()) own(false, index, weight, term);
  const keyed = (other: PodRequirement): [string, Wish][] =>
    [
      ...other.affinity.map((term) => ({ rule: 'affinity', likes: true, weight: 1, term })),
      ...other.preferredAffinity.map((wish) => ({ rule: 'preferred', likes: true, ...wish })),
      ...other.preferredAntiAffinity.map((wish) => ({ rule: 'anti', likes: false, ...wish })),
    ]
      .filter(({ term }) => matches(term.selector, pod, picture))
      .map(({ rule, likes, weight, term }) => {
        const key = `${rule} ${weight} ${term.key}`;
        return [key, { likes, weight, term, from: (carrier) => keyed(carrier).some(([known]) => known === key) }];
      });
  for (const other of [pod, ...picture.placed.map((placed) => placed.pod.requirement)]) {
    for (const [key, wish] of keyed(other)) wishes.set(key, wish);
  }
  const total = [...wishes.values()].reduce((sum, { weight }) => sum + weight, 0);
  let score = 0;
  for (const { likes, weight, term, from } of wishes.values()) {
    const has = node.labels[term.topologyKey] !== undefined;
    const count = near(term, node, picture, from);
    const others = picture.nodes.filter(({ labels }) => labels[term.topologyKey] !== undefined);
    const least = Math.min(...others.map((other) => near(term, other, picture, from)));
    const share = likes ? 1 - 1 / (1 + count) : 1 / (1 + (has ? count - least : 0));
    score += (100 * weight * share) / total;
  }
  return score;
}
