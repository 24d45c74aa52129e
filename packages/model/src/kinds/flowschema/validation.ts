import { isDeepStrictEqual } from 'node:util';
import type { FieldCause } from '@gantry/runtime/errors.ts';
import type {
  FlowSchema,
  FlowSchemaSpec,
  NonResourcePolicyRule,
  PolicyRulesWithSubjects,
  ResourcePolicyRule,
  ServiceAccountSubject,
  Subject,
} from '../../gen/gantry.flowcontrol.v1.ts';
import { duplicate, forbidden, invalidValue, invalidValues, notSupported, required } from '../../validation/causes.ts';
import { dnsLabelProblems, dnsSubdomainProblems } from '../../validation/names.ts';
import { mandatoryFlowSchemas } from './mandatory.ts';

const methods = ['ByNamespace', 'ByUser'];
const maxPrecedence = 10_000;
const verbs = ['create', 'delete', 'deletecollection', 'get', 'list', 'patch', 'proxy', 'update', 'watch'];

/** Validates a flow schema. */
export function validateFlowSchema({ metadata, spec = {}, status }: FlowSchema): FieldCause[] {
  const { matchingPrecedence = 0, distinguisherMethod, priorityLevelConfiguration, rules = [] } = spec;
  const level = priorityLevelConfiguration?.name ?? '';
  const field = 'spec.matchingPrecedence';
  const problems = [
    ...(matchingPrecedence <= 0 ? ['must be a positive value'] : []),
    ...(matchingPrecedence > maxPrecedence ? [`must not be greater than ${maxPrecedence}`] : []),
    ...(matchingPrecedence === 1 && metadata.name !== 'exempt'
      ? ["only the schema named 'exempt' may have matchingPrecedence 1"]
      : []),
  ];
  return [
    ...invalidValues(field, matchingPrecedence, problems),
    ...(distinguisherMethod !== undefined && !methods.includes(distinguisherMethod.type ?? '')
      ? [notSupported('spec.distinguisherMethod.type', distinguisherMethod, methods)]
      : []),
    ...(level === ''
      ? [required('spec.priorityLevelConfiguration.name', 'must reference a priority level')]
      : invalidValues('spec.priorityLevelConfiguration.name', level, dnsSubdomainProblems(level))),
    ...rules.flatMap((rule, index) => validateRule(rule, `spec.rules[${index}]`)),
    ...validateMandatory(metadata.name, spec),
    ...validateConditions(status?.conditions),
  ];
}

/** The schemas that no api is without stay what they are. */
function validateMandatory(name: string | undefined, spec: FlowSchemaSpec): FieldCause[] {
  const fixed = mandatoryFlowSchemas.find(({ metadata }) => metadata.name === name)?.spec;
  if (fixed === undefined || isDeepStrictEqual(spec, fixed)) return [];
  return [invalidValue('spec', spec, `spec of '${name}' must equal the fixed value`)];
}

/** Validates a new status. */
export function validateFlowSchemaStatus({ status }: FlowSchema): FieldCause[] {
  return validateConditions(status?.conditions);
}

/** Conditions of flow schemas and of priority levels: each has a type of its own. */
export function validateConditions(conditions: readonly { readonly type?: string }[] = []): FieldCause[] {
  const seen = new Set<string>();
  return conditions.flatMap(({ type = '' }, index) => {
    const field = `status.conditions[${index}].type`;
    const isRepeated = seen.has(type);
    seen.add(type);
    return [...(isRepeated ? [duplicate(field, type)] : []), ...(type === '' ? [required(field)] : [])];
  });
}

function validateRule(rule: PolicyRulesWithSubjects, path: string): FieldCause[] {
  const { subjects = [], resourceRules = [], nonResourceRules = [] } = rule;
  const isEmpty = resourceRules.length === 0 && nonResourceRules.length === 0;
  return [
    ...(subjects.length === 0 ? [required(`${path}.subjects`, 'subjects must contain at least one value')] : []),
    ...subjects.flatMap((subject, index) => validateSubject(subject, `${path}.subjects[${index}]`)),
    ...(isEmpty ? [required(path, 'at least one of resourceRules and nonResourceRules has to be non-empty')] : []),
    ...resourceRules.flatMap((inner, index) => validateResourceRule(inner, `${path}.resourceRules[${index}]`)),
    ...nonResourceRules.flatMap((inner, index) => validateNonResourceRule(inner, `${path}.nonResourceRules[${index}]`)),
  ];
}

