/** Tests of the CEL specification, as @bufbuild/cel-spec carries them, and their outcome here. */
import { tests as specification } from '@bufbuild/cel-spec/testdata/conformance.js';
import { compile } from '../compile.ts';
import { environment } from '../environment.ts';
import { dynamic, typed } from '../types/declaration.ts';
import { formatType, listOf, mapOf, type Type, types } from '../types/types.ts';
import { isEqual } from '../values/equal.ts';
import { parseDuration, parseTimestamp } from '../values/times.ts';
import {
  ArrayList,
  Double,
  EntryMap,
  fail,
  ListValue,
  MapValue,
  TypeValue,
  typeNameOf,
  Uint,
  type Value,
} from '../values/value.ts';

type Json = Readonly<Record<string, unknown>>;

interface SpecTest {
  readonly original: Json & { readonly name?: string; readonly expr: string };
  readonly type?: string;
}

interface SpecSuite {
  readonly name: string;
  readonly suites?: readonly SpecSuite[];
  readonly tests?: readonly SpecTest[];
}

export interface SpecCase {
  readonly name: string;
  readonly test: SpecTest;
}

/** Suites about what Kubernetes' expressions do not have: messages of protobuf, and libraries that it leaves out. */
const foreignSuites =
  /^conformance\/(?:proto2|proto3|proto2_ext|wrappers|enums|dynamic|unknowns|block_ext|encoders_ext|math_ext|bindings_ext|network_ext|plumbing|optionals_proto)(?:\/|$)/;
