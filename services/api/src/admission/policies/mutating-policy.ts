import { ObjectValue } from '@gantry/cel/functions/mutation.ts';
import { toJson } from '@gantry/cel/values/json.ts';
import { ListValue, MapValue, type Value } from '@gantry/cel/values/value.ts';
import { merge } from '@gantry/fieldsets/merge.ts';
import { fieldOf, hasFields, isFields, isGranularList, type Shape } from '@gantry/fieldsets/shape.ts';
import { decodeObject } from '@gantry/model/decode.ts';
import type {
  MutatingAdmissionPolicy,
  MutatingAdmissionPolicySpec,
} from '@gantry/model/gen/gantry.admissionregistration.v1.ts';
import { applyJsonPatch } from '@gantry/model/patch.ts';
import type { Registry } from '@gantry/model/registry.ts';
import { isError, toGantryError } from '@gantry/runtime/errors.ts';
import type { AnyObject } from '../../core/stored-object.ts';
import { shapeOf } from '../../ownership/shapes.ts';
import { type CompiledExpression, compileExpression, type ExpressionScope } from '../expressions/compile.ts';
import { type Bindings, costBudgets, Evaluator, OutOfBudget } from '../expressions/evaluation.ts';
import type { Place } from '../matching/places.ts';
import { internalError } from '../refusals.ts';
import { type Binding, type Policy, policyOf } from './policy.ts';

/** A change that a mutating policy makes. */
interface Mutation {
  readonly type: 'ApplyConfiguration' | 'JSONPatch';
  readonly expression: string;
  readonly compiled: CompiledExpression;
}

/** The expressions of a mutating policy. */
export interface MutatingBody {
  readonly mutations: readonly Mutation[];
  readonly isReinvoked: boolean;
}

/** Thrown where a mutation cannot be made. Its message is Kubernetes'. */
export class MutationProblem extends Error {}

/** Compiles a mutating policy. */
export function mutatingPolicyOf(stored: MutatingAdmissionPolicy, bindings: readonly Binding[]): Policy<MutatingBody> {
  return policyOf<MutatingAdmissionPolicySpec, MutatingBody>(
    stored as Parameters<typeof policyOf<MutatingAdmissionPolicySpec, MutatingBody>>[0],
    bindings,
    compileBody,
  );
}

function compileBody(
  { mutations = [], reinvocationPolicy }: MutatingAdmissionPolicySpec,
  scope: ExpressionScope,
): MutatingBody {
  const ofPatches = { ...scope, makesPatches: true };
  return {
    isReinvoked: reinvocationPolicy === 'IfNeeded',
    mutations: mutations.map(({ patchType, applyConfiguration, jsonPatch }) => {
      const isPatch = patchType === 'JSONPatch';
      const { expression = '' } = (isPatch ? jsonPatch : applyConfiguration) ?? {};
      const compiled = compileExpression(expression, ofPatches, isPatch ? 'patch' : 'configuration');
      return { type: isPatch ? 'JSONPatch' : 'ApplyConfiguration', expression, compiled };
    }),
  };
}

/** The object after a mutation, not yet decoded. Throws a MutationProblem. */
export function mutatedBy(
  { variables }: Policy<MutatingBody>,
  { type, expression, compiled }: Mutation,
  bindings: Bindings,
  object: AnyObject,
  { kinds, place }: { readonly kinds: Registry; readonly place: Place },
): unknown {
  if ('problem' in compiled) throw new MutationProblem(compiled.problem);
  const value = evaluated(new Evaluator(bindings, costBudgets.policy, variables), expression, compiled);
  return type === 'JSONPatch' ? patchedBy(value, object, kinds) : configuredBy(value, object, kinds, place);
}

function evaluated(evaluator: Evaluator, expression: string, compiled: CompiledExpression): Value {
  try {
    const outcome = evaluator.evaluate(expression, compiled);
    if ('error' in outcome) throw new MutationProblem(outcome.error);
    return outcome.value;
  } catch (error) {
    if (error instanceof OutOfBudget) throw new MutationProblem(error.message);
    throw error;
  }
}

function patchedBy(value: Value, object: AnyObject, kinds: Registry): unknown {
  if (!(value instanceof ListValue)) {
    throw new MutationProblem('type mismatch: JSONPatchType.expression should evaluate to array');
  }
  const operations = [...value].map((each) => {
    if (!(each instanceof ObjectValue)) {
      throw new MutationProblem('type mismatch: JSONPatchType.expression should evaluate to array of JSONPatch');
    }
    const part = each.fields.get('value');
    if (part instanceof ObjectValue) checkNames(part);
    return jsonOf(each, 'JSONPath valueExpression evaluated to a type that could not marshal to JSON');
  });
  const after = fitted(object, operations);
  checkKnown(after, kinds);
  return after;
}

