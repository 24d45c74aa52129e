/** How strictly a definition is validated: what a stored one has already may stay. */
import { isDeepStrictEqual } from 'node:util';
import type { CustomResourceDefinition, CustomResourceDefinitionSpec } from '../../gen/gantry.apiextensions.v1.ts';
import { caBundleProblem } from './ca-bundle.ts';
import { isTrue } from './conditions.ts';
import { hasUnprunedDefaults } from './default-values.ts';
import { mapKeyFaults, setItemFaults } from './list-types.ts';
import type { RuleChecks } from './rules.ts';
import { someSchemaOf } from './schemas.ts';
import { notStructural, structuralFaults } from './structural.ts';

/** Rules for a definition. */
export interface Options {
  readonly checks: RuleChecks;
  readonly isReviewVersionNeeded: boolean;
  readonly areNamesImmutable: boolean;
  readonly isSchemaNeeded: boolean;
  readonly areTypesChecked: boolean;
  readonly isStructureNeeded: boolean;
  readonly areDefaultsPruned: boolean;
  readonly areSetItemsAtomic: boolean;
  readonly areMapKeysChecked: boolean;
  readonly takesBadBundle: boolean;
  /** Names of versions whose schemas are those of the stored definition. */
  readonly storedSchemas: ReadonlySet<string>;
  /** Names of versions that may keep too many selectable fields; the empty name is that of all versions alike. */
  readonly manySelectable: ReadonlySet<string>;
}

/** Most selectable fields of a version. */
export const maxSelectableFields = 8;
/** Versions of ConversionReview of which a webhook must read one. */
export const reviewVersions: readonly string[] = ['v1', 'v1beta1'];
export const schemaTypes: readonly string[] = ['array', 'boolean', 'integer', 'number', 'object', 'string'];

/** Rules for a new definition. Its certificates are looked at when it is established. */
export function optionsForNew(checks: RuleChecks): Options {
  return {
    checks,
    isReviewVersionNeeded: true,
    areNamesImmutable: false,
    isSchemaNeeded: true,
    areTypesChecked: true,
    isStructureNeeded: true,
    areDefaultsPruned: true,
    areSetItemsAtomic: true,
    areMapKeysChecked: true,
    takesBadBundle: true,
    storedSchemas: new Set(),
    manySelectable: new Set(),
  };
}

/** Rules for a definition in place of a stored one. */
export function optionsForUpdate(
  checks: RuleChecks,
  { spec }: CustomResourceDefinition,
  { spec: stored, status }: CustomResourceDefinition,
): Options {
  const isEstablished = isTrue(status?.conditions ?? [], 'Established');
  const versions = stored.conversion?.webhook?.conversionReviewVersions ?? [];
  const bundle = stored.conversion?.webhook?.clientConfig?.caBundle ?? '';
  return {
    checks,
    isReviewVersionNeeded: versions.length === 0 || versions.some((version) => reviewVersions.includes(version)),
    areNamesImmutable: isEstablished,
    isSchemaNeeded: stored.versions.every(({ schema }) => schema?.openAPIV3Schema !== undefined),
    areTypesChecked: !someSchemaOf(stored, ({ type = '' }) => type !== '' && !schemaTypes.includes(type)),
    isStructureNeeded: stored.versions.every(isStructural),
    areDefaultsPruned: !stored.versions.some(
      ({ schema }) => schema?.openAPIV3Schema !== undefined && hasUnprunedDefaults(schema.openAPIV3Schema),
    ),
    areSetItemsAtomic: !someSchemaOf(stored, (schema) => setItemFaults(schema, '').length > 0),
    areMapKeysChecked: !someSchemaOf(stored, (schema) => mapKeyFaults(schema, '').length > 0),
    takesBadBundle: !isEstablished || (bundle !== '' && caBundleProblem(bundle) !== undefined),
    ...unchangedOf(spec, stored),
  };
}

function isStructural({ schema }: CustomResourceDefinitionSpec['versions'][number]): boolean {
  const root = schema?.openAPIV3Schema;
  return root === undefined || (notStructural(root) === undefined && structuralFaults('', root).length === 0);
}

function unchangedOf(
  { versions }: CustomResourceDefinitionSpec,
  stored: CustomResourceDefinitionSpec,
): Pick<Options, 'storedSchemas' | 'manySelectable'> {
  const pairs = versions.flatMap((version) => {
    const before = stored.versions.find(({ name }) => name === version.name);
    return before === undefined ? [] : [{ version, before }];
  });
  const isKept = ({ version, before }: (typeof pairs)[number]): boolean =>
    (before.selectableFields?.length ?? 0) > maxSelectableFields &&
    isDeepStrictEqual(version.selectableFields, before.selectableFields);
  const many = pairs.filter(isKept).map(({ version }) => version.name);
  const areAllKept = many.length === versions.length && versions.length === stored.versions.length;
  return {
    storedSchemas: new Set(
      pairs
        .filter(({ version, before }) => isDeepStrictEqual(version.schema, before.schema))
        .map(({ version }) => version.name),
    ),
    manySelectable: new Set([...many, ...(areAllKept ? [''] : [])]),
  };
}
