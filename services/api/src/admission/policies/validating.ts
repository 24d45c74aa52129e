import type { AdmissionAttempt, AdmissionStep } from '../chain.ts';
import type { Bindings } from '../expressions/evaluation.ts';
import type { Candidates } from '../matching/candidates.ts';
import { forbiddenBy } from '../refusals.ts';
import { errorTypeOf } from './metrics.ts';
import { type PolicyDeps, PolicyPass } from './pass.ts';
import type { Binding, Policy } from './policy.ts';
import { type Decision, evaluatePolicy, type PolicyResult, type ValidatingBody } from './validating-policy.ts';

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
  readonly #pass: PolicyPass;
  readonly #denials: Denial[] = [];
  readonly #failures: Failure[] = [];

  constructor(deps: PolicyDeps, attempt: AdmissionAttempt) {
    this.#deps = deps;
    this.#attempt = attempt;
    this.#pass = new PolicyPass(deps, attempt, 'validate', (policy, binding, problem) =>
      this.#denials.push({ message: denied(policy, binding, problem), reason: undefined }),
    );
  }

  /** Evaluates a policy by all its bindings. */
  async hold(policy: Policy<ValidatingBody>): Promise<void> {
    const place = await this.#pass.placeOf(policy);
    if (place === undefined) return;
    const annotations = new Map<string, Set<string>>();
    for (const binding of policy.bindings) {
      const all = await this.#pass.paramsOf(policy, binding);
      if (all === undefined) continue;
      const namespace = await this.#pass.namespace();
      for (const params of all) {
        this.#evaluate(policy, binding, this.#pass.bindings(place, { namespace, params }), annotations);
      }
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

  #evaluate(
    policy: Policy<ValidatingBody>,
    binding: Binding,
    values: Bindings,
    annotations: Map<string, Set<string>>,
  ): void {
    const { clock } = this.#deps;
    const startedMs = clock.monotonic();
    const result = evaluatePolicy(policy, values);
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
