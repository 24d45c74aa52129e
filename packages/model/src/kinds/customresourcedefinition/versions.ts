/** Rules for the versions of definitions beside their schemas: subresources, columns, selectable fields, warnings. */
import type { FieldCause } from '@gantry/runtime/errors.ts';
import type {
  CustomResourceColumnDefinition,
  CustomResourceDefinitionVersion,
  CustomResourceSubresources,
  JSONSchemaProps,
  SelectableField,
} from '../../gen/gantry.apiextensions.v1.ts';
import { duplicate, invalidValue, invalidValues, required, tooMany } from '../../validation/causes.ts';
import { findField } from './field-path.ts';
import { maxSelectableFields } from './options.ts';

const columnTypes = ['boolean', 'date', 'integer', 'number', 'string'];
const columnFormats = ['byte', 'date', 'date-time', 'double', 'float', 'int32', 'int64', 'password'];
const maxWarningBytes = 256;

/** Faults of the warning that requests of a deprecated version are answered with. */
export function warningFaults(version: CustomResourceDefinitionVersion, path: string): FieldCause[] {
  const { deprecated = false, deprecationWarning: text } = version;
  const field = `${path}.deprecationWarning`;
  if (text === undefined) return [];
  if (!deprecated) return [invalidValue(field, text, 'can only be set for deprecated versions')];
  const problems: string[] = [];
  if (Buffer.byteLength(text) > maxWarningBytes) problems.push(`must be <= ${maxWarningBytes} characters long`);
  if (text === '') problems.push('must not be an empty string');
  const strange = /[^ \p{L}\p{M}\p{N}\p{P}\p{S}]/u.exec(text);
  if (strange !== null) {
    const index = Buffer.byteLength(text.slice(0, strange.index));
    const rule = 'must only contain printable UTF-8 characters';
    problems.push(`${rule}; non-printable character found at index ${index}`);
  }
  return invalidValues(field, text, problems);
}

/** Faults of subresources. */
export function subresourceFaults(subresources: CustomResourceSubresources | undefined, path: string): FieldCause[] {
  const scale = subresources?.scale;
  if (scale === undefined) return [];
  const at = (name: string): string => `${path}.scale.${name}`;
  const { specReplicasPath, statusReplicasPath, labelSelectorPath = '' } = scale;
  const pathFaults = (value: string, name: string, parents: readonly string[], detail: string): FieldCause[] => {
    const simple = simplePathFaults(value, at(name));
    if (simple.length > 0 || parents.some((parent) => value.startsWith(`${parent}.`))) return simple;
    return [invalidValue(at(name), value, detail)];
  };
  return [
    ...(specReplicasPath === ''
      ? [required(at('specReplicasPath'))]
      : pathFaults(specReplicasPath, 'specReplicasPath', ['.spec'], 'should be a json path under .spec')),
    ...(statusReplicasPath === ''
      ? [required(at('statusReplicasPath'))]
      : pathFaults(statusReplicasPath, 'statusReplicasPath', ['.status'], 'should be a json path under .status')),
    ...(labelSelectorPath === ''
      ? []
      : pathFaults(
          labelSelectorPath,
          'labelSelectorPath',
          ['.spec', '.status'],
          'should be a json path under either .spec or .status',
        )),
  ];
}

/** Faults of a column. */
export function columnFaults(column: CustomResourceColumnDefinition, path: string): FieldCause[] {
  const { name, type, format = '', jsonPath } = column;
  const types = `must be one of ${columnTypes.join(',')}`;
  const faults: FieldCause[] = name === '' ? [required(`${path}.name`)] : [];
  if (type === '') faults.push(required(`${path}.type`, types));
  else if (!columnTypes.includes(type)) faults.push(invalidValue(`${path}.type`, type, types));
  if (format !== '' && !columnFormats.includes(format)) {
    faults.push(invalidValue(`${path}.format`, format, `must be one of ${columnFormats.join(',')}`));
  }
  const field = `${path}.JSONPath`;
  return [...faults, ...(jsonPath === '' ? [required(field)] : simplePathFaults(jsonPath, field))];
}

function simplePathFaults(value: string, field: string): FieldCause[] {
  return value.startsWith('.') ? [] : [invalidValue(field, value, 'must be a simple json path starting with .')];
}

const selectableTypes = ['string', 'boolean', 'integer'];

/** Faults of selectable fields. @param takesMany The stored definition has too many, and the same ones. */
export function selectableFaults(
  fields: readonly SelectableField[],
  schema: JSONSchemaProps,
  path: string,
  takesMany: boolean,
): FieldCause[] {
  const faults: FieldCause[] = [];
  const known = new Set<string>();
  for (const [index, { jsonPath }] of fields.entries()) {
    const field = `${path}[${index}].jsonPath`;
    if (jsonPath === '') {
      faults.push(required(field));
      continue;
    }
    const found = findField(jsonPath, schema, false);
    if (typeof found === 'string') {
      faults.push(invalidValue(field, jsonPath, `is an invalid path: ${found}`));
      continue;
    }
    const { names } = found;
    if (names[0] === 'metadata') faults.push(invalidValue(field, jsonPath, 'must not point to fields in metadata'));
    if (!selectableTypes.includes(found.schema.type ?? '')) {
      const detail =
        'must point to a field of type string, boolean or integer. Enum string fields and strings with formats are allowed.';
      faults.push(invalidValue(field, jsonPath, detail));
    }
    const name = names.join('.');
    if (known.has(name)) faults.push(duplicate(field, jsonPath));
    known.add(name);
  }
  if (known.size > maxSelectableFields && !takesMany) faults.push(tooMany(path, known.size, maxSelectableFields));
  return faults;
}
