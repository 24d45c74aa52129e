import type { Kind } from '@gantry/model/kind.ts';
import { resourceOf } from '@gantry/model/registry.ts';
import {
  compileFieldSelector,
  compileLabelSelector,
  parseFieldSelector,
  parseLabelSelector,
} from '@gantry/model/selectors.ts';
import { GantryError } from '@gantry/runtime/errors.ts';
import type { Selection } from '../watch/change.ts';
import type { Limits } from './limits.ts';

/** The selection that a query's texts stand for. Throws BadRequest for selectors that make no sense. */
export function selectionOf(
  kind: Kind,
  query: { readonly namespace: string; readonly labelSelector: string; readonly fieldSelector: string },
  limits: Pick<Limits, 'maxSelectorChars'>,
): Selection {
  const { namespace, labelSelector, fieldSelector } = query;
  for (const text of [labelSelector, fieldSelector]) {
    if (text.length > limits.maxSelectorChars) {
      throw new GantryError(
        'BadRequest',
        `a selector of ${text.length} characters, at most ${limits.maxSelectorChars}`,
      );
    }
  }
  const matchesLabels = compileLabelSelector(labelSelector);
  const matchesFields = compileFieldSelector(kind, fieldSelector);
  return {
    resource: resourceOf(kind),
    namespace,
    everything: labelSelector.trim() === '' && fieldSelector.trim() === '',
    hints: hintsOf(labelSelector, fieldSelector),
    matches: (object) => matchesLabels(object.metadata.labels) && matchesFields(object),
  };
}

/**
 * What the text of an object that matches must contain, for the selectors by which large lists are searched: labels and a
 * pod's node. Stored JSON has no blanks between a name and its value.
 */
function hintsOf(labelSelector: string, fieldSelector: string): string[] {
  const labels = parseLabelSelector(labelSelector).flatMap((requirement) =>
    requirement.operator === 'In' && requirement.values.length === 1
      ? [`${JSON.stringify(requirement.key)}:${JSON.stringify(requirement.values[0])}`]
      : [],
  );
  const nodes = parseFieldSelector(fieldSelector).flatMap(({ field, equal, value }) =>
    field === 'spec.nodeName' && equal && value !== '' ? [`"nodeName":${JSON.stringify(value)}`] : [],
  );
  return [...labels, ...nodes];
}
