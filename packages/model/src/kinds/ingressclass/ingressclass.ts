import type { FieldCause } from '@gantry/runtime/errors.ts';
import { formatAge } from '../../age.ts';
import type { IngressClass, IngressClassParametersReference } from '../../gen/gantry.networking.v1.ts';
import type { Kind } from '../../kind.ts';
import {
  forbidden,
  immutable,
  invalidValues,
  notEnforced,
  notSupported,
  required,
  tooLong,
} from '../../validation/causes.ts';
import {
  dnsLabelProblems,
  dnsSubdomainProblems,
  domainPrefixedPathProblems,
  pathSegmentProblems,
} from '../../validation/names.ts';

const maxControllerBytes = 250;
const scopes = ['Cluster', 'Namespace'];

/** networking.k8s.io/v1 IngressClass. */
export const ingressClass: Kind<IngressClass> = {
  kind: 'IngressClass',
  group: 'networking.k8s.io',
  version: 'v1',
  plural: 'ingressclasses',
  singular: 'ingressclass',
  shortNames: [],
  namespaced: false,
  message: 'gantry.networking.v1.IngressClass',
  objectField: 'ingressClass',
  hasStatus: false,
  generation: 'spec',
  setDefaults: ({ spec }) => {
    if (spec.parameters !== undefined) spec.parameters.scope ??= 'Cluster';
  },
  validate: validateIngressClass,
  validateUpdate: ({ spec }, { spec: stored }) =>
    spec.controller === stored.controller ? [] : [immutable('spec.controller', spec.controller)],
  warnings: () => [notEnforced(ingressClass, 'no requests are let in by its Ingresses')],
  selectableFields: {},
  listsAllColumns: true,
  columns: [
    {
      name: 'NAME',
      cell: (object) => (isDefaultIngressClass(object) ? `${object.metadata.name} (default)` : object.metadata.name),
    },
    { name: 'CONTROLLER', cell: ({ spec }) => spec.controller },
    { name: 'PARAMETERS', cell: ({ spec }) => parametersText(spec.parameters) },
    { name: 'AGE', cell: ({ metadata }, nowMs) => formatAge(metadata.creationTimestamp, nowMs) },
  ],
};

/** True for the class of Ingresses that name none. */
export function isDefaultIngressClass({ metadata }: IngressClass): boolean {
  return metadata.annotations?.['ingressclass.kubernetes.io/is-default-class'] === 'true';
}

function parametersText(parameters: IngressClassParametersReference | undefined): string {
  if (parameters === undefined) return '<none>';
  const { apiGroup, kind, name } = parameters;
  return `${apiGroup === undefined ? kind : `${kind}.${apiGroup}`}/${name}`;
}

function validateIngressClass({ spec: { controller, parameters } }: IngressClass): FieldCause[] {
  const field = 'spec.controller';
  const causes = controller === '' ? [] : invalidValues(field, controller, domainPrefixedPathProblems(controller));
  if (Buffer.byteLength(controller) > maxControllerBytes) causes.push(tooLong(field, maxControllerBytes));
  return parameters === undefined ? causes : [...causes, ...validateParameters(parameters, 'spec.parameters')];
}

function validateParameters(parameters: IngressClassParametersReference, path: string): FieldCause[] {
  const { apiGroup, kind, name, scope = '', namespace } = parameters;
  const causes = [
    ...(apiGroup === undefined ? [] : invalidValues(`${path}.apiGroup`, apiGroup, dnsSubdomainProblems(apiGroup))),
    ...invalidValues(`${path}.kind`, kind, pathSegmentProblems(kind)),
    ...invalidValues(`${path}.name`, name, pathSegmentProblems(name)),
  ];
  const field = `${path}.namespace`;
  if (!scopes.includes(scope)) return [...causes, notSupported(`${path}.scope`, scope, scopes)];
  if (scope === 'Cluster') {
    return namespace === undefined ? causes : [...causes, forbidden(field, "`parameters.scope` is set to 'Cluster'")];
  }
  return namespace === undefined
    ? [...causes, required(field, "`parameters.scope` is set to 'Namespace'")]
    : [...causes, ...invalidValues(field, namespace, dnsLabelProblems(namespace))];
}
