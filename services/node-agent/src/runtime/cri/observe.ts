import { isError } from '@gantry/runtime/errors.ts';
import type { ContainerState, ObservedContainer, ObservedSandbox } from '../runtime.ts';
import type { CriClient } from './client.ts';
import { configAnnotation, nodeLabel, withoutKey } from './encode.ts';
import type {
  CriContainer,
  CriContainerState,
  CriContainerStatus,
  CriPodSandbox,
  CriPodSandboxStatus,
} from './messages.ts';

/** How many status calls run at once after a list. */
const maxStatusCalls = 16;

/**
 * Observes the sandboxes of one node. CRI's lists leave out addresses and exit codes, so each sandbox and container costs a status
 * call; the answer stays true until the listed state changes, so it is kept until then, and an idle node costs two calls.
 */
export function criObserver(
  client: CriClient,
  node: string,
): (signal?: AbortSignal) => Promise<readonly ObservedSandbox[]> {
  const ips = new Map<string, readonly string[]>();
  const statuses = new Map<string, { readonly listed: CriContainerState; readonly status: CriContainerStatus }>();
  const filter = { labelSelector: { [nodeLabel]: node } };

  return async (signal) => {
    const [pods, listed] = await Promise.all([
      client.runtime<{ items: CriPodSandbox[] }>('ListPodSandbox', { filter }, { signal }),
      client.runtime<{ containers: CriContainer[] }>('ListContainers', { filter }, { signal }),
    ]);
    const lost = new Set<string>();
    await eachOf(pods.items, maxStatusCalls, async (pod) => {
      if (pod.state !== 'SANDBOX_READY' || ips.has(pod.id)) return;
      const response = await detailsOf(
        client.runtime<{ status: CriPodSandboxStatus }>('PodSandboxStatus', { podSandboxId: pod.id }, { signal }),
      );
      if (typeof response === 'object') ips.set(pod.id, addressesOf(response.status));
    });
    await eachOf(listed.containers, maxStatusCalls, async (container) => {
      if (statuses.get(container.id)?.listed === container.state) return;
      const response = await detailsOf(
        client.runtime<{ status: CriContainerStatus }>('ContainerStatus', { containerId: container.id }, { signal }),
      );
      if (typeof response === 'object')
        statuses.set(container.id, { listed: response.status.state, status: response.status });
      else if (response === 'gone') lost.add(container.id);
    });
    keepOnly(ips, new Set(pods.items.map((pod) => pod.id)));
    keepOnly(statuses, new Set(listed.containers.map((container) => container.id)));

    const containers = new Map<string, ObservedContainer[]>();
    for (const container of listed.containers.toSorted((a, b) => a.createdAt - b.createdAt)) {
      if (lost.has(container.id)) continue;
      const known = statuses.get(container.id);
      const status = known?.listed === container.state ? known.status : listedStatus(container);
      const siblings = containers.get(container.podSandboxId) ?? [];
      siblings.push(observedContainer(container, status));
      containers.set(container.podSandboxId, siblings);
    }
    return pods.items
      .toSorted((a, b) => a.createdAt - b.createdAt)
      .map((pod) => observedSandbox(pod, ips.get(pod.id) ?? [], containers.get(pod.id) ?? []));
  };
}

function observedSandbox(
  pod: CriPodSandbox,
  ips: readonly string[],
  containers: readonly ObservedContainer[],
): ObservedSandbox {
  const ready = pod.state === 'SANDBOX_READY';
  return {
    id: pod.id,
    podUid: pod.metadata.uid,
    namespace: pod.metadata.namespace,
    name: pod.metadata.name,
    attempt: pod.metadata.attempt,
    ready,
    createdAtMs: msOf(pod.createdAt),
    ips: ready ? ips : [],
    labels: withoutKey(pod.labels, nodeLabel),
    annotations: withoutKey(pod.annotations, configAnnotation),
    containers,
  };
}

function observedContainer(container: CriContainer, status: CriContainerStatus): ObservedContainer {
  return {
    id: container.id,
    sandboxId: container.podSandboxId,
    name: container.metadata.name,
    attempt: container.metadata.attempt,
    image: container.image?.image ?? '',
    imageId: status.imageRef || container.imageRef,
    createdAtMs: msOf(container.createdAt),
    state: stateOf(status),
    logPath: status.logPath,
    labels: withoutKey(container.labels, nodeLabel),
    annotations: container.annotations,
  };
}

/** A container's state in our words. */
export function stateOf(status: CriContainerStatus): ContainerState {
  switch (status.state) {
    case 'CONTAINER_CREATED':
      return { kind: 'created' };
    case 'CONTAINER_RUNNING':
      return { kind: 'running', startedAtMs: msOf(status.startedAt) };
    case 'CONTAINER_EXITED':
      return {
        kind: 'exited',
        exitCode: status.exitCode,
        reason: status.reason || (status.exitCode === 0 ? 'Completed' : 'Error'),
        message: status.message,
        startedAtMs: msOf(status.startedAt),
        finishedAtMs: msOf(status.finishedAt),
      };
    case 'CONTAINER_UNKNOWN':
      return { kind: 'unknown' };
  }
}

/** Milliseconds since the epoch; some runtimes send a large negative number for a time that never was. */
function msOf(nanoseconds: number): number {
  return nanoseconds <= 0 ? 0 : Math.floor(nanoseconds / 1e6);
}

function addressesOf(status: CriPodSandboxStatus): string[] {
  const network = status.network;
  return [network?.ip ?? '', ...(network?.additionalIps.map((each) => each.ip) ?? [])].filter((ip) => ip !== '');
}

/**
 * The details of one listed thing: `gone` if it vanished after the list, `unclear` if the runtime fails for it alone, so that it
 * does not hide all others. Rejects if the runtime is away altogether.
 */
async function detailsOf<T>(call: Promise<T>): Promise<T | 'gone' | 'unclear'> {
  try {
    return await call;
  } catch (error) {
    if (isError(error, 'NotFound')) return 'gone';
    if (isError(error, 'ServiceUnavailable', 'Timeout', 'Cancelled')) throw error;
    return 'unclear';
  }
}

/** A status made from the list alone, for a container whose details the runtime fails to give. */
function listedStatus(container: CriContainer): CriContainerStatus {
  return {
    id: container.id,
    state: container.state,
    startedAt: container.createdAt,
    finishedAt: container.createdAt,
    // Kubernetes' exit code and reason for an unknown end.
    exitCode: 137,
    image: container.image,
    imageRef: container.imageRef,
    reason: container.state === 'CONTAINER_EXITED' ? 'ContainerStatusUnknown' : '',
    message: '',
    logPath: '',
  };
}

async function eachOf<T>(items: readonly T[], limit: number, work: (item: T) => Promise<void>): Promise<void> {
  const queue = items.values();
  const worker = async () => {
    for (const item of queue) await work(item);
  };
  await Promise.all(Array.from({ length: Math.min(limit, items.length) }, worker));
}

function keepOnly<V>(map: Map<string, V>, keys: ReadonlySet<string>): void {
  for (const key of map.keys()) if (!keys.has(key)) map.delete(key);
}
