/** Expressions in CEL of webhooks and policies: the variables that they may use, and the types that they must have. */

import type { Environment } from '@gantry/cel/check/environment.ts';
import { compile, type Program } from '@gantry/cel/compile.ts';
import { environment } from '@gantry/cel/environment.ts';
import { mutationType } from '@gantry/cel/functions/mutation.ts';
import { declaration, dynamic, typed } from '@gantry/cel/types/declaration.ts';
import { declarationOf, type RuleSchema } from '@gantry/cel/types/schema.ts';
import { type Declaration, isSameType, libraryObject, listOf, type Type, types } from '@gantry/cel/types/types.ts';

/** The place of an expression: what it may use beside object, oldObject, request and namespaceObject. */
export interface ExpressionScope {
  readonly hasParams: boolean;
  readonly hasAuthorizer: boolean;
  /** True where an expression makes patches: `Object{}` and `JSONPatch{}`. */
  readonly makesPatches?: boolean;
  /** Types of the fields of `variables`; where it is absent there is no such variable. */
  readonly variables?: ReadonlyMap<string, Type>;
  /** Types of object, oldObject and params, where they are known; anything without. */
  readonly objectType?: Declaration;
  readonly paramsType?: Declaration;
}

/** An expression that can be evaluated, or the problem that it has. */
export type CompiledExpression = { readonly program: Program } | { readonly problem: string };

const text: RuleSchema = { type: 'string' };
const texts: RuleSchema = { type: 'array', items: text };
const time: RuleSchema = { type: 'string', format: 'date-time' };
const integer: RuleSchema = { type: 'integer' };
const anything: RuleSchema = { 'x-kubernetes-preserve-unknown-fields': true };

function record(properties: Readonly<Record<string, RuleSchema>>): RuleSchema {
  return { type: 'object', properties };
}

function mapOf(additionalProperties: RuleSchema): RuleSchema {
  return { type: 'object', additionalProperties };
}

const typeName = record({ group: text, version: text, kind: text });
const resourceName = record({ group: text, version: text, resource: text });

/** Kubernetes' type of `request`. Options are anything. */
const requestType = plainlyNamed(
  declarationOf(
    record({
      kind: typeName,
      resource: resourceName,
      subResource: text,
      requestKind: typeName,
      requestResource: resourceName,
      requestSubResource: text,
      name: text,
      namespace: text,
      operation: text,
      userInfo: record({ username: text, uid: text, groups: texts, extra: mapOf(texts) }),
      dryRun: { type: 'boolean' },
      options: anything,
    }),
    false,
    'kubernetes.AdmissionRequest',
  )!,
  ['options'],
);

/** Kubernetes' type of `namespaceObject`. */
const namespaceType: Declaration = {
  ...plainlyNamed(
    declarationOf(
      record({
        metadata: record({
          name: text,
          generateName: text,
          namespace: text,
          labels: mapOf(text),
          annotations: mapOf(text),
          UID: text,
          creationTimestamp: time,
          deletionGracePeriodSeconds: integer,
          deletionTimestamp: time,
          generation: integer,
          resourceVersion: text,
          finalizers: texts,
        }),
        spec: record({ finalizers: texts }),
        status: record({
          conditions: {
            type: 'array',
            items: record({ status: text, type: text, lastTransitionTime: time, message: text, reason: text }),
          },
          phase: text,
        }),
      }),
      false,
      'kubernetes.Namespace',
    )!,
  ),
  isNullable: true,
};

const authorizerType = typed(libraryObject('kubernetes.authorization.Authorizer'));
const resourceCheckType = typed(libraryObject('kubernetes.authorization.ResourceCheck'));

/**
 * A declaration whose fields expressions name as they are, also those that are words of the language: Kubernetes does not escape names
 * of its own types.
 * @param dynamicFields Fields of which nothing is known.
 */
function plainlyNamed(declared: Declaration, dynamicFields: readonly string[] = []): Declaration {
  const { reading, element, type } = declared;
  if (reading === 'object') {
    const own = [...declared.fields].map(([name, field]): [string, Declaration] => [name, plainlyNamed(field)]);
    const fields = new Map([...own, ...dynamicFields.map((name): [string, Declaration] => [name, dynamic])]);
    const named = new Map([...fields].map(([name, each]) => [name, { jsonName: name, declaration: each }]));
    const next: Declaration = { ...declared, fields, named };
    return Object.assign(next, { type: { ...type, declaration: next } });
  }
  if (element === undefined) return declared;
  const inner = plainlyNamed(element);
  const parameters = [...type.parameters.slice(0, -1), inner.type];
  return { ...declared, element: inner, type: { ...type, parameters } };
}

/** The declaration of `variables`. */
function variablesType(variables: ReadonlyMap<string, Type>): Declaration {
  const fields = new Map([...variables].map(([name, type]) => [name, typed(type)]));
  const named = new Map([...fields].map(([name, each]) => [name, { jsonName: name, declaration: each }]));
  const type: Type = { ...libraryObject('kubernetes.variables') };
  const made = declaration({ reading: 'object', type, fields, named });
  return Object.assign(made, { type: { ...type, declaration: made } });
}

function environmentOf(scope: ExpressionScope): Environment {
  const { objectType = dynamic, paramsType = dynamic, variables } = scope;
  const declared: Record<string, Declaration> = {
    object: objectType,
    oldObject: objectType,
    request: requestType,
    namespaceObject: namespaceType,
    ...(scope.hasParams ? { params: paramsType } : {}),
    ...(scope.hasAuthorizer ? { authorizer: authorizerType, 'authorizer.requestResource': resourceCheckType } : {}),
    ...(variables === undefined ? {} : { variables: variablesType(variables) }),
  };
  return scope.makesPatches ? environment(declared, mutationType) : environment(declared);
}

/** Types that expressions of each use must have; any where there is none. */
export const resultTypes = {
  condition: [types.bool],
  message: [types.string],
  annotation: [types.string, types.null],
  configuration: [libraryObject('Object')],
  patch: [listOf(libraryObject('JSONPatch'))],
  variable: [],
} as const satisfies Readonly<Record<string, readonly Type[]>>;

/** Compiles an expression; a problem is in Kubernetes' words. */
export function compileExpression(
  expression: string,
  scope: ExpressionScope,
  use: keyof typeof resultTypes,
): CompiledExpression {
  const compiled = compile(expression, environmentOf(scope));
  if ('problems' in compiled) return { problem: `compilation failed: ${compiled.problems}` };
  const { program } = compiled;
  const expected: readonly Type[] = resultTypes[use];
  if (expected.length === 0 || expected.some((type) => isSameType(type, program.type))) return { program };
  const got = shownType(program.type);
  const wanted = expected.length === 1 ? shownType(expected[0]!) : `one of [${expected.map(shownType).join(' ')}]`;
  return { problem: `must evaluate to ${wanted} but got ${got}` };
}

/** A type as cel-go names it. */
function shownType({ name, parameters }: Type): string {
  return parameters.length === 0 ? name : `${name}(${parameters.map(shownType).join(', ')})`;
}
