/** Validation of tolerations, topology spread constraints and scheduling gates. */
import type { FieldCause } from '@gantry/runtime/errors.ts';
import type { PodSchedulingGate, Toleration, TopologySpreadConstraint } from '../../gen/gantry.core.v1.ts';
import { duplicate, duplicates, forbidden, invalidValue, notSupported, oneOf } from '../../validation/causes.ts';
import { validateLabelKey, validateLabelSelector } from '../../validation/labels.ts';
import { labelValueProblems } from '../../validation/names.ts';

const operators = ['Equal', 'Exists'];
const effects = ['NoSchedule', 'PreferNoSchedule', 'NoExecute'];
const reactions = ['DoNotSchedule', 'ScheduleAnyway'];
const policies = ['Honor', 'Ignore'];

/** Tolerations. */
export function validateTolerations(tolerations: readonly Toleration[], path: string): FieldCause[] {
  return tolerations.flatMap((toleration, index) => validateToleration(toleration, `${path}[${index}]`));
}

function validateToleration(toleration: Toleration, path: string): FieldCause[] {
  const { key, operator = '', value = '', effect = '', tolerationSeconds } = toleration;
  const causes: FieldCause[] = key ? validateLabelKey(key, `${path}.key`) : [];
  if (!key && operator !== 'Exists') {
    const text = 'operator must be Exists when `key` is empty, which means "match all values and all keys"';
    causes.push(invalidValue(`${path}.operator`, operator, text));
  }
  if (tolerationSeconds !== undefined && effect !== 'NoExecute') {
    const text = "effect must be 'NoExecute' when `tolerationSeconds` is set";
    causes.push(invalidValue(`${path}.effect`, effect, text));
  }
  if (operator === 'Exists') {
    const text = "value must be empty when `operator` is 'Exists'";
    if (value !== '') causes.push(invalidValue(`${path}.operator`, value, text));
  } else if (operator === 'Equal' || operator === '') {
    const problems = labelValueProblems(value);
    if (problems.length > 0) causes.push(invalidValue(`${path}.operator`, value, problems.join(';')));
  } else causes.push(notSupported(`${path}.operator`, operator, operators));
  return effect === '' ? causes : [...causes, ...oneOf(`${path}.effect`, effect, effects)];
}

/** Constraints on how pods spread over domains. */
export function validateSpread(constraints: readonly TopologySpreadConstraint[], path: string): FieldCause[] {
  return constraints.flatMap((constraint, index) => [
    ...validateConstraint(constraint, `${path}[${index}]`),
    ...repeatedConstraint(constraints, index, path),
  ]);
}

function validateConstraint(constraint: TopologySpreadConstraint, path: string): FieldCause[] {
  const { maxSkew, topologyKey, whenUnsatisfiable, minDomains, labelSelector, matchLabelKeys = [] } = constraint;
  const causes: FieldCause[] = [];
  if (maxSkew <= 0) causes.push(invalidValue(`${path}.maxSkew`, maxSkew, 'must be greater than zero'));
  causes.push(...validateLabelKey(topologyKey, `${path}.topologyKey`));
  causes.push(...oneOf(`${path}.whenUnsatisfiable`, whenUnsatisfiable, reactions));
  if (minDomains !== undefined) {
    if (minDomains <= 0) causes.push(invalidValue(`${path}.minDomains`, minDomains, 'must be greater than zero'));
    if (whenUnsatisfiable !== 'DoNotSchedule') {
      const text = `can only use minDomains if whenUnsatisfiable=DoNotSchedule, not ${whenUnsatisfiable}`;
      causes.push(invalidValue(`${path}.minDomains`, minDomains, text));
    }
  }
  causes.push(...oneOf(`${path}.nodeAffinityPolicy`, constraint.nodeAffinityPolicy, policies));
  causes.push(...oneOf(`${path}.nodeTaintsPolicy`, constraint.nodeTaintsPolicy, policies));
  causes.push(...validateLabelSelector(labelSelector, `${path}.labelSelector`));
  if (matchLabelKeys.length > 0 && labelSelector === undefined) {
    causes.push(forbidden(`${path}.matchLabelKeys`, 'must not be specified when labelSelector is not set'));
  }
  const taken = new Set([
    ...Object.keys(labelSelector?.matchLabels ?? {}),
    // One value is what a pod's own label was merged in as when the pod was made.
    ...(labelSelector?.matchExpressions ?? []).filter(({ values }) => values?.length !== 1).map(({ key }) => key),
  ]);
  matchLabelKeys.forEach((key, index) => {
    const field = `${path}.matchLabelKeys[${index}]`;
    causes.push(...validateLabelKey(key, field));
    if (taken.has(key)) causes.push(invalidValue(field, key, 'exists in both matchLabelKeys and labelSelector'));
  });
  return causes;
}

/** One constraint for each pair of topologyKey and whenUnsatisfiable. */
function repeatedConstraint(
  constraints: readonly TopologySpreadConstraint[],
  index: number,
  path: string,
): FieldCause[] {
  const pairOf = ({ topologyKey, whenUnsatisfiable }: TopologySpreadConstraint): string =>
    `{${topologyKey}, ${whenUnsatisfiable}}`;
  const pair = pairOf(constraints[index]!);
  const isRepeated = constraints.slice(index + 1).some((later) => pairOf(later) === pair);
  return isRepeated ? [duplicate(`${path}[${index}].{topologyKey, whenUnsatisfiable}`, pair)] : [];
}

/** Names of what must happen before the pod is scheduled. */
export function validateGates(gates: readonly PodSchedulingGate[], path: string): FieldCause[] {
  return [
    ...gates.flatMap(({ name }, index) => validateLabelKey(name, `${path}[${index}]`)),
    ...duplicates(
      gates.map(({ name }) => name),
      (index) => `${path}[${index}]`,
    ),
  ];
}
