import type { TopologyPlugin, TopologyRule } from '../plugin.ts';
import type { PodRequirement, PodTerm } from '../requirement.ts';
import type { ClusterState } from '../state/cluster.ts';
import type { DomainCount } from '../state/domain-count.ts';
import type { LabelColumn } from '../state/label-column.ts';
import { selects } from '../state/pod-selection.ts';
import { LeastFilled } from './least-filled.ts';

const affinityMissed = "node(s) didn't match pod affinity rules";
const antiAffinityBroken = "node(s) didn't match pod anti-affinity rules";
const othersAntiAffinityBroken = "node(s) didn't satisfy existing pods anti-affinity rules";

/** Keeps pods near those that they need and away from those that they, or others, refuse; prefers what either likes. */
export const interPodAffinity: TopologyPlugin = {
  name: 'InterPodAffinity',
  unblockedBy: ['nodeAdded', 'nodeLabels', 'podGone', 'podPlaced', 'namespaceLabels'],
  weightOf: ({ podAffinity }) => podAffinity,
  prepare({ requirement }, cluster) {
    return [
      ...affinityRules(requirement, cluster),
      ...requirement.antiAffinity.map((term) => forbidding(countOf([term], term, cluster), antiAffinityBroken)),
      ...cluster.counts
        .speakingOf(requirement)
        .filter(({ rule }) => rule === 'antiAffinity')
        .map(({ count }) => forbidding(count, othersAntiAffinityBroken)),
      ...preferences(requirement, cluster),
    ];
  },
};

function countOf(terms: readonly PodTerm[], { topologyKey }: PodTerm, { counts }: ClusterState): DomainCount {
  return counts.selected(
    terms.map(({ selector }) => selector),
    topologyKey,
    false,
  );
}

/**
 * One rule a required term. Pods that match all terms count. Where there are none anywhere, a pod that matches its own
 * terms may be the first of its group.
 */
function affinityRules(requirement: PodRequirement, cluster: ClusterState): TopologyRule[] {
  const { affinity } = requirement;
  const counts = affinity.map((term) => countOf(affinity, term, cluster));
  const matchesItself = affinity.every(({ selector }) => selects(selector, requirement, cluster.namespaces));
  let mayBeFirst = matchesItself && counts.every(({ total }) => total === 0);
  return counts.map((count) => ({
    ...about(count.column),
    allows: (domain) => domain !== 0 && (mayBeFirst || count.of(domain) > 0),
    reason: () => affinityMissed,
    helpedByPreemption: () => false,
    score: () => 0,
    placed: () => {
      const wasFirst = mayBeFirst;
      mayBeFirst = false;
      return wasFirst;
    },
  }));
}

/** Nodes without the label are in no domain, so nothing is near them. */
function forbidding(count: DomainCount, reason: string): TopologyRule {
  return {
    ...about(count.column),
    allows: (domain) => domain === 0 || count.of(domain) === 0,
    reason: () => reason,
    helpedByPreemption: () => true,
    score: () => 0,
    placed: () => false,
  };
}

interface Preference {
  readonly likes: boolean;
  readonly weight: number;
  readonly count: DomainCount;
}

/** The pod's own preferences, and those of pods that have a node about pods like this one. */
function preferences(requirement: PodRequirement, cluster: ClusterState): TopologyRule[] {
  const own = (likes: boolean) => {
    return ({ term, weight }: { term: PodTerm; weight: number }): Preference => {
      return { likes, weight, count: countOf([term], term, cluster) };
    };
  };
  const all = [
    ...requirement.preferredAffinity.map(own(true)),
    ...requirement.preferredAntiAffinity.map(own(false)),
    ...cluster.counts
      .speakingOf(requirement)
      .filter(({ rule }) => rule !== 'antiAffinity')
      .map(({ rule, weight, count }) => ({ likes: rule !== 'preferredAntiAffinity', weight, count })),
  ];
  const total = all.reduce((sum, { weight }) => sum + weight, 0);
  return all.map((preference) => preferenceRule(preference, total));
}

/** The first pod nearby counts half, each further one less: scores stay those of one domain, whatever happens in others. */
function preferenceRule({ likes, weight, count }: Preference, total: number): TopologyRule {
  const most = (100 * weight) / total;
  const { column } = count;
  const rule = {
    ...about(column),
    allows: () => true,
    reason: () => affinityMissed,
    helpedByPreemption: () => false,
  };
  if (likes) {
    const score = (domain: number): number => (domain === 0 ? 0 : most * (1 - 1 / (1 + count.of(domain))));
    return { ...rule, score, placed: () => false };
  }
  const domains = column.population.keys().filter((domain) => domain > 0 && column.population[domain]! > 0);
  const least = new LeastFilled([...domains], (domain) => count.of(domain));
  let countedBefore = count.total;
  return {
    ...rule,
    score: (domain) => (domain === 0 ? most : most / (1 + Math.max(0, count.of(domain) - least.value))),
    placed: (node) => {
      const counted = count.total !== countedBefore;
      countedBefore = count.total;
      return counted && least.grew(column.ids[node]!);
    },
  };
}

function about(column: LabelColumn): Pick<TopologyRule, 'domains' | 'perNode'> {
  return { domains: column.ids, perNode: column.isUnique };
}
