/** Validation of values by the schema of a definition, in the words of Kubernetes. */
import type { FieldCause } from '@gantry/runtime/errors.ts';
import type { JSONSchemaProps as SchemaProps } from '../gen/gantry.apiextensions.v1.ts';
import { sameJson } from '../same-json.ts';
import { type Fields, isFields, itemsOf } from './node.ts';
import { numberChecks } from './number-checks.ts';
import { Outcome, typeFault } from './outcome.ts';
import { textChecks } from './text-checks.ts';

/** The value of a field before a change, where one can be found: faults of values that did not change are let through. */
interface Before {
  readonly value: unknown;
}

/** Checks a value; `before` is undefined for one that is new. */
type Check = (value: unknown, path: string, before: Before | undefined) => Outcome;

/** Finds the faults of a value. @param before Of the value; absent for a new one. */
export type CheckValue = (value: unknown, before?: { readonly value: unknown }) => FieldCause[];

/** Makes the check of a schema. @param prefix Path of the value within its object, empty for the object itself; messages have paths from the value on. */
export function checkOf(schema: SchemaProps, prefix = ''): CheckValue {
  const check = checkFor(schema);
  return (value, before) => check(value, '', before).causes(prefix);
}

function checkFor(schema: SchemaProps): Check {
  const isIntOrString = schema['x-kubernetes-int-or-string'] ?? false;
  const types = isIntOrString ? ['integer', 'string'] : schema.type ? [schema.type] : [];
  const text = textChecks(schema, types);
  const number = numberChecks(schema, types);
  const type = typeCheck(types, text.format || number.format, schema.nullable ?? false);
  const alternatives = alternativesOf(schema);
  const list = listCheck(schema);
  const object = objectCheck(schema);
  const own: Check = (value, path, before) => {
    const outcome = new Outcome();
    type?.(value, path, outcome);
    if (value !== null) {
      alternatives(value, path, before, outcome);
      if (typeof value === 'string') outcome.take(text.check(value, path), text.format === '' ? 1 : 2);
      else if (typeof value === 'number') outcome.take(number.check(value, path));
      else if (Array.isArray(value)) outcome.take(list(value, path, before));
    }
    if (schema.enum !== undefined) outcome.take(enumCheck(schema.enum, value, path), 0);
    if (isFields(value)) outcome.take(object(value, path, before));
    outcome.matched(2);
    return outcome;
  };
  return (value, path, before) => {
    const outcome = own(value, path, before);
    if (outcome.isFine || before === undefined || !sameJson(value, before.value)) return outcome;
    return outcome.forgiven();
  };
}

type TypeCheck = (value: unknown, path: string, outcome: Outcome) => void;

/** The check of a value's type; undefined where any will do. */
function typeCheck(types: readonly string[], format: string, isNullable: boolean): TypeCheck | undefined {
  if (types.length === 0 && format === '') return undefined;
  const takesNumbers = types.includes('number') || types.includes('integer');
  const wanted = types.join(',');
  return (value, path, outcome) => {
    outcome.matched(1);
    if (value === null) {
      if (types.length > 0 && !isNullable) outcome.add(typeFault(path, wanted, 'null'));
      return;
    }
    const [type, valueFormat] = typeOfValue(value);
    const isText = type === 'string' || type === 'array';
    const isFine =
      types.includes(type) ||
      (type === 'integer' && types.includes('number')) ||
      // A whole number beyond what 64 bits hold is no integer to Kubernetes.
      (type === 'number' && types.includes('integer') && Number.isSafeInteger(value));
    if (!isText && format !== '' && !isFine && format !== valueFormat) {
      outcome.add(typeFault(path, format, valueFormat));
    } else if (!isFine && (takesNumbers || format === '' || !isText)) {
      outcome.add(typeFault(path, wanted, type));
    } else outcome.matched(1);
  };
}

/** The type of a value and the format that Go has for it. */
function typeOfValue(value: unknown): readonly [type: string, format: string] {
  if (Array.isArray(value)) return ['array', ''];
  if (typeof value !== 'number') return [typeof value, ''];
  return Number.isInteger(value) && Math.abs(value) < 2 ** 63 ? ['integer', 'int64'] : ['number', 'float64'];
}

function enumCheck(values: readonly unknown[], value: unknown, path: string): Outcome | undefined {
  if (value !== null && values.some((one) => sameJson(one, value))) return undefined;
  const supported = values.map((one) => JSON.stringify(typeof one === 'string' ? one : JSON.stringify(one))).join(', ');
  const shown = JSON.stringify(value);
  return new Outcome().add({
    reason: 'FieldValueNotSupported',
    path,
    message: `Unsupported value: ${shown}: supported values: ${supported}`,
  });
}

type Alternatives = (value: unknown, path: string, before: Before | undefined, outcome: Outcome) => void;

function alternativesOf({ anyOf = [], oneOf = [], allOf = [], not }: SchemaProps): Alternatives {
  const [any, one, all] = [anyOf.map(checkFor), oneOf.map(checkFor), allOf.map(checkFor)];
  const none = not === undefined ? undefined : checkFor(not);
  return (value, path, before, outcome) => {
    if (any.length > 0)
      checkAny(
        any.map((check) => check(value, path, before)),
        path,
        outcome,
      );
    if (one.length > 0)
      checkOne(
        one.map((check) => check(value, path, before)),
        path,
        outcome,
      );
    if (all.length > 0)
      checkAll(
        all.map((check) => check(value, path, before)),
        path,
        outcome,
      );
    if (none?.(value, path, before).isFine) outcome.say(`"${path}" must not validate the schema (not)`);
    outcome.matched(2);
  };
}