function fitted(object: AnyObject, operations: readonly unknown[]): unknown {
  try {
    return applyJsonPatch(object, operations);
  } catch (error) {
    const { cause, message } = toGantryError(error);
    const text = cause instanceof Error ? cause.message.split('\n')[0]! : message;
    // A test that is not met leaves the object as it is.
    if (text.endsWith('test failed')) return object;
    throw new MutationProblem(`JSON Patch: ${text}`);
  }
}

/** Throws InternalError where a patch leaves fields that the kind does not have, as in Kubernetes. */
function checkKnown(after: unknown, kinds: Registry): void {
  try {
    decodeObject(after, kinds);
  } catch (error) {
    const unknown = toGantryError(error).causes.filter(({ message }) => message.startsWith('unknown field'));
    if (unknown.length === 0) return;
    throw internalError(`strict decoding error: ${unknown.map(({ message }) => message).join(', ')}`);
  }
}

function configuredBy(value: Value, object: AnyObject, kinds: Registry, { form }: Place): unknown {
  if (!(value instanceof ObjectValue)) {
    throw new MutationProblem('unsupported return type from ApplyConfiguration expression');
  }
  checkNames(value);
  const { apiVersion, kind } = object;
  const patch = { ...(jsonOf(value, 'invalid return type') as object), apiVersion, kind };
  const shape = shapeOf(form.schema);
  checkFields(patch, kinds);
  const { apiVersion: _, kind: _kind, ...fields } = patch;
  const atomics = atomicsIn(fields, shape, '');
  if (atomics.length > 0) {
    const text = `may not mutate atomic arrays, maps or structs: ${atomics.join(', ')}`;
    throw new MutationProblem(`error applying patch: invalid ApplyConfiguration: ${text}`);
  }
  return { ...(merge(object, patch, shape) as object), apiVersion, kind };
}

function jsonOf(value: Value, problem: string): unknown {
  try {
    return toJson(value);
  } catch (error) {
    throw new MutationProblem(`${problem}: ${(error as Error).message}`);
  }
}

/** Throws where a configuration has a field that its kind does not have, or of another type. */
function checkFields(patch: object, kinds: Registry): void {
  try {
    decodeObject(patch, kinds);
  } catch (error) {
    if (!isError(error, 'BadRequest')) throw error;
    const problems = error.causes.map(({ field, message }) =>
      message.startsWith('unknown field') ? `.${field}: field not declared in schema` : `.${field}: ${message}`,
    );
    const text = problems.length > 1 ? ['errors:', ...problems.map((each) => `  ${each}`)].join('\n') : problems[0];
    const start = 'error applying patch: failed to convert patch object to typed object';
    throw new MutationProblem(`${start}: ${text ?? error.message}`);
  }
}

/** Paths of parts that are owned as a whole: to set some of their fields would drop all others. */
function atomicsIn(value: unknown, shape: Shape, path: string): string[] {
  if (Array.isArray(value)) {
    const items = isGranularList(shape) && shape.type === 'list' ? shape.items : undefined;
    const inner =
      items === undefined ? [] : value.flatMap((item, index) => atomicsIn(item, items, `${path}[${index}]`));
    return isGranularList(shape) ? inner : [path];
  }
  if (!isFields(value)) return [];
  if (!hasFields(shape, value)) return [path];
  return Object.entries(value).flatMap(([name, inner]) =>
    atomicsIn(inner, fieldOf(shape, name).shape, `${path}.${name}`),
  );
}

/** Throws where the names of types in an object do not follow the fields in which they stand. */
function checkNames(object: ObjectValue): void {
  const problems = namesIn(object, object.typeName);
  if (problems.length > 0) throw new MutationProblem(`type mismatch: ${problems.join('\n')}`);
}

function namesIn(value: Value, expected: string): string[] {
  if (value instanceof ListValue) return [...value].flatMap((item) => namesIn(item, expected));
  if (!(value instanceof MapValue)) return [];
  if (!(value instanceof ObjectValue)) return [...value.keys()].flatMap((key) => namesIn(value.get(key)!, expected));
  const { typeName, fields } = value;
  const text = `unexpected type name ${JSON.stringify(typeName)}, expected ${JSON.stringify(expected)}, which matches field name path from root Object type`;
  const own = typeName === expected ? [] : [text];
  return [...own, ...[...fields].flatMap(([name, inner]) => namesIn(inner, `${expected}.${name}`))];
}
