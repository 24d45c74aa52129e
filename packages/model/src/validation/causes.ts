/** Faults of a field, each as a FieldCause in Kubernetes' words. `field` is a path such as spec.containers[0].image. */
import { type FieldCause, GantryError } from '@gantry/runtime/errors.ts';
import type { Kind } from '../kind.ts';

/** Characters of a value that a message shows; longer ones are cut. */
const maxShownChars = 512;

/** The field must be set. */
export function required(field: string, detail?: string): FieldCause {
  return { reason: 'FieldValueRequired', field, message: withDetail('Required value', detail) };
}

/** The value cannot be what it is. */
export function invalidValue(field: string, value: unknown, detail: string): FieldCause {
  return { reason: 'FieldValueInvalid', field, message: withDetail(`Invalid value: ${shown(value)}`, detail) };
}

/** The field cannot be what it is; its value says nothing, or is too much to be shown. */
export function invalidField(field: string, detail: string): FieldCause {
  return { reason: 'FieldValueInvalid', field, message: withDetail('Invalid value', detail) };
}

/** One cause for each problem that a test of the value found, such as those of names.ts. */
export function invalidValues(field: string, value: unknown, problems: readonly string[]): FieldCause[] {
  return problems.map((problem) => invalidValue(field, value, problem));
}

/** The value is none of those that the field may have. */
export function notSupported(field: string, value: unknown, supported: readonly string[]): FieldCause {
  const list = supported.map((each) => JSON.stringify(each)).join(', ');
  const message = withDetail(`Unsupported value: ${shown(value)}`, `supported values: ${list}`);
  return { reason: 'FieldValueNotSupported', field, message };
}

/** The field may not be set, or not so, in this place. */
export function forbidden(field: string, detail: string): FieldCause {
  return { reason: 'FieldValueForbidden', field, message: withDetail('Forbidden', detail) };
}

/** The value is there already, where each must be another. */
export function duplicate(field: string, value: unknown): FieldCause {
  return { reason: 'FieldValueDuplicate', field, message: `Duplicate value: ${shown(value)}` };
}

/** The value names something that is not there. */
export function notFound(field: string, value: unknown): FieldCause {
  return { reason: 'FieldValueNotFound', field, message: `Not found: ${shown(value)}` };
}

/** The value is too long. */
export function tooLong(field: string, maxBytes: number): FieldCause {
  return { reason: 'FieldValueTooLong', field, message: `Too long: may not be more than ${plural(maxBytes, 'byte')}` };
}

/** The text is too long, where characters are counted and not bytes. */
export function tooManyChars(field: string, maxChars: number): FieldCause {
  const message = `Too long: may not be more than ${plural(maxChars, 'character')}`;
  return { reason: 'FieldValueTooLong', field, message };
}

/** The list has too many entries. */
export function tooMany(field: string, count: number, maxCount: number): FieldCause {
  const message = `Too many: ${count}: must have at most ${plural(maxCount, 'item')}`;
  return { reason: 'FieldValueTooMany', field, message };
}

/** The value may not change from the stored one. */
export function immutable(field: string, value: unknown): FieldCause {
  return invalidValue(field, value, 'field is immutable');
}

/** Not supported where the value is set and none of those; nothing otherwise. */
export function oneOf(field: string, value: string | undefined, supported: readonly string[]): FieldCause[] {
  return value === undefined || supported.includes(value) ? [] : [notSupported(field, value, supported)];
}

/** Invalid where the value is set and below zero; nothing otherwise. */
export function nonNegative(field: string, value: number | undefined): FieldCause[] {
  return value === undefined || value >= 0 ? [] : [invalidValue(field, value, 'must be greater than or equal to 0')];
}

/** Invalid where the value is set and outside of the bounds, which it may touch; nothing otherwise. */
export function inRange(field: string, value: number | undefined, low: number, high: number): FieldCause[] {
  return value === undefined || (value >= low && value <= high)
    ? []
    : [invalidValue(field, value, `must be between ${low} and ${high}, inclusive`)];
}

/** A cause for each value that stood in the list before; `fieldOf` gives the path by index. Unset values don't count. */
export function duplicates(values: readonly (string | undefined)[], fieldOf: (index: number) => string): FieldCause[] {
  const seen = new Set<string>();
  return values.flatMap((value, index) => {
    if (value === undefined || value === '') return [];
    if (seen.has(value)) return [duplicate(fieldOf(index), value)];
    seen.add(value);
    return [];
  });
}

/** The warning for an object that is kept as it is, while no part of Gantry acts on it yet. */
export function notEnforced({ kind, group }: Pick<Kind, 'kind' | 'group'>, does: string): string {
  return `${group === '' ? kind : `${kind}.${group}`} is not enforced by this version of Gantry: ${does}`;
}

/** `Deployment.apps "web" is invalid: spec.replicas: Invalid value: -1: …`; several causes stand in brackets, the same ones once. */
export function invalid(
  kind: Pick<Kind, 'kind' | 'group' | 'plural'>,
  name: string,
  found: readonly FieldCause[],
): GantryError {
  const causes = [...new Map(found.map((cause) => [`${cause.field}: ${cause.message}`, cause])).values()];
  const texts = causes.map(({ field, message }) => `${field}: ${message}`);
  const problems = texts.length === 1 ? texts[0] : `[${texts.join(', ')}]`;
  const qualified = kind.group === '' ? kind.kind : `${kind.kind}.${kind.group}`;
  return new GantryError('Invalid', `${qualified} "${name}" is invalid: ${problems}`, {
    causes,
    resource: { group: kind.group, resource: kind.plural, kind: kind.kind, name },
  });
}

function withDetail(text: string, detail: string | undefined): string {
  return detail === undefined || detail === '' ? text : `${text}: ${detail}`;
}

function plural(count: number, word: string): string {
  return `${count} ${word}${count === 1 ? '' : 's'}`;
}

function shown(value: unknown): string {
  const text = JSON.stringify(value) ?? 'null';
  return text.length <= maxShownChars ? text : `${text.slice(0, maxShownChars)}…`;
}
