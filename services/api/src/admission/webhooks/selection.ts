import type { Registry } from '@gantry/model/registry.ts';
import type { AdmissionAttempt } from '../chain.ts';
import type { Candidate } from '../matching/candidates.ts';
import { AttemptObjects } from '../matching/objects.ts';
import { placeOf } from '../matching/places.ts';
import { AttemptNamespace, namespaceMatches, objectMatches, type ReadNamespace } from '../matching/selectors.ts';
import type { Hook } from './hook.ts';
import type { RequestFacts } from './review.ts';

/** Decides whether the match conditions of a webhook are met. Throws Forbidden where they cannot be evaluated and must. */
export type MeetsConditions = (hook: Hook, attempt: AdmissionAttempt, facts: RequestFacts) => boolean;

export interface SelectionDeps {
  readonly kinds: Registry;
  readonly readNamespace: ReadNamespace;
  readonly meetsConditions: MeetsConditions;
}

/** Parts that the webhooks of one pass over an attempt share. */
export class HookPass {
  readonly objects: AttemptObjects;
  readonly #deps: SelectionDeps;
  readonly #attempt: AdmissionAttempt;
  readonly #namespace: AttemptNamespace;

  constructor(deps: SelectionDeps, attempt: AdmissionAttempt, phase: 'mutate' | 'validate') {
    this.#deps = deps;
    this.#attempt = attempt;
    this.#namespace = new AttemptNamespace(deps.readNamespace, attempt);
    this.objects = new AttemptObjects(deps.kinds, attempt, phase);
  }

  /** The facts for a webhook that is to be asked; undefined for one that is not. Throws NotFound for a namespace that there is not. */
  async select({ of: hook, place }: Candidate<Hook>): Promise<RequestFacts | undefined> {
    const attempt = this.#attempt;
    const requested = placeOf(attempt.form, attempt);
    const [object, oldObject] = [this.objects.in(place), this.objects.oldIn(place)];
    if (!objectMatches(hook.objectConditions, [object, oldObject])) return undefined;
    if (!(await namespaceMatches(hook.namespaceConditions, this.#namespace))) return undefined;
    const facts = { place, requested, object, oldObject };
    return this.#deps.meetsConditions(hook, attempt, facts) ? facts : undefined;
  }
}
