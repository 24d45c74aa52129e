/** What can be wrong with ReplicaSets, and with what else makes pods from a template. */
import type { FieldCause } from '@gantry/runtime/errors.ts';
import type { ReplicaSet } from '../../gen/gantry.apps.v1.ts';
import type { PodTemplateSpec } from '../../gen/gantry.core.v1.ts';
import type { LabelSelector } from '../../gen/gantry.meta.v1.ts';
import { canonicalJson } from '../../hash.ts';
import { matchesLabels } from '../../selectors.ts';
import { forbidden, immutable, invalidValue, nonNegative, notSupported } from '../../validation/causes.ts';
import { validateLabelSelector } from '../../validation/labels.ts';
import { validateTemplate } from '../pod/validation.ts';

/** What is wrong with a ReplicaSet. */
export function validateReplicaSet({ spec }: ReplicaSet): FieldCause[] {
  return [
    ...nonNegative('spec.replicas', spec.replicas),
    ...nonNegative('spec.minReadySeconds', spec.minReadySeconds),
    ...validateSelectorAndTemplate(spec, 'replicaset'),
  ];
}

/** What is wrong with a change of a ReplicaSet: its pods stay those that it had. */
export function validateReplicaSetUpdate({ spec }: ReplicaSet, { spec: stored }: ReplicaSet): FieldCause[] {
  return validateSelectorUpdate(spec.selector, stored.selector);
}

/** The selector, the template, and that one selects what the other makes. @param word What owns them, in lower case. */
export function validateSelectorAndTemplate(
  { selector, template }: { readonly selector: LabelSelector; readonly template: PodTemplateSpec },
  word: string,
): FieldCause[] {
  const causes = validateLabelSelector(selector, 'spec.selector');
  const isValid = causes.length === 0;
  if (isEmpty(selector)) {
    causes.push(invalidValue('spec.selector', selector, `empty selector is invalid for ${word}`));
  } else if (isValid && !matchesLabels(selector, template.metadata?.labels)) {
    const labels = template.metadata?.labels ?? {};
    causes.push(invalidValue('spec.template.metadata.labels', labels, '`selector` does not match template `labels`'));
  }
  return [...causes, ...validateTemplate(template, 'spec.template'), ...validateEndless(template)];
}

/** What selects pods keeps selecting the same ones. */
export function validateSelectorUpdate(selector: LabelSelector, stored: LabelSelector): FieldCause[] {
  return canonicalJson(selector) === canonicalJson(stored) ? [] : [immutable('spec.selector', selector)];
}

/** Pods that are kept up never end by themselves. */
function validateEndless({ spec }: PodTemplateSpec): FieldCause[] {
  const { restartPolicy, activeDeadlineSeconds } = spec;
  const causes: FieldCause[] = [];
  if (restartPolicy !== undefined && restartPolicy !== 'Always') {
    causes.push(notSupported('spec.template.spec.restartPolicy', restartPolicy, ['Always']));
  }
  if (activeDeadlineSeconds !== undefined) {
    causes.push(
      forbidden('spec.template.spec.activeDeadlineSeconds', 'activeDeadlineSeconds in ReplicaSet is not Supported'),
    );
  }
  return causes;
}

function isEmpty({ matchLabels = {}, matchExpressions = [] }: LabelSelector): boolean {
  return Object.keys(matchLabels).length === 0 && matchExpressions.length === 0;
}
