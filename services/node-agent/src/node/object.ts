import type { Node, NodeCondition, NodeSystemInfo, Taint } from '@gantry/model/gen/gantry.core.v1.ts';
import { timeOf } from '../pods/container-status.ts';
import type { Resources } from './capacity.ts';

/** Annotation with the address of PodService of a node's agent, as `host:port`; the api passes logs, exec and the like on to it. */
export const agentAddressAnnotation = 'gantry.dev/agent-address';

/** Facts that a node's object is made from. */
export interface NodeFacts {
  readonly name: string;
  /** Addresses of the node, primary first. */
  readonly addresses: readonly string[];
  /** As host:port; undefined where nobody reaches into its pods. */
  readonly agentAddress: string | undefined;
  /** Port of the node at which the agent tells of it, where that is not its port of agentAddress. */
  readonly kubeletPort?: number | undefined;
  readonly podCidr: string | undefined;
  readonly labels: Readonly<Record<string, string>>;
  /** Taints of a node that is not registered yet. */
  readonly taints: readonly Taint[];
  /** A provider's name of the machine; undefined where none provides it. */
  readonly providerId: string | undefined;
  readonly capacity: Resources;
  readonly allocatable: Resources;
  readonly systemInfo: NodeSystemInfo;
}

/** Health of the node. */
export interface NodeHealth {
  /** Reason why pods cannot run at the moment; undefined where they can. */
  readonly problem: string | undefined;
  readonly memoryAvailableBytes: number;
  readonly fsAvailableShare: number;
}

/** Below these Kubernetes reports pressure by default: 100 MiB of memory, a tenth of the disk. */
const pressure = { memoryBytes: 100 * 1024 * 1024, fsShare: 0.1 } as const;

/** The labels that every node has, and those of its configuration. */
export function nodeLabels(facts: Pick<NodeFacts, 'name' | 'labels' | 'systemInfo'>): Record<string, string> {
  const { operatingSystem = 'linux', architecture = 'amd64' } = facts.systemInfo;
  return {
    'kubernetes.io/hostname': facts.name,
    'kubernetes.io/os': operatingSystem,
    'kubernetes.io/arch': architecture,
    ...facts.labels,
  };
}

/** The object that registers a node; one that exists keeps what others put on it (labels, annotations, taints). */
export function nodeObject(facts: NodeFacts, stored: Node | undefined): Node {
  return {
    apiVersion: 'v1',
    kind: 'Node',
    metadata: {
      ...stored?.metadata,
      name: facts.name,
      labels: { ...stored?.metadata.labels, ...nodeLabels(facts) },
      annotations: {
        ...stored?.metadata.annotations,
        ...(facts.agentAddress === undefined ? {} : { [agentAddressAnnotation]: facts.agentAddress }),
      },
    },
    spec: {
      ...(stored === undefined && facts.taints.length > 0 ? { taints: [...facts.taints] } : {}),
      ...(facts.providerId === undefined ? {} : { providerID: facts.providerId }),
      ...stored?.spec,
      ...(facts.podCidr === undefined ? {} : { podCIDR: facts.podCidr, podCIDRs: [facts.podCidr] }),
    },
  };
}

/** The node's status. Conditions that others own are kept. */
export function nodeStatus(
  facts: NodeFacts,
  health: NodeHealth,
  stored: Node | undefined,
  nowMs: number,
): NonNullable<Node['status']> {
  const before = stored?.status?.conditions ?? [];
  const own = conditionsOf(health).map((condition) => withTimes(condition, before, nowMs));
  const foreign = before.filter(({ type }) => !own.some((condition) => condition.type === type));
  const port = facts.kubeletPort ?? facts.agentAddress?.split(':').at(-1);
  return {
    ...stored?.status,
    // Resources that others advertise, which is allowed for extended ones, stay.
    capacity: { ...stored?.status?.capacity, ...facts.capacity },
    allocatable: { ...stored?.status?.allocatable, ...facts.allocatable },
    conditions: [...own, ...foreign],
    addresses: [
      ...facts.addresses.map((address) => ({ type: 'InternalIP', address })),
      { type: 'Hostname', address: facts.name },
      // Those that a cloud tells of.
      ...(stored?.status?.addresses ?? []).filter(({ type }) => type !== 'InternalIP' && type !== 'Hostname'),
    ],
    ...(port === undefined ? {} : { daemonEndpoints: { kubeletEndpoint: { Port: Number(port) } } }),
    nodeInfo: facts.systemInfo,
  };
}

function conditionsOf(health: NodeHealth): NodeCondition[] {
  const low = health.memoryAvailableBytes < pressure.memoryBytes;
  const full = health.fsAvailableShare < pressure.fsShare;
  const condition = (type: string, isTrue: boolean, reason: string, message: string): NodeCondition => ({
    type,
    status: isTrue ? 'True' : 'False',
    reason,
    message,
  });
  return [
    low
      ? condition('MemoryPressure', true, 'KubeletHasInsufficientMemory', 'kubelet has insufficient memory available')
      : condition('MemoryPressure', false, 'KubeletHasSufficientMemory', 'kubelet has sufficient memory available'),
    full
      ? condition('DiskPressure', true, 'KubeletHasDiskPressure', 'kubelet has disk pressure')
      : condition('DiskPressure', false, 'KubeletHasNoDiskPressure', 'kubelet has no disk pressure'),
    condition('PIDPressure', false, 'KubeletHasSufficientPID', 'kubelet has sufficient PID available'),
    health.problem === undefined
      ? condition('Ready', true, 'KubeletReady', 'kubelet is posting ready status')
      : condition('Ready', false, 'KubeletNotReady', health.problem),
  ];
}

function withTimes(condition: NodeCondition, before: readonly NodeCondition[], nowMs: number): NodeCondition {
  const known = before.find(({ type }) => type === condition.type);
  const unchanged = known?.status === condition.status && known.lastTransitionTime !== undefined;
  const lastTransitionTime = unchanged ? known.lastTransitionTime : timeOf(nowMs);
  return { ...condition, lastHeartbeatTime: timeOf(nowMs), lastTransitionTime };
}
