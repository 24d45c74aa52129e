import type { FieldCause } from '@gantry/runtime/errors.ts';
import type { APIService } from '../../gen/gantry.apiregistration.v1.ts';
import { invalidValue, invalidValues, notSupported, required } from '../../validation/causes.ts';
import {
  dns1035LabelProblems,
  dnsSubdomainProblems,
  pathSegmentProblems,
  portNumberProblems,
} from '../../validation/names.ts';

const maxGroupPriority = 20_000;
const maxVersionPriority = 1_000;

/** Validates a version of a group. */
export function validateApiService({ metadata, spec }: APIService): FieldCause[] {
  const { group = '', version = '', groupPriorityMinimum = 0, versionPriority = 0, ...server } = spec ?? noSpec;
  const name = metadata.name ?? '';
  const wanted = `${version}.${group}`;
  const causes: FieldCause[] = [];
  if (pathSegmentProblems(name).length === 0 && name !== wanted) {
    causes.push(
      invalidValue('metadata.name', name, `must be \`spec.version+"."+spec.group\`: ${JSON.stringify(wanted)}`),
    );
  }
  if (group === '' && version !== 'v1') {
    causes.push(required('spec.group', 'only v1 may have an empty group and it better be legacy kube'));
  }
  if (group !== '') causes.push(...invalidValues('spec.group', group, dnsSubdomainProblems(group)));
  causes.push(...invalidValues('spec.version', version, dns1035LabelProblems(version)));
  const isBeyond = (value: number, most: number): boolean => value <= 0 || value > most;
  if (isBeyond(groupPriorityMinimum, maxGroupPriority)) {
    const text = 'must be positive and less than 20000';
    causes.push(invalidValue('spec.groupPriorityMinimum', groupPriorityMinimum, text));
  }
  if (isBeyond(versionPriority, maxVersionPriority)) {
    causes.push(invalidValue('spec.versionPriority', versionPriority, 'must be positive and less than 1000'));
  }
  return [...causes, ...validateServer(server)];
}

const noSpec: NonNullable<APIService['spec']> = { groupPriorityMinimum: 0, versionPriority: 0 };

function validateServer({
  service,
  caBundle = '',
  insecureSkipTLSVerify = false,
}: Pick<NonNullable<APIService['spec']>, 'service' | 'caBundle' | 'insecureSkipTLSVerify'>): FieldCause[] {
  const causes: FieldCause[] = [];
  if (service === undefined) {
    if (caBundle !== '') {
      const bytes = `${Buffer.from(caBundle, 'base64').length} bytes`;
      causes.push(invalidValue('spec.caBundle', bytes, 'local APIServices may not have a caBundle'));
    }
    if (insecureSkipTLSVerify) {
      const text = 'local APIServices may not have insecureSkipTLSVerify';
      causes.push(invalidValue('spec.insecureSkipTLSVerify', insecureSkipTLSVerify, text));
    }
    return causes;
  }
  if (!service.namespace) causes.push(required('spec.service.namespace'));
  if (!service.name) causes.push(required('spec.service.name'));
  const { port = 0 } = service;
  const problems = portNumberProblems(port).map((problem) => `port is not valid: ${problem}`);
  causes.push(...invalidValues('spec.service.port', port, problems));
  if (insecureSkipTLSVerify && caBundle !== '') {
    const text = 'may not be true if caBundle is present';
    causes.push(invalidValue('spec.insecureSkipTLSVerify', insecureSkipTLSVerify, text));
  }
  return causes;
}

const statuses = ['False', 'True', 'Unknown'];

/** Validates a new status. */
export function validateApiServiceStatus({ status }: APIService): FieldCause[] {
  return (status?.conditions ?? []).flatMap(({ status: value }, index) =>
    statuses.includes(value) ? [] : [notSupported(`status.conditions[${index}].status`, value, statuses)],
  );
}
