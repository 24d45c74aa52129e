import type { FieldCause } from '@gantry/runtime/errors.ts';
import type { DeviceClass } from '../../gen/gantry.resource.v1.ts';
import type { Kind } from '../../kind.ts';
import { invalidValue, notEnforced } from '../../validation/causes.ts';
import { isExtendedResource } from '../../validation/resource-names.ts';
import { validateConfigs, validateSelectors } from '../devices/devices.ts';

/** resource.k8s.io/v1 DeviceClass. */
export const deviceClass: Kind<DeviceClass> = {
  kind: 'DeviceClass',
  group: 'resource.k8s.io',
  version: 'v1',
  plural: 'deviceclasses',
  singular: 'deviceclass',
  shortNames: [],
  namespaced: false,
  message: 'gantry.resource.v1.DeviceClass',
  objectField: 'deviceClass',
  hasStatus: false,
  generation: 'spec',
  setDefaults: () => {},
  validate: validateDeviceClass,
  warnings: () => [notEnforced(deviceClass, 'no devices of it are given to claims')],
  selectableFields: {},
  columns: [],
};

function validateDeviceClass({ spec = {} }: DeviceClass): FieldCause[] {
  const { extendedResourceName: name } = spec;
  return [
    ...validateSelectors(spec.selectors, 'spec.selectors'),
    ...validateConfigs(spec.config, 'spec.config'),
    ...(name === undefined || isExtendedResource(name)
      ? []
      : [invalidValue('spec.extendedResourceName', name, extendedNameProblem(name))]),
  ];
}

function extendedNameProblem(name: string): string {
  if (!name.includes('/')) return "a name must be a domain-prefixed path, such as 'example.com/my-prop'";
  return name.includes('kubernetes.io/')
    ? 'must not have "kubernetes.io/" domain'
    : 'must be a valid extended resource name';
}
