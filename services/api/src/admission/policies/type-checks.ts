/** Faults of types in the expressions of validating policies, by the kinds that their rules name: what their status warns of. */
import { declarationOf, type RuleSchema } from '@gantry/cel/types/schema.ts';
import type { Declaration } from '@gantry/cel/types/types.ts';
import type {
  ExpressionWarning,
  ValidatingAdmissionPolicy,
} from '@gantry/model/gen/gantry.admissionregistration.v1.ts';
import type { Form, Registry } from '@gantry/model/registry.ts';
import type { ObjectSchema, TypeSchema, ValueForm } from '@gantry/model/type-schema.ts';
import { compileExpression } from '../expressions/compile.ts';
import { compileVariables } from './policy.ts';

/** Kinds of one rule, at most, as in Kubernetes. */
const maxKinds = 10;

/** One warning for each expression that does not fit some kind that the rules of a policy name by its full name. */
export function expressionWarnings(policy: ValidatingAdmissionPolicy, kinds: Registry): ExpressionWarning[] {
  const { validations = [], variables = [], paramKind } = policy.spec ?? {};
  const params = paramKind && kinds.lookup({ apiVersion: paramKind.apiVersion ?? '', kind: paramKind.kind ?? '' });
  const paramsType = params && typeOf(params);
  const scopes = formsIn(policy, kinds).map((form) => {
    const objectType = typeOf(form);
    const bare = {
      hasParams: paramKind !== undefined,
      hasAuthorizer: true,
      ...(objectType === undefined ? {} : { objectType }),
      ...(paramsType === undefined ? {} : { paramsType }),
    };
    return { form, scope: compileVariables(variables, bare).scope };
  });
  const check = (fieldRef: string, expression: string | undefined): ExpressionWarning[] => {
    if (!expression) return [];
    const faults = scopes.flatMap(({ form, scope }) => {
      const compiled = compileExpression(expression, scope, 'variable');
      return 'problem' in compiled ? [`${form.apiVersion}, Kind=${form.kind.kind}: ${compiled.problem}\n`] : [];
    });
    return faults.length === 0 ? [] : [{ fieldRef, warning: faults.join('\n') }];
  };
  return validations.flatMap(({ expression, messageExpression }, index) => [
    ...check(`spec.validations[${index}].expression`, expression),
    ...check(`spec.validations[${index}].messageExpression`, messageExpression),
  ]);
}

/** The forms of kinds that the rules of a policy name without wildcards, by group, version and kind. */
function formsIn({ spec }: ValidatingAdmissionPolicy, kinds: Registry): Form[] {
  const found = new Map<string, Form>();
  for (const { apiGroups = [], apiVersions = [], resources = [] } of spec?.matchConstraints?.resourceRules ?? []) {
    if ([...apiGroups, ...apiVersions].some((name) => name.includes('*'))) continue;
    const plain = resources.filter((name) => !/[*/]/.test(name));
    const forms = apiGroups.flatMap((group) =>
      apiVersions.flatMap((version) =>
        plain.flatMap((plural) => kinds.served(group === '' ? version : `${group}/${version}`, plural) ?? []),
      ),
    );
    for (const form of forms.slice(0, maxKinds)) found.set(`${form.group} ${form.version} ${form.kind.kind}`, form);
  }
  return [...found].toSorted(([a], [b]) => (a < b ? -1 : 1)).map(([, form]) => form);
}

function typeOf({ schema, kind }: Form): Declaration | undefined {
  const { properties, ...rest } = schemaOf(schema, []);
  const own = { apiVersion: values.string, kind: values.string };
  return declarationOf({ ...rest, properties: { ...own, ...properties } }, false, kind.kind);
}

const anything: RuleSchema = { 'x-kubernetes-preserve-unknown-fields': true };
const intOrString: RuleSchema = { 'x-kubernetes-int-or-string': true };
const values: Readonly<Record<ValueForm, RuleSchema>> = {
  string: { type: 'string' },
  bool: { type: 'boolean' },
  bytes: { type: 'string', format: 'byte' },
  int32: { type: 'integer' },
  int64: { type: 'integer' },
  uint32: { type: 'integer' },
  uint64: { type: 'integer' },
  double: { type: 'number' },
  quantity: intOrString,
  time: { type: 'string', format: 'date-time' },
  microTime: { type: 'string', format: 'date-time' },
  duration: { type: 'string', format: 'duration' },
  intOrString,
  any: anything,
};

/** A schema as expressions see it. Of what a type has inside of itself nothing is known. */
function schemaOf(schema: TypeSchema, inside: readonly ObjectSchema[]): RuleSchema {
  switch (schema.type) {
    case 'value':
      return values[schema.form];
    case 'list':
      return { type: 'array', items: schemaOf(schema.items, inside) };
    case 'map':
      return { type: 'object', additionalProperties: schemaOf(schema.values, inside) };
    case 'object': {
      if (inside.includes(schema)) return anything;
      const fields = [...schema.fields].map(([name, field]) => [name, schemaOf(field.schema, [...inside, schema])]);
      const properties = Object.fromEntries(fields) as Record<string, RuleSchema>;
      return { type: 'object', properties, ...(schema.keepsUnknown ? anything : {}) };
    }
  }
}
