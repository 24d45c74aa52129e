/** Checks values against their declaration: types, oneofs, and the part of validate.rules that schema.ts carries. */
import type { Field, FieldType, MessageType, Rules } from './schema.ts';

/** One field that is wrong. */
export interface FieldProblem {
  /** Path of the field, such as filterChains[0].filters[1].name. */
  readonly field: string;
  readonly problem: string;
}

/** A message that Envoy would refuse. */
export class InvalidMessageError extends Error {
  readonly problems: readonly FieldProblem[];

  constructor(typeName: string, problems: readonly FieldProblem[]) {
    const [first, ...rest] = problems.map(({ field, problem }) => `${field}: ${problem}`);
    super(`invalid ${typeName}: ${first}${rest.length > 0 ? ` (and ${rest.length} more)` : ''}`);
    this.name = 'InvalidMessageError';
    this.problems = problems;
  }
}

/** Throws InvalidMessageError where the value breaks its declaration. */
export function assertValid(type: MessageType, value: unknown): void {
  const problems = validate(type, value);
  if (problems.length > 0) throw new InvalidMessageError(type.name, problems);
}

/** Everything that is wrong with a value; empty where it is right. */
export function validate(type: MessageType, value: unknown): FieldProblem[] {
  const problems: FieldProblem[] = [];
  checkMessage(type, value, '', problems);
  return problems;
}

function checkMessage(type: MessageType, value: unknown, path: string, problems: FieldProblem[]): void {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    problems.push({ field: path || '(root)', problem: `must be an object, is ${describe(value)}` });
    return;
  }
  const object = value as Record<string, unknown>;
  for (const key of Object.keys(object)) {
    if (!Object.hasOwn(type.fields, key)) problems.push({ field: join(path, key), problem: 'unknown field' });
  }
  for (const [key, field] of Object.entries(type.fields)) checkField(field, object[key], join(path, key), problems);
  checkOneofs(type, object, path, problems);
}

function checkOneofs(type: MessageType, object: Record<string, unknown>, path: string, problems: FieldProblem[]): void {
  const members = new Map<string, string[]>();
  for (const [key, field] of Object.entries(type.fields)) {
    if (field.rules.oneof === undefined || object[key] === undefined) continue;
    members.set(field.rules.oneof, [...(members.get(field.rules.oneof) ?? []), key]);
  }
  for (const [oneof, keys] of members) {
    if (keys.length > 1) {
      problems.push({ field: path || '(root)', problem: `only one of ${keys.join(', ')} may be set (${oneof})` });
    }
  }
  for (const oneof of type.requiredOneofs) {
    if (!members.has(oneof)) problems.push({ field: path || '(root)', problem: `one of ${oneof} must be set` });
  }
}

function checkField(field: Field, value: unknown, path: string, problems: FieldProblem[]): void {
  if (field.arity === 'one') {
    if (value !== undefined) {
      checkValue(field.type, field.rules, value, path, problems);
      return;
    }
    // An absent string is the empty one, so a rule about its length applies; members of a oneof are absent by right.
    const breaksRule = field.rules.required || (field.rules.minLen ?? 0) > 0;
    if (breaksRule && field.rules.oneof === undefined) problems.push({ field: path, problem: 'required' });
    return;
  }
  if (field.arity === 'map') {
    for (const [key, item] of Object.entries((value ?? {}) as object)) {
      checkValue(field.type, field.rules, item, `${path}[${key}]`, problems);
    }
    return;
  }
  if (value !== undefined && !Array.isArray(value)) {
    problems.push({ field: path, problem: `must be an array, is ${describe(value)}` });
    return;
  }
  const items = (value ?? []) as readonly unknown[];
  if (items.length < (field.rules.minItems ?? 0)) {
    problems.push({ field: path, problem: `must have at least ${field.rules.minItems} element(s)` });
  }
  items.forEach((item, i) => {
    checkValue(field.type, field.rules, item, `${path}[${i}]`, problems);
  });
}

function checkValue(type: FieldType, rules: Rules, value: unknown, path: string, problems: FieldProblem[]): void {
  if (type.kind === 'message') {
    checkMessage(type, value, path, problems);
    return;
  }
  const problem = type.kind === 'enum' ? enumProblem(type.numbers, value) : scalarProblem(type, rules, value);
  if (problem !== undefined) problems.push({ field: path, problem });
}

function enumProblem(numbers: Readonly<Record<string, number>>, value: unknown): string | undefined {
  if (typeof value === 'string' && Object.hasOwn(numbers, value)) return undefined;
  return `must be one of ${Object.keys(numbers).join(', ')}, is ${describe(value)}`;
}

type LeafType = Exclude<FieldType, { kind: 'message' | 'enum' }>;

function scalarProblem(type: LeafType, rules: Rules, value: unknown): string | undefined {
  const wire = type.kind === 'duration' ? 'duration' : type.wire;
  switch (wire) {
    case 'bool':
      return typeof value === 'boolean' ? undefined : `must be a boolean, is ${describe(value)}`;
    case 'bytes':
      return value instanceof Uint8Array ? undefined : `must be bytes, is ${describe(value)}`;
    case 'string':
      if (typeof value !== 'string') return `must be a string, is ${describe(value)}`;
      return value.length < (rules.minLen ?? 0) ? `must have at least ${rules.minLen} character(s)` : undefined;
    default:
      return numberProblem(wire, rules, value);
  }
}

const integerRanges: Readonly<Record<string, readonly [number, number]>> = {
  int32: [-(2 ** 31), 2 ** 31 - 1],
  uint32: [0, 2 ** 32 - 1],
  int64: [Number.MIN_SAFE_INTEGER, Number.MAX_SAFE_INTEGER],
  uint64: [0, Number.MAX_SAFE_INTEGER],
};

function numberProblem(wire: string, rules: Rules, value: unknown): string | undefined {
  if (typeof value !== 'number' || !Number.isFinite(value)) return `must be a number, is ${describe(value)}`;
  const range = integerRanges[wire];
  if (range && (!Number.isInteger(value) || value < range[0] || value > range[1])) {
    return `must be an integer from ${range[0]} to ${range[1]}, is ${value}`;
  }
  if (rules.gte !== undefined && value < rules.gte) return `must be at least ${rules.gte}, is ${value}`;
  if (rules.lte !== undefined && value > rules.lte) return `must be at most ${rules.lte}, is ${value}`;
  if (rules.gt !== undefined && value <= rules.gt) return `must be greater than ${rules.gt}, is ${value}`;
  return undefined;
}

function describe(value: unknown): string {
  if (typeof value === 'string') return JSON.stringify(value);
  if (value === null || typeof value !== 'object') return String(value);
  return Array.isArray(value) ? 'an array' : 'an object';
}

function join(path: string, key: string): string {
  return path === '' ? key : `${path}.${key}`;
}
