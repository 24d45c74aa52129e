/** Schemas of definitions as rules see them. */
import type { JSONSchemaProps, ValidationRule } from '@gantry/model/gen/gantry.apiextensions.v1.ts';
import type { RuleSchema } from '../types/schema.ts';

export type Schema = JSONSchemaProps;
export type Rule = ValidationRule;

/** The schema as declarations are made of it. Structural schemas have one schema for all entries of a list. */
export function asRuleSchema(schema: Schema): RuleSchema {
  return schema as RuleSchema;
}

export function rulesOf(schema: Schema): readonly Rule[] {
  return schema['x-kubernetes-validations'] ?? [];
}

export function itemsOf({ items }: Schema): Schema | undefined {
  return Array.isArray(items) ? undefined : items;
}

export function valuesOf({ additionalProperties }: Schema): Schema | undefined {
  return typeof additionalProperties === 'object' ? additionalProperties : undefined;
}

export function isEmbedded(schema: Schema): boolean {
  return schema['x-kubernetes-embedded-resource'] ?? false;
}

/** Whether the entries of a map or fields of an object are the same ones after an update. */
export function hasCorrelatedFields(schema: Schema): boolean {
  const mapType = schema['x-kubernetes-map-type'] ?? 'granular';
  return mapType === 'granular' || mapType === 'atomic';
}

/** Whether the entries of a list are known by their keys. */
export function hasCorrelatedItems(schema: Schema): boolean {
  return schema['x-kubernetes-list-type'] === 'map';
}
