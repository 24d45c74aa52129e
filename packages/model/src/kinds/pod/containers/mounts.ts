/** Validation of a container's volume mounts and devices. */
import type { FieldCause } from '@gantry/runtime/errors.ts';
import type { Container, Volume, VolumeDevice, VolumeMount } from '../../../gen/gantry.core.v1.ts';
import { forbidden, invalidValue, notFound, oneOf } from '../../../validation/causes.ts';
import { validateInnerPath } from '../volumes/paths.ts';

const propagations = ['Bidirectional', 'HostToContainer', 'None'];
const recursions = ['Disabled', 'Enabled', 'IfPossible'];

/** Directories and files: each of a volume that exists, each at a place of its own. */
export function validateMounts(container: Container, volumes: ReadonlyMap<string, Volume>, path: string): FieldCause[] {
  const taken = new Set<string>();
  const devices = container.volumeDevices ?? [];
  return (container.volumeMounts ?? []).flatMap((mount, index) => {
    const field = `${path}[${index}]`;
    const causes: FieldCause[] = [];
    if (!volumes.has(mount.name)) causes.push(notFound(`${field}.name`, mount.name));
    if (taken.has(mount.mountPath)) causes.push(invalidValue(`${field}.mountPath`, mount.mountPath, 'must be unique'));
    taken.add(mount.mountPath);
    if (devices.some(({ name }) => name === mount.name)) {
      causes.push(invalidValue(`${field}.name`, mount.name, 'must not already exist in volumeDevices'));
    }
    if (devices.some(({ devicePath }) => devicePath === mount.mountPath)) {
      const text = 'must not already exist as a path in volumeDevices';
      causes.push(invalidValue(`${field}.mountPath`, mount.mountPath, text));
    }
    return [...causes, ...validateSubPath(mount, field), ...validateModes(mount, container, field)];
  });
}

function validateSubPath({ subPath = '', subPathExpr = '' }: VolumeMount, field: string): FieldCause[] {
  const causes: FieldCause[] = [];
  if (subPath !== '') causes.push(...validateInnerPath(subPath, `${field}.subPath`));
  if (subPathExpr !== '') {
    if (subPath !== '') {
      const text = 'subPathExpr and subPath are mutually exclusive';
      causes.push(invalidValue(`${field}.subPathExpr`, subPathExpr, text));
    }
    causes.push(...validateInnerPath(subPathExpr, `${field}.subPathExpr`));
  }
  return causes;
}

function validateModes(mount: VolumeMount, { securityContext }: Container, field: string): FieldCause[] {
  const { mountPropagation, recursiveReadOnly, readOnly } = mount;
  const causes = [
    ...oneOf(`${field}.mountPropagation`, mountPropagation, propagations),
    ...oneOf(`${field}.recursiveReadOnly`, recursiveReadOnly, recursions),
  ];
  if (mountPropagation === 'Bidirectional' && securityContext?.privileged !== true) {
    const text = 'Bidirectional mount propagation is available only to privileged containers';
    causes.push(forbidden(`${field}.mountPropagation`, text));
  }
  if (recursiveReadOnly !== undefined && recursiveReadOnly !== 'Disabled') {
    if (readOnly !== true) {
      causes.push(forbidden(`${field}.recursiveReadOnly`, 'may only be specified when readOnly is true'));
    } else if (mountPropagation !== undefined && mountPropagation !== 'None') {
      const text = 'may only be specified when mountPropagation is None or not specified';
      causes.push(forbidden(`${field}.recursiveReadOnly`, text));
    }
  }
  return causes;
}

/** Raw devices, which only claims can give. */
export function validateDevices(
  devices: readonly VolumeDevice[],
  volumes: ReadonlyMap<string, Volume>,
  path: string,
): FieldCause[] {
  const names = new Set<string>();
  const paths = new Set<string>();
  return devices.flatMap(({ name, devicePath }, index) => {
    const field = `${path}[${index}]`;
    const causes: FieldCause[] = [];
    const volume = volumes.get(name);
    if (names.has(name)) causes.push(invalidValue(`${field}.name`, name, 'must be unique'));
    if (volume === undefined) causes.push(notFound(`${field}.name`, name));
    else if (volume.persistentVolumeClaim === undefined && volume.ephemeral === undefined) {
      const text = 'can only use volume source type of PersistentVolumeClaim or Ephemeral for block mode';
      causes.push(invalidValue(`${field}.name`, name, text));
    }
    if (paths.has(devicePath)) causes.push(invalidValue(`${field}.devicePath`, devicePath, 'must be unique'));
    if (devicePath.split('/').includes('..')) {
      causes.push(invalidValue(`${field}.devicePath`, devicePath, "can not contain backsteps ('..')"));
    }
    names.add(name);
    paths.add(devicePath);
    return causes;
  });
}
