/** Validation of pods and of pod templates. Relies on required fields and defaults being there. */
import type { FieldCause } from '@gantry/runtime/errors.ts';
import type {
  HostAlias,
  Pod,
  PodDNSConfig,
  PodResourceClaim,
  PodSpec,
  PodTemplateSpec,
} from '../../gen/gantry.core.v1.ts';
import {
  duplicates,
  forbidden,
  inRange,
  invalidValue,
  invalidValues,
  oneOf,
  required,
} from '../../validation/causes.ts';
import { validateLabelKey, validateLabels } from '../../validation/labels.ts';
import { validateAnnotations } from '../../validation/metadata.ts';
import { dnsLabelProblems, dnsSubdomainProblems, ipProblems } from '../../validation/names.ts';
import { validateAffinity } from './affinity.ts';
import { validateAmount, validatePodResources } from './containers/resources.ts';
import { validateContainers } from './containers/validation.ts';
import { validateEphemeralContainers } from './ephemeral.ts';
import { validateGates, validateSpread, validateTolerations } from './placement.ts';
import { validatePodSecurity } from './security.ts';
import { validateVolumes } from './volumes/validation.ts';

const restartPolicies = ['Always', 'OnFailure', 'Never'];
const dnsPolicies = ['ClusterFirstWithHostNet', 'ClusterFirst', 'Default', 'None'];
/** Limits of the C library's resolver on Linux. */
const maxNameservers = 3;
const maxSearches = 32;
const maxSearchChars = 2048;
/** Longest host name that Linux takes. */
const maxHostnameChars = 64;
const maxInt32 = 2 ** 31 - 1;

/** Validates a pod. */
export function validatePod({ spec }: Pod): FieldCause[] {
  const causes = [...validatePodSpec(spec, 'spec'), ...validateEphemeralContainers(spec)];
  if (spec.nodeName && (spec.schedulingGates ?? []).length > 0) {
    causes.push(forbidden('spec.nodeName', 'cannot be set until all schedulingGates have been cleared'));
  }
  return causes;
}

/** Validates a template. @param path Of the template, such as spec.template. */
export function validateTemplate({ metadata = {}, spec }: PodTemplateSpec, path: string): FieldCause[] {
  const causes = [
    ...validateLabels(metadata.labels, `${path}.metadata.labels`),
    ...validateAnnotations(metadata.annotations, `${path}.metadata.annotations`),
    ...validatePodSpec(spec, `${path}.spec`),
  ];
  if ((spec.ephemeralContainers ?? []).length > 0) {
    const text = 'ephemeral containers not allowed in pod template';
    causes.push(forbidden(`${path}.spec.ephemeralContainers`, text));
  }
  return causes;
}

function validatePodSpec(spec: PodSpec, path: string): FieldCause[] {
  return [
    ...validateVolumes(spec.volumes ?? [], `${path}.volumes`),
    ...validateContainers(spec, path),
    ...validatePodResources(spec, `${path}.resources`),
    ...Object.entries(spec.overhead ?? {}).flatMap(([name, amount]) =>
      validateAmount(name, amount, `${path}.overhead[${name}]`),
    ),
    ...validateClaims(spec.resourceClaims ?? [], `${path}.resourceClaims`),
    ...validateLifetime(spec, path),
    ...validatePlacement(spec, path),
    ...validatePodSecurity(spec, path),
    ...validateNames(spec, path),
    ...validateDns(spec, path),
    ...(spec.readinessGates ?? []).flatMap(({ conditionType }, index) =>
      validateLabelKey(conditionType, `${path}.readinessGates[${index}].conditionType`),
    ),
    ...(spec.hostAliases ?? []).flatMap((alias, index) => validateAlias(alias, `${path}.hostAliases[${index}]`)),
    ...oneOf(`${path}.os.name`, spec.os?.name, ['linux', 'windows']),
  ];
}

function validateLifetime(spec: PodSpec, path: string): FieldCause[] {
  return [
    ...oneOf(`${path}.restartPolicy`, spec.restartPolicy, restartPolicies),
    ...inRange(`${path}.activeDeadlineSeconds`, spec.activeDeadlineSeconds, 1, maxInt32),
  ];
}

function validatePlacement(spec: PodSpec, path: string): FieldCause[] {
  return [
    ...validateLabels(spec.nodeSelector, `${path}.nodeSelector`),
    ...validateAffinity(spec.affinity, `${path}.affinity`),
    ...validateTolerations(spec.tolerations ?? [], `${path}.tolerations`),
    ...validateSpread(spec.topologySpreadConstraints ?? [], `${path}.topologySpreadConstraints`),
    ...validateGates(spec.schedulingGates ?? [], `${path}.schedulingGates`),
    ...oneOf(`${path}.preemptionPolicy`, spec.preemptionPolicy, ['PreemptLowerPriority', 'Never']),
  ];
}

