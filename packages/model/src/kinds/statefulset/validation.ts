/** Validation of StatefulSets. */
import type { FieldCause } from '@gantry/runtime/errors.ts';
import type { StatefulSet, StatefulSetSpec, VolumeClaimTemplate } from '../../gen/gantry.apps.v1.ts';
import type { PodTemplateSpec, Volume } from '../../gen/gantry.core.v1.ts';
import { canonicalJson } from '../../hash.ts';
import { compareQuantities, parseQuantity } from '../../quantity.ts';
import { matchesLabels } from '../../selectors.ts';
import {
  immutable,
  invalidValue,
  invalidValues,
  nonNegative,
  notSupported,
  required,
} from '../../validation/causes.ts';
import { numberOf, validateAtMostWhole, validateIntOrPercent } from '../../validation/int-or-percent.ts';
import { validateLabelSelector } from '../../validation/labels.ts';
import { dnsLabelProblems } from '../../validation/names.ts';
import { validateClaimSpec } from '../persistentvolumeclaim/validation.ts';
import { validateTemplate } from '../pod/validation.ts';
import { isEmptySelector, validateEndless } from '../replicaset/validation.ts';

const retentionPolicies = ['Retain', 'Delete'];
const fixed = ['selector', 'volumeClaimTemplates', 'serviceName', 'podManagementPolicy'] as const;

/** Validates a StatefulSet. */
export function validateStatefulSet({ spec }: StatefulSet): FieldCause[] {
  const { podManagementPolicy: policy = '', persistentVolumeClaimRetentionPolicy: retention } = spec;
  const retentionField = 'spec.persistentVolumeClaimRetentionPolicy';
  return [
    ...(['OrderedReady', 'Parallel'].includes(policy)
      ? []
      : [invalidValue('spec.podManagementPolicy', policy, "must be 'OrderedReady' or 'Parallel'")]),
    ...validateStrategy(spec),
    ...(['whenDeleted', 'whenScaled'] as const).flatMap((when) =>
      retention === undefined || retentionPolicies.includes(retention[when] ?? '')
        ? []
        : [notSupported(`${retentionField}.${when}`, retention[when], retentionPolicies)],
    ),
    ...nonNegative('spec.replicas', spec.replicas),
    ...nonNegative('spec.minReadySeconds', spec.minReadySeconds),
    ...nonNegative('spec.ordinals.start', spec.ordinals?.start),
    ...validateSelectorAndTemplate(spec),
    ...validateEndless(spec.template, 'StatefulSet'),
  ];
}

/** Validates the parts of a new StatefulSet that no later change can mend, as they are fixed then. */
export function validateNewStatefulSet({ spec }: StatefulSet): FieldCause[] {
  const { serviceName, volumeClaimTemplates = [] } = spec;
  return [
    ...(serviceName ? invalidValues('spec.serviceName', serviceName, dnsLabelProblems(serviceName)) : []),
    ...volumeClaimTemplates.flatMap(({ spec: claim }, index) =>
      validateClaimSpec(claim, `spec.volumeClaimTemplates[${index}].spec`),
    ),
  ];
}

/** Validates a change of a StatefulSet: its pods keep their names and claims. Claims may grow, which Kubernetes refuses. */
export function validateStatefulSetUpdate({ spec }: StatefulSet, { spec: stored }: StatefulSet): FieldCause[] {
  const { volumeClaimTemplates: templates = [] } = spec;
  const before = stored.volumeClaimTemplates ?? [];
  const grown = templates.flatMap((template, index) => (asksForMore(template, before[index]) ? [index] : []));
  const volumeClaimTemplates = templates.map((template, index) =>
    grown.includes(index) ? withStorage(template, storageOf(before[index]!)) : template,
  );
  const comparable = { ...spec, volumeClaimTemplates };
  const given = { ...stored, volumeClaimTemplates: before };
  return [
    ...grown.flatMap((index) => validateClaimSpec(templates[index]!.spec, `spec.volumeClaimTemplates[${index}].spec`)),
    ...fixed
      .filter((name) => canonicalJson(comparable[name] ?? null) !== canonicalJson(given[name] ?? null))
      .map((name) => immutable(`spec.${name}`, spec[name] ?? null)),
  ];
}