/** The field of each kind of subject. */
const subjectFields = { User: 'user', Group: 'group', ServiceAccount: 'serviceAccount' } as const;

function validateSubject(subject: Subject, path: string): FieldCause[] {
  if (!Object.hasOwn(subjectFields, subject.kind)) {
    return [notSupported(`${path}.kind`, subject.kind, Object.keys(subjectFields).sort())];
  }
  return Object.entries(subjectFields).flatMap(([kind, field]) => {
    const given = subject[field];
    const own = `${path}.${field}`;
    if (kind !== subject.kind) {
      const text = `${field} is forbidden when subject kind is not '${kind}'`;
      return given === undefined ? [] : [forbidden(own, text)];
    }
    if (given === undefined) return [required(own, `${field} is required when subject kind is '${kind}'`)];
    if (kind === 'ServiceAccount') return validateAccount(given as ServiceAccountSubject, own);
    return given.name === '' ? [required(`${own}.name`)] : [];
  });
}

function validateAccount({ namespace, name }: ServiceAccountSubject, path: string): FieldCause[] {
  return [
    ...(name === '' ? [required(`${path}.name`)] : []),
    ...(name === '' || name === '*' ? [] : invalidValues(`${path}.name`, name, dnsSubdomainProblems(name))),
    ...(namespace === ''
      ? [required(`${path}.namespace`, 'must specify namespace for service account')]
      : invalidValues(`${path}.namespace`, namespace, dnsLabelProblems(namespace))),
  ];
}

function validateResourceRule(rule: ResourcePolicyRule, path: string): FieldCause[] {
  const { apiGroups = [], resources = [], namespaces = [], clusterScope = false } = rule;
  const scopeless = 'resource rules that are not cluster scoped must supply at least one namespace';
  return [
    ...validateVerbs(rule.verbs, `${path}.verbs`),
    ...validateList(apiGroups, `${path}.apiGroups`, 'resource rules must supply at least one api group', 'api groups'),
    ...validateList(resources, `${path}.resources`, 'resource rules must supply at least one resource', 'resources'),
    ...(namespaces.length === 0 && clusterScope
      ? []
      : validateList(namespaces, `${path}.namespaces`, scopeless, 'namespaces')),
    ...(namespaces.includes('*') ? [] : namespaces.flatMap((name, index) => namespaceCauses(name, path, index))),
  ];
}

function namespaceCauses(name: string, path: string, index: number): FieldCause[] {
  const start = "each member of this list must be '*' or a DNS-1123 label; ";
  const problems = dnsLabelProblems(name).map((problem) => `${start}${problem}`);
  return invalidValues(`${path}.namespaces[${index}]`, name, problems);
}

/** A list that has entries; a wildcard stands alone. */
function validateList(list: readonly string[], field: string, missing: string, others: string): FieldCause[] {
  if (list.length === 0) return [required(field, missing)];
  const isMixed = list.length > 1 && list.includes('*');
  return isMixed ? [invalidValue(field, list, `if '*' is present, must not specify other ${others}`)] : [];
}

function validateVerbs(list: readonly string[], field: string): FieldCause[] {
  const causes = validateList(list, field, 'verbs must contain at least one value', 'verbs');
  const isKnown = list.includes('*') || list.every((verb) => verbs.includes(verb));
  return isKnown ? causes : [...causes, notSupported(field, list, verbs)];
}

function validateNonResourceRule(rule: NonResourcePolicyRule, path: string): FieldCause[] {
  const urls = rule.nonResourceURLs;
  const field = `${path}.nonResourceURLs`;
  return [
    ...validateVerbs(rule.verbs, `${path}.verbs`),
    ...validateList(urls, field, 'nonResourceURLs must contain at least one value', 'non-resource URLs'),
    ...(urls.includes('*') ? [] : urls.flatMap((url, index) => validateUrl(url, `${field}[${index}]`))),
  ];
}

function validateUrl(url: string, field: string): FieldCause[] {
  const problem = urlProblem(url);
  return problem === undefined ? [] : [invalidValue(field, url, problem)];
}

function urlProblem(url: string): string | undefined {
  if (url === '') return 'must not be empty';
  if (url === '/') return undefined;
  if (!url.startsWith('/')) return 'must start with slash';
  if (url.includes(' ')) return 'must not contain white-space';
  if (url.includes('//')) return 'must not contain double slash';
  const stars = url.split('*').length - 1;
  return stars > 1 || (stars === 1 && !url.endsWith('/*')) ? 'wildcard can only do suffix matching' : undefined;
}
