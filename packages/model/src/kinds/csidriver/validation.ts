/** Validation of CSIDrivers. */
import type { FieldCause } from '@gantry/runtime/errors.ts';
import type { CSIDriver, TokenRequest } from '../../gen/gantry.storage.v1.ts';
import { canonicalJson } from '../../hash.ts';
import { duplicate, immutable, invalidValue, notSupported, oneOf } from '../../validation/causes.ts';

const groupPolicies = ['File', 'None', 'ReadWriteOnceWithFSType'];
const modes = ['Persistent', 'Ephemeral'];
const minPeriodSeconds = 10;
const minTokenSeconds = 600;
const maxTokenSeconds = 2 ** 32;

/** Validates a driver. */
export function validateCsiDriver({ spec }: CSIDriver): FieldCause[] {
  const { fsGroupPolicy, tokenRequests = [], volumeLifecycleModes = [] } = spec;
  const { nodeAllocatableUpdatePeriodSeconds: period, serviceAccountTokenInSecrets: inSecrets } = spec;
  const causes = [
    ...oneOf('spec.fsGroupPolicy', fsGroupPolicy, groupPolicies),
    ...validateTokens(tokenRequests),
    ...volumeLifecycleModes
      .filter((mode) => !modes.includes(mode))
      .map((mode) => notSupported('spec.volumeLifecycleModes', mode, modes)),
  ];
  if (period !== undefined && period < minPeriodSeconds) {
    const text = `must be greater than or equal to ${minPeriodSeconds} seconds`;
    causes.push(invalidValue('spec.nodeAllocatableUpdatePeriodSeconds', period, text));
  }
  if (inSecrets !== undefined && tokenRequests.length === 0) {
    const text = 'serviceAccountTokenInSecrets is set but no tokenRequests are specified';
    causes.push(invalidValue('spec.serviceAccountTokenInSecrets', inSecrets, text));
  }
  return causes;
}

/** Validates the immutable fields of a driver. */
export function validateCsiDriverUpdate({ spec }: CSIDriver, { spec: stored }: CSIDriver): FieldCause[] {
  const causes: FieldCause[] = [];
  // The name of the field is Kubernetes' own slip.
  if (spec.attachRequired !== stored.attachRequired) {
    causes.push(immutable('spec.attachedRequired', spec.attachRequired));
  }
  return canonicalJson(spec.volumeLifecycleModes) === canonicalJson(stored.volumeLifecycleModes)
    ? causes
    : [...causes, immutable('spec.volumeLifecycleModes', spec.volumeLifecycleModes)];
}

function validateTokens(requests: readonly TokenRequest[]): FieldCause[] {
  const seen = new Set<string>();
  return requests.flatMap(({ audience = '', expirationSeconds }, index) => {
    const path = `spec.tokenRequests[${index}]`;
    if (seen.size === seen.add(audience).size) return [duplicate(`${path}.audience`, audience)];
    const field = `${path}.expirationSeconds`;
    if (expirationSeconds === undefined) return [];
    if (expirationSeconds < minTokenSeconds) {
      return [invalidValue(field, expirationSeconds, 'may not specify a duration less than 10 minutes')];
    }
    return expirationSeconds > maxTokenSeconds
      ? [invalidValue(field, expirationSeconds, 'may not specify a duration larger than 2^32 seconds')]
      : [];
  });
}
