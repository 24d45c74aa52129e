import type { Deployment, DeploymentSpec } from '../../gen/gantry.apps.v1.ts';
import { setTemplateDefaults } from '../pod/defaults.ts';
import { readRollback } from './rollback.ts';

/** Steps of a rolling update in either direction, as a part of the replicas. */
const defaultStep = '25%';
/** Old versions kept for going back. */
const defaultHistoryLimit = 10;
/** Seconds without progress after which a rollout counts as failed. */
const defaultProgressSeconds = 600;

/** Sets a Deployment's left-out fields, in place. */
export function setDeploymentDefaults(deployment: Deployment): void {
  const { spec } = deployment;
  readRollback(deployment);
  spec.replicas ??= 1;
  spec.revisionHistoryLimit ??= defaultHistoryLimit;
  spec.progressDeadlineSeconds ??= defaultProgressSeconds;
  setStrategyDefaults(spec);
  setTemplateDefaults(spec.template);
}

function setStrategyDefaults(spec: DeploymentSpec): void {
  spec.strategy ??= {};
  const { strategy } = spec;
  strategy.type ||= 'RollingUpdate';
  if (strategy.type !== 'RollingUpdate') return;
  strategy.rollingUpdate ??= {};
  strategy.rollingUpdate.maxUnavailable ??= defaultStep;
  strategy.rollingUpdate.maxSurge ??= defaultStep;
}
