import { ruleValidator } from '@gantry/cel/rules/validator.ts';
import type { CustomRules } from '@gantry/model/custom/kind.ts';
import type { JSONSchemaProps } from '@gantry/model/gen/gantry.apiextensions.v1.ts';

/** The rules in x-kubernetes-validations of a version's schema, compiled when its first object comes; undefined where it has none. */
export function customRules(schema: JSONSchemaProps): CustomRules | undefined {
  const validate = ruleValidator(schema);
  return validate === undefined ? undefined : (object, stored) => [...validate(object, stored).causes];
}
