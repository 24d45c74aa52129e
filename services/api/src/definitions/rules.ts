import { checkRules } from '@gantry/cel/rules/definition.ts';
import { ruleValidator } from '@gantry/cel/rules/validator.ts';
import type { RuleChecks } from '@gantry/model/kinds/customresourcedefinition/rules.ts';

/** The rules in definitions: they are compiled and priced, and default values are held to them, as new ones and in place of themselves. */
export const ruleChecks: RuleChecks = {
  checkRules,
  checkDefault: ({ schema, value, path, isWhole }) => {
    const validate = ruleValidator(schema, isWhole, path);
    if (validate === undefined) return [];
    const { causes } = validate(value, value);
    return causes.length > 0 ? causes : validate(value, undefined).causes;
  },
};
