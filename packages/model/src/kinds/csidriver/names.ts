import type { FieldCause } from '@gantry/runtime/errors.ts';
import { invalidValues, tooLong, tooManyChars } from '../../validation/causes.ts';
import { anyCaseSubdomainProblems, dnsSubdomainProblems } from '../../validation/names.ts';

/** Longest name of a driver: the CSI specification's limit. */
const maxDriverNameBytes = 63;

/** Validates the name of a CSI driver: a domain, in any case. That there is one is told by the schema. */
export function validateDriverName(name: string, field: string): FieldCause[] {
  if (name === '') return [];
  const causes = invalidValues(field, name, dnsSubdomainProblems(name.toLowerCase()));
  return Buffer.byteLength(name) > maxDriverNameBytes ? [tooLong(field, maxDriverNameBytes), ...causes] : causes;
}

/** The same of the driver that attaches a volume, as Kubernetes words it there. */
export function validateAttacher(name: string, field: string): FieldCause[] {
  if (name === '') return [];
  const causes = invalidValues(field, name, anyCaseSubdomainProblems(name));
  return name.length > maxDriverNameBytes ? [tooManyChars(field, maxDriverNameBytes), ...causes] : causes;
}
