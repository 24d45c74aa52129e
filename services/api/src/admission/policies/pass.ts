import type { Registry } from '@gantry/model/registry.ts';
import type { Clock } from '@gantry/runtime/clock.ts';
import { toGantryError } from '@gantry/runtime/errors.ts';
import type { CoreDeps } from '../../core/context.ts';
import type { AnyObject } from '../../core/stored-object.ts';
import type { AdmissionAttempt } from '../chain.ts';
import { type AuthorizerOf, bindingsOf } from '../expressions/bindings.ts';
import type { Bindings } from '../expressions/evaluation.ts';
import { AttemptObjects } from '../matching/objects.ts';
import { namespaceOf, type Place, placeOf } from '../matching/places.ts';
import { chosenPlace, type ResourceChoice } from '../matching/resources.ts';
import { AttemptNamespace, type ReadNamespace } from '../matching/selectors.ts';
import type { ObservePolicy } from './metrics.ts';
import { paramKindProblem, paramsOf } from './params.ts';
import type { Binding, Policy } from './policy.ts';

export interface PolicyDeps extends Pick<CoreDeps, 'store' | 'cache'> {
  readonly kinds: Registry;
  readonly clock: Clock;
  readonly readNamespace: ReadNamespace;
  readonly authorizer: AuthorizerOf | undefined;
  readonly observe: ObservePolicy;
}

/** A wrong configuration of a policy, or of one of its bindings, that its failure policy does not pass over. */
export type Misconfigured = (policy: string, binding: string | undefined, problem: string) => void;

type AnyPolicy = Policy<unknown>;

/** Parts that the policies of one pass over an attempt share. */
export class PolicyPass {
  readonly objects: AttemptObjects;
  readonly #deps: PolicyDeps;
  readonly #attempt: AdmissionAttempt;
  readonly #misconfigured: Misconfigured;
  readonly #namespace: AttemptNamespace;

  constructor(deps: PolicyDeps, attempt: AdmissionAttempt, phase: 'mutate' | 'validate', misconfigured: Misconfigured) {
    this.#deps = deps;
    this.#attempt = attempt;
    this.#misconfigured = misconfigured;
    this.#namespace = new AttemptNamespace(deps.readNamespace, attempt);
    this.objects = new AttemptObjects(deps.kinds, attempt, phase);
  }

  /** The place that a policy asks for; undefined where it is not about the attempt, or is configured wrongly. */
  async placeOf(policy: AnyPolicy): Promise<Place | undefined> {
    try {
      const place = await this.#chosen(policy.match);
      const problem = place && paramKindProblem(this.#deps.kinds, policy.paramKind);
      if (problem !== undefined) throw problem;
      return place;
    } catch (error) {
      this.#note(policy, undefined, error);
      return undefined;
    }
  }

  /** The parameters of a binding that is about the attempt; undefined for one that is not, or is configured wrongly. */
  async paramsOf(policy: AnyPolicy, binding: Binding): Promise<readonly (AnyObject | undefined)[] | undefined> {
    try {
      if ((await this.#chosen(binding.match)) === undefined) return undefined;
      return await paramsOf(this.#deps, policy.paramKind, binding.paramRef, namespaceOf(this.#attempt));
    } catch (error) {
      this.#note(policy, binding, error);
      return undefined;
    }
  }

  /** The namespace that expressions see. Throws NotFound. */
  namespace(): Promise<AnyObject | undefined> {
    return this.#namespace.object();
  }

  /** The values of variables for an evaluation. */
  bindings(
    place: Place,
    more: { readonly namespace: AnyObject | undefined; readonly params: AnyObject | undefined },
  ): Bindings {
    const attempt = this.#attempt;
    const requested = placeOf(attempt.form, attempt);
    const facts = { place, requested, object: this.objects.in(place), oldObject: this.objects.oldIn(place) };
    return bindingsOf(attempt, facts, { ...more, authorizer: this.#deps.authorizer });
  }

  #chosen(match: ResourceChoice): Promise<Place | undefined> {
    const parts = { objects: this.objects, namespace: this.#namespace };
    return chosenPlace(this.#deps.kinds, match, this.#attempt, parts);
  }

  #note({ name, isIgnoredOnFailure }: AnyPolicy, binding: Binding | undefined, error: unknown): void {
    if (isIgnoredOnFailure) return;
    const { message } = toGantryError(error);
    const part = binding === undefined ? 'policy' : 'binding';
    this.#misconfigured(name, binding?.name, `failed to configure ${part}: ${message}`);
  }
}
