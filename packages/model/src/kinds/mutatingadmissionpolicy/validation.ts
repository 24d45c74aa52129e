import type { FieldCause } from '@gantry/runtime/errors.ts';
import type { MutatingAdmissionPolicy, Mutation } from '../../gen/gantry.admissionregistration.v1.ts';
import { invalidValue, notSupported, oneOf, required } from '../../validation/causes.ts';
import { validateExpression, validateParamKind, validateVariables } from '../admission/policies.ts';
import {
  failurePolicies,
  reinvocationPolicies,
  validateMatchConditions,
  validateMatchResources,
  validateMutatingOperations,
} from '../admission/rules.ts';

/** The field of each type of patch. */
const patchFields = { ApplyConfiguration: 'applyConfiguration', JSONPatch: 'jsonPatch' } as const;

/** Validates a mutating policy. Its expressions are not compiled. */
export function validateMutatingPolicy({ spec }: MutatingAdmissionPolicy): FieldCause[] {
  if (spec === undefined) return [];
  const { matchConstraints, mutations = [], reinvocationPolicy = '' } = spec;
  return [
    ...oneOf('spec.failurePolicy', spec.failurePolicy, failurePolicies),
    ...validateParamKind(spec.paramKind, 'spec.paramKind'),
    ...validateMatchResources(matchConstraints, 'spec.matchConstraints'),
    ...(matchConstraints !== undefined && (matchConstraints.resourceRules ?? []).length === 0
      ? [required('spec.matchConstraints.resourceRules')]
      : []),
    ...validateMutatingOperations(matchConstraints, 'spec.matchConstraints'),
    ...validateMatchConditions(spec.matchConditions, 'spec.matchConditions'),
    ...validateVariables(spec.variables, 'spec.variables'),
    ...(mutations.length === 0 ? [required('spec.mutations', 'mutations must contain at least one item')] : []),
    ...mutations.flatMap((mutation, index) => validateMutation(mutation, `spec.mutations[${index}]`)),
    ...(reinvocationPolicy === '' ? [] : oneOf('spec.reinvocationPolicy', reinvocationPolicy, reinvocationPolicies)),
  ];
}

function validateMutation(mutation: Mutation, path: string): FieldCause[] {
  const { patchType } = mutation;
  if (patchType === '') return [];
  if (!Object.hasOwn(patchFields, patchType)) {
    return [notSupported(`${path}.patchType`, patchType, Object.keys(patchFields))];
  }
  return Object.entries(patchFields).flatMap(([type, field]) => {
    const given = mutation[field];
    const own = `${path}.${field}`;
    if (type !== patchType) {
      const text = `must not be specified when patchType is ${patchType}`;
      return given === undefined ? [] : [invalidValue(own, `{${field}}`, text)];
    }
    return given === undefined
      ? [required(own, `must be specified when patchType is ${patchType}`)]
      : validateExpression(given.expression ?? '', `${own}.expression`);
  });
}
