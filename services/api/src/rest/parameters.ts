import { GantryError } from '@gantry/runtime/errors.ts';

/** Parameters of a write. */
export interface WriteParameters {
  readonly dryRun: boolean;
  readonly fieldManager: string;
  readonly fieldValidation: 'Ignore' | 'Warn' | 'Strict';
  /** Takes fields from other managers; for applications only. */
  readonly force: boolean;
}

const fieldValidations = ['Ignore', 'Warn', 'Strict'] as const;
/** Kubernetes' bound of a manager's name. */
const maxFieldManagerChars = 128;

/** Reads the parameters of a write. Throws BadRequest that names the parameter and its value. */
export function writeParameters(query: URLSearchParams): WriteParameters {
  const dryRuns = query.getAll('dryRun').filter((value) => value !== '');
  for (const value of dryRuns) if (value !== 'All') throw notSupported('dryRun', value, ['All']);
  const fieldValidation = (query.get('fieldValidation') || 'Warn') as WriteParameters['fieldValidation'];
  if (!fieldValidations.includes(fieldValidation)) {
    throw notSupported('fieldValidation', fieldValidation, fieldValidations);
  }
  const fieldManager = query.get('fieldManager') ?? '';
  if (fieldManager.length > maxFieldManagerChars) {
    throw new GantryError('BadRequest', `fieldManager: Too long: may not be more than ${maxFieldManagerChars} bytes`);
  }
  return { dryRun: dryRuns.length > 0, fieldManager, fieldValidation, force: query.get('force') === 'true' };
}

/** Reads a parameter that is a whole number from 0; undefined if it is absent. Throws BadRequest for anything else. */
export function wholeNumber(query: URLSearchParams, name: string): number | undefined {
  const text = query.get(name);
  if (text === null || text === '') return undefined;
  const value = Number(text);
  if (/^\d+$/.test(text) && Number.isSafeInteger(value)) return value;
  throw new GantryError('BadRequest', `${name}: Invalid value: ${JSON.stringify(text)}: must be a whole number`);
}

/** Reads resourceVersion: 0 if it is absent. Throws BadRequest for what no server ever gave out. */
export function revisionParameter(query: URLSearchParams): number {
  const text = query.get('resourceVersion');
  if (text === null || text === '') return 0;
  if (/^\d+$/.test(text) && Number.isSafeInteger(Number(text))) return Number(text);
  throw new GantryError(
    'BadRequest',
    `resourceVersion: Invalid value: ${JSON.stringify(text)}: strconv.ParseUint: parsing ${JSON.stringify(text)}: invalid syntax`,
  );
}

function notSupported(name: string, value: string, supported: readonly string[]): GantryError {
  const known = supported.map((each) => JSON.stringify(each)).join(', ');
  return new GantryError(
    'BadRequest',
    `${name}: Unsupported value: ${JSON.stringify(value)}: supported values: ${known}`,
  );
}
