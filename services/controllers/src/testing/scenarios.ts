import { advice } from './advice-scenario.ts';
import { cloudObjects } from './cloud-scenario.ts';
import { clusterAutoscaling } from './cluster-autoscaler-scenario.ts';
import { namespaces, volumes } from './cluster-scenarios.ts';
import { cronJobs } from './cronjob-scenario.ts';
import { daemonSets } from './daemonset-scenario.ts';
import { deployments, replicationControllers } from './deployment-scenario.ts';
import { evictions } from './disruption-scenario.ts';
import { endpoints } from './endpoints-scenario.ts';
import { garbage } from './garbage-scenario.ts';
import { autoscalers, autoscalersToZero } from './hpa-scenario.ts';
import { scaleToZero } from './idle-scenario.ts';
import { jobs } from './job-scenario.ts';
import { cuts, nodeHealth } from './node-scenario.ts';
import { deploymentPolicies } from './policies-scenario.ts';
import { quotas } from './quota-scenario.ts';
import { rollouts } from './rollout-scenario.ts';
import { rolloutsOfSets } from './rollout-sets-scenario.ts';
import type { Scenario } from './scenario.ts';
import { statefulSets } from './stateful-scenario.ts';
import { disruptions, endpointSlices, podGroups, replicaSets } from './workload-scenarios.ts';

/** One a controller; all controllers run in each. */
export const scenarios: readonly Scenario[] = [
  replicaSets,
  replicationControllers,
  deployments,
  daemonSets,
  cronJobs,
  garbage,
  endpointSlices,
  endpoints,
  disruptions,
  evictions,
  podGroups,
  namespaces,
  nodeHealth,
  cuts,
  volumes,
  quotas,
  jobs,
  statefulSets,
  rollouts,
  rolloutsOfSets,
  scaleToZero,
  deploymentPolicies,
  autoscalers,
  autoscalersToZero,
  advice,
  clusterAutoscaling,
  cloudObjects,
];
