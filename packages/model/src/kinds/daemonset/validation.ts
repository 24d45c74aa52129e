/** Validation of DaemonSets. */
import type { FieldCause } from '@gantry/runtime/errors.ts';
import type { DaemonSet, DaemonSetSpec, RollingUpdateDaemonSet } from '../../gen/gantry.apps.v1.ts';
import { matchesLabels } from '../../selectors.ts';
import { invalidValue, nonNegative, notSupported, required } from '../../validation/causes.ts';
import { numberOf, validateAtMostWhole, validateIntOrPercent } from '../../validation/int-or-percent.ts';
import { validateLabelSelector } from '../../validation/labels.ts';
import { validateTemplate } from '../pod/validation.ts';
import { isEmptySelector, validateEndless, validateSelectorUpdate } from '../replicaset/validation.ts';
import { validateCollisions } from '../statefulset/status.ts';

const strategyTypes = ['RollingUpdate', 'OnDelete'];

/** Validates a DaemonSet. */
export function validateDaemonSet({ spec }: DaemonSet): FieldCause[] {
  return [
    ...validateSelector(spec),
    ...validateTemplate(spec.template, 'spec.template'),
    ...validateEndless(spec.template, 'DaemonSet'),
    ...nonNegative('spec.minReadySeconds', spec.minReadySeconds),
    ...validateStrategy(spec),
    ...nonNegative('spec.revisionHistoryLimit', spec.revisionHistoryLimit),
  ];
}

/** Validates a change of a DaemonSet: its pods stay those that it had. */
export function validateDaemonSetUpdate({ spec }: DaemonSet, { spec: stored }: DaemonSet): FieldCause[] {
  return validateSelectorUpdate(spec.selector, stored.selector);
}

/** Validates a DaemonSet's status. */
export function validateDaemonSetStatus({ status = {} }: DaemonSet, { status: stored = {} }: DaemonSet): FieldCause[] {
  const counts = [
    ...(['currentNumberScheduled', 'numberMisscheduled', 'desiredNumberScheduled', 'numberReady'] as const),
    ...(['observedGeneration', 'updatedNumberScheduled', 'numberAvailable', 'numberUnavailable'] as const),
    'collisionCount' as const,
  ];
  return [
    ...counts.flatMap((name) => nonNegative(`status.${name}`, status[name])),
    ...validateCollisions(status.collisionCount, stored.collisionCount),
  ];
}

function validateSelector({ template, ...spec }: DaemonSetSpec): FieldCause[] {
  const selector: DaemonSetSpec['selector'] | undefined = spec.selector;
  const causes = validateLabelSelector(selector, 'spec.selector');
  const labels = template.metadata?.labels ?? {};
  const isWrong = selector === undefined || (causes.length === 0 && !matchesLabels(selector, labels));
  if (isWrong) {
    const text = '`selector` does not match template `labels`';
    causes.push(invalidValue('spec.template.metadata.labels', labels, text));
  }
  return selector !== undefined && isEmptySelector(selector)
    ? [...causes, invalidValue('spec.selector', selector, 'empty selector is invalid for daemonset')]
    : causes;
}

function validateStrategy({ updateStrategy = {} }: DaemonSetSpec): FieldCause[] {
  const { type = '', rollingUpdate } = updateStrategy;
  if (!strategyTypes.includes(type)) return [notSupported('spec.updateStrategy', type, strategyTypes)];
  return type === 'OnDelete' ? [] : validateSteps(rollingUpdate ?? {}, 'spec.updateStrategy.rollingUpdate');
}

/** A node has either no pod for a moment or two of them. */
function validateSteps({ maxUnavailable = 0, maxSurge = 0 }: RollingUpdateDaemonSet, path: string): FieldCause[] {
  const [unavailable, surge] = [`${path}.maxUnavailable`, `${path}.maxSurge`];
  const causes = [
    ...validateIntOrPercent(maxUnavailable, unavailable),
    ...validateIntOrPercent(maxSurge, surge),
    ...validateAtMostWhole(maxUnavailable, unavailable),
    ...validateAtMostWhole(maxSurge, surge),
  ];
  // A text that is no percentage counts as none.
  const [isShort, isMore] = [maxUnavailable, maxSurge].map((value) => numberOf(value) !== 0);
  if (isShort && isMore) {
    causes.push(invalidValue(surge, maxSurge, 'may not be set when maxUnavailable is non-zero'));
  } else if (!isShort && !isMore) causes.push(required(unavailable, 'cannot be 0 when maxSurge is 0'));
  return causes;
}