/** Expressions that make messages, or use functions that Kubernetes leaves out. */
const foreignExpressions =
  /TestAllTypes|NestedTestAllTypes|google\.(?:protobuf|rpc)\.(?!Timestamp\b|Duration\b|NullValue\b)|NestedEnum|GlobalEnum|cel\.(?:bind|block|iterVar|index)|math\.|base64\.|\.reverse\(\)|`/;

/** All cases of the specification. */
export function specCases(): SpecCase[] {
  return casesOf(specification as unknown as SpecSuite, '');
}

function casesOf({ name, suites = [], tests = [] }: SpecSuite, path: string): SpecCase[] {
  const full = path === '' ? name : `${path}/${name}`;
  const own = tests.map((test) => ({ name: `${full}/${test.original.name ?? test.original.expr}`, test }));
  return [...suites.flatMap((suite) => casesOf(suite, full)), ...own];
}

/** Whether a case is about something that Kubernetes' expressions do not have. */
export function isForeign({ name, test: { original } }: SpecCase): boolean {
  const text = JSON.stringify(original);
  return (
    foreignSuites.test(name) ||
    foreignExpressions.test(original.expr) ||
    original.container !== undefined ||
    // Kubernetes checks every expression.
    original.disableCheck === true ||
    original.disableMacros === true ||
    original.checkOnly === true ||
    /"(?:messageType|objectValue|enumValue|function|unknown|anyEvalErrors|wellKnown":"ANY|wrapper)"/.test(text)
  );
}

/** The problem of a case; undefined where it comes out as the specification says. */
export function problemOf({ test }: SpecCase): string | undefined {
  const { original } = test;
  try {
    const variables = Object.fromEntries(
      ((original.typeEnv ?? []) as Json[]).map(({ name, ident }) => [
        name as string,
        typed(typeOf((ident as Json).type as Json)),
      ]),
    );
    const bindings = Object.fromEntries(
      Object.entries((original.bindings ?? {}) as Record<string, Json>).map(([name, { value }]) => [
        name,
        valueOfJson(value as Json),
      ]),
    );
    const undeclared = Object.fromEntries(Object.keys(bindings).map((name) => [name, dynamic]));
    const compiled = compile(original.expr, environment({ ...undeclared, ...variables }));
    const isError = original.evalError !== undefined;
    if ('problems' in compiled) return isError ? undefined : compiled.problems;
    const wantedType = (original.typedResult as Json | undefined)?.deducedType as Json | undefined;
    if (wantedType !== undefined && formatType(typeOf(wantedType)) !== formatType(compiled.program.type)) {
      return `type ${formatType(compiled.program.type)} instead of ${formatType(typeOf(wantedType))}`;
    }
    const outcome = compiled.program.evaluate(bindings);
    if ('error' in outcome) return isError ? undefined : outcome.error;
    if (isError) return 'no error';
    const wanted = valueOfJson(
      (original.value ?? (original.typedResult as Json | undefined)?.result ?? { boolValue: true }) as Json,
    );
    const isSame = typeNameOf(wanted) === typeNameOf(outcome.value) && isSameValue(wanted, outcome.value);
    return isSame ? undefined : `${shown(outcome.value)} instead of ${shown(wanted)}`;
  } catch (error) {
    return `${error instanceof Error ? error.message : JSON.stringify(error)}`;
  }
}

/** NaN is what the specification means by NaN. */
function isSameValue(a: Value, b: Value): boolean {
  if (a instanceof Double && b instanceof Double && Number.isNaN(a.value)) return Number.isNaN(b.value);
  return isEqual(a, b);
}

function shown(value: Value): string {
  if (value instanceof ListValue) return `[${[...value].map(shown).join(', ')}]`;
  if (value instanceof MapValue)
    return `{${[...value.keys()].map((key) => `${shown(key)}: ${shown(value.get(key)!)}`).join(', ')}}`;
  if (value instanceof Double || value instanceof Uint) return `${typeNameOf(value)} ${value.value}`;
  return typeof value === 'object' && value !== null
    ? `${typeNameOf(value)} ${JSON.stringify(value, (_, inner) => (typeof inner === 'bigint' ? String(inner) : inner))}`
    : `${value}`;
}

const primitives: Readonly<Record<string, Type>> = {
  BOOL: types.bool,
  INT64: types.int,
  UINT64: types.uint,
  DOUBLE: types.double,
  STRING: types.string,
  BYTES: types.bytes,
};

function typeOf(json: Json): Type {
  if (typeof json.primitive === 'string') return primitives[json.primitive]!;
  if (json.wellKnown === 'TIMESTAMP') return types.timestamp;
  if (json.wellKnown === 'DURATION') return types.duration;
  if (json.listType !== undefined) return listOf(typeOf(((json.listType as Json).elemType ?? { dyn: {} }) as Json));
  if (json.mapType !== undefined) {
    const { keyType = { dyn: {} }, valueType = { dyn: {} } } = json.mapType as { keyType?: Json; valueType?: Json };
    return mapOf(typeOf(keyType), typeOf(valueType));
  }
  if ('null' in json) return types.null;
  if ('type' in json)
    return {
      kind: 'type',
      name: 'type',
      parameters: Object.keys(json.type as Json).length > 0 ? [typeOf(json.type as Json)] : [],
    };
  if (json.abstractType !== undefined) {
    const { name, parameterTypes = [] } = json.abstractType as { name: string; parameterTypes?: Json[] };
    return { kind: 'opaque', name, parameters: parameterTypes.map(typeOf) };
  }
  return types.dyn;
}

function doubleOf(value: unknown): number {
  return value === '-Infinity' ? -Infinity : Number(value);
}

function intOf(value: bigint): Value {
  return Number.isSafeInteger(Number(value)) ? Number(value) : value;
}

function valueOfJson(json: Json): Value {
  const [[kind, value]] = Object.entries(json) as [[string, unknown]];
  switch (kind) {
    case 'nullValue':
      return null;
    case 'boolValue':
    case 'stringValue':
      return value as boolean | string;
    case 'int64Value':
      return intOf(BigInt(value as string));
    case 'uint64Value':
      return new Uint(BigInt(value as string));
    case 'doubleValue':
      return new Double(doubleOf(value));
    case 'bytesValue':
      return new Uint8Array(Buffer.from(value as string, 'base64'));
    case 'listValue':
      return new ArrayList((((value as Json).values ?? []) as Json[]).map(valueOfJson));
    case 'typeValue':
      return new TypeValue(value as string);
    case 'mapValue': {
      const map = new EntryMap();
      for (const { key, value: inner } of ((value as Json).entries ?? []) as { key: Json; value: Json }[]) {
        map.set(valueOfJson(key), valueOfJson(inner));
      }
      return map;
    }
    default:
      return wellKnownOf(value as Json);
  }
}

function wellKnownOf(json: Json): Value {
  const text = json.value as string;
  if (String(json['@type']).endsWith('Timestamp')) return parseTimestamp(text) ?? fail(text);
  if (String(json['@type']).endsWith('Duration')) return parseDuration(text) ?? fail(text);
  return fail(`no value: ${JSON.stringify(json)}`);
}
