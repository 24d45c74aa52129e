/** Validation of a pod's containers. */
import type { FieldCause } from '@gantry/runtime/errors.ts';
import type { Container, ContainerPort, PodSpec, Volume } from '../../../gen/gantry.core.v1.ts';
import {
  duplicate,
  duplicates,
  forbidden,
  invalidValue,
  invalidValues,
  notSupported,
  oneOf,
  required,
} from '../../../validation/causes.ts';
import { dnsLabelProblems, ipProblems, portNameProblems, portNumberProblems } from '../../../validation/names.ts';
import { validateContainerSecurity } from '../security.ts';
import { validateEnv, validateEnvFrom } from './env.ts';
import { validateDevices, validateMounts } from './mounts.ts';
import { validateLifecycle, validateProbes } from './probes.ts';
import { validateClaimNames, validateResources } from './resources.ts';

const pullPolicies = ['Always', 'IfNotPresent', 'Never'];
const messagePolicies = ['FallbackToLogsOnError', 'File'];
const protocols = ['SCTP', 'TCP', 'UDP'];
const resizable = ['cpu', 'memory'];
const resizePolicies = ['NotRequired', 'RestartContainer'];

/** Containers and init containers: names unique among both. @param path Of the pod's spec. */
export function validateContainers(spec: PodSpec, path: string): FieldCause[] {
  const volumes = new Map((spec.volumes ?? []).map((volume) => [volume.name, volume]));
  const { containers, initContainers = [] } = spec;
  const lists = [
    ...containers.map((container, index) => ({ container, field: `${path}.containers[${index}]`, isInit: false })),
    ...initContainers.map((container, index) => ({
      container,
      field: `${path}.initContainers[${index}]`,
      isInit: true,
    })),
  ];
  return [
    ...lists.flatMap(({ container, field, isInit }) => [
      ...validateContainer(container, spec, volumes, field),
      ...(isInit
        ? validateInitOnly(container, spec, field)
        : [...validateRunning(container, spec, field), ...validatePolicy(container, field)]),
    ]),
    ...duplicates(
      lists.map(({ container }) => container.name),
      (index) => `${lists[index]!.field}.name`,
    ),
    ...repeatedHostPorts(containers, `${path}.containers`),
    // They run one after the other, so each has the node's ports for itself.
    ...initContainers.flatMap((container) => repeatedHostPorts([container], `${path}.initContainers`)),
  ];
}

/** Validates the fields that all containers have. */
export function validateContainer(
  container: Container,
  spec: PodSpec,
  volumes: ReadonlyMap<string, Volume>,
  path: string,
): FieldCause[] {
  const { name, image, ports = [], env = [], envFrom = [], volumeDevices = [] } = container;
  return [
    ...invalidValues(`${path}.name`, name, dnsLabelProblems(name)),
    ...validateImage(image, `${path}.image`),
    ...oneOf(`${path}.imagePullPolicy`, container.imagePullPolicy, pullPolicies),
    ...oneOf(`${path}.terminationMessagePolicy`, container.terminationMessagePolicy, messagePolicies),
    ...validatePorts(ports, spec.hostNetwork === true, `${path}.ports`),
    ...validateEnv(env, `${path}.env`),
    ...validateEnvFrom(envFrom, `${path}.envFrom`),
    ...validateMounts(container, volumes, `${path}.volumeMounts`),
    ...validateDevices(volumeDevices, volumes, `${path}.volumeDevices`),
    ...validateResources(container.resources, `${path}.resources`),
    ...validateClaimNames(container.resources, spec, `${path}.resources`),
    ...validateResizing(container, spec, `${path}.resizePolicy`),
    ...validateContainerSecurity(container.securityContext, `${path}.securityContext`),
  ];
}

function validateImage(image: string | undefined, field: string): FieldCause[] {
  if (!image) return [required(field)];
  return image === image.trim() ? [] : [invalidValue(field, image, 'must not have leading or trailing whitespace')];
}

/** Validates the fields of containers that run as long as the pod does. */
function validateRunning(container: Container, spec: PodSpec, path: string): FieldCause[] {
  return [
    ...validateLifecycle(container.lifecycle, spec.terminationGracePeriodSeconds, `${path}.lifecycle`),
    ...validateProbes(container, path),
  ];
}

