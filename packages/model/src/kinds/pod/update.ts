/** Changes of a stored pod: very few are allowed, since the node already runs it. */
import type { FieldCause } from '@gantry/runtime/errors.ts';
import type { Container, NodeSelectorTerm, Pod, PodSpec, Toleration } from '../../gen/gantry.core.v1.ts';
import { canonicalJson } from '../../hash.ts';
import { forbidden, invalidValue, invalidValues } from '../../validation/causes.ts';
import { dnsSubdomainProblems, ipProblems } from '../../validation/names.ts';

const changeable = [
  '`spec.containers[*].image`',
  '`spec.initContainers[*].image`',
  '`spec.activeDeadlineSeconds`',
  '`spec.tolerations` (only additions to existing tolerations)',
  '`spec.terminationGracePeriodSeconds` (allow it to be set to 1 if it was previously negative)',
].join(',');

/** Validates a change. Binding a pod to a node is no update: it has a call of its own. */
export function validatePodUpdate({ spec }: Pod, { spec: stored }: Pod): FieldCause[] {
  for (const list of ['containers', 'initContainers'] as const) {
    if ((spec[list] ?? []).length !== (stored[list] ?? []).length) {
      return [forbidden(`spec.${list}`, 'pod updates may not add or remove containers')];
    }
  }
  const causes = [
    ...validateDeadline(spec, stored),
    ...validateAddedTolerations(spec.tolerations ?? [], stored.tolerations ?? []),
    ...validateRemovedGates(spec, stored),
    ...(isGated(stored) ? validateNarrowing(spec, stored) : []),
  ];
  const changed = changedFields(fixedParts(spec, stored), fixedParts(stored, stored));
  if (changed.length === 0) return causes;
  const text = `pod updates may not change fields other than ${changeable} (changed: ${changed.join(', ')})`;
  return [...causes, forbidden('spec', text)];
}

/** Validates a new status. */
export function validatePodStatus({ status = {} }: Pod): FieldCause[] {
  const { nominatedNodeName, podIP, podIPs = [], hostIP } = status;
  return [
    ...(nominatedNodeName
      ? invalidValues('status.nominatedNodeName', nominatedNodeName, dnsSubdomainProblems(nominatedNodeName))
      : []),
    ...(podIP ? invalidValues('status.podIP', podIP, ipProblems(podIP)) : []),
    ...(hostIP ? invalidValues('status.hostIP', hostIP, ipProblems(hostIP)) : []),
    ...podIPs.flatMap(({ ip }, index) => invalidValues(`status.podIPs[${index}]`, ip, ipProblems(ip))),
  ];
}

/** A spec as if all that may change had not. */
function fixedParts(spec: PodSpec, stored: PodSpec): PodSpec {
  const withImages = (list: 'containers' | 'initContainers'): Container[] | undefined =>
    spec[list]?.map((container, index) => ({ ...container, image: stored[list]?.[index]?.image ?? '' }));
  const initContainers = withImages('initContainers');
  const { activeDeadlineSeconds: _a, tolerations: _t, schedulingGates: _g, ...fixed } = spec;
  const result: PodSpec = { ...fixed, containers: withImages('containers')! };
  if (initContainers !== undefined) result.initContainers = initContainers;
  const grace = stored.terminationGracePeriodSeconds;
  if (grace !== undefined && grace < 0 && spec.terminationGracePeriodSeconds === 1) {
    result.terminationGracePeriodSeconds = grace;
  }
  if (!isGated(stored)) return result;
  const { nodeSelector: _n, affinity, ...gated } = result;
  const { nodeAffinity: _na, ...others } = affinity ?? {};
  return Object.keys(others).length === 0 ? gated : { ...gated, affinity: others };
}

/** Paths of the fields that differ. An empty list is as good as none. */
function changedFields(spec: PodSpec, stored: PodSpec): string[] {
  const textsOf = (each: PodSpec): Map<string, string | undefined> =>
    new Map(Object.entries(each).map(([name, value]) => [name, canonicalJson(withoutEmptyLists(value))]));
  const [wanted, before] = [textsOf(spec), textsOf(stored)];
  const names = new Set([...wanted.keys(), ...before.keys()]);
  return [...names].filter((name) => wanted.get(name) !== before.get(name)).map((name) => `spec.${name}`);
}

