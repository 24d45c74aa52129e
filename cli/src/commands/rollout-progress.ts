import type { Deployment } from '@gantry/model/gen/gantry.apps.v1.ts';

/** Progress of a rollout, in kubectl's words. */
export interface Progress {
  readonly state: 'running' | 'done' | 'failed';
  readonly message: string;
}

/** Reads a deployment's status. */
export function rolloutProgress(deployment: Deployment): Progress {
  const { metadata, spec, status = {} } = deployment;
  const name = `deployment "${metadata.name}"`;
  const running = (message: string): Progress => ({ state: 'running', message });
  if ((status.observedGeneration ?? 0) < (metadata.generation ?? 0)) {
    return running('Waiting for deployment spec update to be observed...');
  }
  const progressing = status.conditions?.find(({ type }) => type === 'Progressing');
  if (progressing?.reason === 'ProgressDeadlineExceeded') {
    return { state: 'failed', message: `error: ${name} exceeded its progress deadline` };
  }
  const wanted = spec.replicas ?? 1;
  const { updatedReplicas = 0, replicas = 0, availableReplicas = 0 } = status;
  const waiting = `Waiting for ${name} rollout to finish:`;
  if (updatedReplicas < wanted) {
    return running(`${waiting} ${updatedReplicas} out of ${wanted} new replicas have been updated...`);
  }
  if (replicas > updatedReplicas) {
    return running(`${waiting} ${replicas - updatedReplicas} old replicas are pending termination...`);
  }
  if (availableReplicas < updatedReplicas) {
    return running(`${waiting} ${availableReplicas} of ${updatedReplicas} updated replicas are available...`);
  }
  return { state: 'done', message: `${name} successfully rolled out` };
}
