/** Validation of the metrics that autoscalers go by. */
import type { FieldCause } from '@gantry/runtime/errors.ts';
import type {
  ContainerResourceMetricSource,
  MetricIdentifier,
  MetricSpec,
  MetricTarget,
  ObjectMetricSource,
  ResourceMetricSource,
} from '../../gen/gantry.autoscaling.v2.ts';
import { compareQuantities, parseQuantity } from '../../quantity.ts';
import { forbidden, invalidValue, invalidValues, notSupported, required } from '../../validation/causes.ts';
import { dnsLabelProblems, pathSegmentProblems } from '../../validation/names.ts';
import { validateContainerResourceName } from '../pod/containers/resources.ts';
import { apiVersionProblems, validateReference } from './reference.ts';

/** The field that each type of metric sets, in the order in which they are looked at. */
const sources = {
  Object: 'object',
  External: 'external',
  Pods: 'pods',
  Resource: 'resource',
  ContainerResource: 'containerResource',
} as const;
const types = Object.keys(sources).sort();
const targetTypes = ['Utilization', 'Value', 'AverageValue'];
const zero = parseQuantity('0');

/** Validates a metric: that of its type is there, and no other. */
export function validateMetric(metric: MetricSpec, path: string): FieldCause[] {
  const { type = '' } = metric;
  const causes: FieldCause[] = [];
  if (type === '') causes.push(required(`${path}.type`, 'must specify a metric source type'));
  const expected = Object.hasOwn(sources, type) ? sources[type as keyof typeof sources] : undefined;
  // Told twice, as in Kubernetes: once for the type, once for the field that should be set.
  if (expected === undefined) {
    const fault = notSupported(`${path}.type`, type, types);
    causes.push(fault, fault);
  } else if (metric[expected] === undefined) {
    causes.push(required(`${path}.${expected}`, 'must populate information for the given metric source'));
  }
  const present = Object.values(sources).filter((source) => metric[source] !== undefined);
  if (present.length > 0) causes.push(...validateSource(metric, present[0]!, `${path}.${present[0]}`));
  if (present.length === 1) return causes;
  const others = present.filter((source) => source !== expected);
  return [
    ...causes,
    ...others.map((source) => forbidden(`${path}.${source}`, 'must populate the given metric source only')),
  ];
}

function validateSource(
  { object, external, pods, resource, containerResource }: MetricSpec,
  source: (typeof sources)[keyof typeof sources],
  path: string,
): FieldCause[] {
  switch (source) {
    case 'object':
      return validateObject(object!, path);
    case 'external': {
      const either = 'must set either a target value for metric or a per-pod target';
      const { metric, target } = external!;
      const causes = [
        ...validateIdentifier(metric, path),
        ...validateTarget(target, path),
        ...isSet(target, path, either),
      ];
      const isBoth = target.value !== undefined && target.averageValue !== undefined;
      const text = 'may not set both a target value for metric and a per-pod target';
      return isBoth ? [...causes, forbidden(`${path}.target.value`, text)] : causes;
    }
    case 'pods': {
      const { metric, target } = pods!;
      const causes = [...validateIdentifier(metric, path), ...validateTarget(target, path)];
      if (target.averageValue !== undefined) return causes;
      return [...causes, required(`${path}.target.averageValue`, 'must specify a positive target averageValue')];
    }
    case 'resource':
      return validateResource(resource!, path);
    case 'containerResource':
      return validateContainer(containerResource!, path);
  }
}

function validateObject({ describedObject, metric, target }: ObjectMetricSource, path: string): FieldCause[] {
  const { apiVersion = '' } = describedObject;
  return [
    ...validateReference(describedObject, `${path}.describedObject`),
    ...invalidValues(`${path}.describedObject.apiVersion`, apiVersion, apiVersionProblems(apiVersion)),
    ...validateIdentifier(metric, path),
    ...validateTarget(target, path),
    ...isSet(target, path, 'must set either a target value or averageValue'),
  ];
}

function isSet({ value, averageValue }: MetricTarget, path: string, text: string): FieldCause[] {
  return value === undefined && averageValue === undefined ? [required(`${path}.target.averageValue`, text)] : [];
}

function validateResource({ name = '', target }: ResourceMetricSource, path: string): FieldCause[] {
  const causes = name === '' ? [required(`${path}.name`, 'must specify a resource name')] : [];
  causes.push(...validateTarget(target, path));
  if (target.averageUtilization === undefined && target.averageValue === undefined) {
    const text = 'must set either a target raw value or a target utilization';
    causes.push(required(`${path}.target.averageUtilization`, text));
  }
  if (target.averageUtilization !== undefined && target.averageValue !== undefined) {
    const text = 'may not set both a target raw value and a target utilization';
    causes.push(forbidden(`${path}.target.averageValue`, text));
  }
  return causes;
}

function validateContainer(source: ContainerResourceMetricSource, path: string): FieldCause[] {
  const { name = '', container = '' } = source;
  return [
    ...(name === '' ? [] : validateContainerResourceName(name, `${path}.name`)),
    ...(container === ''
      ? [required(`${path}.container`, 'must specify a container')]
      : invalidValues(`${path}.container`, container, dnsLabelProblems(container))),
    ...validateResource(source, path),
  ];
}

function validateTarget(
  { type = '', value, averageValue, averageUtilization }: MetricTarget,
  path: string,
): FieldCause[] {
  const causes: FieldCause[] = [];
  const field = `${path}.target`;
  if (type === '') causes.push(required(`${field}.type`, 'must specify a metric target type'));
  if (!targetTypes.includes(type)) {
    causes.push(invalidValue(`${field}.type`, type, 'must be either Utilization, Value, or AverageValue'));
  }
  for (const [name, amount] of Object.entries({ value, averageValue })) {
    if (amount === undefined || compareQuantities(parseQuantity(amount), zero) > 0) continue;
    causes.push(invalidValue(`${field}.${name}`, amount, 'must be positive'));
  }
  return averageUtilization !== undefined && averageUtilization < 1
    ? [...causes, invalidValue(`${field}.averageUtilization`, averageUtilization, 'must be greater than 0')]
    : causes;
}

function validateIdentifier({ name = '' }: MetricIdentifier, path: string): FieldCause[] {
  const field = `${path}.metric.name`;
  return name === ''
    ? [required(field, 'must specify a metric name')]
    : invalidValues(field, name, pathSegmentProblems(name));
}
