import type { Form, Registry } from '@gantry/model/registry.ts';
import type { Requirement } from '@gantry/model/selectors.ts';
import type { AdmissionAttempt } from '../chain.ts';
import { isExempt, namespaceOf, type Place, placesOf, requestedPlace } from './places.ts';
import { type Rule, ruleMatches } from './rules.ts';

/** A choice of requests: that of a webhook, a policy or a binding. */
export interface Choice {
  /** Empty for every request, where a binding has none of its own. */
  readonly rules: readonly Rule[];
  readonly matchPolicy: string | undefined;
  readonly namespaceConditions: readonly Requirement[];
  readonly objectConditions: readonly Requirement[];
}

/** A choice that may be of an attempt, as far as its rules tell, and the place that they ask for. */
export interface Candidate<T> {
  readonly of: T;
  readonly place: Place;
}

/** The first place, the requested one before equivalents, that a rule of the list is about. */
export function placeFor(
  kinds: Registry,
  { rules, matchPolicy }: Pick<Choice, 'rules' | 'matchPolicy'>,
  attempt: AdmissionAttempt,
): Place | undefined {
  const places = placesOf(kinds, attempt);
  const requested = requestedPlace(places, attempt);
  if (requested !== undefined && rules.some((rule) => ruleMatches(rule, attempt, requested))) return requested;
  if (matchPolicy !== 'Equivalent' || places.length < 2) return undefined;
  for (const rule of rules) {
    const found = places.find((place) => place !== requested && ruleMatches(rule, attempt, place));
    if (found !== undefined) return found;
  }
  return undefined;
}

/**
 * Those of a list of choices whose rules match attempts, kept by form, operation, subresource and scope: an attempt that no choice is
 * about costs two look-ups.
 */
export class Candidates<T extends Pick<Choice, 'rules' | 'matchPolicy'>> {
  readonly #kinds: Registry;
  readonly #choices: readonly T[];
  readonly #known = new WeakMap<Form, Map<string, readonly Candidate<T>[]>>();

  constructor(kinds: Registry, choices: readonly T[]) {
    this.#kinds = kinds;
    this.#choices = choices;
  }

  /** The candidates for an attempt, in the order of the list. */
  for(attempt: AdmissionAttempt): readonly Candidate<T>[] {
    if (this.#choices.length === 0) return [];
    const known = this.#known.get(attempt.form) ?? new Map<string, readonly Candidate<T>[]>();
    this.#known.set(attempt.form, known);
    const { operation, request } = attempt;
    const key = `${operation} ${request.subresource} ${namespaceOf(attempt) === ''}`;
    let found = known.get(key);
    if (found === undefined) {
      found = this.#find(attempt);
      known.set(key, found);
    }
    return found;
  }

  #find(attempt: AdmissionAttempt): readonly Candidate<T>[] {
    if (isExempt(attempt.kind)) return [];
    return this.#choices.flatMap((of) => {
      const place = placeFor(this.#kinds, of, attempt);
      return place === undefined ? [] : [{ of, place }];
    });
  }
}
