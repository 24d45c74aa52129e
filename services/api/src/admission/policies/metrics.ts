import { Counter, Histogram, type Registry } from 'prom-client';

/** The outcome of a check of a policy. */
export interface PolicyCheck {
  readonly policy: string;
  readonly binding: string;
  /** Kubernetes' words: no_error, compile_error, out_of_budget or invalid_error. */
  readonly error: string;
  readonly action: 'allow' | 'deny' | 'audit' | 'warn';
  readonly seconds: number;
}

export type ObservePolicy = (check: PolicyCheck) => void;

/** Counters of policies in a registry, by Kubernetes' names. @param type validating or mutating. */
export function createPolicyMetrics(registry: Registry, type: 'validating' | 'mutating'): ObservePolicy {
  const labelNames = ['policy', 'policy_binding', 'error_type', 'enforcement_action'] as const;
  const checks = new Counter({
    name: `apiserver_${type}_admission_policy_check_total`,
    help: `Checks of ${type} admission policies, by policy, binding, type of error and what was done.`,
    labelNames,
    registers: [registry],
  });
  const seconds = new Histogram({
    name: `apiserver_${type}_admission_policy_check_duration_seconds`,
    help: `Seconds that checks of ${type} admission policies took, by policy, binding, type of error and what was done.`,
    labelNames,
    buckets: [0.0000005, 0.001, 0.01, 0.1, 1],
    registers: [registry],
  });
  return ({ policy, binding, error, action, seconds: took }) => {
    const labels = { policy, policy_binding: binding, error_type: error, enforcement_action: action };
    checks.inc(labels);
    seconds.observe(labels, took);
  };
}

/** The type of error that metrics tell. */
export function errorTypeOf(message: string): string {
  if (message.startsWith('compilation')) return 'compile_error';
  return message.startsWith('validation failed due to running out of cost budget') ? 'out_of_budget' : 'invalid_error';
}
