import type { ValidatingAdmissionPolicy } from '../../gen/gantry.admissionregistration.v1.ts';
import { type Kind, usersMetadata } from '../../kind.ts';
import { formatParamKind } from '../admission/policies.ts';
import { setMatchDefaults } from '../admission/rules.ts';
import { validateValidatingPolicy, validateValidatingPolicyStatus } from './validation.ts';

/** admissionregistration.k8s.io/v1 ValidatingAdmissionPolicy. */
export const validatingAdmissionPolicy: Kind<ValidatingAdmissionPolicy> = {
  kind: 'ValidatingAdmissionPolicy',
  group: 'admissionregistration.k8s.io',
  version: 'v1',
  plural: 'validatingadmissionpolicies',
  singular: 'validatingadmissionpolicy',
  shortNames: [],
  categories: ['api-extensions'],
  namespaced: false,
  message: 'gantry.admissionregistration.v1.ValidatingAdmissionPolicy',
  objectField: 'validatingAdmissionPolicy',
  hasStatus: true,
  statusKeeps: usersMetadata,
  generation: 'spec',
  setDefaults: (object) => {
    object.spec ??= {} as NonNullable<ValidatingAdmissionPolicy['spec']>;
    object.spec.failurePolicy ??= 'Fail';
    setMatchDefaults(object.spec.matchConstraints);
  },
  prepareForCreate: (object) => {
    object.status = {};
  },
  validate: validateValidatingPolicy,
  validateStatus: validateValidatingPolicyStatus,
  selectableFields: {},
  columns: [
    { name: 'VALIDATIONS', cell: ({ spec }) => String(spec?.validations?.length ?? 0) },
    { name: 'PARAMKIND', cell: ({ spec }) => formatParamKind(spec?.paramKind) },
  ],
};
