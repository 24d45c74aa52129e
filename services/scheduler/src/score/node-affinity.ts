import { matchesTerm } from '../filter/node-terms.ts';
import type { Score } from '../plugin.ts';

/** Prefers nodes that match preferred affinity: the share of the terms' weights that the node gets. */
export const preferredNodeAffinity: Score = {
  name: 'NodeAffinity',
  weightOf: ({ nodeAffinity }) => nodeAffinity,
  prepare({ preferredNodeTerms }, { nodes }) {
    const total = preferredNodeTerms.reduce((sum, { weight }) => sum + weight, 0);
    if (total === 0) return undefined;
    const terms = preferredNodeTerms.map(({ weight, term }) => ({ weight, matches: matchesTerm(term, nodes) }));
    return (node) => {
      let sum = 0;
      for (const { weight, matches } of terms) if (matches(node)) sum += weight;
      return (100 * sum) / total;
    };
  },
};
