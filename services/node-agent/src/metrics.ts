import { Counter, type Registry } from 'prom-client';
import { ProbeCounts } from './kubelet/probe-counts.ts';

/** Metrics of an agent. */
export interface AgentMetrics {
  /** Decisions about a pod that threw; each costs its pod a backoff. */
  readonly failedDecisions: Counter;
  /** Outcomes of probes. */
  readonly probes: ProbeCounts;
}

/** Makes the agent's metrics in a registry. */
export function agentMetrics(registry: Registry): AgentMetrics {
  return {
    probes: new ProbeCounts(),
    failedDecisions: new Counter({
      name: 'gantry_node_agent_failed_pod_decisions_total',
      help: 'Decisions about a pod that failed in an unforeseen way.',
      registers: [registry],
    }),
  };
}