function checkAny(outcomes: readonly Outcome[], path: string, outcome: Outcome): void {
  const fine = outcomes.find(({ isFine }) => isFine);
  if (fine !== undefined) return void outcome.take(fine, 0);
  outcome.say(`"${path}" must validate at least one schema (anyOf)`);
  outcome.take(bestOf(outcomes), 0);
}

function checkOne(outcomes: readonly Outcome[], path: string, outcome: Outcome): void {
  const fine = outcomes.filter(({ isFine }) => isFine);
  if (fine.length === 1) return void outcome.take(fine[0], 0);
  const found = fine.length === 0 ? 'Found none valid' : `Found ${fine.length} valid alternatives`;
  outcome.say(`"${path}" must validate one and only one schema (oneOf). ${found}`);
  if (fine.length === 0) outcome.take(bestOf(outcomes), 0);
}

function checkAll(outcomes: readonly Outcome[], path: string, outcome: Outcome): void {
  for (const one of outcomes) outcome.take(one, 0);
  const fine = outcomes.filter(({ isFine }) => isFine).length;
  if (fine === outcomes.length) return;
  outcome.say(`"${path}" must validate all the schemas (allOf)${fine === 0 ? '. None validated' : ''}`);
}

/** The outcome of the alternative that came closest. */
function bestOf(outcomes: readonly Outcome[]): Outcome | undefined {
  return outcomes.reduce<Outcome | undefined>(
    (best, one) => (best === undefined || one.matches > best.matches ? one : best),
    undefined,
  );
}

function listCheck(
  schema: SchemaProps,
): (value: readonly unknown[], path: string, before: Before | undefined) => Outcome {
  const { minItems, maxItems, uniqueItems = false } = schema;
  const items = itemsOf(schema);
  const check = items === undefined ? undefined : checkFor(items);
  const keys = schema['x-kubernetes-list-type'] === 'map' ? (schema['x-kubernetes-list-map-keys'] ?? []) : [];
  return (value, path, before) => {
    const outcome = new Outcome();
    for (const [index, item] of value.entries()) {
      if (check === undefined) break;
      outcome.take(check(item, `${path}[${index}]`, entryBefore(keys, item, before)), 0);
    }
    const size = value.length;
    if (minItems !== undefined && size < minItems) {
      outcome.invalid(path, size, `${path} in body should have at least ${minItems} items`);
    }
    if (maxItems !== undefined && size > maxItems) outcome.tooMany(path, size, maxItems);
    const isRepeated = (item: unknown, index: number): boolean =>
      value.slice(0, index).some((one) => sameJson(one, item));
    if (uniqueItems && value.some(isRepeated))
      outcome.invalid(path, '', `${path} in body shouldn't contain duplicates`);
    return outcome.matched(1);
  };
}

/** The entry of a list of type map that had the same keys. Entries of other lists cannot be found again. */
function entryBefore(keys: readonly string[], item: unknown, before: Before | undefined): Before | undefined {
  if (keys.length === 0 || !Array.isArray(before?.value) || !isFields(item)) return undefined;
  const found = before.value.find((one) => isFields(one) && keys.every((key) => sameJson(one[key], item[key])));
  return found === undefined ? undefined : { value: found };
}

function objectCheck(schema: SchemaProps): (value: Fields, path: string, before: Before | undefined) => Outcome {
  const { properties = {}, additionalProperties = true, required = [], minProperties, maxProperties } = schema;
  // Made for the properties that objects have: schemas have many more.
  const made = new Map<string, Check>();
  const checkOfProperty = (name: string): Check | undefined => {
    const known = made.get(name);
    if (known !== undefined || !Object.hasOwn(properties, name)) return known;
    const check = checkFor(properties[name]!);
    made.set(name, check);
    return check;
  };
  const others = typeof additionalProperties === 'object' ? checkFor(additionalProperties) : undefined;
  return (value, path, before) => {
    const outcome = new Outcome();
    const names = Object.keys(value);
    if (minProperties !== undefined && names.length < minProperties) {
      outcome.invalid(path, names.length, `${path} in body should have at least ${minProperties} properties`);
    }
    if (maxProperties !== undefined && names.length > maxProperties) outcome.tooMany(path, names.length, maxProperties);
    for (const name of names) {
      const own = checkOfProperty(name);
      const check = own ?? others;
      if (check === undefined) continue;
      const innerPath = path === '' && own !== undefined ? name : `${path}.${name}`;
      outcome.take(check(value[name], innerPath, fieldBefore(name, before)), 0);
    }
    for (const name of required) {
      if (!Object.hasOwn(value, name))
        outcome.add({ reason: 'FieldValueRequired', path: `${path}.${name}`, message: 'Required value' });
    }
    return outcome;
  };
}

function fieldBefore(name: string, before: Before | undefined): Before | undefined {
  return isFields(before?.value) ? { value: before.value[name] } : undefined;
}
