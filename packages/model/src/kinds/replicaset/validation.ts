/** Validation of ReplicaSets, and of whatever makes pods from a template. */
import type { FieldCause } from '@gantry/runtime/errors.ts';
import type { ReplicaSet } from '../../gen/gantry.apps.v1.ts';
import type { PodTemplateSpec } from '../../gen/gantry.core.v1.ts';
import type { LabelSelector } from '../../gen/gantry.meta.v1.ts';
import { canonicalJson } from '../../hash.ts';
import { matchesLabels } from '../../selectors.ts';
import { forbidden, immutable, invalidValue, nonNegative, notSupported, required } from '../../validation/causes.ts';
import { validateLabelSelector } from '../../validation/labels.ts';
import { validateTemplate } from '../pod/validation.ts';

/** Validates a ReplicaSet. */
export function validateReplicaSet({ spec }: ReplicaSet): FieldCause[] {
  return [
    ...nonNegative('spec.replicas', spec.replicas),
    ...nonNegative('spec.minReadySeconds', spec.minReadySeconds),
    // Kubernetes' word, here as well.
    ...validateSelectorAndTemplate(spec, 'deployment'),
  ];
}

/** Validates a change of a ReplicaSet: its pods stay those that it had. */
export function validateReplicaSetUpdate({ spec }: ReplicaSet, { spec: stored }: ReplicaSet): FieldCause[] {
  return validateSelectorUpdate(spec.selector, stored.selector);
}

/** Validates a ReplicaSet's status. */
export function validateReplicaSetStatus({ status }: ReplicaSet): FieldCause[] {
  const parts = ['fullyLabeledReplicas', 'readyReplicas', 'availableReplicas'] as const;
  return validateReplicaCounts(status ?? {}, parts, ['terminatingReplicas']);
}

/** Numbers of replicas as they were counted. */
export interface ReplicaCounts {
  readonly replicas?: number;
  readonly observedGeneration?: number;
  readonly fullyLabeledReplicas?: number;
  readonly updatedReplicas?: number;
  readonly readyReplicas?: number;
  readonly availableReplicas?: number;
  readonly unavailableReplicas?: number;
  readonly terminatingReplicas?: number;
  readonly collisionCount?: number;
}

/**
 * Validates counts: none is below zero, no part exceeds the whole, and available replicas are ready.
 *
 * @param parts Of all replicas.
 * @param others Counts that have nothing to do with all replicas.
 */
export function validateReplicaCounts(
  counts: ReplicaCounts,
  parts: readonly (keyof ReplicaCounts)[],
  others: readonly (keyof ReplicaCounts)[] = [],
): FieldCause[] {
  const count = (name: keyof ReplicaCounts): number => counts[name] ?? 0;
  const causes = (['replicas', 'observedGeneration', ...parts, ...others] as const).flatMap((name) =>
    nonNegative(`status.${name}`, count(name)),
  );
  for (const name of parts) {
    const isMore = count(name) > count('replicas');
    if (isMore) causes.push(invalidValue(`status.${name}`, count(name), 'cannot be greater than status.replicas'));
  }
  if (count('availableReplicas') > count('readyReplicas')) {
    const value = count('availableReplicas');
    causes.push(invalidValue('status.availableReplicas', value, 'cannot be greater than readyReplicas'));
  }
  return causes;
}

/** The selector, the template, and that one selects what the other makes. @param word What owns them, in lower case. */
export function validateSelectorAndTemplate(
  { selector, template }: { readonly selector?: LabelSelector; readonly template: PodTemplateSpec },
  word: string,
): FieldCause[] {
  const causes = validateLabelSelector(selector, 'spec.selector');
  const labels = template.metadata?.labels ?? {};
  const mismatch = '`selector` does not match template `labels`';
  if (selector === undefined) {
    causes.push(required('spec.selector'), invalidValue('spec.template.metadata.labels', labels, mismatch));
  } else if (isEmptySelector(selector)) {
    causes.push(invalidValue('spec.selector', selector, `empty selector is invalid for ${word}`));
  } else if (causes.length > 0) {
    causes.push(invalidValue('spec.selector', selector, 'invalid label selector'));
  } else if (!matchesLabels(selector, labels)) {
    causes.push(invalidValue('spec.template.metadata.labels', labels, mismatch));
  }
  return [...causes, ...validateTemplate(template, 'spec.template'), ...validateEndless(template, 'ReplicaSet')];
}

/** A selector is immutable. */
export function validateSelectorUpdate(selector: LabelSelector, stored: LabelSelector): FieldCause[] {
  return canonicalJson(selector) === canonicalJson(stored) ? [] : [immutable('spec.selector', selector)];
}

/** Pods that are kept up never end by themselves. @param owner The kind that a message names. */
export function validateEndless({ spec }: PodTemplateSpec, owner: string): FieldCause[] {
  const { restartPolicy, activeDeadlineSeconds } = spec;
  const causes: FieldCause[] = [];
  if (restartPolicy !== undefined && restartPolicy !== 'Always') {
    causes.push(notSupported('spec.template.spec.restartPolicy', restartPolicy, ['Always']));
  }
  if (activeDeadlineSeconds !== undefined) {
    const text = `activeDeadlineSeconds in ${owner} is not Supported`;
    causes.push(forbidden('spec.template.spec.activeDeadlineSeconds', text));
  }
  return causes;
}

/** True for a selector that selects everything. */
export function isEmptySelector({ matchLabels = {}, matchExpressions = [] }: LabelSelector): boolean {
  return Object.keys(matchLabels).length === 0 && matchExpressions.length === 0;
}