function withoutEmptyLists(value: unknown): unknown {
  if (Array.isArray(value)) return value.length === 0 ? undefined : value.map(withoutEmptyLists);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, withoutEmptyLists(inner)]));
}

function isGated({ schedulingGates = [] }: PodSpec): boolean {
  return schedulingGates.length > 0;
}

/** A deadline may come, and come nearer. */
function validateDeadline(spec: PodSpec, stored: PodSpec): FieldCause[] {
  const field = 'spec.activeDeadlineSeconds';
  const { activeDeadlineSeconds: wanted } = spec;
  const { activeDeadlineSeconds: before } = stored;
  if (before === undefined) return [];
  if (wanted === undefined) {
    return [invalidValue(field, null, 'must not update from a positive integer to nil value')];
  }
  return wanted > before ? [invalidValue(field, wanted, 'must be less than or equal to previous value')] : [];
}

function validateAddedTolerations(tolerations: readonly Toleration[], stored: readonly Toleration[]): FieldCause[] {
  const identity = ({ tolerationSeconds: _s, ...toleration }: Toleration): string => canonicalJson(toleration);
  const wanted = new Set(tolerations.map(identity));
  if (stored.every((toleration) => wanted.has(identity(toleration)))) return [];
  const text = 'existing toleration can not be modified except its tolerationSeconds';
  return [forbidden('spec.tolerations', text)];
}

function validateRemovedGates({ schedulingGates = [] }: PodSpec, stored: PodSpec): FieldCause[] {
  const before = new Set((stored.schedulingGates ?? []).map(({ name }) => name));
  return schedulingGates.flatMap(({ name }, index) => {
    const text = `only deletion is allowed, but found new scheduling gate '${name}'`;
    return before.has(name) ? [] : [forbidden(`spec.schedulingGates[${index}].name`, text)];
  });
}

/** While a gate holds a pod back, the nodes that it may go to can become fewer. */
function validateNarrowing(spec: PodSpec, stored: PodSpec): FieldCause[] {
  const causes: FieldCause[] = [];
  const { nodeSelector = {} } = spec;
  const keeps = Object.entries(stored.nodeSelector ?? {}).every(([key, value]) => nodeSelector[key] === value);
  if (!keeps) {
    const text = 'only additions to spec.nodeSelector are allowed (no mutations or deletions)';
    causes.push(invalidValue('spec.nodeSelector', nodeSelector, text));
  }
  const required = 'requiredDuringSchedulingIgnoredDuringExecution';
  const before = stored.affinity?.nodeAffinity?.[required]?.nodeSelectorTerms;
  if (before === undefined) return causes;
  const terms = spec.affinity?.nodeAffinity?.[required]?.nodeSelectorTerms ?? [];
  const field = `spec.affinity.nodeAffinity.${required}.nodeSelectorTerms`;
  if (terms.length !== before.length) {
    const text = 'no additions/deletions to non-empty NodeSelectorTerms list are allowed';
    return [...causes, invalidValue(field, terms, text)];
  }
  terms.forEach((term, index) => {
    if (isNarrower(term, before[index]!)) return;
    causes.push(invalidValue(`${field}[${index}]`, term, 'only additions are allowed (no mutations or deletions)'));
  });
  return causes;
}

/** True where a term demands all that the other does. An empty term selects nothing, and must stay so. */
function isNarrower(term: NodeSelectorTerm, other: NodeSelectorTerm): boolean {
  const demands = ({ matchExpressions = [], matchFields = [] }: NodeSelectorTerm): string[] => [
    ...matchExpressions.map((each) => canonicalJson(each)),
    ...matchFields.map((each) => `field ${canonicalJson(each)}`),
  ];
  const wanted = demands(term);
  const before = demands(other);
  return before.length === 0 ? wanted.length === 0 : before.every((demand) => wanted.includes(demand));
}
