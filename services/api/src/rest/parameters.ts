import type { FieldValidation } from '@gantry/model/decode.ts';
import type { FieldCause } from '@gantry/runtime/errors.ts';
import { GantryError } from '@gantry/runtime/errors.ts';
import type { NamedOptions } from '../admission/chain.ts';

/** Parameters of a write. */
export interface WriteParameters {
  readonly dryRun: boolean;
  readonly fieldManager: string;
  readonly fieldValidation: FieldValidation;
  /** Takes fields from other managers; for applications only. */
  readonly force: boolean;
}

/** The type whose fields the parameters of a request are, by which refusals name it. */
export type OptionsKind = 'CreateOptions' | 'UpdateOptions' | 'PatchOptions' | 'DeleteOptions' | 'ListOptions';

const fieldValidations: readonly string[] = ['', 'Ignore', 'Strict', 'Warn'];
/** Kubernetes' bound of a manager's name. */
const maxFieldManagerChars = 128;

/**
 * Reads the parameters of a write. Throws Invalid that names each parameter that is wrong.
 * @param isApply The patch is an application: it needs a manager, and alone may use force.
 */
export function writeParameters(
  query: URLSearchParams,
  kind: OptionsKind = 'UpdateOptions',
  isApply = false,
): WriteParameters {
  const fieldManager = query.get('fieldManager') ?? '';
  const fieldValidation = query.get('fieldValidation') ?? '';
  const causes: FieldCause[] = [];
  if (kind === 'PatchOptions' && isApply && fieldManager === '') {
    causes.push({
      reason: 'FieldValueRequired',
      field: 'fieldManager',
      message: 'Required value: is required for apply patch',
    });
  }
  if (kind === 'PatchOptions' && !isApply && query.has('force')) {
    causes.push(forbidden('force', 'may not be specified for non-apply patch'));
  }
  causes.push(...managerCauses(fieldManager), ...dryRunCauses(query.getAll('dryRun')));
  if (!fieldValidations.includes(fieldValidation)) {
    causes.push(notSupported('fieldValidation', JSON.stringify(fieldValidation), fieldValidations));
  }
  if (causes.length > 0) throw invalidOptions(kind, causes);
  return {
    dryRun: query.has('dryRun'),
    fieldManager,
    fieldValidation: (fieldValidation || 'Warn') as FieldValidation,
    force: flag(query, 'force') ?? false,
  };
}

/** The options that a client named, as admission shows them. */
export function namedIn(query: URLSearchParams): NamedOptions {
  const [fieldManager, fieldValidation] = [query.get('fieldManager'), query.get('fieldValidation')];
  return { ...(fieldManager ? { fieldManager } : {}), ...(fieldValidation ? { fieldValidation } : {}) };
}

/** Treatment of unknown and doubled fields that a request asks for; what is no such treatment is refused with the other parameters. */
export function fieldValidationOf(query: URLSearchParams): FieldValidation {
  const asked = query.get('fieldValidation') ?? '';
  return asked === 'Strict' || asked === 'Ignore' ? asked : 'Warn';
}

function managerCauses(manager: string): FieldCause[] {
  const causes: FieldCause[] = [];
  if (Buffer.byteLength(manager) > maxFieldManagerChars) {
    const message = `Too long: may not be more than ${maxFieldManagerChars} bytes`;
    causes.push({ reason: 'FieldValueTooLong', field: 'fieldManager', message });
  }
  const at = manager.search(/[^\p{L}\p{M}\p{N}\p{P}\p{S} ]/u);
  if (at >= 0) {
    const code = manager.codePointAt(at)!.toString(16).toUpperCase().padStart(4, '0');
    const message = `Invalid value: ${JSON.stringify(manager)}: invalid character U+${code} (at position ${at})`;
    causes.push({ reason: 'FieldValueInvalid', field: 'fieldManager', message });
  }
  return causes;
}

/** Causes why values of dryRun are refused: `All` is the only one. */
export function dryRunCauses(values: readonly string[]): FieldCause[] {
  const isKnown = values.every((value) => value === 'All');
  return isKnown
    ? []
    : [notSupported('dryRun', `[${values.map((value) => JSON.stringify(value)).join(' ')}]`, ['All'])];
}

/** The refusal of parameters. @param kind The type whose fields they are. */
export function invalidOptions(kind: OptionsKind, causes: readonly FieldCause[]): GantryError {
  const texts = causes.map(({ field, message }) => `${field}: ${message}`);
  const text = texts.length === 1 ? texts[0] : `[${texts.join(', ')}]`;
  return new GantryError('Invalid', `${kind}.meta.k8s.io "" is invalid: ${text}`, {
    causes,
    resource: { group: 'meta.k8s.io', resource: kind, name: '' },
  });
}

/** A cause that a field may not be set. */
export function forbidden(field: string, why: string): FieldCause {
  return { reason: 'FieldValueForbidden', field, message: `Forbidden: ${why}` };
}

/** A cause that a field has a value that is none of those that there are. @param shown The value as Go writes it. */
export function notSupported(field: string, shown: string, supported: readonly string[]): FieldCause {
  const known = supported.map((each) => JSON.stringify(each)).join(', ');
  return {
    reason: 'FieldValueNotSupported',
    field,
    message: `Unsupported value: ${shown}: supported values: ${known}`,
  };
}

/** Reads a parameter that is yes or no, as Kubernetes does: everything but false and 0 is yes. Undefined if it is absent. */
export function flag(query: URLSearchParams, name: string): boolean | undefined {
  const text = query.get(name);
  return text === null ? undefined : !(text === '0' || text.toLowerCase() === 'false');
}

/** Reads a parameter that is a whole number; undefined if it is absent. Throws BadRequest in Go's words for anything else. */
export function wholeNumber(query: URLSearchParams, name: string): number | undefined {
  const text = query.get(name);
  if (text === null || text === '') return undefined;
  const value = Number(text);
  if (!/^[-+]?\d+$/.test(text)) {
    throw new GantryError('BadRequest', `strconv.ParseInt: parsing ${JSON.stringify(text)}: invalid syntax`);
  }
  if (Number.isSafeInteger(value)) return value;
  throw new GantryError('BadRequest', `strconv.ParseInt: parsing ${JSON.stringify(text)}: value out of range`);
}

/** Reads resourceVersion: 0 if it is absent. Throws BadRequest for what no server ever gave out. */
export function revisionParameter(query: URLSearchParams): number {
  const text = query.get('resourceVersion') ?? '';
  if (text === '') return 0;
  if (/^\d+$/.test(text) && Number.isSafeInteger(Number(text))) return Number(text);
  const problem = /^\d+$/.test(text) ? 'value out of range' : 'invalid syntax';
  throw new GantryError(
    'BadRequest',
    `invalid resource version: resourceVersion: Invalid value: ${JSON.stringify(text)}: strconv.ParseUint: parsing ${JSON.stringify(text)}: ${problem}`,
  );
}