/** Names of other objects, and of the pod itself in the network. */
function validateNames(spec: PodSpec, path: string): FieldCause[] {
  const { hostnameOverride } = spec;
  const objects = ['serviceAccountName', 'nodeName', 'priorityClassName', 'runtimeClassName', 'schedulerName'] as const;
  const causes: FieldCause[] = [];
  for (const name of objects) {
    const value = spec[name];
    if (value) causes.push(...invalidValues(`${path}.${name}`, value, dnsSubdomainProblems(value)));
  }
  for (const name of ['hostname', 'subdomain'] as const) {
    const value = spec[name];
    if (value) causes.push(...invalidValues(`${path}.${name}`, value, dnsLabelProblems(value)));
  }
  if (hostnameOverride) {
    const field = `${path}.hostnameOverride`;
    causes.push(...invalidValues(field, hostnameOverride, dnsSubdomainProblems(hostnameOverride)));
    if (hostnameOverride.length > maxHostnameChars) {
      causes.push(invalidValue(field, hostnameOverride, `must be no more than ${maxHostnameChars} characters`));
    }
    if (spec.hostNetwork === true) causes.push(forbidden(field, 'may not be specified when hostNetwork is true'));
  }
  return causes;
}

function validateDns({ dnsPolicy, dnsConfig }: PodSpec, path: string): FieldCause[] {
  const causes = oneOf(`${path}.dnsPolicy`, dnsPolicy, dnsPolicies);
  const field = `${path}.dnsConfig`;
  if (dnsPolicy === 'None' && dnsConfig === undefined) {
    return [...causes, required(field, 'must provide `dnsConfig` when `dnsPolicy` is None')];
  }
  if (dnsPolicy === 'None' && !dnsConfig?.nameservers?.length) {
    const text = 'must provide at least one DNS nameserver when `dnsPolicy` is None';
    return [...causes, required(`${field}.nameservers`, text)];
  }
  return dnsConfig === undefined ? causes : [...causes, ...validateDnsConfig(dnsConfig, field)];
}

function validateDnsConfig(
  { nameservers = [], searches = [], options = [] }: PodDNSConfig,
  path: string,
): FieldCause[] {
  const causes: FieldCause[] = [];
  if (nameservers.length > maxNameservers) {
    causes.push(
      invalidValue(`${path}.nameservers`, nameservers, `must not have more than ${maxNameservers} nameservers`),
    );
  }
  nameservers.forEach((address, index) => {
    causes.push(...invalidValues(`${path}.nameservers[${index}]`, address, ipProblems(address)));
  });
  if (searches.length > maxSearches) {
    causes.push(invalidValue(`${path}.searches`, searches, `must not have more than ${maxSearches} search paths`));
  }
  if (searches.join(' ').length > maxSearchChars) {
    const text = `must not have more than ${maxSearchChars} characters (including spaces) in the search list`;
    causes.push(invalidValue(`${path}.searches`, searches, text));
  }
  searches.forEach((search, index) => {
    if (search === '.') return;
    // The final dot says that nothing follows; underscores are used by service records.
    const name = search.replace(/\.$/, '').replaceAll('_', 'x');
    causes.push(...invalidValues(`${path}.searches[${index}]`, search, dnsSubdomainProblems(name)));
  });
  options.forEach(({ name }, index) => {
    if (!name) causes.push(required(`${path}.options[${index}]`, 'must not be empty'));
  });
  return causes;
}

function validateAlias({ ip, hostnames = [] }: HostAlias, path: string): FieldCause[] {
  return [
    ...invalidValues(`${path}.ip`, ip, ipProblems(ip)),
    ...hostnames.flatMap((name, index) =>
      invalidValues(`${path}.hostnames[${index}]`, name, dnsSubdomainProblems(name)),
    ),
  ];
}

function validateClaims(claims: readonly PodResourceClaim[], path: string): FieldCause[] {
  const causes = claims.flatMap((claim, index) => {
    const { name, resourceClaimName, resourceClaimTemplateName } = claim;
    const field = `${path}[${index}]`;
    const own = invalidValues(`${field}.name`, name, dnsLabelProblems(name));
    if (resourceClaimName !== undefined && resourceClaimTemplateName !== undefined) {
      const text = 'at most one of `resourceClaimName` or `resourceClaimTemplateName` may be specified';
      own.push(invalidValue(field, claim, text));
    } else if (resourceClaimName === undefined && resourceClaimTemplateName === undefined) {
      const text = 'must specify one of: `resourceClaimName`, `resourceClaimTemplateName`';
      own.push(invalidValue(field, claim, text));
    }
    return own;
  });
  const repeated = duplicates(
    claims.map(({ name }) => name),
    (index) => `${path}[${index}].name`,
  );
  return [...causes, ...repeated];
}
