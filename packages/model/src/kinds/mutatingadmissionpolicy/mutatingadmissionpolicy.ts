import type { MutatingAdmissionPolicy } from '../../gen/gantry.admissionregistration.v1.ts';
import type { Kind } from '../../kind.ts';
import { formatParamKind } from '../admission/policies.ts';
import { setMatchDefaults } from '../admission/rules.ts';
import { validateMutatingPolicy } from './validation.ts';

/** admissionregistration.k8s.io/v1 MutatingAdmissionPolicy. */
export const mutatingAdmissionPolicy: Kind<MutatingAdmissionPolicy> = {
  kind: 'MutatingAdmissionPolicy',
  group: 'admissionregistration.k8s.io',
  version: 'v1',
  plural: 'mutatingadmissionpolicies',
  singular: 'mutatingadmissionpolicy',
  shortNames: [],
  categories: ['api-extensions'],
  namespaced: false,
  message: 'gantry.admissionregistration.v1.MutatingAdmissionPolicy',
  objectField: 'mutatingAdmissionPolicy',
  hasStatus: false,
  generation: 'spec',
  setDefaults: (object) => {
    object.spec ??= {} as NonNullable<MutatingAdmissionPolicy['spec']>;
    object.spec.failurePolicy ??= 'Fail';
    setMatchDefaults(object.spec.matchConstraints);
  },
  validate: validateMutatingPolicy,
  selectableFields: {},
  columns: [
    { name: 'MUTATIONS', cell: ({ spec }) => String(spec?.mutations?.length ?? 0) },
    { name: 'PARAMKIND', cell: ({ spec }) => formatParamKind(spec?.paramKind) },
  ],
};