function storageOf({ spec }: VolumeClaimTemplate): string | undefined {
  return spec.resources?.requests?.storage;
}

function withStorage(template: VolumeClaimTemplate, storage: string | undefined): VolumeClaimTemplate {
  const { resources } = template.spec;
  const requests = { ...resources?.requests, storage: storage! };
  return { ...template, spec: { ...template.spec, resources: { ...resources, requests } } };
}

function asksForMore(template: VolumeClaimTemplate, before: VolumeClaimTemplate | undefined): boolean {
  const [now, then] = [storageOf(template), before && storageOf(before)];
  return now !== undefined && then !== undefined && compareQuantities(parseQuantity(now), parseQuantity(then)) > 0;
}

function validateStrategy({ updateStrategy = {} }: StatefulSetSpec): FieldCause[] {
  const path = 'spec.updateStrategy';
  const { type, rollingUpdate } = updateStrategy;
  if (type === 'OnDelete') {
    const text = "only allowed for updateStrategy 'RollingUpdate'";
    return rollingUpdate === undefined ? [] : [invalidValue(`${path}.rollingUpdate`, rollingUpdate, text)];
  }
  if (type !== 'RollingUpdate') {
    return [invalidValue(path, updateStrategy, "must be 'RollingUpdate' or 'OnDelete'")];
  }
  const { partition, maxUnavailable } = rollingUpdate ?? {};
  const causes = nonNegative(`${path}.rollingUpdate.partition`, partition);
  if (maxUnavailable === undefined) return causes;
  const field = `${path}.rollingUpdate.maxUnavailable`;
  causes.push(...validateIntOrPercent(maxUnavailable, field));
  // A text that is neither a percentage nor a number counts as none.
  const isNumeric = /^[+-]?[0-9]+%?$/.test(String(maxUnavailable));
  if (!isNumeric || numberOf(maxUnavailable) === 0) causes.push(invalidValue(field, maxUnavailable, 'cannot be 0'));
  return [...causes, ...validateAtMostWhole(maxUnavailable, field)];
}

function validateSelectorAndTemplate(spec: StatefulSetSpec): FieldCause[] {
  const { template } = spec;
  const selector: StatefulSetSpec['selector'] | undefined = spec.selector;
  const field = 'spec.selector';
  const causes = selector === undefined ? [required(field)] : validateLabelSelector(selector, field);
  if (selector !== undefined && causes.length > 0) return [...causes, invalidValue(field, selector, '')];
  const isEmpty = selector !== undefined && isEmptySelector(selector);
  if (isEmpty) causes.push(invalidValue(field, selector, 'empty selector is invalid for statefulset'));
  const labels = template.metadata?.labels ?? {};
  if (!isEmpty && (selector === undefined || !matchesLabels(selector, labels))) {
    const text = '`selector` does not match template `labels`';
    causes.push(invalidValue('spec.template.metadata.labels', labels, text));
  }
  return [...causes, ...validateTemplate(asPod(spec), 'spec.template')];
}

/** The template with all that a pod gets: volumes for the claims, in the place of those of the same name, and names of its own. */
function asPod({ template, volumeClaimTemplates = [] }: StatefulSetSpec): PodTemplateSpec {
  const { subdomain: _s, hostname: _h, ...spec } = template.spec;
  if (volumeClaimTemplates.length === 0) return { ...template, spec };
  const names = [...new Set(volumeClaimTemplates.map(({ metadata }) => metadata?.name ?? ''))];
  const claimed = names.map((name): Volume => ({ name, persistentVolumeClaim: { claimName: name } }));
  const others = (spec.volumes ?? []).filter(({ name }) => !names.includes(name));
  return { ...template, spec: { ...spec, volumes: [...claimed, ...others] } };
}
