/** Metrics in the form that annotations of autoscaling/v1 have them, there and back. */
import type {
  CrossVersionObjectReference,
  MetricSpec,
  MetricStatus,
  MetricTarget,
  MetricValueStatus,
} from '../../gen/gantry.autoscaling.v2.ts';
import { compact, type Reader } from './reader.ts';

/** A metric in the old form. Properties stand in the order in which Kubernetes writes them. */
export function oldMetric({ type, object, pods, resource, containerResource, external }: MetricSpec): object {
  return compact({
    type,
    object:
      object &&
      compact({
        target: reference(object.describedObject),
        metricName: object.metric.name ?? '',
        targetValue: object.target.value ?? '0',
        selector: object.metric.selector,
        averageValue: object.target.averageValue,
      }),
    pods:
      pods &&
      compact({
        metricName: pods.metric.name ?? '',
        targetAverageValue: pods.target.averageValue ?? '0',
        selector: pods.metric.selector,
      }),
    resource: resource && compact({ name: resource.name ?? '', ...oldResourceTarget(resource.target) }),
    containerResource:
      containerResource &&
      compact({
        name: containerResource.name ?? '',
        ...oldResourceTarget(containerResource.target),
        container: containerResource.container ?? '',
      }),
    external:
      external &&
      compact({
        metricName: external.metric.name ?? '',
        metricSelector: external.metric.selector,
        targetValue: external.target.value,
        targetAverageValue: external.target.averageValue,
      }),
  });
}

/** A metric as last read in the old form. */
export function oldStatus({ type, object, pods, resource, containerResource, external }: MetricStatus): object {
  return compact({
    type,
    object:
      object &&
      compact({
        target: reference(object.describedObject),
        metricName: object.metric.name ?? '',
        currentValue: object.current.value ?? '0',
        selector: object.metric.selector,
        averageValue: object.current.averageValue,
      }),
    pods:
      pods &&
      compact({
        metricName: pods.metric.name ?? '',
        currentAverageValue: pods.current.averageValue ?? '0',
        selector: pods.metric.selector,
      }),
    resource: resource && compact({ name: resource.name ?? '', ...oldResourceValue(resource.current) }),
    containerResource:
      containerResource &&
      compact({
        name: containerResource.name ?? '',
        ...oldResourceValue(containerResource.current),
        container: containerResource.container ?? '',
      }),
    external:
      external &&
      compact({
        metricName: external.metric.name ?? '',
        metricSelector: external.metric.selector,
        currentValue: external.current.value ?? '0',
        currentAverageValue: external.current.averageValue,
      }),
  });
}

/** Reads a metric in the old form. */
export function readMetric(reader: Reader): MetricSpec {
  const object = reader.object('object');
  const pods = reader.object('pods');
  const resource = reader.object('resource');
  const containerResource = reader.object('containerResource');
  const external = reader.object('external');
  return compact<MetricSpec>({
    type: reader.text('type') ?? '',
    object: object && {
      describedObject: readReference(object.object('target')),
      metric: readIdentifier(object, 'selector'),
      target: readObjectTarget(object),
    },
    pods: pods && {
      metric: readIdentifier(pods, 'selector'),
      target: { type: 'AverageValue', averageValue: pods.quantity('targetAverageValue') ?? '0' },
    },
    resource: resource && { name: resource.text('name') ?? '', target: readResourceTarget(resource) },
    containerResource: containerResource && {
      name: containerResource.text('name') ?? '',
      target: readResourceTarget(containerResource),
      container: containerResource.text('container') ?? '',
    },
    external: external && {
      metric: readIdentifier(external, 'metricSelector'),
      target: compact<MetricTarget>({
        type: external.quantity('targetValue') === undefined ? 'AverageValue' : 'Value',
        value: external.quantity('targetValue'),
        averageValue: external.quantity('targetAverageValue'),
        averageUtilization: undefined,
      }),
    },
  });
}

/** Reads a metric as last read in the old form. */
export function readStatus(reader: Reader): MetricStatus {
  const object = reader.object('object');
  const pods = reader.object('pods');
  const resource = reader.object('resource');
  const containerResource = reader.object('containerResource');
  const external = reader.object('external');
  return compact<MetricStatus>({
    type: reader.text('type') ?? '',
    object: object && {
      metric: readIdentifier(object, 'selector'),
      current: readValue(object.quantity('currentValue') ?? '0', object.quantity('averageValue')),
      describedObject: readReference(object.object('target')),
    },
    pods: pods && {
      metric: readIdentifier(pods, 'selector'),
      current: { averageValue: pods.quantity('currentAverageValue') ?? '0' },
    },
    resource: resource && { name: resource.text('name') ?? '', current: readResourceValue(resource) },
    containerResource: containerResource && {
      name: containerResource.text('name') ?? '',
      current: readResourceValue(containerResource),
      container: containerResource.text('container') ?? '',
    },
    external: external && {
      metric: readIdentifier(external, 'metricSelector'),
      current: readValue(external.quantity('currentValue') ?? '0', external.quantity('currentAverageValue')),
    },
  });
}

function reference({ kind, name, apiVersion }: CrossVersionObjectReference): CrossVersionObjectReference {
  return compact({ kind, name, apiVersion: apiVersion || undefined });
}

function oldResourceTarget({ averageUtilization, averageValue }: MetricTarget): object {
  return { targetAverageUtilization: averageUtilization, targetAverageValue: averageValue };
}

function oldResourceValue({ averageUtilization, averageValue = '0' }: MetricValueStatus): object {
  return { currentAverageUtilization: averageUtilization, currentAverageValue: averageValue };
}

function readReference(reader: Reader | undefined): CrossVersionObjectReference {
  return reference({
    kind: reader?.text('kind') ?? '',
    name: reader?.text('name') ?? '',
    apiVersion: reader?.text('apiVersion') ?? '',
  });
}

function readIdentifier(reader: Reader, selector: string): { name: string } {
  return compact({ name: reader.text('metricName') ?? '', selector: reader.selector(selector) });
}

/** An average makes it the target; the value beside it counts where it is not zero. */
function readObjectTarget(reader: Reader): MetricTarget {
  const value = reader.quantity('targetValue') ?? '0';
  const averageValue = reader.quantity('averageValue');
  if (averageValue === undefined) return { type: 'Value', value };
  return { type: 'AverageValue', ...(value === '0' ? {} : { value }), averageValue };
}

function readResourceTarget(reader: Reader): MetricTarget {
  const averageUtilization = reader.integer('targetAverageUtilization');
  return compact<MetricTarget>({
    type: averageUtilization === undefined ? 'AverageValue' : 'Utilization',
    value: undefined,
    averageValue: reader.quantity('targetAverageValue'),
    averageUtilization,
  });
}

function readResourceValue(reader: Reader): MetricValueStatus {
  return compact<MetricValueStatus>({
    value: undefined,
    averageValue: reader.quantity('currentAverageValue') ?? '0',
    averageUtilization: reader.integer('currentAverageUtilization'),
  });
}

function readValue(value: string, averageValue: string | undefined): MetricValueStatus {
  return averageValue === undefined ? { value } : { value, averageValue };
}
