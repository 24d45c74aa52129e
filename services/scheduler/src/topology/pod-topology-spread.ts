import type { TopologyPlugin, TopologyRule } from '../plugin.ts';
import type { SpreadRule } from '../requirement.ts';
import { selects } from '../state/pod-selection.ts';
import { LeastFilled } from './least-filled.ts';
import { type SpreadCounts, spreadCounts } from './spread-counts.ts';

const tooSkewed = "node(s) didn't match pod topology spread constraints";
const noLabel = `${tooSkewed} (missing required label)`;

/** Keeps the pods of a group evenly spread: where it must, by forbidding domains, elsewhere by preferring emptier ones. */
export const podTopologySpread: TopologyPlugin = {
  name: 'PodTopologySpread',
  unblockedBy: ['nodeAdded', 'nodeLabels', 'nodeTaints', 'podGone', 'podPlaced'],
  weightOf: ({ topologySpread }) => topologySpread,
  prepare(podClass, cluster) {
    const { requirement } = podClass;
    const required = requirement.spread.filter((rule) => rule.required);
    const preferred = requirement.spread.filter((rule) => !rule.required);
    const prepareRule = (rule: SpreadRule, together: readonly SpreadRule[]): [SpreadRule, SpreadCounts, boolean] => {
      const countsItself = selects(rule.selector, requirement, cluster.namespaces);
      return [rule, spreadCounts(rule, together, podClass, cluster), countsItself];
    };
    return [
      ...required.map((rule) => requiredRule(...prepareRule(rule, required))),
      ...preferred.map((rule) => {
        const [{ maxSkew }, counts, countsItself] = prepareRule(rule, preferred);
        return preferredRule(maxSkew, counts, countsItself, preferred.length);
      }),
    ];
  },
};

function requiredRule(rule: SpreadRule, counts: SpreadCounts, countsItself: boolean): TopologyRule {
  const least = new LeastFilled(counts.domains, counts.of);
  // With fewer domains than there should be, the missing ones count as empty.
  const hasEnough = counts.domains.length >= rule.minDomains;
  const own = countsItself ? 1 : 0;
  return {
    domains: counts.column.ids,
    perNode: counts.column.isUnique,
    allows: (domain) => domain !== 0 && counts.of(domain) + own - (hasEnough ? least.value : 0) <= rule.maxSkew,
    reason: (domain) => (domain === 0 ? noLabel : tooSkewed),
    helpedByPreemption: (domain) => domain !== 0,
    score: () => 0,
    placed: (node) => countsItself && counts.placed(node) && least.grew(counts.column.ids[node]!),
  };
}

/**
 * Prefers domains with fewer pods of the group.
 *
 * @param maxSkew excess over the emptiest domain at which a domain counts half.
 * @param rules number of such rules of the pod, which share the score.
 */
export function preferredRule(
  maxSkew: number,
  counts: SpreadCounts,
  countsItself: boolean,
  rules: number,
): TopologyRule {
  const least = new LeastFilled(counts.domains, counts.of);
  return {
    domains: counts.column.ids,
    perNode: counts.column.isUnique,
    allows: () => true,
    reason: () => tooSkewed,
    helpedByPreemption: () => false,
    score: (domain) => {
      if (domain === 0) return 0;
      const excess = Math.max(0, counts.of(domain) - least.value);
      return 100 / (1 + excess / maxSkew) / rules;
    },
    placed: (node) => countsItself && counts.placed(node) && least.grew(counts.column.ids[node]!),
  };
}
