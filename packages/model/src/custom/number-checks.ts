import type { JSONSchemaProps as SchemaProps } from '../gen/gantry.apiextensions.v1.ts';
import { Outcome } from './outcome.ts';

/** Checks of numbers. */
export interface NumberChecks {
  /** The format that the schema asks for; empty where there is none, or an unknown one. */
  readonly format: string;
  readonly check: (value: number, path: string) => Outcome;
}

const formats: Readonly<Record<string, readonly string[]>> = {
  integer: ['int32', 'int64'],
  number: ['float', 'double'],
};
const maxFloat = 3.4028234663852886e38;

/** Makes the checks of a schema's numbers: range of their format, bounds, factors. */
export function numberChecks(schema: SchemaProps, types: readonly string[]): NumberChecks {
  const type = types.length === 1 ? types[0]! : '';
  const { format: asked = '' } = schema;
  const format = Object.hasOwn(formats, type) && formats[type]!.includes(asked) ? asked : '';
  const check = (value: number, path: string): Outcome => {
    const outcome = new Outcome();
    if (!isInRange(value, type, format)) {
      const wanted = format === '' ? `${type} (default format)` : `${type} with format ${format}`;
      outcome.say(`Checked value must be of type ${wanted} in ${path}`);
    }
    checkFactor(schema, value, path, outcome);
    checkMinimum(schema, value, path, outcome);
    checkMaximum(schema, value, path, outcome);
    return outcome.matched(1);
  };
  return { format, check };
}

function isInRange(value: number, type: string, format: string): boolean {
  if (type === 'integer') {
    if (!Number.isInteger(value)) return false;
    return format === 'int32' ? value >= -(2 ** 31) && value < 2 ** 31 : value >= -(2 ** 63) && value < 2 ** 63;
  }
  return format !== 'float' || Math.abs(value) <= maxFloat;
}

/** A bound as it is compared with a value: that of a whole number is cut to a whole one. */
function boundFor(value: number, bound: number): number {
  return Number.isInteger(value) ? Math.trunc(bound) : bound;
}

function checkFactor({ multipleOf }: SchemaProps, value: number, path: string, outcome: Outcome): void {
  if (multipleOf === undefined) return;
  const factor = boundFor(value, multipleOf);
  if (factor <= 0) {
    outcome.invalid(path, factor, `factor MultipleOf declared for ${path} must be positive: ${factor}`);
  } else if (!isMultiple(value, factor)) {
    outcome.invalid(path, value, `${path} in body should be a multiple of ${factor}`);
  }
}

function isMultiple(value: number, factor: number): boolean {
  const times = factor < 1 ? (1 / factor) * value : value / factor;
  const rounded = Math.round(times);
  return times === rounded || (rounded !== 0 && Math.abs(times - rounded) < 1e-9 * Math.abs(rounded));
}

function checkMinimum(
  { minimum, exclusiveMinimum = false }: SchemaProps,
  value: number,
  path: string,
  outcome: Outcome,
): void {
  if (minimum === undefined) return;
  const bound = boundFor(value, minimum);
  if (exclusiveMinimum ? value > bound : value >= bound) return;
  const words = exclusiveMinimum ? 'greater than' : 'greater than or equal to';
  outcome.invalid(path, value, `${path} in body should be ${words} ${bound}`);
}

function checkMaximum(
  { maximum, exclusiveMaximum = false }: SchemaProps,
  value: number,
  path: string,
  outcome: Outcome,
): void {
  if (maximum === undefined) return;
  const bound = boundFor(value, maximum);
  if (exclusiveMaximum ? value < bound : value <= bound) return;
  const words = exclusiveMaximum ? 'less than' : 'less than or equal to';
  outcome.invalid(path, value, `${path} in body should be ${words} ${bound}`);
}
