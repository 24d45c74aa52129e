import type { Registry } from '@gantry/model/registry.ts';
import type { Clock } from '@gantry/runtime/clock.ts';
import { toGantryError } from '@gantry/runtime/errors.ts';
import type { CoreDeps } from '../../core/context.ts';
import type { AnyObject } from '../../core/stored-object.ts';
import type { AdmissionAttempt, AdmissionStep } from '../chain.ts';
import { type AuthorizerOf, bindingsOf } from '../expressions/bindings.ts';
import type { Candidates } from '../matching/candidates.ts';
import { AttemptObjects } from '../matching/objects.ts';
import { namespaceOf, type Place, placeOf } from '../matching/places.ts';
import { chosenPlace } from '../matching/resources.ts';
import { AttemptNamespace, type ReadNamespace } from '../matching/selectors.ts';
import { forbiddenBy } from '../refusals.ts';
import { errorTypeOf, type ObservePolicy } from './metrics.ts';
import { paramKindProblem, paramsOf } from './params.ts';
import type { Binding, Policy } from './policy.ts';
import { type Decision, evaluatePolicy, type PolicyResult, type ValidatingBody } from './validating-policy.ts';

export interface PolicyDeps extends Pick<CoreDeps, 'store' | 'cache'> {
  readonly kinds: Registry;
  readonly clock: Clock;
  readonly readNamespace: ReadNamespace;
  readonly authorizer: AuthorizerOf | undefined;
  readonly observe: ObservePolicy;
}

/** A refusal by a policy. */
interface Denial {
  readonly message: string;
  readonly reason: string | undefined;
}

/** A validation that was not met and that the audit log is told of, in Kubernetes' form. */
interface Failure {
  readonly message: string;
  readonly policy: string;
  readonly binding: string;
  readonly expressionIndex: number;
  readonly validationActions: readonly string[];
}

/** Bytes of an annotation's value, and failures that one annotation tells. */
const maxAnnotationChars = 10 * 1024;
const maxFailures = 50;

/** Holds attempts to validating policies. */
export function validatingPolicies(
  deps: PolicyDeps,
  policies: { readonly candidates: Candidates<Policy<ValidatingBody>> },
): AdmissionStep {
  return {
    name: 'ValidatingAdmissionPolicy',
    handles: (attempt) => policies.candidates.for(attempt).length > 0,
    validate: async (attempt) => {
      const check = new Check(deps, attempt);
      for (const { of } of policies.candidates.for(attempt)) await check.hold(of);
      check.finish();
    },
  };
}

/** One attempt, held to policies. */
class Check {
  readonly #deps: PolicyDeps;
  readonly #attempt: AdmissionAttempt;
  readonly #objects: AttemptObjects;
  readonly #namespace: AttemptNamespace;
  readonly #denials: Denial[] = [];
  readonly #failures: Failure[] = [];

  constructor(deps: PolicyDeps, attempt: AdmissionAttempt) {
    this.#deps = deps;
    this.#attempt = attempt;
    this.#objects = new AttemptObjects(deps.kinds, attempt, 'validate');
    this.#namespace = new AttemptNamespace(deps.readNamespace, attempt);
  }

