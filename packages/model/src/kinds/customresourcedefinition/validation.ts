/** Validation of definitions: new ones, changes of them, and their status. */
import { isDeepStrictEqual } from 'node:util';
import type { FieldCause } from '@gantry/runtime/errors.ts';
import type {
  CustomResourceDefinition,
  CustomResourceDefinitionSpec as Spec,
} from '../../gen/gantry.apiextensions.v1.ts';
import { invalidValue, required } from '../../validation/causes.ts';
import { approvalField, approvalOf, approvalTextOf, isProtectedGroup } from './approval.ts';
import { optionsForNew, optionsForUpdate } from './options.ts';
import type { RuleChecks } from './rules.ts';
import { changeFaults, nameFaults, specFaults } from './spec.ts';

/** Validates a new definition. */
export function validateNew(definition: CustomResourceDefinition, checks: RuleChecks): FieldCause[] {
  const { metadata, spec } = definition;
  const { name } = metadata;
  const isNamed = name === `${spec.names.plural}.${spec.group}`;
  return [
    ...(isNamed ? [] : [invalidValue('metadata.name', name, 'must be spec.names.plural+"."+spec.group')]),
    ...specFaults(spec, optionsForNew(checks)),
    ...statusFaults(definition),
    ...storedVersionFaults(definition),
    ...approvalFaults(definition, undefined),
    ...preservationFaults(spec, undefined),
  ];
}

/** Validates a definition in place of a stored one: what that one has already may stay. */
export function validateChange(
  definition: CustomResourceDefinition,
  stored: CustomResourceDefinition,
  checks: RuleChecks,
): FieldCause[] {
  const { spec } = definition;
  const specChanges = isDeepStrictEqual(spec, stored.spec) ? [] : changedSpecFaults(definition, stored, checks);
  return [
    ...specChanges,
    ...statusFaults(definition),
    ...storedVersionFaults(definition),
    ...approvalFaults(definition, stored),
    ...preservationFaults(spec, stored.spec),
  ];
}

function changedSpecFaults(
  definition: CustomResourceDefinition,
  stored: CustomResourceDefinition,
  checks: RuleChecks,
): FieldCause[] {
  const options = optionsForUpdate(checks, definition, stored);
  return [...specFaults(definition.spec, options), ...changeFaults(definition.spec, stored.spec, options)];
}

/** Validates the status of a definition. */
export function statusFaults({ status }: CustomResourceDefinition): FieldCause[] {
  return nameFaults(status!.acceptedNames, 'status.acceptedNames');
}

function storedVersionFaults({ spec, status }: CustomResourceDefinition): FieldCause[] {
  const { storedVersions } = status!;
  const field = 'status.storedVersions';
  if (storedVersions.length === 0) return [invalidValue(field, null, 'must have at least one stored version')];
  const names = new Set(spec.versions.map(({ name }) => name));
  const missing = spec.versions.filter(({ name, storage }) => storage && !storedVersions.includes(name));
  return [
    ...missing.map(({ name }) => invalidValue(field, storedVersions, `must have the storage version ${name}`)),
    ...storedVersions.flatMap((version, index) =>
      names.has(version) ? [] : [invalidValue(`${field}[${index}]`, version, stillStored(version))],
    ),
  ];
}

function stillStored(version: string): string {
  const until = `until a storage migration ensures no data remains persisted in ${version} and removes ${version} from status.storedVersions`;
  return `missing from spec.versions; ${version} was previously a storage version, and must remain in spec.versions ${until}`;
}

function approvalFaults(
  { metadata, spec }: CustomResourceDefinition,
  stored: CustomResourceDefinition | undefined,
): FieldCause[] {
  if (!isProtectedGroup(spec.group)) return [];
  const text = approvalTextOf(metadata.annotations);
  const { state, message } = approvalOf(text);
  if (stored !== undefined && approvalOf(approvalTextOf(stored.metadata.annotations)).state === state) return [];
  if (state === 'missing') return [required(approvalField, message)];
  return state === 'invalid' ? [invalidValue(approvalField, text, message)] : [];
}

function preservationFaults({ preserveUnknownFields = false }: Spec, stored: Spec | undefined): FieldCause[] {
  if (stored?.preserveUnknownFields || !preserveUnknownFields) return [];
  const detail =
    'cannot set to true, set x-kubernetes-preserve-unknown-fields to true in spec.versions[*].schema instead';
  return [invalidValue('spec.preserveUnknownFields', true, detail)];
}
