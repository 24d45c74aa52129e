/** Validation of a pod's affinity to nodes and to other pods. */
import type { FieldCause } from '@gantry/runtime/errors.ts';
import type {
  Affinity,
  NodeAffinity,
  NodeSelectorRequirement,
  NodeSelectorTerm,
  PodAffinity,
  PodAffinityTerm,
} from '../../gen/gantry.core.v1.ts';
import { forbidden, invalidValue, invalidValues, required } from '../../validation/causes.ts';
import { validateLabelKey, validateLabelSelector } from '../../validation/labels.ts';
import { dnsLabelProblems, dnsSubdomainProblems, labelValueProblems } from '../../validation/names.ts';

const hard = 'requiredDuringSchedulingIgnoredDuringExecution';
const soft = 'preferredDuringSchedulingIgnoredDuringExecution';

/** All three kinds of affinity, each where it is set. */
export function validateAffinity(affinity: Affinity | undefined, path: string): FieldCause[] {
  const { nodeAffinity, podAffinity, podAntiAffinity } = affinity ?? {};
  return [
    ...(nodeAffinity === undefined ? [] : validateNodeAffinity(nodeAffinity, `${path}.nodeAffinity`)),
    ...(podAffinity === undefined ? [] : validatePodAffinity(podAffinity, `${path}.podAffinity`)),
    ...(podAntiAffinity === undefined ? [] : validatePodAffinity(podAntiAffinity, `${path}.podAntiAffinity`)),
  ];
}

function validateNodeAffinity(affinity: NodeAffinity, path: string): FieldCause[] {
  const terms = affinity[hard]?.nodeSelectorTerms;
  const causes = terms === undefined ? [] : validateNodeTerms(terms, `${path}.${hard}`);
  affinity[soft]?.forEach(({ weight, preference }, index) => {
    causes.push(...validateWeight(weight, `${path}.${soft}[${index}].weight`));
    causes.push(...validateTerm(preference, false, `${path}.${soft}[${index}].preference`));
  });
  return causes;
}

/** The terms of a node selector, one of which a node must meet. @param path Of the selector. */
export function validateNodeTerms(terms: readonly NodeSelectorTerm[], path: string): FieldCause[] {
  return [
    ...(terms.length === 0 ? [required(`${path}.nodeSelectorTerms`, 'must have at least one node selector term')] : []),
    ...terms.flatMap((term, index) => validateTerm(term, true, `${path}.nodeSelectorTerms[${index}]`)),
  ];
}

/** @param checksValues Whether values must be such as labels can have: preferences for others merely never hold. */
function validateTerm(term: NodeSelectorTerm, checksValues: boolean, path: string): FieldCause[] {
  return [
    ...(term.matchExpressions ?? []).flatMap((requirement, index) =>
      validateExpression(requirement, checksValues, `${path}.matchExpressions[${index}]`),
    ),
    ...(term.matchFields ?? []).flatMap((requirement, index) =>
      validateField(requirement, `${path}.matchFields[${index}]`),
    ),
  ];
}

function validateExpression(requirement: NodeSelectorRequirement, checksValues: boolean, path: string): FieldCause[] {
  const { key, values = [] } = requirement;
  return [
    ...validateOperator(requirement, path),
    ...validateLabelKey(key, `${path}.key`),
    ...(checksValues
      ? values.flatMap((value, index) => invalidValues(`${path}.values[${index}]`, value, labelValueProblems(value)))
      : []),
  ];
}

function validateOperator({ operator, values = [] }: NodeSelectorRequirement, path: string): FieldCause[] {
  const field = `${path}.values`;
  switch (operator) {
    case 'In':
    case 'NotIn':
      return values.length > 0 ? [] : [required(field, "must be specified when `operator` is 'In' or 'NotIn'")];
    case 'Exists':
    case 'DoesNotExist':
      return values.length === 0
        ? []
        : [forbidden(field, "may not be specified when `operator` is 'Exists' or 'DoesNotExist'")];
    case 'Gt':
    case 'Lt':
      return values.length === 1
        ? []
        : [required(field, "must be specified single value when `operator` is 'Lt' or 'Gt'")];
    default:
      return [invalidValue(`${path}.operator`, operator, 'not a valid selector operator')];
  }
}

/** The only field of nodes that can be asked for is the name. */
function validateField({ key, operator, values = [] }: NodeSelectorRequirement, path: string): FieldCause[] {
  const causes: FieldCause[] = [];
  if (operator !== 'In' && operator !== 'NotIn') {
    causes.push(invalidValue(`${path}.operator`, operator, 'not a valid selector operator'));
  } else if (values.length !== 1) {
    const text = "must be only one value when `operator` is 'In' or 'NotIn' for node field selector";
    causes.push(required(`${path}.values`, text));
  }
  if (key !== 'metadata.name') return [...causes, invalidValue(`${path}.key`, key, 'not a valid field selector key')];
  const named = values.flatMap((value, index) =>
    invalidValues(`${path}.values[${index}]`, value, dnsSubdomainProblems(value)),
  );
  return [...causes, ...named];
}

function validatePodAffinity(affinity: PodAffinity, path: string): FieldCause[] {
  return [
    ...(affinity[hard] ?? []).flatMap((term, index) => validatePodTerm(term, `${path}.${hard}[${index}]`)),
    ...(affinity[soft] ?? []).flatMap(({ weight, podAffinityTerm }, index) => [
      ...validateWeight(weight, `${path}.${soft}[${index}].weight`),
      ...validatePodTerm(podAffinityTerm, `${path}.${soft}[${index}].podAffinityTerm`),
    ]),
  ];
}

function validatePodTerm(term: PodAffinityTerm, path: string): FieldCause[] {
  const { labelSelector, namespaceSelector, namespaces = [], topologyKey } = term;
  return [
    ...validateLabelSelector(labelSelector, `${path}.labelSelector`),
    ...validateLabelSelector(namespaceSelector, `${path}.namespaceSelector`),
    ...namespaces.flatMap((name) => invalidValues(`${path}.namespaces`, name, dnsLabelProblems(name))),
    ...validateLabelKey(topologyKey, `${path}.topologyKey`),
    ...validateKeys(term, 'matchLabelKeys', path),
    ...validateKeys(term, 'mismatchLabelKeys', path),
    ...(term.matchLabelKeys ?? []).flatMap((key, index) =>
      term.mismatchLabelKeys?.includes(key)
        ? [invalidValue(`${path}.matchLabelKeys[${index}]`, key, 'exists in both matchLabelKeys and mismatchLabelKeys')]
        : [],
    ),
  ];
}

function validateKeys(term: PodAffinityTerm, list: 'matchLabelKeys' | 'mismatchLabelKeys', path: string): FieldCause[] {
  const keys = term[list] ?? [];
  if (keys.length > 0 && term.labelSelector === undefined) {
    return [forbidden(`${path}.${list}`, 'must not be specified when labelSelector is not set')];
  }
  return keys.flatMap((key, index) => validateLabelKey(key, `${path}.${list}[${index}]`));
}

function validateWeight(weight: number, field: string): FieldCause[] {
  return weight >= 1 && weight <= 100 ? [] : [invalidValue(field, weight, 'must be in the range 1-100')];
}
