import type { FieldCause } from '@gantry/runtime/errors.ts';
import { GantryError } from '@gantry/runtime/errors.ts';
import type { Deployment } from '../../gen/gantry.apps.v1.ts';
import { parseInt64 } from '../../go-integers.ts';
import { invalidValue } from '../../validation/causes.ts';

/** The annotation that stands for the revision to go back to, a field of the kind's first versions. */
const rollbackAnnotation = 'deprecated.deployment.rollback.to';

/** Writes the revision as Kubernetes does, in place. Throws BadRequest for one that is no number, as if the object could not be decoded. */
export function readRollback({ metadata }: Deployment): void {
  const { annotations } = metadata;
  const text = annotations?.[rollbackAnnotation];
  if (annotations === undefined || text === undefined) return;
  if (text === '') {
    delete annotations[rollbackAnnotation];
    if (Object.keys(annotations).length === 0) delete metadata.annotations;
    return;
  }
  const revision = parseInt64(text);
  if (typeof revision === 'bigint') annotations[rollbackAnnotation] = String(revision);
  else {
    const problem = `failed to parse annotation[${rollbackAnnotation}]=${text} as int64: ${revision}`;
    throw new GantryError('BadRequest', `Deployment in version "v1" cannot be handled as a Deployment: ${problem}`);
  }
}

/** Validates the revision to go back to. */
export function validateRollback({ metadata }: Deployment): FieldCause[] {
  const revision = Number(metadata.annotations?.[rollbackAnnotation] ?? 0);
  return revision < 0 ? [invalidValue('spec.rollback.version', revision, 'must be greater than or equal to 0')] : [];
}
