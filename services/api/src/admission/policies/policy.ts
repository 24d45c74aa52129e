import { type Type, types } from '@gantry/cel/types/types.ts';
import type {
  MatchCondition,
  MatchResources,
  ParamKind,
  ParamRef,
  Variable,
} from '@gantry/model/gen/gantry.admissionregistration.v1.ts';
import type { KubeObject } from '@gantry/model/kind.ts';
import { type CompiledExpression, compileExpression, type ExpressionScope } from '../expressions/compile.ts';
import { type Conditions, compileConditions } from '../expressions/conditions.ts';
import type { Choice } from '../matching/candidates.ts';
import { type ResourceChoice, resourceChoice } from '../matching/resources.ts';

/** Parts that policies of both types have in common, as they are stored. */
export interface StoredPolicy extends KubeObject {
  readonly spec?: {
    readonly failurePolicy?: string;
    readonly paramKind?: ParamKind;
    readonly matchConstraints?: MatchResources;
    readonly matchConditions?: readonly MatchCondition[];
    readonly variables?: readonly Variable[];
  };
}

/** Parts that bindings of both types have in common, as they are stored. */
export interface StoredBinding extends KubeObject {
  readonly spec?: {
    readonly policyName?: string;
    readonly paramRef?: ParamRef;
    readonly matchResources?: MatchResources;
    readonly validationActions?: readonly string[];
  };
}

/** A policy whose expressions are compiled. */
export interface Policy<Body> extends Choice {
  readonly name: string;
  readonly match: ResourceChoice;
  readonly paramKind: ParamKind | undefined;
  readonly isIgnoredOnFailure: boolean;
  readonly conditions: Conditions;
  readonly variables: ReadonlyMap<string, CompiledExpression>;
  readonly body: Body;
  readonly bindings: readonly Binding[];
}

/** A binding of a policy. */
export interface Binding {
  readonly name: string;
  readonly paramRef: ParamRef | undefined;
  readonly match: ResourceChoice;
  /** Deny, Warn and Audit; none of a mutating policy. */
  readonly actions: readonly string[];
}

/** Reads a binding. */
export function bindingOf({ metadata, spec = {} }: StoredBinding): Binding {
  return {
    name: metadata.name ?? '',
    paramRef: spec.paramRef,
    match: resourceChoice(spec.matchResources),
    actions: spec.validationActions ?? [],
  };
}

/** Compiles a policy. Wrong expressions are errors when they are evaluated. */
export function policyOf<Spec extends NonNullable<StoredPolicy['spec']>, Body>(
  { metadata, spec }: { readonly metadata: KubeObject['metadata']; readonly spec?: Spec },
  bindings: readonly Binding[],
  compileBody: (spec: Spec, scope: ExpressionScope) => Body,
): Policy<Body> {
  const given = (spec ?? {}) as Spec;
  const match = resourceChoice(given.matchConstraints);
  const hasParams = given.paramKind !== undefined;
  const bare = { hasParams, hasAuthorizer: true };
  const { scope, variables } = compileVariables(given.variables ?? [], bare);
  return {
    ...match,
    name: metadata.name ?? '',
    match,
    paramKind: given.paramKind,
    isIgnoredOnFailure: given.failurePolicy === 'Ignore',
    conditions: compileConditions(given.matchConditions ?? [], bare),
    variables,
    body: compileBody(given, scope),
    bindings,
  };
}

/** Compiles variables in their order: each may use those before it. Returns them, and the scope of all expressions after. */
export function compileVariables(
  variables: readonly Variable[],
  scope: ExpressionScope,
): { readonly scope: ExpressionScope; readonly variables: ReadonlyMap<string, CompiledExpression> } {
  const compiled = new Map<string, CompiledExpression>();
  const fields = new Map<string, Type>();
  for (const { name, expression } of variables) {
    const result = compileExpression(expression, { ...scope, variables: new Map(fields) }, 'variable');
    compiled.set(name, result);
    fields.set(name, variableType(result));
  }
  return { scope: { ...scope, variables: fields }, variables: compiled };
}

/** The type of a variable as other expressions see it: of objects and libraries' types nothing is known. */
function variableType(compiled: CompiledExpression): Type {
  return 'program' in compiled ? knownType(compiled.program.type) : types.dyn;
}

const plainKinds = new Set(['bool', 'bytes', 'double', 'duration', 'int', 'null', 'string', 'timestamp', 'uint']);

function knownType(type: Type): Type {
  if (plainKinds.has(type.kind)) return type;
  if (type.kind === 'list' || type.kind === 'map') return { ...type, parameters: type.parameters.map(knownType) };
  return types.dyn;
}
