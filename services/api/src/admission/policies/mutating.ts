import { sameJson } from '@gantry/model/same-json.ts';
import { GantryError, isError, toGantryError } from '@gantry/runtime/errors.ts';
import type { AnyObject } from '../../core/stored-object.ts';
import type { AdmissionAttempt, AdmissionStep } from '../chain.ts';
import { meetsAll } from '../expressions/conditions.ts';
import type { Candidates } from '../matching/candidates.ts';
import type { Place } from '../matching/places.ts';
import { forbiddenBy, internalError } from '../refusals.ts';
import { Reinvocations } from '../reinvocation.ts';
import { errorTypeOf } from './metrics.ts';
import { type MutatingBody, MutationProblem, mutatedBy } from './mutating-policy.ts';
import { type PolicyDeps, PolicyPass } from './pass.ts';
import type { Binding, Policy } from './policy.ts';

/** A policy that is to change an attempt, by one binding and one parameter. */
interface Invocation {
  readonly policy: Policy<MutatingBody>;
  readonly binding: Binding;
  readonly place: Place;
  readonly params: AnyObject | undefined;
}

/** Changes objects as mutating policies say. */
export function mutatingPolicies(
  deps: PolicyDeps,
  policies: { readonly candidates: Candidates<Policy<MutatingBody>> },
): AdmissionStep {
  const states = new WeakMap<AdmissionAttempt, Reinvocations>();
  return {
    name: 'MutatingAdmissionPolicy',
    handles: (attempt) => policies.candidates.for(attempt).length > 0,
    mutate: async (attempt) => {
      const state = states.get(attempt) ?? new Reinvocations();
      states.set(attempt, state);
      const run = new MutatingRun(deps, attempt, state);
      for (const { of } of policies.candidates.for(attempt)) await run.collect(of);
      await run.mutate();
      run.finish();
    },
  };
}

/** One pass of mutating policies over an attempt. */
class MutatingRun {
  readonly #deps: PolicyDeps;
  readonly #attempt: AdmissionAttempt;
  readonly #state: Reinvocations;
  readonly #pass: PolicyPass;
  readonly #invocations: Invocation[] = [];
  readonly #problems: string[] = [];
  /** Reason of the first problem. */
  #reason = 'Forbidden';

  constructor(deps: PolicyDeps, attempt: AdmissionAttempt, state: Reinvocations) {
    this.#deps = deps;
    this.#attempt = attempt;
    this.#state = state;
    this.#pass = new PolicyPass(deps, attempt, 'mutate', (policy, binding, problem) => {
      this.#problems.push(denied(policy, binding, problem));
    });
  }

  /** Finds the invocations of a policy. */
  async collect(policy: Policy<MutatingBody>): Promise<void> {
    const place = await this.#pass.placeOf(policy);
    if (place === undefined) return;
    for (const binding of policy.bindings) {
      const all = await this.#pass.paramsOf(policy, binding);
      for (const params of all ?? []) this.#invocations.push({ policy, binding, place, params });
    }
  }

  /** Makes the changes, one after another. */
  async mutate(): Promise<void> {
    if (this.#invocations.length === 0) return;
    const namespace = await this.#pass.namespace();
    this.#state.begin(this.#attempt);
    for (const invocation of this.#invocations) this.#invoke(invocation, namespace);
    this.#state.end(this.#attempt);
  }

  /** Throws the problems that the failure policies do not pass over. */
  finish(): void {
    const [first] = this.#problems;
    if (first === undefined) return;
    const error = forbiddenBy(this.#attempt, first, { reason: this.#reason, causes: this.#problems });
    const { resource, status } = error;
    throw new GantryError(error.reason, first, { resource: resource!, status: status! });
  }

  #invoke({ policy, binding, place, params }: Invocation, namespace: AnyObject | undefined): void {
    const attempt = this.#attempt;
    const values = () => this.#pass.bindings(place, { namespace, params });
    const met = meetsAll(policy.conditions, values());
    if ('error' in met) this.#note(policy, binding, met.error);
    if ('error' in met || !met.isMet) return;
    const key = `${policy.name}/${binding.name}/${params?.metadata.namespace ?? ''}/${params?.metadata.name ?? ''}`;
    if (!this.#state.runs(attempt, key)) return;
    const before = attempt.object;
    for (const mutation of policy.body.mutations) {
      const object = this.#pass.objects.in(place);
      if (object === undefined) continue;
      this.#observed(policy, binding, () => {
        const after = mutatedBy(policy, mutation, values(), object, { kinds: this.#deps.kinds, place });
        if (after !== object) this.#put(place, after);
      });
    }
    if (!sameJson(before, attempt.object)) {
      this.#state.changed();
      attempt.wantsReinvocation = true;
    }
    if (policy.body.isReinvoked) this.#state.ran(key);
  }

  #put(place: Place, after: unknown): void {
    try {
      this.#pass.objects.put(place, after);
    } catch (error) {
      throw internalError(toGantryError(error).message);
    }
  }

  #observed(policy: Policy<MutatingBody>, binding: Binding, change: () => void): void {
    const { clock, observe } = this.#deps;
    const startedMs = clock.monotonic();
    const tell = (error: string, action: 'allow' | 'deny'): void =>
      observe({
        ...{ policy: policy.name, binding: binding.name, error, action },
        seconds: (clock.monotonic() - startedMs) / 1_000,
      });
    try {
      change();
      tell('no_error', 'allow');
    } catch (error) {
      if (!(error instanceof MutationProblem) && !isError(error)) throw error;
      tell(errorTypeOf(error.message), 'deny');
      if (!(error instanceof MutationProblem)) throw error;
      this.#note(policy, binding, error.message);
    }
  }

  #note({ name, isIgnoredOnFailure }: Policy<MutatingBody>, binding: Binding, problem: string): void {
    if (isIgnoredOnFailure) return;
    if (this.#problems.length === 0) this.#reason = 'Invalid';
    this.#problems.push(denied(name, binding.name, problem));
  }
}

function denied(policy: string, binding: string | undefined, problem: string): string {
  if (binding === undefined) return `policy ${JSON.stringify(policy)} denied request: ${problem}`;
  return `policy '${policy}' with binding '${binding}' denied request: ${problem}`;
}
