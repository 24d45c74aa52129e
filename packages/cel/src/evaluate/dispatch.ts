/** Calls of functions: the overload by the types that values have, and the cost of the call. */
import { type CallCost, callCost } from '../cost/runtime.ts';
import type { Overload } from '../functions/function.ts';
import type { Type } from '../types/types.ts';
import {
  Double,
  Duration,
  fail,
  isInt,
  ListValue,
  MapValue,
  OpaqueValue,
  OptionalValue,
  Timestamp,
  TypeValue,
  typeNameOf,
  Uint,
  type Value,
} from '../values/value.ts';
import type { Frame, Step } from './frame.ts';

/** Whether a value may stand for a parameter of this type. */
function fits(value: Value, type: Type): boolean {
  switch (type.kind) {
    case 'bool':
      return typeof value === 'boolean';
    case 'int':
      return isInt(value);
    case 'uint':
      return value instanceof Uint;
    case 'double':
      return value instanceof Double;
    case 'string':
      return typeof value === 'string';
    case 'bytes':
      return value instanceof Uint8Array;
    case 'timestamp':
      return value instanceof Timestamp;
    case 'duration':
      return value instanceof Duration;
    case 'list':
      return value instanceof ListValue;
    case 'map':
      return value instanceof MapValue;
    case 'null':
      return value === null;
    case 'type':
      return value instanceof TypeValue;
    case 'object':
    case 'opaque':
      if (type.name === 'optional_type') return value instanceof OptionalValue;
      return value instanceof MapValue || (value instanceof OpaqueValue && value.typeName === type.name);
    default:
      return true;
  }
}

interface Candidate {
  readonly overload: Overload;
  readonly cost: CallCost | undefined;
}

/** The step that calls a function; types that the checker knows are not looked at again. */
export function callStep(
  name: string,
  overloads: readonly Overload[],
  args: readonly Step[],
  argumentTypes: readonly Type[],
): Step {
  const candidates = overloads.map((overload) => ({ overload, cost: callCost(name, overload.id) }));
  const isKnown = candidates.length === 1 && argumentTypes.every(({ kind }) => kind !== 'dyn' && kind !== 'parameter');
  if (!isKnown) return dynamicStep(name, candidates, args);
  const { overload, cost } = candidates[0]!;
  const { call } = overload;
  if (args.length === 1) return unaryStep(call, cost, args[0]!);
  if (args.length === 2) return binaryStep(call, cost, args[0]!, args[1]!);
  return (frame) =>
    finish(
      frame,
      call,
      cost,
      args.map((argument) => argument(frame)),
    );
}

function unaryStep(call: Overload['call'], cost: CallCost | undefined, operand: Step): Step {
  return (frame) => {
    const value = operand(frame);
    const result = call(value);
    frame.charge(cost === undefined ? 1 : cost([value], result));
    return result;
  };
}

function binaryStep(call: Overload['call'], cost: CallCost | undefined, first: Step, second: Step): Step {
  return (frame) => {
    const a = first(frame);
    const b = second(frame);
    const result = call(a, b);
    // Numbers are compared and added far more often than texts.
    const isCheap = cost === undefined || (typeof a === 'number' && typeof b === 'number');
    frame.charge(isCheap ? 1 : cost([a, b], result));
    return result;
  };
}

function dynamicStep(name: string, candidates: readonly Candidate[], args: readonly Step[]): Step {
  return (frame) => {
    const values = args.map((argument) => argument(frame));
    for (const { overload, cost } of candidates) {
      const { parameters } = overload.signature;
      if (values.every((value, index) => fits(value, parameters[index]!)))
        return finish(frame, overload.call, cost, values);
    }
    return fail(missing(name, values));
  };
}

const plainNames = /^(?:[_@!-]|(?:contains|startsWith|endsWith|matches)$)/;

/** cel-go tells of some functions no types, and of size() its name alone. */
function missing(name: string, values: readonly Value[]): string {
  if (plainNames.test(name)) return 'no such overload';
  return `no such overload: ${name === 'size' ? name : `${name}(${values.map(typeNameOf).join(', ')})`}`;
}

function finish(frame: Frame, call: Overload['call'], cost: CallCost | undefined, values: readonly Value[]): Value {
  const result = call(...values);
  frame.charge(cost === undefined ? 1 : cost(values, result));
  return result;
}
