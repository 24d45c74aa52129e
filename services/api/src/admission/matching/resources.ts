import type { MatchResources, NamedRuleWithOperations } from '@gantry/model/gen/gantry.admissionregistration.v1.ts';
import type { Registry } from '@gantry/model/registry.ts';
import type { AdmissionAttempt } from '../chain.ts';
import { type Choice, placeFor } from './candidates.ts';
import type { AttemptObjects } from './objects.ts';
import { type Place, placeOf } from './places.ts';
import { type AttemptNamespace, conditionsOf, namespaceMatches, objectMatches } from './selectors.ts';

/** The choice of requests of a policy or a binding. */
export interface ResourceChoice extends Choice {
  readonly rules: readonly NamedRuleWithOperations[];
  readonly exclusions: readonly NamedRuleWithOperations[];
}

/** Reads a choice of requests; one that is absent is of all requests. */
export function resourceChoice(match: MatchResources | undefined): ResourceChoice {
  return {
    rules: match?.resourceRules ?? [],
    exclusions: match?.excludeResourceRules ?? [],
    matchPolicy: match?.matchPolicy ?? 'Equivalent',
    namespaceConditions: conditionsOf(match?.namespaceSelector),
    objectConditions: conditionsOf(match?.objectSelector),
  };
}

/**
 * The place that a choice asks for of an attempt, the requested one where it has no rules; undefined where it is not about the attempt.
 * Throws NotFound for a namespace that there is not.
 */
export async function chosenPlace(
  kinds: Registry,
  choice: ResourceChoice,
  attempt: AdmissionAttempt,
  parts: { readonly objects: AttemptObjects; readonly namespace: AttemptNamespace },
): Promise<Place | undefined> {
  const { matchPolicy } = choice;
  const named = (rules: readonly NamedRuleWithOperations[]): readonly NamedRuleWithOperations[] =>
    rules.filter(({ resourceNames = [] }) => resourceNames.length === 0 || resourceNames.includes(attempt.name));
  const requested = placeOf(attempt.form, attempt);
  if (placeFor(kinds, { rules: named(choice.exclusions), matchPolicy }, attempt) !== undefined) return undefined;
  const place =
    choice.rules.length === 0 ? requested : placeFor(kinds, { rules: named(choice.rules), matchPolicy }, attempt);
  if (place === undefined) return undefined;
  const { objects, namespace } = parts;
  if (!objectMatches(choice.objectConditions, [objects.in(requested), objects.oldIn(requested)])) return undefined;
  return (await namespaceMatches(choice.namespaceConditions, namespace)) ? place : undefined;
}
