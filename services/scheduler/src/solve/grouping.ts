import type { TopologyRule } from '../plugin.ts';

/** Nodes told apart by the domains that a batch's rules look at. */
export interface Grouping {
  readonly count: number;
  readonly groupOf: (node: number) => number;
  /** The domain that all nodes of a group are in, for the rule at an index. */
  readonly domainOf: (group: number, ruleIndex: number) => number;
}

const oneGroup: Grouping = { count: 1, groupOf: () => 0, domainOf: () => 0 };

/** Groups nodes such that the nodes of a group are in the same domain for every rule. */
export function groupNodes(rules: readonly { readonly rule: TopologyRule }[], end: number): Grouping {
  if (rules.length === 0) return oneGroup;
  const columns = [...new Set(rules.map(({ rule }) => rule.domains))];
  const columnOfRule = rules.map(({ rule }) => columns.indexOf(rule.domains));
  const groupByNode = new Int32Array(end);
  const numbers = new Map<number | string, number>();
  const domains: number[][] = [];
  for (let node = 0; node < end; node++) {
    const first = columns[0]![node]!;
    const key = columns.length === 1 ? first : columns.map((column) => column[node]).join(' ');
    let group = numbers.get(key);
    if (group === undefined) {
      group = domains.length;
      numbers.set(key, group);
      domains.push(columns.map((column) => column[node]!));
    }
    groupByNode[node] = group;
  }
  return {
    count: domains.length,
    groupOf: (node) => groupByNode[node]!,
    domainOf: (group, ruleIndex) => domains[group]![columnOfRule[ruleIndex]!]!,
  };
}
