import type { FieldCause } from '@gantry/runtime/errors.ts';
import type { NodeSelector } from '../../gen/gantry.core.v1.ts';
import type {
  CounterSet,
  Device,
  DeviceAttribute,
  ResourceSlice,
  ResourceSliceSpec,
} from '../../gen/gantry.resource.v1.ts';
import { immutable, invalidValue, invalidValues, required, tooLong, tooMany } from '../../validation/causes.ts';
import { dnsLabelProblems, dnsSubdomainProblems } from '../../validation/names.ts';
import {
  validateAttributeName,
  validateBindingConditions,
  validateDriver,
  validatePoolName,
  validateSet,
  validateSlice,
  validateTaint,
} from '../devices/devices.ts';
import { validateNodeTerms } from '../pod/affinity.ts';

/** Kubernetes' bounds. */
const maxDevices = 128;
const maxAdvancedDevices = 64;
const maxCounterSets = 8;
const maxCounters = 32;
const maxConsumptions = 2;
const maxTaints = 16;
const maxAttributes = 32;
const maxTextBytes = 64;

/** Validates a slice of a pool's devices. */
export function validateResourceSlice({ spec }: ResourceSlice): FieldCause[] {
  if (spec === undefined) return [];
  const { pool, devices = [], sharedCounters } = spec;
  const isAdvanced = devices.some(
    ({ taints = [], consumesCounters = [] }) => taints.length + consumesCounters.length > 0,
  );
  const count = pool?.resourceSliceCount ?? 0;
  const generation = pool?.generation ?? 0;
  return [
    ...validateDriver(spec.driver, 'spec.driver'),
    ...validatePoolName(pool?.name ?? '', 'spec.pool.name'),
    ...(count <= 0 ? [invalidValue('spec.pool.resourceSliceCount', count, 'must be greater than zero')] : []),
    ...(generation < 0
      ? [invalidValue('spec.pool.generation', generation, 'must be greater than or equal to zero')]
      : []),
    ...validateReach(spec),
    ...(sharedCounters !== undefined && spec.devices !== undefined
      ? [invalidValue('spec', '', 'only one of `sharedCounters` or `devices` is allowed')]
      : []),
    ...validateSet(
      devices,
      isAdvanced ? maxAdvancedDevices : maxDevices,
      'spec.devices',
      ({ name }) => name,
      (device, path) => validateDevice(device, spec.perDeviceNodeSelection === true, path),
    ),
    ...validateSet(sharedCounters, maxCounterSets, 'spec.sharedCounters', ({ name }) => name, validateCounterSet),
  ];
}

/** Validates the immutable fields of a slice. */
export function validateResourceSliceUpdate({ spec }: ResourceSlice, { spec: stored }: ResourceSlice): FieldCause[] {
  return [
    ...(spec?.pool?.name === stored?.pool?.name ? [] : [immutable('spec.pool.name', spec?.pool?.name)]),
    ...(spec?.driver === stored?.driver ? [] : [immutable('spec.driver', spec?.driver)]),
    ...(spec?.nodeName === stored?.nodeName ? [] : [immutable('spec.nodeName', spec?.nodeName)]),
  ];
}

interface Reach {
  readonly nodeName?: string;
  readonly nodeSelector?: NodeSelector;
  readonly allNodes?: boolean;
}

/** Faults of each of the ways to say which nodes reach devices, and the ways that are used. */
function reachOf({ nodeName, nodeSelector, allNodes }: Reach, path: string, empty: string) {
  const terms = nodeSelector?.nodeSelectorTerms ?? [];
  const causes = [
    ...(nodeName ? invalidValues(`${path}.nodeName`, nodeName, dnsSubdomainProblems(nodeName)) : []),
    ...(nodeName === '' ? [invalidValue(`${path}.nodeName`, nodeName, empty)] : []),
    ...(nodeSelector === undefined ? [] : validateNodeTerms(terms, `${path}.nodeSelector`)),
    ...(allNodes === false ? [invalidValue(`${path}.allNodes`, false, 'must be either unset or set to true')] : []),
  ];
  const used = [
    ...(nodeName ? ['`nodeName`'] : []),
    ...(nodeSelector === undefined ? [] : ['`nodeSelector`']),
    ...(allNodes ? ['`allNodes`'] : []),
  ];
  return { causes, used };
}

function validateReach(spec: ResourceSliceSpec): FieldCause[] {
  const { causes, used } = reachOf(spec, 'spec', 'must be either unset or set to a non-empty string');
  const { nodeSelector, perDeviceNodeSelection } = spec;
  if (nodeSelector !== undefined && nodeSelector.nodeSelectorTerms?.length !== 1) {
    const field = 'spec.nodeSelector.nodeSelectorTerms';
    causes.push(invalidValue(field, nodeSelector.nodeSelectorTerms, 'must have exactly one node selector term'));
  }
  if (perDeviceNodeSelection === true) used.push('`perDeviceNodeSelection`');
  if (perDeviceNodeSelection === false) {
    causes.push(invalidValue('spec.perDeviceNodeSelection', false, 'must be either unset or set to true'));
  }
  const text = 'exactly one of `nodeName`, `nodeSelector`, `allNodes`, `perDeviceNodeSelection` is required';
  if (used.length === 0) causes.push(required('spec', text));
  if (used.length > 1) {
    causes.push(invalidValue('spec', `{${used.join(', ')}}`, `${text}, but multiple fields are set`));
  }
  return causes;
}

