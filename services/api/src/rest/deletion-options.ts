import { type FieldCause, GantryError } from '@gantry/runtime/errors.ts';
import type { DeletionRequest } from '../core/deletion.ts';
import { dryRunCauses, invalidOptions, notSupported } from './parameters.ts';

const policies = ['Foreground', 'Background', 'Orphan'];

/** The options of a deletion. */
export interface Options extends DeletionRequest {
  readonly dryRun: boolean;
  readonly orphanDependents: boolean | undefined;
}

/** DeleteOptions as a client gives them. */
export interface GivenOptions {
  readonly gracePeriodSeconds?: unknown;
  readonly propagationPolicy?: unknown;
  readonly orphanDependents?: unknown;
  readonly dryRun?: unknown;
  readonly preconditions?: { readonly uid?: unknown; readonly resourceVersion?: unknown } | null;
  readonly ignoreStoreReadErrorWithClusterBreakingPotential?: unknown;
}

/** Reads DeleteOptions. Throws Invalid that names each option that is wrong. */
export function checkDeletionOptions(given: GivenOptions): Options {
  const { gracePeriodSeconds: grace, propagationPolicy: policy, orphanDependents: orphans } = given;
  const dryRun = given.dryRun ?? [];
  checkTypes(given);
  const causes: FieldCause[] = [];
  if (isGiven(orphans) && isGiven(policy)) {
    const message = `Invalid value: ${JSON.stringify(policy)}: orphanDependents and deletionPropagation cannot be both set`;
    causes.push({ reason: 'FieldValueInvalid', field: 'propagationPolicy', message });
  }
  if (isGiven(policy) && !policies.includes(String(policy))) {
    causes.push(notSupported('propagationPolicy', JSON.stringify(policy), [...policies, 'nil']));
  }
  causes.push(...dryRunCauses(dryRun as string[]));
  if (given.ignoreStoreReadErrorWithClusterBreakingPotential === true) {
    const field = 'ignoreStoreReadErrorWithClusterBreakingPotential';
    const message = 'Invalid value: true: is not supported: an object that cannot be read is deleted without it';
    causes.push({ reason: 'FieldValueInvalid', field, message });
  }
  if (causes.length > 0) throw invalidOptions('DeleteOptions', causes);
  const { uid, resourceVersion } = given.preconditions ?? {};
  return {
    ...(isGiven(grace) ? { gracePeriodSeconds: Number(grace) } : {}),
    ...(isGiven(policy) ? { propagationPolicy: String(policy) } : {}),
    ...(isGiven(orphans) ? { propagationPolicy: orphans ? 'Orphan' : 'Background' } : {}),
    ...(isGiven(uid) ? { uid: String(uid) } : {}),
    ...(isGiven(resourceVersion) ? { resourceVersion: String(resourceVersion) } : {}),
    dryRun: (dryRun as string[]).length > 0,
    orphanDependents: isGiven(orphans) ? Boolean(orphans) : undefined,
  };
}

function isGiven(value: unknown): boolean {
  return value !== undefined && value !== null;
}

/** Throws BadRequest, in the words of Go's decoder, for an option of another type. */
function checkTypes(given: GivenOptions): void {
  const types: readonly [keyof GivenOptions, string, (value: unknown) => boolean][] = [
    ['gracePeriodSeconds', 'int64', Number.isSafeInteger],
    ['propagationPolicy', 'v1.DeletionPropagation', (value) => typeof value === 'string'],
    ['orphanDependents', 'bool', (value) => typeof value === 'boolean'],
    ['dryRun', '[]string', (value) => Array.isArray(value) && value.every((each) => typeof each === 'string')],
    ['preconditions', 'v1.Preconditions', (value) => typeof value === 'object' && !Array.isArray(value)],
    ['ignoreStoreReadErrorWithClusterBreakingPotential', 'bool', (value) => typeof value === 'boolean'],
  ];
  for (const [name, type, isRight] of types) {
    const value = given[name];
    if (!isGiven(value) || isRight(value)) continue;
    const shown = Array.isArray(value) ? 'array' : typeof value;
    throw new GantryError(
      'BadRequest',
      `json: cannot unmarshal ${shown} into Go struct field DeleteOptions.${name} of type ${type}`,
    );
  }
}
