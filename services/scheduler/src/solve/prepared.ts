import type { PreparedFilter, PreparedScore, TopologyRule } from '../plugin.ts';
import { deviceFilters, nodeFilters, scores, topologyPlugins, volumeFilters } from '../plugins.ts';
import type { Profile } from '../profiles.ts';
import { noDevices } from '../requirement.ts';
import type { ClusterState } from '../state/cluster.ts';
import type { PodClass } from '../state/pod-class.ts';
import { refused, type ScanInput, scanColumns, scanDemand, scanNode } from './resource-scan.ts';
import type { RoomPrices } from './room-prices.ts';

interface WeighedScore {
  /** Kubernetes' name of the plugin. */
  readonly plugin: string;
  readonly score: PreparedScore;
  readonly weight: number;
}

interface WeighedRule {
  /** Kubernetes' name of the plugin. */
  readonly plugin: string;
  readonly rule: TopologyRule;
  readonly weight: number;
}

/** All plugins made ready for one class of pods under one profile. */
export class PreparedClass {
  /** Version of the prices of room that its scores are made of; 0 where they play no part. */
  readonly pricesVersion: number;
  readonly podClass: PodClass;
  readonly profile: Profile;
  readonly scan: ScanInput;
  readonly filters: readonly PreparedFilter[];
  readonly scores: readonly WeighedScore[];
  /** Rules about single nodes. */
  readonly nodeRules: readonly WeighedRule[];
  /** Rules about groups of nodes. */
  readonly groupRules: readonly WeighedRule[];
  readonly #prices: RoomPrices | undefined;

  constructor(podClass: PodClass, cluster: ClusterState, profile: Profile, verdicts: Uint8Array, prices: RoomPrices) {
    this.podClass = podClass;
    const { gpuPacking } = profile.weights;
    this.#prices = gpuPacking > 0 ? prices : undefined;
    this.pricesVersion = this.#prices?.version ?? 0;
    this.profile = profile;
    this.scan = {
      verdicts,
      columns: scanColumns(cluster.nodes),
      demand: scanDemand(podClass, profile.weights),
    };
    this.filters = [...nodeFilters, ...deviceFilters, ...volumeFilters]
      .map((filter) => filter.prepare(podClass, cluster))
      .filter((filter) => filter !== undefined);
    const ownScores = scores.flatMap((plugin) => {
      const weight = plugin.weightOf(profile.weights);
      const score = weight > 0 ? plugin.prepare(podClass.requirement, cluster) : undefined;
      return score === undefined ? [] : [{ plugin: plugin.name, score, weight }];
    });
    const packing = {
      plugin: 'GpuPacking',
      score: (node: number): number => prices.score(podClass, node),
      weight: gpuPacking,
    };
    this.scores = gpuPacking > 0 ? [...ownScores, packing] : ownScores;
    const rules = topologyPlugins.flatMap((plugin) => {
      const weight = plugin.weightOf(profile.weights);
      if (plugin.onlyPrefers && weight === 0) return [];
      return plugin.prepare(podClass, cluster).map((rule) => ({ plugin: plugin.name, rule, weight }));
    });
    this.nodeRules = rules.filter(({ rule }) => rule.perNode);
    this.groupRules = rules.filter(({ rule }) => !rule.perNode);
  }

  /** True where the resources and static filters, which the scan judges, are all there is to judge. */
  get isPlain(): boolean {
    return this.filters.length === 0 && this.scores.length === 0 && this.nodeRules.length === 0;
  }

  /** The score of a node that passed the scan with `resourceScore`, or `refused`. Group rules come on top. */
  judge(node: number, resourceScore: number): number {
    for (const filter of this.filters) if (!filter.passes(node)) return refused;
    let score = resourceScore;
    for (const { rule, weight } of this.nodeRules) {
      const domain = rule.domains[node]!;
      if (!rule.allows(domain)) return refused;
      score += weight * rule.score(domain);
    }
    for (const { score: scoreOf, weight } of this.scores) score += weight * scoreOf(node);
    return score;
  }

  /** The GPU devices that the next pod is to have on a node; empty where none are better than the best fit. */
  devices(node: number): readonly number[] {
    return this.#prices?.devices(this.podClass, node) ?? noDevices;
  }

  /** The score of a node, from scratch. */
  evaluate(node: number): number {
    const score = scanNode(this.scan, node);
    return score === refused ? refused : this.judge(node, score);
  }
}
