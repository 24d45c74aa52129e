import type {
  MetricSpec,
  MetricStatus,
  MetricTarget,
  MetricValueStatus,
} from '@gantry/model/gen/gantry.autoscaling.v2.ts';
import { formatQuantity, parseQuantity, toExactMilli } from '@gantry/model/quantity.ts';
import { selectorText } from '@gantry/model/selector-text.ts';
import type { KindTable } from '../core/kinds.ts';
import type { Answer, MetricValue, PodUse, Question } from '../core/measure.ts';
import {
  byAverage,
  byUtilization,
  byValue,
  byValuePerPod,
  type Problem,
  type Proposal,
  type Scaled,
  sumOf,
} from './replicas.ts';
import { milliOf, samplesOfUse, samplesOfValues } from './samples.ts';
import { selectorWords } from './selector-words.ts';

/** The target of an autoscaler, as its metrics are looked at. */
export interface Subject extends Scaled {
  readonly namespace: string;
  /** Of its pods, as text. */
  readonly selector: string;
  /** Replicas that it has, whatever it asks for. */
  readonly present: number;
}

/** Replicas that a metric calls for. */
export interface Finding {
  readonly type: 'found';
  readonly replicas: number;
  /** The metric in words. */
  readonly name: string;
  readonly status: MetricStatus;
}

/** A metric that says nothing. */
export interface Failure {
  readonly type: 'failed';
  /** Of the event and the condition. */
  readonly reason: string;
  /** The same, in a sentence. */
  readonly message: string;
  /** The failure as part of that of all metrics. */
  readonly summary: string;
}

/** The question that a metric's value answers; a problem where nobody can be asked. */
export function questionOf(
  metric: MetricSpec,
  { namespace, selector }: Pick<Subject, 'namespace' | 'selector'>,
  kinds: KindTable,
): Question | Problem {
  const { object, pods, external } = metric;
  if (external !== undefined) {
    const metricSelector = selectorText(external.metric.selector ?? {});
    return { type: 'externalMetric', namespace, metric: external.metric.name ?? '', metricSelector };
  }
  const custom = object ?? pods;
  if (custom === undefined) return { type: 'podMetrics', namespace, labelSelector: selector };
  const asked = { metric: custom.metric.name ?? '', metricSelector: selectorText(custom.metric.selector ?? {}) };
  if (object === undefined) {
    return { type: 'customMetric', group: '', resource: 'pods', namespace, labelSelector: selector, ...asked };
  }
  const { kind, apiVersion = '', name } = object.describedObject;
  const served = kinds.of({ kind, apiVersion });
  if (served === undefined) {
    const group = apiVersion.includes('/') ? apiVersion.slice(0, apiVersion.indexOf('/')) : '';
    const asText = group === '' ? kind : `${kind}.${group}`;
    return { problem: `unable to map kind ${asText} to resource: no matches for kind "${kind}" in group "${group}"` };
  }
  // A namespace is described by its own metrics alone, whatever name is given.
  const isNamespace = served.id === 'Namespace';
  return {
    ...{ type: 'customMetric', group: served.group, resource: served.plural },
    ...{ namespace, name: isNamespace ? namespace : name, ...asked },
  };
}

/** Replicas that a metric calls for by the answer to its question. */
export function findingOf(metric: MetricSpec, answer: Answer | Problem, subject: Subject): Finding | Failure {
  if (metric.resource !== undefined) return ofResource(metric.resource, '', answer, subject);
  if (metric.containerResource !== undefined) {
    return ofResource(metric.containerResource, metric.containerResource.container ?? '', answer, subject);
  }
  if (metric.pods !== undefined) return ofPods(metric.pods, answer, subject);
  if (metric.object !== undefined) return ofObject(metric.object, answer, subject);
  if (metric.external !== undefined) return ofExternal(metric.external, answer, subject);
  return failed('InvalidMetricSourceType', `unknown metric source type "${metric.type}"`, '');
}

function ofResource(
  source: NonNullable<MetricSpec['resource']>,
  container: string,
  answer: Answer | Problem,
  subject: Subject,
): Finding | Failure {
  const { name = '', target } = source;
  const isContainer = container !== '';
  const isAverage = target.averageValue !== undefined;
  const proposal = useProposal(name, container, target, answer, subject);
  if ('problem' in proposal) {
    const message = `failed to get ${name} ${isAverage ? 'usage' : 'utilization'}: ${proposal.problem}`;
    return isContainer
      ? failed('FailedGetContainerResourceMetric', message, `failed to get ${container} container metric value: `)
      : failed('FailedGetResourceMetric', message, `failed to get ${name} resource metric value: `);
  }
  const { replicas, usage, utilization } = proposal;
  const current: MetricValueStatus = { averageValue: quantityOf(usage, name === 'memory' ? 'binary' : 'decimal') };
  if (utilization !== undefined) current.averageUtilization = utilization;
  const words = `${name}${isContainer ? ' container' : ''} resource utilization (percentage of request)`;
  const found = { type: 'found', replicas, name: isAverage ? `${name} resource` : words } as const;
  return isContainer
    ? { ...found, status: { type: 'ContainerResource', containerResource: { name, container, current } } }
    : { ...found, status: { type: 'Resource', resource: { name, current } } };
}

function useProposal(
  resource: string,
  container: string,
  { averageValue, averageUtilization }: MetricTarget,
  answer: Answer | Problem,
  subject: Subject,
): Proposal | Problem {
  const uses = podUses(answer);
  if ('problem' in uses) return { problem: `unable to get metrics for resource ${resource}: ${uses.problem}` };
  const samples = samplesOfUse(uses, resource, container);
  if (averageValue !== undefined) return byAverage(subject, samples, milli(averageValue), resource);
  return byUtilization(subject, samples, { resource, container, target: averageUtilization ?? 0 });
}