  /** Evaluates a policy by all its bindings. */
  async hold(policy: Policy<ValidatingBody>): Promise<void> {
    const place = await this.#placeOf(policy);
    if (place === undefined || !this.#knowsParams(policy)) return;
    const annotations = new Map<string, Set<string>>();
    for (const binding of policy.bindings) {
      const params = await this.#paramsOf(policy, binding);
      if (params === undefined) continue;
      const namespace = await this.#namespace.object();
      for (const param of params) this.#evaluate(policy, binding, place, { namespace, param }, annotations);
    }
    for (const [key, values] of annotations) {
      this.#attempt.request.annotate(`${policy.name}/${key}`, [...values].join(', '));
    }
  }

  /** Throws the first denial. */
  finish(): void {
    if (this.#failures.length > 0) {
      const value = JSON.stringify(this.#failures.slice(0, maxFailures));
      this.#attempt.request.annotate('validation.policy.admission.k8s.io/validation_failure', value);
    }
    const [denial] = this.#denials;
    if (denial === undefined) return;
    const { message, reason = 'Invalid' } = denial;
    throw forbiddenBy(this.#attempt, message, { reason, code: codes[reason] ?? 422, causes: [message] });
  }

  #knowsParams(policy: Policy<ValidatingBody>): boolean {
    const problem = paramKindProblem(this.#deps.kinds, policy.paramKind);
    if (problem !== undefined) this.#misconfigured(policy, undefined, problem);
    return problem === undefined;
  }

  async #placeOf(policy: Policy<ValidatingBody>): Promise<Place | undefined> {
    const parts = { objects: this.#objects, namespace: this.#namespace };
    try {
      return await chosenPlace(this.#deps.kinds, policy.match, this.#attempt, parts);
    } catch (error) {
      this.#misconfigured(policy, undefined, error);
      return undefined;
    }
  }

  /** The parameters of a binding that is about the attempt; undefined for one that is not, or whose configuration is wrong. */
  async #paramsOf(
    policy: Policy<ValidatingBody>,
    binding: Binding,
  ): Promise<readonly (AnyObject | undefined)[] | undefined> {
    const parts = { objects: this.#objects, namespace: this.#namespace };
    try {
      const place = await chosenPlace(this.#deps.kinds, binding.match, this.#attempt, parts);
      if (place === undefined) return undefined;
      return await paramsOf(this.#deps, policy.paramKind, binding.paramRef, namespaceOf(this.#attempt));
    } catch (error) {
      this.#misconfigured(policy, binding, error);
      return undefined;
    }
  }

  #misconfigured(
    { name, isIgnoredOnFailure }: Policy<ValidatingBody>,
    binding: Binding | undefined,
    error: unknown,
  ): void {
    if (isIgnoredOnFailure) return;
    const { message } = toGantryError(error);
    const problem = `failed to configure ${binding === undefined ? 'policy' : 'binding'}: ${message}`;
    this.#denials.push({ message: denied(name, binding?.name, problem), reason: undefined });
  }

  #evaluate(
    policy: Policy<ValidatingBody>,
    binding: Binding,
    place: Place,
    { namespace, param }: { readonly namespace: AnyObject | undefined; readonly param: AnyObject | undefined },
    annotations: Map<string, Set<string>>,
  ): void {
    const attempt = this.#attempt;
    const { clock, authorizer } = this.#deps;
    const requested = placeOf(attempt.form, attempt);
    const facts = { place, requested, object: this.#objects.in(place), oldObject: this.#objects.oldIn(place) };
    const startedMs = clock.monotonic();
    const result = evaluatePolicy(policy, bindingsOf(attempt, facts, { namespace, params: param, authorizer }));
    const seconds = (clock.monotonic() - startedMs) / 1_000;
    for (const [index, decision] of result.decisions.entries()) {
      this.#act(policy, binding, decision, index, seconds);
    }
    this.#annotate(policy, binding, result, annotations);
  }

  #act(policy: Policy<ValidatingBody>, binding: Binding, decision: Decision, index: number, seconds: number): void {
    const { observe } = this.#deps;
    const about = { policy: policy.name, binding: binding.name, seconds };
    if (decision.type === 'admit') return;
    const error = errorTypeOf(decision.message);
    if (decision.type === 'ignored') {
      observe({ ...about, error, action: 'allow' });
      return;
    }
    const { message, reason } = decision;
    for (const action of binding.actions) {
      switch (action) {
        case 'Deny':
          this.#denials.push({ message: denied(policy.name, binding.name, message), reason });
          observe({ ...about, error, action: 'deny' });
          break;
        case 'Warn':
          this.#attempt.request.warn(
            `Validation failed for ValidatingAdmissionPolicy '${policy.name}' with binding '${binding.name}': ${message}`,
          );
          observe({ ...about, error, action: 'warn' });
          break;
        case 'Audit':
          this.#failures.push({
            message,
            policy: policy.name,
            binding: binding.name,
            expressionIndex: index,
            validationActions: binding.actions,
          });
          observe({ ...about, error, action: 'audit' });
      }
    }
  }

  #annotate(
    policy: Policy<ValidatingBody>,
    binding: Binding,
    { annotations, problems }: PolicyResult,
    all: Map<string, Set<string>>,
  ): void {
    for (const { key, value } of annotations) {
      const values = all.get(key) ?? new Set<string>();
      all.set(key, values.add(value.slice(0, maxAnnotationChars)));
    }
    for (const problem of problems) {
      this.#denials.push({ message: denied(policy.name, binding.name, problem), reason: undefined });
    }
  }
}

const codes: Readonly<Record<string, number>> = { Forbidden: 403, Unauthorized: 401, RequestEntityTooLarge: 413 };

function denied(policy: string, binding: string | undefined, message: string): string {
  const by = binding === undefined ? '' : ` with binding '${binding}'`;
  return `ValidatingAdmissionPolicy '${policy}'${by} denied request: ${message}`;
}
