import { Counter, Histogram, type Registry } from 'prom-client';

/** The word for a phase of admission in metrics of webhooks. */
export type HookPhase = 'admit' | 'validating';

/** The end of a call of a webhook. */
export interface HookCall {
  readonly name: string;
  readonly type: HookPhase;
  readonly operation: string;
  /** HTTP status; 0 for an error of the api itself. */
  readonly code: number;
  readonly rejected: boolean;
  readonly seconds: number;
  /** Why it refused the request, where it did. */
  readonly rejection?: 'calling_webhook_error' | 'apiserver_internal_error' | 'no_error' | undefined;
}

/** Counters of webhooks, by Kubernetes' names. */
export interface HookMetrics {
  readonly called: (call: HookCall) => void;
  /** A webhook failed, and the request went on without it. */
  readonly failedOpen: (name: string, type: HookPhase) => void;
  /** Match conditions were evaluated. @param outcome Errors, or whether the webhook is left out. */
  readonly matched: (
    name: string,
    operation: string,
    outcome: { readonly errors: number; readonly excluded: boolean },
  ) => void;
}

/** Highest status code that is told apart. */
const maxCode = 600;

/** Counters of webhooks in a registry. */
export function createHookMetrics(registry: Registry): HookMetrics {
  const registers = [registry];
  const seconds = new Histogram({
    name: 'apiserver_admission_webhook_admission_duration_seconds',
    help: 'Seconds that calls of admission webhooks took, by name, type (validating or admit) and operation.',
    labelNames: ['name', 'type', 'operation', 'rejected'],
    buckets: [0.005, 0.025, 0.1, 0.5, 1, 2.5, 10, 25],
    registers,
  });
  const requests = new Counter({
    name: 'apiserver_admission_webhook_request_total',
    help: 'Calls of admission webhooks, by name, type, operation and HTTP status.',
    labelNames: ['name', 'type', 'operation', 'code', 'rejected'],
    registers,
  });
  const rejections = new Counter({
    name: 'apiserver_admission_webhook_rejection_count',
    help: 'Requests that were refused because of admission webhooks, by name, type, operation, kind of error and HTTP status.',
    labelNames: ['name', 'type', 'operation', 'error_type', 'rejection_code'],
    registers,
  });
  const open = new Counter({
    name: 'apiserver_admission_webhook_fail_open_count',
    help: 'Admission webhooks that failed without keeping the request from going on, by name and type.',
    labelNames: ['name', 'type'],
    registers,
  });
  const labelNames = ['name', 'kind', 'operation'] as const;
  const errors = new Counter({
    name: 'apiserver_admission_match_condition_evaluation_errors_total',
    help: 'Errors of match conditions, by the name and kind of what has them, and operation.',
    labelNames,
    registers,
  });
  const exclusions = new Counter({
    name: 'apiserver_admission_match_condition_exclusions_total',
    help: 'Requests that match conditions left out, by the name and kind of what has them, and operation.',
    labelNames,
    registers,
  });
  return {
    called: (call) => {
      const { name, type, operation } = call;
      const code = String(Math.min(call.code, maxCode));
      const rejected = String(call.rejected);
      seconds.observe({ name, type, operation, rejected }, call.seconds);
      requests.inc({ name, type, operation, code, rejected });
      if (call.rejection === undefined) return;
      rejections.inc({ name, type, operation, error_type: call.rejection, rejection_code: code });
    },
    failedOpen: (name, type) => open.inc({ name, type }),
    matched: (name, operation, { errors: failed, excluded }) => {
      const labels = { name, kind: 'webhook', operation };
      if (failed > 0) errors.inc(labels, failed);
      if (excluded) exclusions.inc(labels);
    },
  };
}