function podUses(answer: Answer | Problem): readonly PodUse[] | Problem {
  const source = 'resource metrics API';
  if ('problem' in answer) return { problem: `unable to fetch metrics from ${source}: ${answer.problem}` };
  const uses = answer.type === 'podMetrics' ? answer.pods : [];
  return uses.length === 0 ? { problem: `no metrics returned from ${source}` } : uses;
}

function ofPods(
  { metric, target }: NonNullable<MetricSpec['pods']>,
  answer: Answer | Problem,
  subject: Subject,
): Finding | Failure {
  const { name = '' } = metric;
  const values = customValues(answer);
  const samples = 'problem' in values ? values : samplesOfValues(values);
  const proposal =
    'problem' in samples
      ? { problem: `unable to get metric ${name}: ${samples.problem}` }
      : byAverage(subject, samples, milli(target.averageValue));
  if ('problem' in proposal)
    return failed('FailedGetPodsMetric', proposal.problem, 'failed to get pods metric value: ');
  const { replicas, usage } = proposal;
  const status: MetricStatus = { type: 'Pods', pods: { metric, current: { averageValue: quantityOf(usage) } } };
  return { type: 'found', replicas, name: `pods metric ${name}`, status };
}

function ofObject(
  { metric, target, describedObject }: NonNullable<MetricSpec['object']>,
  answer: Answer | Problem,
  subject: Subject,
): Finding | Failure {
  const { name = '' } = metric;
  const isValue = target.type === 'Value' && target.value !== undefined;
  const value = oneValue(customValues(answer));
  const place = `${describedObject.kind} ${subject.namespace}/${describedObject.name}`;
  const proposal =
    typeof value !== 'bigint'
      ? { problem: `unable to get metric ${name} on ${place}: ${value.problem}` }
      : isValue
        ? byValue(subject, value, milli(target.value))
        : byValuePerPod(subject, value, milli(target.averageValue));
  if ('problem' in proposal) {
    const inner = isValue ? '' : `failed to get ${name} object metric: `;
    return failed('FailedGetObjectMetric', proposal.problem, `failed to get object metric value: ${inner}`);
  }
  const { replicas, usage } = proposal;
  const current = isValue ? { value: quantityOf(usage) } : { averageValue: quantityOf(usage) };
  const words = isValue ? `${describedObject.kind} metric ${name}` : externalWords(metric);
  const status: MetricStatus = { type: 'Object', object: { metric, current, describedObject } };
  return { type: 'found', replicas, name: words, status };
}

function ofExternal(
  { metric, target }: NonNullable<MetricSpec['external']>,
  answer: Answer | Problem,
  subject: Subject,
): Finding | Failure {
  const { name = '', selector } = metric;
  const isAverage = target.averageValue !== undefined;
  const value = externalSum(answer);
  const proposal =
    typeof value !== 'bigint'
      ? {
          problem: `unable to get external metric ${subject.namespace}/${name}/${selectorWords(selector)}: ${value.problem}`,
        }
      : isAverage
        ? byValuePerPod(subject, value, milli(target.averageValue))
        : byValue(subject, value, milli(target.value));
  if ('problem' in proposal) {
    const inner = isAverage ? `failed to get ${name} external metric: ` : `failed to get external metric ${name}: `;
    return failed('FailedGetExternalMetric', proposal.problem, `failed to get ${name} external metric value: ${inner}`);
  }
  const { replicas, usage } = proposal;
  const current = isAverage ? { averageValue: quantityOf(usage) } : { value: quantityOf(usage) };
  return {
    type: 'found',
    replicas,
    name: externalWords(metric),
    status: { type: 'External', external: { metric, current } },
  };
}

function externalWords({ name, selector }: { readonly name?: string; readonly selector?: object }): string {
  return `external metric ${name}(${selectorWords(selector)})`;
}

function customValues(answer: Answer | Problem): readonly MetricValue[] | Problem {
  const source = 'custom metrics API';
  if ('problem' in answer) return { problem: `unable to fetch metrics from ${source}: ${answer.problem}` };
  const values = answer.type === 'values' ? answer.values : [];
  return values.length === 0 ? { problem: `no metrics returned from ${source}` } : values;
}

function oneValue(values: readonly MetricValue[] | Problem): bigint | Problem {
  if ('problem' in values) return values;
  if (values.length === 1) return milliOf(values[0]!.value);
  const problem = `the custom metrics API server returned ${values.length} results when we asked for exactly one`;
  return { problem: `unable to fetch metrics from custom metrics API: ${problem}` };
}

function externalSum(answer: Answer | Problem): bigint | Problem {
  const source = 'external metrics API';
  if ('problem' in answer) return { problem: `unable to fetch metrics from ${source}: ${answer.problem}` };
  const values = answer.type === 'values' ? answer.values.map(({ value }) => milliOf(value)) : [];
  const problem = values.find((value) => typeof value !== 'bigint');
  if (problem !== undefined) return problem;
  return values.length === 0 ? { problem: `no metrics returned from ${source}` } : sumOf(values as bigint[]);
}

function failed(reason: string, message: string, context: string): Failure {
  return { type: 'failed', reason, message, summary: `${context}${message}` };
}

/** Thousandths of a target; validation has seen to it that it is there. */
function milli(quantity: string | undefined): bigint {
  return toExactMilli(parseQuantity(quantity ?? '0'));
}

function quantityOf(value: bigint, format: 'binary' | 'decimal' = 'decimal'): string {
  return formatQuantity({ value, exponent: -3, format });
}
