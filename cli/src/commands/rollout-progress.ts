import type { DaemonSet, Deployment, StatefulSet } from '@gantry/model/gen/gantry.apps.v1.ts';
import { refusal } from '../context.ts';
import type { Rolled } from './rollout-targets.ts';

/** Progress of a rollout, in kubectl's words. */
export interface Progress {
  readonly isDone: boolean;
  readonly message: string;
}

const running = (message: string): Progress => ({ isDone: false, message });
const done = (message: string): Progress => ({ isDone: true, message });
const unobserved = (word: string): Progress => running(`Waiting for ${word} spec update to be observed...`);

/**
 * Reads a workload's status.
 *
 * @param revision of a deployment that is to run, 0 for any.
 * @throws Exit where the rollout failed, or nobody can say how far it is.
 */
export function rolloutProgress(object: Rolled, revision = 0): Progress {
  switch (object.kind) {
    case 'DaemonSet':
      return ofDaemonSet(object as DaemonSet);
    case 'StatefulSet':
      return ofStatefulSet(object as StatefulSet);
    default:
      return ofDeployment(object as Deployment, revision);
  }
}

function ofDeployment({ metadata, spec, status = {} }: Deployment, revision: number): Progress {
  const present = Number(metadata.annotations?.['deployment.kubernetes.io/revision'] ?? 0);
  if (revision > 0 && revision !== present) {
    throw refusal(`desired revision (${revision}) is different from the running revision (${present})`);
  }
  const name = `deployment "${metadata.name}"`;
  if (!isObserved(metadata.generation, status.observedGeneration)) return unobserved('deployment');
  const progressing = status.conditions?.find(({ type }) => type === 'Progressing');
  if (progressing?.reason === 'ProgressDeadlineExceeded') throw refusal(`${name} exceeded its progress deadline`);
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
  return done(`${name} successfully rolled out`);
}

function ofDaemonSet({ metadata, spec, status }: DaemonSet): Progress {
  mustRoll(spec.updateStrategy?.type);
  if (!isObserved(metadata.generation, status?.observedGeneration)) return unobserved('daemon set');
  const { desiredNumberScheduled = 0, updatedNumberScheduled = 0, numberAvailable = 0 } = status ?? {};
  const waiting = `Waiting for daemon set "${metadata.name}" rollout to finish:`;
  if (updatedNumberScheduled < desiredNumberScheduled) {
    return running(
      `${waiting} ${updatedNumberScheduled} out of ${desiredNumberScheduled} new pods have been updated...`,
    );
  }
  if (numberAvailable < desiredNumberScheduled) {
    return running(`${waiting} ${numberAvailable} of ${desiredNumberScheduled} updated pods are available...`);
  }
  return done(`daemon set "${metadata.name}" successfully rolled out`);
}

function ofStatefulSet({ metadata, spec, status }: StatefulSet): Progress {
  mustRoll(spec.updateStrategy?.type);
  if (!status?.observedGeneration || !isObserved(metadata.generation, status.observedGeneration)) {
    return unobserved('statefulset');
  }
  const {
    readyReplicas = 0,
    updatedReplicas = 0,
    currentReplicas = 0,
    currentRevision = '',
    updateRevision = '',
  } = status;
  const wanted = spec.replicas ?? 1;
  if (readyReplicas < wanted) return running(`Waiting for ${wanted - readyReplicas} pods to be ready...`);
  const partition = spec.updateStrategy?.rollingUpdate?.partition;
  if (spec.updateStrategy?.rollingUpdate !== undefined) {
    const updated = wanted - (partition ?? 0);
    return partition !== undefined && updatedReplicas < updated
      ? running(
          `Waiting for partitioned roll out to finish: ${updatedReplicas} out of ${updated} new pods have been updated...`,
        )
      : done(`partitioned roll out complete: ${updatedReplicas} new pods have been updated...`);
  }
  return updateRevision === currentRevision
    ? done(`statefulset rolling update complete ${currentReplicas} pods at revision ${currentRevision}...`)
    : running(
        `waiting for statefulset rolling update to complete ${updatedReplicas} pods at revision ${updateRevision}...`,
      );
}

function isObserved(generation = 0, observed = 0): boolean {
  return observed >= generation;
}

function mustRoll(type: string | undefined): void {
  if (type !== 'RollingUpdate') throw refusal('rollout status is only available for RollingUpdate strategy type');
}
