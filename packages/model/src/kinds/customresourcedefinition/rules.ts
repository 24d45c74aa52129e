/** The seam to the language of x-kubernetes-validations: validation of definitions knows the fields of rules, and asks others about expressions. */
import type { FieldCause } from '@gantry/runtime/errors.ts';
import type { JSONSchemaProps } from '../../gen/gantry.apiextensions.v1.ts';

/** The rules of one version's schema. */
export interface SchemaRules {
  /** The schema of the version's objects; it is structural. */
  readonly schema: JSONSchemaProps;
  /** Its path in messages, such as spec.validation.openAPIV3Schema. */
  readonly path: string;
  /** True for a schema that has faults, or has some within it: its own rules are not looked at. */
  readonly isFaulty: (schema: JSONSchemaProps) => boolean;
  /** The stored definition has the same schema: single expressions may cost what they cost. */
  readonly isStored: boolean;
}

/** A default value that has no other faults. */
export interface RuledDefault {
  readonly schema: JSONSchemaProps;
  readonly value: unknown;
  /** Of the value, such as spec.validation.openAPIV3Schema.properties[a].default. */
  readonly path: string;
  /** The schema is that of a whole object. */
  readonly isWhole: boolean;
}

/** The checks of rules: expressions are compiled and priced, and hold for default values. */
export interface RuleChecks {
  /** Faults of the rules of a schema and of all schemas within it. */
  readonly checkRules: (rules: SchemaRules) => readonly FieldCause[];
  /** Faults of a default value by its schema's rules and those within it. */
  readonly checkDefault: (given: RuledDefault) => readonly FieldCause[];
}

/** Checks nothing: for programs that only read definitions. */
export const noRuleChecks: RuleChecks = { checkRules: () => [], checkDefault: () => [] };