function validateDeviceReach(device: Device, isOwn: boolean, path: string): FieldCause[] {
  if (!isOwn) {
    const isSet = device.nodeName !== undefined || device.nodeSelector !== undefined || device.allNodes !== undefined;
    const text =
      '`nodeName`, `nodeSelector` and `allNodes` can only be set if `perDeviceNodeSelection` is set to true in the ResourceSlice spec';
    return isSet ? [invalidValue(path, null, text)] : [];
  }
  const { causes, used } = reachOf(device, path, 'must not be empty');
  const text =
    'exactly one of `nodeName`, `nodeSelector`, or `allNodes` is required when `perDeviceNodeSelection` is set to true in the ResourceSlice spec';
  if (used.length === 0) causes.push(required(path, text));
  if (used.length > 1) causes.push(invalidValue(path, `{${used.join(', ')}}`, text));
  return causes;
}

function validateCounterSet({ name, counters }: CounterSet, path: string): FieldCause[] {
  return validateCounters(name, counters, path, 'name');
}

/** Amounts by name, of one set. @param nameField Field with the set's name. */
function validateCounters(
  set: string,
  counters: Readonly<Record<string, object>> = {},
  path: string,
  nameField: string,
): FieldCause[] {
  const names = Object.keys(counters);
  const field = `${path}.counters`;
  return [
    ...(set === '' ? [] : invalidValues(`${path}.${nameField}`, set, dnsLabelProblems(set))),
    ...(names.length === 0 ? [required(field)] : []),
    ...(names.length > maxCounters ? [tooMany(field, names.length, maxCounters)] : []),
    ...names.flatMap((each) => invalidValues(field, each, dnsLabelProblems(each))),
  ];
}

function validateDevice(device: Device, hasOwnReach: boolean, path: string): FieldCause[] {
  const { name, attributes = {}, capacity = {}, taints, consumesCounters } = device;
  const count = Object.keys(attributes).length + Object.keys(capacity).length;
  const text = `the total number of attributes and capacities must not exceed ${maxAttributes}`;
  return [
    ...(name === '' ? [] : invalidValues(`${path}.name`, name, dnsLabelProblems(name))),
    ...(count > maxAttributes ? [invalidValue(path, count, text)] : []),
    ...Object.entries(attributes).flatMap(([key, attribute]) => [
      ...validateAttributeName(key, `${path}.attributes`),
      ...validateAttribute(attribute, `${path}.attributes[${key}]`),
    ]),
    ...Object.keys(capacity).flatMap((key) => validateAttributeName(key, `${path}.capacity`)),
    ...validateSlice(taints, maxTaints, `${path}.taints`, validateTaint),
    ...validateSet(
      consumesCounters,
      maxConsumptions,
      `${path}.consumesCounters`,
      ({ counterSet }) => counterSet,
      ({ counterSet, counters }, own) => validateCounters(counterSet, counters, own, 'counterSet'),
    ),
    ...validateDeviceReach(device, hasOwnReach, path),
    ...validateBindingConditions(device.bindingConditions, device.bindingFailureConditions, path),
  ];
}

/** A version of Semantic Versioning 2.0.0. */
const semanticVersion =
  /^(0|[1-9]\d*)\.(0|[1-9]\d*)\.(0|[1-9]\d*)(-((0|[1-9]\d*|\d*[a-zA-Z-][0-9a-zA-Z-]*)(\.(0|[1-9]\d*|\d*[a-zA-Z-][0-9a-zA-Z-]*))*))?(\+[0-9a-zA-Z-]+(\.[0-9a-zA-Z-]+)*)?$/;

function validateAttribute(attribute: DeviceAttribute, field: string): FieldCause[] {
  const { string: text, version } = attribute;
  const isLong = (value: string | undefined): boolean => Buffer.byteLength(value ?? '') > maxTextBytes;
  const count = [attribute.int, attribute.bool, text, version].filter((value) => value !== undefined).length;
  const oneOfAll =
    'must specify exactly one of: `int`, `bool`, `string`, `version`, `ints`, `bools`, `strings`, `versions`';
  const problem = 'must be a string compatible with semver.org spec 2.0.0';
  return [
    ...(isLong(text) ? [tooLong(`${field}.string`, maxTextBytes)] : []),
    ...(version === undefined || semanticVersion.test(version)
      ? []
      : [invalidValue(`${field}.version`, version, problem)]),
    ...(isLong(version) ? [tooLong(`${field}.version`, maxTextBytes)] : []),
    ...(count === 1 ? [] : [invalidValue(field, count === 0 ? '' : attribute, oneOfAll)]),
  ];
}
