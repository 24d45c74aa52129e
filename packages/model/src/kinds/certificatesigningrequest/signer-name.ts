import type { FieldCause } from '@gantry/runtime/errors.ts';
import { invalidValue, invalidValues, required } from '../../validation/causes.ts';
import { dnsLabelProblems, dnsSubdomainProblems } from '../../validation/names.ts';

/** The name that requests had before signers had names. */
const legacySigner = 'kubernetes.io/legacy-unknown';
/** Longest domain and path, in characters: Kubernetes' bounds. */
const maxDomainChars = 253;
const maxNameChars = 571;

/** Faults of a signer's name, such as kubernetes.io/kubelet-serving. */
export function signerNameCauses(field: string, value: string): FieldCause[] {
  if (value === '') return [required(field)];
  if (value === legacySigner) {
    return [invalidValue(field, value, 'the legacy signerName is not allowed via this API version')];
  }
  const parts = value.split('/');
  if (parts.length !== 2) {
    const form = "must be a fully qualified domain and path of the form 'example.com/signer-name'";
    return [invalidValue(field, value, form)];
  }
  const [domain, path] = parts as [string, string];
  const causes = validateDomain(field, domain);
  if (path === '') causes.push(invalidValue(field, path, 'must be at least one character'));
  else causes.push(...labelled(field, path, dnsSubdomainProblems(path)));
  if (value.length > maxNameChars) {
    causes.push({
      reason: 'FieldValueTooLong',
      field,
      message: `Too long: may not be more than ${maxNameChars} bytes`,
    });
  }
  return causes;
}

function validateDomain(field: string, domain: string): FieldCause[] {
  const labels = domain.split('.');
  const causes = labels.flatMap((label) => labelled(field, label, dnsLabelProblems(label)));
  if (labels.length < 2) {
    causes.push(invalidValue(field, domain, 'should be a domain with at least two segments separated by dots'));
  }
  if (domain.length > maxDomainChars)
    causes.push(invalidValue(field, domain, `must be no more than ${maxDomainChars} characters`));
  return causes;
}

function labelled(field: string, label: string, problems: readonly string[]): FieldCause[] {
  return invalidValues(
    field,
    label,
    problems.map((problem) => `validating label ${JSON.stringify(label)}: ${problem}`),
  );
}
