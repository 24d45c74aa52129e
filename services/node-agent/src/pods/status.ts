import type { ContainerStatus, PodStatus } from '@gantry/model/gen/gantry.core.v1.ts';
import { qosClassOf } from '@gantry/model/kinds/pod/qos.ts';
import { noResize } from '../resize/resizes.ts';
import { podResources } from '../resize/status.ts';
import { conditionsOf, observedOf } from './conditions.ts';
import { containerStatusOf, timeOf } from './container-status.ts';
import { type PodPhase, phaseOf } from './phase.ts';
import { type PlannedContainer, plannedContainers, restartPolicyOf } from './spec.ts';
import { endingOf } from './step-end.ts';
import { currentSandbox, type PodView } from './view.ts';

/** Facts about the node that appear in the statuses of its pods. */
export interface NodeFacts {
  /** Such as containerd. */
  readonly runtimeName: string;
  /** Addresses of the node, primary first. */
  readonly hostIps: readonly string[];
}

/** The pod's status as it is to be reported. Fields and conditions that others own are carried over from the api's object. */
export function statusOf(view: PodView, node: NodeFacts): PodStatus {
  const { pod, memory, previous } = view;
  const over = endingOf(view) !== undefined;
  const context = { runtimeName: node.runtimeName, over };
  const statusesOf = (wanted: (planned: PlannedContainer) => boolean) =>
    plannedContainers(pod)
      .filter(wanted)
      .map((planned) => containerStatusOf(view, planned, context));
  const init = statusesOf(({ role }) => role === 'init' || role === 'sidecar');
  const main = statusesOf(({ role }) => role === 'main');
  const ephemeral = statusesOf(({ role }) => role === 'ephemeral');
  const phase = stickyPhase(view, phaseOf(restartPolicyOf(pod), withoutSidecars(view, init), main, over));
  const sandbox = currentSandbox(view);
  const ips = pod.spec?.hostNetwork ? (sandbox === undefined ? [] : node.hostIps) : (sandbox?.ips ?? []);
  const shownIps = ips.length > 0 ? ips : (previous?.podIPs ?? []).map(({ ip }) => ip ?? '');
  const { conditions: _, reason: __, message: ___, ...others } = pod.status ?? {};
  return {
    ...others,
    ...observedOf(pod),
    phase,
    ...(memory.failed ?? (previous?.reason ? { reason: previous.reason, message: previous.message } : {})),
    conditions: conditionsOf({
      pod,
      phase,
      init,
      main,
      sandboxReady: sandbox !== undefined,
      previous: previous?.conditions ?? [],
      resize: over ? noResize : view.resize,
      nowMs: view.nowMs,
    }),
    hostIP: node.hostIps[0],
    hostIPs: node.hostIps.map((ip) => ({ ip })),
    ...(shownIps.length === 0 ? {} : { podIP: shownIps[0], podIPs: shownIps.map((ip) => ({ ip })) }),
    startTime: previous?.startTime ?? timeOf(memory.seenAtMs),
    ...(isRejected(view) ? {} : containerStatusesOf(init, main, ephemeral)),
    ...podResources(view),
    qosClass: pod.status?.qosClass ?? qosClassOf(pod),
  };
}

/** Whether the pod failed because the node rejected it: then it has no containers to tell of, as with Kubernetes. */
function isRejected({ rejection, sandboxes, memory, previous }: PodView): boolean {
  return rejection !== undefined && sandboxes.length === 0 && (memory.failed ?? previous)?.reason === rejection.reason;
}

function containerStatusesOf(
  init: readonly ContainerStatus[],
  main: readonly ContainerStatus[],
  ephemeral: readonly ContainerStatus[],
): Partial<PodStatus> {
  return {
    ...(init.length === 0 ? {} : { initContainerStatuses: [...init] }),
    containerStatuses: [...main],
    ...(ephemeral.length === 0 ? {} : { ephemeralContainerStatuses: [...ephemeral] }),
  };
}

/** A pod that was reported as over stays so. */
function stickyPhase({ previous, memory }: PodView, phase: PodPhase): PodPhase {
  if (previous?.phase === 'Succeeded' || previous?.phase === 'Failed') return previous.phase;
  return memory.failed !== undefined && phase !== 'Running' ? 'Failed' : phase;
}

function withoutSidecars<T extends { readonly name?: string }>(view: PodView, statuses: readonly T[]): T[] {
  const sidecars = new Set(
    plannedContainers(view.pod)
      .filter(({ role }) => role === 'sidecar')
      .map(({ name }) => name),
  );
  return statuses.filter(({ name }) => !sidecars.has(name ?? ''));
}
