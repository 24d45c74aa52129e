import type { ContainerRef } from '@gantry/client/pod-messages.ts';
import { GantryError, notFound } from '@gantry/runtime/errors.ts';
import type { Pods } from '../pods/pods.ts';
import { plannedContainers } from '../pods/spec.ts';
import type { PodWorker } from '../pods/worker.ts';
import type { ObservedContainer, ObservedSandbox } from '../runtime/runtime.ts';

/** Names the container that is meant where a pod has several. */
const defaultContainerAnnotation = 'kubectl.kubernetes.io/default-container';

/** A pod of this node, as of now. */
export interface PodTarget {
  readonly worker: PodWorker;
  /** Newest instance last. */
  readonly instances: (container: string) => readonly ObservedContainer[];
  readonly sandbox: ObservedSandbox | undefined;
}

/** The pod. Throws NotFound, in Kubernetes' words, where this node has no such pod. */
export function findPod(pods: Pods, namespace: string, name: string): PodTarget {
  const worker = pods.find(namespace, name);
  if (worker === undefined) throw notFound({ group: '', resource: 'pods', name });
  const sandboxes = pods.sandboxesOf(worker.uid) ?? [];
  return {
    worker,
    instances: (container) =>
      (pods.sandboxesOf(worker.uid) ?? [])
        .flatMap((sandbox) => sandbox.containers)
        .filter((candidate) => candidate.name === container)
        .toSorted((a, b) => a.attempt - b.attempt),
    sandbox: sandboxes.findLast(({ ready }) => ready),
  };
}

/** The name of the container that is meant. Throws BadRequest where it is not clear, or there is none of that name. */
export function containerNameOf({ worker: { pod } }: PodTarget, { container = '' }: ContainerRef): string {
  const names = plannedContainers(pod).map(({ name }) => name);
  if (container !== '') {
    if (names.includes(container)) return container;
    throw new GantryError('BadRequest', `container ${container} is not valid for pod ${pod.metadata.name}`);
  }
  const preferred = pod.metadata.annotations?.[defaultContainerAnnotation];
  if (preferred !== undefined && names.includes(preferred)) return preferred;
  const [only, ...others] = pod.spec.containers.map(({ name }) => name);
  if (only !== undefined && others.length === 0) return only;
  const choices = names.join(' ');
  throw new GantryError(
    'BadRequest',
    `a container name must be specified for pod ${pod.metadata.name}, choose one of: [${choices}]`,
  );
}

/** The running instance of a container. Throws FailedPrecondition where none runs. */
export function runningInstance(target: PodTarget, ref: ContainerRef): ObservedContainer {
  const name = containerNameOf(target, ref);
  const running = target.instances(name).findLast(({ state }) => state.kind === 'running');
  if (running !== undefined) return running;
  throw new GantryError('FailedPrecondition', `container ${name} in pod ${ref.pod} is not running`);
}