/** Only an init container may differ from the pod's restart policy. */
function validatePolicy({ restartPolicy, restartPolicyRules = [] }: Container, path: string): FieldCause[] {
  const causes: FieldCause[] = [];
  if (restartPolicy !== undefined) {
    causes.push(forbidden(`${path}.restartPolicy`, 'may not be set for non-init containers'));
  } else if (restartPolicyRules.length > 0) {
    causes.push(required(`${path}.restartPolicy`, 'must specify restartPolicy when restart rules are used'));
  }
  return causes;
}

/** An init container runs to its end, so nothing looks after it on the way; but one that restarts always is a sidecar. */
function validateInitOnly(container: Container, spec: PodSpec, path: string): FieldCause[] {
  const { restartPolicy } = container;
  if (restartPolicy === 'Always') return validateRunning(container, spec, path);
  const causes: FieldCause[] = [];
  if (restartPolicy !== undefined) causes.push(notSupported(`${path}.restartPolicy`, restartPolicy, ['Always']));
  const text = 'may not be set for init containers without restartPolicy=Always';
  for (const name of ['lifecycle', 'livenessProbe', 'readinessProbe', 'startupProbe'] as const) {
    if (container[name] !== undefined) causes.push(forbidden(`${path}.${name}`, text));
  }
  (container.resizePolicy ?? []).forEach((policy, index) => {
    if (policy.restartPolicy !== 'RestartContainer') return;
    const problem = "must not be set to 'RestartContainer' for non-sidecar initContainers";
    causes.push(invalidValue(`${path}.resizePolicy[${index}].restartPolicy`, policy.restartPolicy, problem));
  });
  return causes;
}

function validatePorts(ports: readonly ContainerPort[], isHost: boolean, path: string): FieldCause[] {
  const causes = ports.flatMap(({ name = '', containerPort, hostPort = 0, protocol, hostIP = '' }, index) => {
    const field = `${path}[${index}]`;
    return [
      ...(name === '' ? [] : invalidValues(`${field}.name`, name, portNameProblems(name))),
      ...(containerPort === 0
        ? [required(`${field}.containerPort`)]
        : invalidValues(`${field}.containerPort`, containerPort, portNumberProblems(containerPort))),
      ...(hostPort === 0 ? [] : invalidValues(`${field}.hostPort`, hostPort, portNumberProblems(hostPort))),
      ...(isHost && hostPort !== 0 && hostPort !== containerPort
        ? [invalidValue(`${field}.hostPort`, hostPort, 'must match `containerPort` when `hostNetwork` is true')]
        : []),
      ...oneOf(`${field}.protocol`, protocol, protocols),
      ...(hostIP === '' ? [] : invalidValues(`${field}.hostIP`, hostIP, ipProblems(hostIP))),
    ];
  });
  const repeated = duplicates(
    ports.map(({ name }) => name),
    (index) => `${path}[${index}].name`,
  );
  return [...causes, ...repeated];
}

/** A port of the node can be bound once for each protocol and address. */
function repeatedHostPorts(containers: readonly Container[], path: string): FieldCause[] {
  const seen = new Set<string>();
  return containers.flatMap(({ ports = [] }, index) =>
    ports.flatMap(({ protocol = 'TCP', hostIP = '', hostPort = 0 }, portIndex) => {
      const bound = `${protocol}/${hostIP}/${hostPort}`;
      if (hostPort === 0 || seen.size !== seen.add(bound).size) return [];
      return [duplicate(`${path}[${index}].ports[${portIndex}].hostPort`, bound)];
    }),
  );
}

function validateResizing({ resizePolicy = [] }: Container, spec: PodSpec, path: string): FieldCause[] {
  const causes = resizePolicy.flatMap(({ resourceName, restartPolicy }) => [
    ...oneOf(path, resourceName, resizable),
    ...oneOf(path, restartPolicy, resizePolicies),
    ...(spec.restartPolicy === 'Never' && restartPolicy === 'RestartContainer'
      ? [invalidValue(path, restartPolicy, "must be 'NotRequired' when pod `restartPolicy` is 'Never'")]
      : []),
  ]);
  const repeated = duplicates(
    resizePolicy.map(({ resourceName }) => resourceName),
    (index) => `${path}[${index}]`,
  );
  return [...causes, ...repeated];
}
