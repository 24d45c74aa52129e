import { meets } from '@gantry/model/selectors.ts';
import type { PodRequirement, PodSelector } from '../requirement.ts';

type Labels = Readonly<Record<string, string>>;

/** The labels of each namespace. */
export type NamespaceLabels = ReadonlyMap<string, Labels>;

/** True where a selector selects pods with these labels in this namespace. */
export function selects(
  selector: PodSelector,
  { namespace, labels }: Pick<PodRequirement, 'namespace' | 'labels'>,
  namespaces: NamespaceLabels,
): boolean {
  if (selector.labels === undefined) return false;
  if (!selector.namespaces.has(namespace)) {
    if (selector.namespaceLabels === undefined) return false;
    // A namespace that is not known yet has no labels.
    const namespaceLabels = namespaces.get(namespace);
    if (!selector.namespaceLabels.every((requirement) => meets(namespaceLabels, requirement))) return false;
  }
  return selector.labels.every((requirement) => meets(labels, requirement));
}
