/** Ephemeral containers: added to a running pod to look at it, through a subresource of their own. */
import type { FieldCause } from '@gantry/runtime/errors.ts';
import type { EphemeralContainer, Pod, PodSpec } from '../../gen/gantry.core.v1.ts';
import { canonicalJson } from '../../hash.ts';
import { duplicate, forbidden, notFound } from '../../validation/causes.ts';
import { validateContainer } from './containers/validation.ts';

const path = 'spec.ephemeralContainers';

/** Fields that make no sense for a container that neither serves, nor restarts, nor has resources of its own. */
const forbiddenFields = [
  'ports',
  'resources',
  'resizePolicy',
  'restartPolicy',
  'restartPolicyRules',
  'livenessProbe',
  'readinessProbe',
  'startupProbe',
  'lifecycle',
] as const satisfies readonly (keyof EphemeralContainer)[];

/** Copies the containers that a client wants to add. */
export function transferEphemeralContainers({ spec }: Pod, { spec: wanted }: Pod): void {
  if (wanted.ephemeralContainers === undefined) delete spec.ephemeralContainers;
  else spec.ephemeralContainers = wanted.ephemeralContainers;
}

/** Validates the ephemeral containers of a pod. */
export function validateEphemeralContainers(spec: PodSpec): FieldCause[] {
  const { ephemeralContainers = [], containers, initContainers = [] } = spec;
  const others = new Set([...initContainers, ...containers].map(({ name }) => name));
  const volumes = new Map((spec.volumes ?? []).map((volume) => [volume.name, volume]));
  const seen = new Set(others);
  return ephemeralContainers.flatMap((container, index) => {
    const field = `${path}[${index}]`;
    const { name, targetContainerName: target } = container;
    const isTaken = seen.has(name);
    seen.add(name);
    return [
      ...validateContainer(container, spec, volumes, field),
      ...(isTaken ? [duplicate(`${field}.name`, name)] : []),
      ...(target && !others.has(target) ? [notFound(`${field}.targetContainerName`, target)] : []),
      ...validateFields(container, field),
    ];
  });
}

function validateFields(container: EphemeralContainer, field: string): FieldCause[] {
  const text = 'cannot be set for an Ephemeral Container';
  const given = forbiddenFields
    .filter((name) => isSet(container[name]))
    .map((name) => forbidden(`${field}.${name}`, text));
  const mounts = (container.volumeMounts ?? []).flatMap(({ subPath, subPathExpr }, index) => [
    ...(subPath ? [forbidden(`${field}.volumeMounts[${index}].subPath`, text)] : []),
    ...(subPathExpr ? [forbidden(`${field}.volumeMounts[${index}].subPathExpr`, text)] : []),
  ]);
  return [...given, ...mounts];
}

function isSet(value: unknown): boolean {
  return value !== undefined && (typeof value !== 'object' || Object.keys(value as object).length > 0);
}

/** A new pod has none. */
export function refuseEphemeralContainers({ ephemeralContainers = [] }: PodSpec): FieldCause[] {
  return ephemeralContainers.length === 0 ? [] : [forbidden(path, 'cannot be set on create')];
}

/** Ephemeral containers are added and stay as they are. */
export function validateAddedContainers({ spec }: Pod, { spec: stored }: Pod): FieldCause[] {
  const wanted = new Map((spec.ephemeralContainers ?? []).map((container) => [container.name, container]));
  return (stored.ephemeralContainers ?? []).flatMap((container) => {
    const now = wanted.get(container.name);
    if (now !== undefined && canonicalJson(now) === canonicalJson(container)) return [];
    const change = now === undefined ? 'removed' : 'changed';
    return [forbidden(path, `existing ephemeral containers "${container.name}" may not be ${change}\n`)];
  });
}
