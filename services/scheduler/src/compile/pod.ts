import { podRequests } from '@gantry/model/amounts.ts';
import type { Affinity, Pod, PodSpec, TopologySpreadConstraint } from '@gantry/model/gen/gantry.core.v1.ts';
import { areDevicesFor, devicesOf, gpuDemand } from '@gantry/model/gpu.ts';
import { resourcesCountedOf } from '@gantry/model/kinds/pod/allocated.ts';
import { claimsOf } from '@gantry/model/kinds/pod/claims.ts';
import { podGroupLabel } from '@gantry/model/kinds/podgroup/podgroup.ts';
import {
  type HostPort,
  noDevices,
  type PodInfo,
  type PodRequirement,
  type PodTerm,
  type PreferredNodeTerm,
  type PreferredPodTerm,
  type SpreadRule,
  type Toleration,
} from '../requirement.ts';
import { mobilityOf } from './mobility.ts';
import { namedNodes, nodeTerm, ownNamespaceSelector, podTerm, type RuleOwner } from './selectors.ts';

/** Requests that Kubernetes' scoring assumes for pods without any. */
const assumedCpuMilli = 100;
const assumedMemoryBytes = 200 * 1024 * 1024;

/** Classes that are remembered, so that the many pods of one template are compiled once. */
const maxClasses = 20_000;

/** Makes pods into what the scheduler works with. It remembers requirements, so that pods of one class share one. */
export class PodCompiler {
  readonly #requirements = new Map<string, PodRequirement>();

  /** Throws BadRequest where a rule or quantity cannot be read. */
  compile(pod: Pod): PodInfo {
    const { metadata, spec, status } = pod;
    const phase = status?.phase;
    // While a pod is resized, the more of what it has and what it asks for counts.
    const counted = resourcesCountedOf(pod);
    const requirement = this.#requirementOf(counted === spec ? pod : { ...pod, spec: counted });
    const group = metadata.labels?.[podGroupLabel] ?? '';
    return {
      uid: metadata.uid ?? '',
      namespace: metadata.namespace ?? '',
      name: metadata.name,
      requirement,
      schedulerName: spec.schedulerName || 'default-scheduler',
      nodeName: spec.nodeName ?? '',
      gpuDevices: spec.nodeName ? givenDevices(pod, requirement) : noDevices,
      gates: spec.schedulingGates?.map(({ name }) => name) ?? [],
      nominatedNodeName: status?.nominatedNodeName ?? '',
      group,
      mobility: mobilityOf(pod, group),
      terminating: metadata.deletionTimestamp !== undefined,
      finished: phase === 'Succeeded' || phase === 'Failed',
      succeeded: phase === 'Succeeded',
      createdMs: Date.parse(metadata.creationTimestamp ?? '') || 0,
      startedMs: Date.parse(status?.startTime ?? '') || 0,
    };
  }

  #requirementOf(pod: Pod): PodRequirement {
    const claims = claimsOf(pod);
    const key = classKey(pod, claims);
    const known = this.#requirements.get(key);
    if (known !== undefined) return known;
    const made = compileRequirement(pod, key, claims);
    if (this.#requirements.size >= maxClasses) this.#requirements.clear();
    this.#requirements.set(key, made);
    return made;
  }
}

/** All that placement may depend on, as text. */
function classKey({ metadata, spec }: Pod, claims: readonly string[]): string {
  const container = ({ resources, ports, image, restartPolicy }: PodSpec['containers'][number]): unknown => [
    resources?.requests,
    resources?.limits,
    ports?.filter(({ hostPort }) => hostPort),
    image,
    restartPolicy,
  ];
  return JSON.stringify([
    metadata.namespace,
    metadata.labels,
    spec.containers.map(container),
    spec.initContainers?.map(container),
    spec.resources?.requests,
    spec.resources?.limits,
    spec.overhead,
    spec.nodeSelector,
    spec.affinity,
    spec.tolerations,
    spec.topologySpreadConstraints,
    spec.priority,
    spec.preemptionPolicy,
    claims.length === 0 ? undefined : claims,
    spreadsByDefault({ metadata, spec }) || undefined,
  ]);
}

