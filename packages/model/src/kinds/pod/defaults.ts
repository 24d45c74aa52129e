/** Defaults of pods and of pod templates. Relies on required fields being there. */
import type {
  Container,
  HTTPGetAction,
  Lifecycle,
  Pod,
  PodSpec,
  PodTemplateSpec,
  Probe,
  ResourceRequirements,
} from '../../gen/gantry.core.v1.ts';
import { defaultPullPolicy } from './images.ts';
import { setVolumeDefaults } from './volumes/defaults.ts';

/** Seconds that containers get to end by themselves: Kubernetes' default. */
export const defaultGracePeriodSeconds = 30;

/** Sets a pod's left-out fields, in place. */
export function setPodDefaults({ spec }: Pod): void {
  setSharedDefaults(spec);
  // A negative period means at once, which is a second.
  if (spec.terminationGracePeriodSeconds! < 0) spec.terminationGracePeriodSeconds = 1;
  spec.enableServiceLinks ??= true;
  spec.serviceAccountName ||= 'default';
  spec.serviceAccount = spec.serviceAccountName;
  for (const container of [...(spec.initContainers ?? []), ...spec.containers]) {
    setRequestDefaults(container.resources);
    if (spec.hostNetwork === true) for (const port of container.ports ?? []) port.hostPort ??= port.containerPort;
  }
}

/**
 * Sets the left-out fields of a template, in place. What depends on the pod alone (requests from limits, ports of the host, the
 * account) is left to the pods made from it, as in Kubernetes: a template stays as its author wrote it.
 */
export function setTemplateDefaults({ spec }: PodTemplateSpec): void {
  setSharedDefaults(spec);
}

function setSharedDefaults(spec: PodSpec): void {
  spec.restartPolicy ||= 'Always';
  spec.terminationGracePeriodSeconds ??= defaultGracePeriodSeconds;
  spec.dnsPolicy ||= 'ClusterFirst';
  spec.schedulerName ||= 'default-scheduler';
  spec.securityContext ??= {};
  // Two names of one thing; the newer one wins.
  spec.serviceAccountName ||= spec.serviceAccount;
  if (spec.serviceAccountName) spec.serviceAccount = spec.serviceAccountName;
  else delete spec.serviceAccountName;
  for (const volume of spec.volumes ?? []) setVolumeDefaults(volume);
  const containers = [...(spec.initContainers ?? []), ...spec.containers, ...(spec.ephemeralContainers ?? [])];
  for (const container of containers) setContainerDefaults(container);
}

function setContainerDefaults(container: Container): void {
  container.terminationMessagePath ||= '/dev/termination-log';
  container.terminationMessagePolicy ||= 'File';
  container.imagePullPolicy ||= defaultPullPolicy(container.image ?? '');
  container.resources ??= {};
  for (const port of container.ports ?? []) port.protocol ||= 'TCP';
  for (const { valueFrom } of container.env ?? []) {
    if (valueFrom?.fieldRef !== undefined) valueFrom.fieldRef.apiVersion ||= 'v1';
    if (valueFrom?.resourceFieldRef !== undefined) valueFrom.resourceFieldRef.divisor ??= '0';
  }
  setProbeDefaults(container.livenessProbe);
  setProbeDefaults(container.readinessProbe);
  setProbeDefaults(container.startupProbe);
  setLifecycleDefaults(container.lifecycle);
}

/** A limit without a request becomes the request. */
function setRequestDefaults(resources: ResourceRequirements | undefined): void {
  if (resources?.limits === undefined) return;
  resources.requests = { ...resources.limits, ...resources.requests };
}

function setProbeDefaults(probe: Probe | undefined): void {
  if (probe === undefined) return;
  // Zero counts as absent for these, as in Kubernetes.
  probe.timeoutSeconds ||= 1;
  probe.periodSeconds ||= 10;
  probe.successThreshold ||= 1;
  probe.failureThreshold ||= 3;
  setHttpDefaults(probe.httpGet);
  if (probe.grpc !== undefined) probe.grpc.service ??= '';
}

function setLifecycleDefaults(lifecycle: Lifecycle | undefined): void {
  setHttpDefaults(lifecycle?.postStart?.httpGet);
  setHttpDefaults(lifecycle?.preStop?.httpGet);
}

function setHttpDefaults(action: HTTPGetAction | undefined): void {
  if (action === undefined) return;
  action.path ||= '/';
  action.scheme ||= 'HTTP';
}
