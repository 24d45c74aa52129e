import type { FieldCause } from '@gantry/runtime/errors.ts';
import type { ValidatingAdmissionPolicyBinding } from '../../gen/gantry.admissionregistration.v1.ts';
import type { Kind } from '../../kind.ts';
import { duplicates, invalidValue, oneOf } from '../../validation/causes.ts';
import { formatParamRef, validateReferences } from '../admission/policies.ts';
import { setMatchDefaults, validateMatchResources } from '../admission/rules.ts';

const actions = ['Audit', 'Deny', 'Warn'];

/** admissionregistration.k8s.io/v1 ValidatingAdmissionPolicyBinding. */
export const validatingAdmissionPolicyBinding: Kind<ValidatingAdmissionPolicyBinding> = {
  kind: 'ValidatingAdmissionPolicyBinding',
  group: 'admissionregistration.k8s.io',
  version: 'v1',
  plural: 'validatingadmissionpolicybindings',
  singular: 'validatingadmissionpolicybinding',
  shortNames: [],
  categories: ['api-extensions'],
  namespaced: false,
  message: 'gantry.admissionregistration.v1.ValidatingAdmissionPolicyBinding',
  objectField: 'validatingAdmissionPolicyBinding',
  hasStatus: false,
  generation: 'spec',
  setDefaults: ({ spec }) => setMatchDefaults(spec?.matchResources),
  validate: validateBinding,
  selectableFields: {},
  columns: [
    { name: 'POLICYNAME', cell: ({ spec }) => spec?.policyName ?? '' },
    { name: 'PARAMREF', cell: ({ spec }) => formatParamRef(spec?.paramRef) },
  ],
};

function validateBinding({ spec }: ValidatingAdmissionPolicyBinding): FieldCause[] {
  if (spec === undefined) return [];
  const { policyName, paramRef, matchResources } = spec;
  return [
    ...validateReferences(policyName, paramRef),
    ...validateMatchResources(matchResources, 'spec.matchResources'),
    ...validateActions(spec.validationActions, 'spec.validationActions'),
  ];
}

function validateActions(given: readonly string[], field: string): FieldCause[] {
  const text =
    'must not contain both Deny and Warn (repeating the same validation failure information in the API response and headers serves no purpose)';
  return [
    ...given.flatMap((action, index) => oneOf(`${field}[${index}]`, action, actions)),
    ...duplicates(given, (index) => `${field}[${index}]`),
    ...(given.includes('Deny') && given.includes('Warn') ? [invalidValue(field, given, text)] : []),
  ];
}