function compileRequirement({ metadata, spec }: Pod, key: string, claims: readonly string[]): PodRequirement {
  const labels = metadata.labels ?? {};
  const namespace = metadata.namespace ?? '';
  const owner: RuleOwner = { namespace, labels };
  const requests = podRequests(spec);
  const required = spec.affinity?.nodeAffinity?.requiredDuringSchedulingIgnoredDuringExecution;
  const nodeTerms = required?.nodeSelectorTerms.map(nodeTerm);
  return {
    key,
    namespace,
    labels,
    requests,
    scoring: {
      cpuMilli: requests.get('cpu') ?? assumedCpuMilli,
      memoryBytes: requests.get('memory') ?? assumedMemoryBytes,
    },
    staticKey: JSON.stringify([spec.nodeSelector, spec.affinity?.nodeAffinity, spec.tolerations]),
    nodeSelector: Object.entries(spec.nodeSelector ?? {}).map(([label, value]) => {
      return { key: label, operator: 'In', values: [value] };
    }),
    nodeTerms,
    nodeNames: namedNodes(nodeTerms),
    preferredNodeTerms: preferredNodeTerms(spec.affinity),
    tolerations: (spec.tolerations ?? []).map(toleration),
    hostPorts: hostPorts(spec),
    spreadsByDefault: spreadsByDefault({ metadata, spec }),
    spread: (spec.topologySpreadConstraints ?? []).map((constraint) => spreadRule(constraint, owner)),
    ...podRules(spec.affinity, owner),
    gpu: gpuDemand(requests),
    priority: spec.priority ?? 0,
    mayPreempt: spec.preemptionPolicy !== 'Never',
    claims,
    images: [...spec.containers, ...(spec.initContainers ?? [])].flatMap(({ image }) => image || []),
  };
}

function preferredNodeTerms(affinity: Affinity | undefined): PreferredNodeTerm[] {
  const preferred = affinity?.nodeAffinity?.preferredDuringSchedulingIgnoredDuringExecution ?? [];
  return preferred.map(({ weight, preference }) => ({ weight, term: nodeTerm(preference) }));
}

function podRules(
  affinity: Affinity | undefined,
  owner: RuleOwner,
): Pick<PodRequirement, 'affinity' | 'antiAffinity' | 'preferredAffinity' | 'preferredAntiAffinity'> {
  const near = affinity?.podAffinity;
  const away = affinity?.podAntiAffinity;
  type Terms = NonNullable<typeof near>['requiredDuringSchedulingIgnoredDuringExecution'];
  type Weighted = NonNullable<typeof near>['preferredDuringSchedulingIgnoredDuringExecution'];
  const required = (terms: Terms): PodTerm[] => (terms ?? []).map((term) => podTerm(term, owner));
  const preferred = (terms: Weighted): PreferredPodTerm[] =>
    (terms ?? []).map(({ weight, podAffinityTerm }) => ({ weight, term: podTerm(podAffinityTerm, owner) }));
  return {
    affinity: required(near?.requiredDuringSchedulingIgnoredDuringExecution),
    antiAffinity: required(away?.requiredDuringSchedulingIgnoredDuringExecution),
    preferredAffinity: preferred(near?.preferredDuringSchedulingIgnoredDuringExecution),
    preferredAntiAffinity: preferred(away?.preferredDuringSchedulingIgnoredDuringExecution),
  };
}

/** True for pods of a ReplicaSet or ReplicationController without constraints of their own, as in Kubernetes. */
function spreadsByDefault({ metadata, spec }: Pick<Pod, 'metadata' | 'spec'>): boolean {
  if (spec.topologySpreadConstraints?.length) return false;
  const owner = metadata.ownerReferences?.find(({ controller }) => controller);
  return owner?.kind === 'ReplicaSet' || owner?.kind === 'ReplicationController';
}

function spreadRule(constraint: TopologySpreadConstraint, owner: RuleOwner): SpreadRule {
  return {
    selector: ownNamespaceSelector(constraint.labelSelector, constraint.matchLabelKeys, owner),
    topologyKey: constraint.topologyKey,
    maxSkew: constraint.maxSkew,
    minDomains: constraint.minDomains ?? 1,
    required: constraint.whenUnsatisfiable !== 'ScheduleAnyway',
    honorAffinity: constraint.nodeAffinityPolicy !== 'Ignore',
    honorTaints: constraint.nodeTaintsPolicy === 'Honor',
  };
}

function toleration(given: { key?: string; operator?: string; value?: string; effect?: string }): Toleration {
  const { key = '', operator, value = '', effect = '' } = given;
  return { key, operator: (operator || 'Equal') as Toleration['operator'], value, effect };
}

function hostPorts(spec: PodSpec): HostPort[] {
  const sidecars = (spec.initContainers ?? []).filter(({ restartPolicy }) => restartPolicy === 'Always');
  return [...spec.containers, ...sidecars].flatMap(({ ports = [] }) =>
    ports
      .filter(({ hostPort = 0 }) => hostPort > 0)
      .map(({ protocol, hostIP, hostPort }) => {
        return { protocol: protocol || 'TCP', ip: hostIP || '0.0.0.0', port: hostPort! };
      }),
  );
}

/** The devices that the pod's annotation names, where they are as many as it asks for. */
function givenDevices({ metadata }: Pod, { gpu }: PodRequirement): readonly number[] {
  const devices = gpu === undefined ? undefined : devicesOf(metadata.annotations);
  return gpu !== undefined && devices !== undefined && areDevicesFor(gpu, devices) ? devices : noDevices;
}
