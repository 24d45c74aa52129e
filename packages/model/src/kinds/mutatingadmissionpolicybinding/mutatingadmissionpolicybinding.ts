import type { FieldCause } from '@gantry/runtime/errors.ts';
import type { MutatingAdmissionPolicyBinding } from '../../gen/gantry.admissionregistration.v1.ts';
import type { Kind } from '../../kind.ts';
import { formatParamRef, validateReferences } from '../admission/policies.ts';
import { setMatchDefaults, validateMatchResources, validateMutatingOperations } from '../admission/rules.ts';

/** admissionregistration.k8s.io/v1 MutatingAdmissionPolicyBinding. */
export const mutatingAdmissionPolicyBinding: Kind<MutatingAdmissionPolicyBinding> = {
  kind: 'MutatingAdmissionPolicyBinding',
  group: 'admissionregistration.k8s.io',
  version: 'v1',
  plural: 'mutatingadmissionpolicybindings',
  singular: 'mutatingadmissionpolicybinding',
  shortNames: [],
  categories: ['api-extensions'],
  namespaced: false,
  message: 'gantry.admissionregistration.v1.MutatingAdmissionPolicyBinding',
  objectField: 'mutatingAdmissionPolicyBinding',
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

function validateBinding({ spec }: MutatingAdmissionPolicyBinding): FieldCause[] {
  if (spec === undefined) return [];
  const { policyName, paramRef, matchResources } = spec;
  return [
    ...validateReferences(policyName, paramRef),
    ...validateMatchResources(matchResources, 'spec.matchResources'),
    ...validateMutatingOperations(matchResources, 'spec.matchResources'),
  ];
}
