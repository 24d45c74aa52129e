/** Validation of Ingresses. */
import { isIP } from 'node:net';
import type { FieldCause } from '@gantry/runtime/errors.ts';
import type { TypedLocalObjectReference } from '../../gen/gantry.core.v1.ts';
import type {
  HTTPIngressPath,
  Ingress,
  IngressBackend,
  IngressRule,
  IngressServiceBackend,
  IngressTLS,
} from '../../gen/gantry.networking.v1.ts';
import { invalidValue, invalidValues, notSupported, required } from '../../validation/causes.ts';
import {
  dnsLabelProblems,
  dnsSubdomainProblems,
  ipProblems,
  pathSegmentProblems,
  portNameProblems,
  portNumberProblems,
  wildcardDomainProblems,
} from '../../validation/names.ts';

/** The annotation that named the class before there was a field for it. */
export const classAnnotation = 'kubernetes.io/ingress.class';

const pathTypes = ['Exact', 'ImplementationSpecific', 'Prefix'];
const wrongSequences = ['//', '/./', '/../', '%2f', '%2F'];
const wrongEnds = ['/..', '/.'];

/** Validates an Ingress. */
export function validateIngress({ spec }: Ingress): FieldCause[] {
  const { rules = [], tls = [], defaultBackend, ingressClassName } = spec;
  const isEmpty = rules.length === 0 && defaultBackend === undefined;
  return [
    ...(isEmpty ? [invalidValue('spec', rules, 'either `defaultBackend` or `rules` must be specified')] : []),
    ...(defaultBackend === undefined ? [] : validateBackend(defaultBackend, 'spec.defaultBackend')),
    ...rules.flatMap((rule, index) => validateRule(rule, `spec.rules[${index}]`)),
    ...tls.flatMap((each, index) => validateTls(each, `spec.tls[${index}]`)),
    ...(ingressClassName === undefined
      ? []
      : invalidValues('spec.ingressClassName', ingressClassName, dnsSubdomainProblems(ingressClassName))),
  ];
}

/** Validates that both ways to name a class name the same one. */
export function validateNewIngress({ metadata, spec }: Ingress): FieldCause[] {
  const annotated = metadata.annotations?.[classAnnotation];
  const { ingressClassName } = spec;
  if (annotated === undefined || ingressClassName === undefined || annotated === ingressClassName) return [];
  const text = 'must match `ingressClassName` when both are specified';
  return [invalidValue(`annotations.${classAnnotation}`, annotated, text)];
}

/** Validates an Ingress's status: the addresses of its load balancer. */
export function validateIngressStatus({ status }: Ingress): FieldCause[] {
  return (status?.loadBalancer?.ingress ?? []).flatMap(({ ip = '', hostname = '' }, index) => {
    const path = `status.loadBalancer.ingress[${index}]`;
    const causes = ip === '' ? [] : invalidValues(`${path}.ip`, ip, ipProblems(ip));
    if (hostname === '') return causes;
    causes.push(...invalidValues(`${path}.hostname`, hostname, dnsSubdomainProblems(hostname)));
    return isIP(hostname) === 0
      ? causes
      : [...causes, invalidValue(`${path}.hostname`, hostname, 'must be a DNS name, not an IP address')];
  });
}

function validateTls({ hosts = [], secretName = '' }: IngressTLS, path: string): FieldCause[] {
  return [
    ...hosts.flatMap((host, index) => invalidValues(`${path}.hosts[${index}]`, host, hostProblems(host))),
    ...(secretName === '' ? [] : invalidValues(`${path}.secretName`, secretName, dnsSubdomainProblems(secretName))),
  ];
}

function hostProblems(host: string): string[] {
  return host.includes('*') ? wildcardDomainProblems(host) : dnsSubdomainProblems(host);
}

function validateRule({ host = '', http }: IngressRule, path: string): FieldCause[] {
  const causes: FieldCause[] = [];
  if (isIP(host) !== 0) causes.push(invalidValue(`${path}.host`, host, 'must be a DNS name, not an IP address'));
  if (host !== '') causes.push(...invalidValues(`${path}.host`, host, hostProblems(host)));
  if (http === undefined) return causes;
  return [...causes, ...http.paths.flatMap((each, index) => validatePath(each, `${path}.http.paths[${index}]`))];
}

function validatePath({ path = '', pathType, backend }: HTTPIngressPath, field: string): FieldCause[] {
  if (pathType === undefined) return [required(`${field}.pathType`, 'pathType must be specified')];
  const pathField = `${field}.path`;
  const causes: FieldCause[] = [];
  const isExact = pathType === 'Exact' || pathType === 'Prefix';
  if (!pathTypes.includes(pathType)) causes.push(notSupported(`${field}.pathType`, pathType, pathTypes));
  else if (!path.startsWith('/') && (isExact || path !== '')) {
    causes.push(invalidValue(pathField, path, 'must be an absolute path'));
  }
  if (isExact) {
    for (const text of wrongSequences.filter((each) => path.includes(each))) {
      causes.push(invalidValue(pathField, path, `must not contain '${text}'`));
    }
    for (const text of wrongEnds.filter((each) => path.endsWith(each))) {
      causes.push(invalidValue(pathField, path, `cannot end with '${text}'`));
    }
  }
  return [...causes, ...validateBackend(backend, `${field}.backend`)];
}

function validateBackend({ service, resource }: IngressBackend, path: string): FieldCause[] {
  if (service !== undefined && resource !== undefined) {
    return [invalidValue(path, '', 'cannot set both resource and service backends')];
  }
  if (resource !== undefined) return validateResource(resource, `${path}.resource`);
  if (service !== undefined) return validateService(service, path);
  return [invalidValue(path, '', 'resource or service backend is required')];
}

function validateService({ name, port = {} }: IngressServiceBackend, path: string): FieldCause[] {
  const causes = name === '' ? [] : invalidValues(`${path}.service.name`, name, dnsLabelProblems(name));
  const { name: portName = '', number = 0 } = port;
  const field = `${path}.service.port`;
  if (portName !== '' && number !== 0) {
    causes.push(invalidValue(path, '', 'cannot set both port name & port number'));
  } else if (portName !== '') causes.push(...invalidValues(`${field}.name`, portName, portNameProblems(portName)));
  else if (number !== 0) causes.push(...invalidValues(`${field}.number`, number, portNumberProblems(number)));
  else causes.push(required(path, 'port name or number is required'));
  return causes;
}

function validateResource({ apiGroup, kind, name }: TypedLocalObjectReference, path: string): FieldCause[] {
  return [
    ...(apiGroup === undefined ? [] : invalidValues(`${path}.apiGroup`, apiGroup, dnsSubdomainProblems(apiGroup))),
    ...invalidValues(`${path}.kind`, kind, pathSegmentProblems(kind)),
    ...invalidValues(`${path}.name`, name, pathSegmentProblems(name)),
  ];
}
