/** Strict decoding: plain values to objects of a kind. Every field must be one that the kind has, and of its type. */
import { type FieldCause, GantryError } from '@gantry/runtime/errors.ts';
import { builtIn } from './built-in.ts';
import { formatDurationNs, parseDurationNs } from './duration.ts';
import { formatTimestamp, isTimestamp } from './forms.ts';
import type { FieldReader, KubeObject } from './kind.ts';
import { parseManifestText, strictText } from './parse.ts';
import { formatQuantity, parseQuantity, roundedForResources } from './quantity.ts';
import type { Form, Registry } from './registry.ts';
import type { ObjectSchema, TypeSchema, ValueForm, ValueSchema } from './type-schema.ts';
import { fillZeros, isOmittedZero, zeroOf } from './zeros.ts';

/** Objects within objects, at most. */
const maxDepth = 64;
/** Problems that one error tells of. */
const maxProblems = 50;

/** Treatment of fields that a kind does not have, and of fields that are given twice. */
export type FieldValidation = 'Ignore' | 'Warn' | 'Strict';

/** How an object is decoded. */
export interface DecodeOptions {
  /** `Strict` by default. */
  readonly fieldValidation?: FieldValidation;
  /** Fields that its text had twice: parseManifest finds them. */
  readonly duplicates?: readonly FieldCause[];
  /** The kinds that it may be of; the built-in ones by default. */
  readonly registry?: Registry;
}

/** A decoded object, and what its sender is to be told. */
export interface Decoded {
  readonly object: KubeObject;
  /** Unknown fields and duplicates of `Warn`, each in Kubernetes' words. */
  readonly warnings: readonly string[];
}

/** Reads one object from JSON or YAML. Throws BadRequest that names every field that is wrong. */
export function decodeManifest(input: string | Uint8Array): KubeObject {
  return decodeObject(parseManifestText(input));
}

/**
 * Reads one object from a plain value, such as parsed JSON, with no field that its kind does not have. Throws BadRequest that names
 * every field that is wrong.
 * @param registry The kinds that the object may be of.
 */
export function decodeObject(value: unknown, registry: Registry = builtIn): KubeObject {
  return decodeWith(value, { registry }).object;
}

/** The same of an object that is stored: a newer version may have stored fields that this one does not know. They are dropped. */
export function decodeStored(value: unknown, registry: Registry = builtIn): KubeObject {
  return decodeWith(value, { registry, fieldValidation: 'Ignore' }).object;
}

/** Reads one object from a plain value. Throws BadRequest that names every field that is wrong. */
export function decodeWith(value: unknown, options: DecodeOptions): Decoded {
  const { fieldValidation = 'Strict', duplicates = [], registry = builtIn } = options;
  if (!isRecord(value))
    throw new GantryError('BadRequest', `error parsing manifest: an object is expected, not ${describe(value)}`);
  const { apiVersion, kind: kindName, ...fields } = value;
  if (typeof kindName !== 'string' || kindName === '') throw missing('Kind', 'kind', value);
  if (typeof apiVersion !== 'string' || apiVersion === '') throw missing('apiVersion', 'apiVersion', value);
  const form = registry.formOf({ apiVersion, kind: kindName });
  const decoder = new Decoder(fieldValidation, duplicates);
  const decoded = decoder.read(form, fields) as Omit<KubeObject, 'apiVersion' | 'kind'>;
  const warnings = decoder.finish(kindName, form.version);
  const object = { apiVersion, kind: kindName, ...decoded, metadata: decoded.metadata ?? { name: '' } };
  return { object, warnings };
}

function missing(word: string, field: string, value: unknown): GantryError {
  const shown = JSON.stringify(value).slice(0, 200);
  return new GantryError('BadRequest', `Object '${word}' is missing in '${shown}'`, {
    causes: [{ reason: 'FieldValueRequired', field, message: 'Required value' }],
  });
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** How JSON calls a value's type, as Go's decoder words it, with the value where it is short. */
function describe(value: unknown): string {
  if (Array.isArray(value)) return 'array';
  if (value === null) return 'null';
  if (typeof value === 'boolean') return 'bool';
  if (typeof value === 'number') return `number ${value}`;
  return typeof value;
}

/** Thrown when as much is known to be wrong as one error tells. */
const enough = new Error('enough problems');

/** The object that has a value. */
interface Home {
  /** Name of its type. */
  readonly type: string;
  /** Objects around it. */
  readonly depth: number;
}

class Decoder implements FieldReader {
  readonly #fieldValidation: FieldValidation;
  readonly #strict: FieldCause[] = [];
  readonly #wrong: FieldCause[] = [];
  /** Duplicates by their fields, until the fields are read: strict problems are told in the order of the text. */
  readonly #duplicates: Map<string, FieldCause>;
  /** Unknown fields are not noted. */
  #isSilent = false;

  constructor(fieldValidation: FieldValidation, duplicates: readonly FieldCause[]) {
    this.#fieldValidation = fieldValidation;
    this.#duplicates = new Map(fieldValidation === 'Ignore' ? [] : duplicates.map((cause) => [cause.field, cause]));
  }

  /** Throws what is wrong, and gives back what is only to be told. */
  finish(kind: string, version: string): string[] {
    this.#strict.push(...this.#duplicates.values());
    const isStrict = this.#fieldValidation === 'Strict';
    const causes = isStrict ? [...this.#wrong, ...this.#strict] : this.#wrong;
    if (causes.length === 0) return this.#strict.map(({ message }) => message);
    const texts = causes.map(strictText);
    const strict = this.#wrong.length > 0 ? '' : 'strict decoding error: ';
    const text = `${kind} in version "${version}" cannot be handled as a ${kind}: ${strict}${texts.join(', ')}`;
    throw new GantryError('BadRequest', text, { causes });
  }

  /** The fields of a whole object; some of them where there is too much wrong to go on. */
  read({ kind: { custom }, schema }: Form, value: Record<string, unknown>): Record<string, unknown> {
    try {
      if (custom === undefined) return this.#object(schema, value, '', 0);
      this.#strict.push(...this.#duplicates.values());
      this.#duplicates.clear();
      return custom.decode(value, this);
    } catch (error) {
      if (error !== enough) throw error;
      return {};
    }
  }

  unknown(path: string): void {
    this.#noteUnknown(path);
  }

  refuse(path: string, message: string): void {
    this.#reject(path, message);
  }

  object(schema: ObjectSchema, value: unknown, path: string): Record<string, unknown> | undefined {
    const home = { type: 'ObjectMeta', depth: 0 };
    return isRecord(value) ? this.#object(schema, value, path, 1) : this.#mismatch(value, path, home, schema);
  }

  #object(schema: ObjectSchema, value: Record<string, unknown>, path: string, depth: number): Record<string, unknown> {
    const result: Record<string, unknown> = {};
    const home: Home = { type: schema.name, depth };
    if (depth > maxDepth) {
      this.#reject(path, `${path}: nested deeper than ${maxDepth} levels`);
      return result;
    }
    for (const [name, inner] of Object.entries(value)) {
      const field = schema.fields.get(name);
      const innerPath = path === '' ? name : `${path}.${name}`;
      this.#noteDuplicate(innerPath);
      if (field === undefined) {
        if (schema.keepsUnknown) setOwn(result, name, inner);
        else this.#noteUnknown(innerPath);
      } else if (inner === null) {
        if (field.isNullable) result[name] = null;
      } else if (inner !== undefined) {
        const decoded = this.#value(field.schema, inner, innerPath, home);
        if (decoded !== undefined && !isOmittedZero(field, decoded)) result[name] = decoded;
      }
    }
    fillZeros(schema, result);
    return result;
  }

  #noteDuplicate(path: string): void {
    if (this.#duplicates.size === 0) return;
    const cause = this.#duplicates.get(path);
    if (cause !== undefined && this.#duplicates.delete(path)) this.#strict.push(cause);
  }

  #noteUnknown(path: string): void {
    if (this.#isSilent || this.#fieldValidation === 'Ignore' || this.#strict.length >= maxProblems) return;
    this.#strict.push({ reason: 'FieldValueInvalid', field: path, message: `unknown field ${JSON.stringify(path)}` });
    this.#endWhereEnough();
  }

  #reject(field: string, message: string): void {
    this.#wrong.push({ reason: 'FieldValueTypeInvalid', field, message });
    this.#endWhereEnough();
  }

  #endWhereEnough(): void {
    const refused = this.#wrong.length + (this.#fieldValidation === 'Strict' ? this.#strict.length : 0);
    if (refused >= maxProblems) throw enough;
  }

  #mismatch(value: unknown, path: string, home: Home, schema: TypeSchema): undefined {
    const struct = home.type.slice(home.type.lastIndexOf('.') + 1);
    const goPath = path.replace(/\[\d+\]/g, '');
    const shown = typeof value === 'string' ? `string ${JSON.stringify(value.slice(0, 60))}` : describe(value);
    const text = `json: cannot unmarshal ${shown} into Go struct field ${struct}.${goPath} of type ${goType(schema)}`;
    this.#reject(path, text);
    return undefined;
  }

  #value(schema: TypeSchema, value: unknown, path: string, home: Home): unknown {
    switch (schema.type) {
      case 'value':
        return this.#scalar(schema, value, path, home);
      case 'object':
        return isRecord(value)
          ? this.#object(schema, value, path, home.depth + 1)
          : this.#mismatch(value, path, home, schema);
      case 'list':
        return Array.isArray(value)
          ? value.map((item, index) => this.#inner(schema.items, item, `${path}[${index}]`, home))
          : this.#mismatch(value, path, home, schema);
      case 'map': {
        if (!isRecord(value)) return this.#mismatch(value, path, home, schema);
        const isAmount = schema.values.type === 'value' && schema.values.form === 'quantity';
        const entries = Object.entries(value).map(([key, item]) => {
          const innerPath = `${path}.${key}`;
          this.#noteDuplicate(innerPath);
          return [
            key,
            isAmount ? this.#amount(item, innerPath, home) : this.#inner(schema.values, item, innerPath, home),
          ];
        });
        return Object.fromEntries(entries);
      }
    }
  }

  /** An entry of a list or a map: one that is null has the zero of its type. */
  #inner(schema: TypeSchema, item: unknown, path: string, home: Home): unknown {
    return this.#value(schema, item ?? zeroOf(schema), path, home);
  }

  /** Maps of quantities are amounts of resources by name. */
  #amount(item: unknown, path: string, home: Home): unknown {
    const value = item ?? '0';
    if (typeof value === 'string' || typeof value === 'number') return this.#quantity(value, path, true);
    return this.#mismatch(value, path, home, { type: 'value', form: 'quantity' });
  }

  #scalar(schema: ValueSchema, value: unknown, path: string, home: Home): unknown {
    switch (schema.form) {
      case 'string': {
        const isFine = typeof value === 'string' && (schema.values === undefined || schema.values.includes(value));
        return isFine ? value : this.#mismatch(value, path, home, schema);
      }
      case 'bool':
        return typeof value === 'boolean' ? value : this.#mismatch(value, path, home, schema);
      case 'double':
        return typeof value === 'number' && Number.isFinite(value) ? value : this.#mismatch(value, path, home, schema);
      case 'any':
        return schema.alternatives === undefined ? value : this.#alternative(schema, value, path, home);
      case 'intOrString':
        return typeof value === 'string' || isWithin(ranges.int32!, value)
          ? value
          : this.#mismatch(value, path, home, schema);
      case 'quantity':
        return typeof value === 'string' || typeof value === 'number'
          ? this.#quantity(value, path, false)
          : this.#mismatch(value, path, home, schema);
      case 'bytes':
        return typeof value === 'string' ? this.#bytes(value, path) : this.#mismatch(value, path, home, schema);
      case 'time':
      case 'microTime':
        return typeof value === 'string'
          ? this.#time(schema.form, value, path)
          : this.#mismatch(value, path, home, schema);
      case 'duration':
        return typeof value === 'string' ? this.#duration(value, path) : this.#mismatch(value, path, home, schema);
      default:
        return isWithin(ranges[schema.form]!, value) ? value : this.#mismatch(value, path, home, schema);
    }
  }

  /** Unknown fields of a value that may have several types are dropped in silence, as Kubernetes does. */
  #alternative({ alternatives = [] }: ValueSchema, value: unknown, path: string, home: Home): unknown {
    const schema = alternatives.find((each) => isOfJsonType(value, each));
    if (schema === undefined) {
      // Kubernetes reads a value of another type as one that is not set, unless it may be a boolean.
      if (alternatives.some((each) => each.type === 'value')) this.#reject(path, 'boolean or JSON schema expected');
      return undefined;
    }
    const before = this.#isSilent;
    this.#isSilent = true;
    const decoded = this.#value(schema, value, path, home);
    this.#isSilent = before;
    return decoded;
  }

  #bytes(value: string, path: string): string | undefined {
    const text = value.replace(/\s/g, '');
    if (/^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/.test(text)) return text;
    this.#reject(path, `${path}: illegal base64 data`);
    return undefined;
  }

  #time(form: 'time' | 'microTime', value: string, path: string): string | undefined {
    if (isTimestamp(value)) return formatTimestamp(value, form);
    this.#reject(path, `${path}: parsing time ${JSON.stringify(value.slice(0, 60))}: not a time in RFC 3339`);
    return undefined;
  }

  #duration(value: string, path: string): string | undefined {
    const ns = parseDurationNs(value);
    if (ns !== undefined) return formatDurationNs(ns);
    this.#reject(path, `${path}: time: invalid duration ${JSON.stringify(value.slice(0, 60))}`);
    return undefined;
  }

  #quantity(value: string | number, path: string, isAmount: boolean): string | undefined {
    try {
      const quantity = parseQuantity(value);
      return formatQuantity(isAmount ? roundedForResources(quantity) : quantity);
    } catch (error) {
      this.#reject(path, `${path}: Invalid value: ${JSON.stringify(value)}: ${(error as Error).message}`);
      return undefined;
    }
  }
}

const ranges: Readonly<Record<string, readonly [low: number, high: number]>> = {
  int32: [-(2 ** 31), 2 ** 31 - 1],
  uint32: [0, 2 ** 32 - 1],
  // Whole numbers beyond 2^53 are not exact in JSON.
  int64: [Number.MIN_SAFE_INTEGER, Number.MAX_SAFE_INTEGER],
  uint64: [0, Number.MAX_SAFE_INTEGER],
};

function isWithin([low, high]: readonly [low: number, high: number], value: unknown): boolean {
  return typeof value === 'number' && Number.isInteger(value) && value >= low && value <= high;
}

/** True where the JSON type of a value is that of a schema: an object, an array, or a boolean. */
function isOfJsonType(value: unknown, { type }: TypeSchema): boolean {
  if (Array.isArray(value)) return type === 'list';
  return type === (typeof value === 'boolean' ? 'value' : isRecord(value) ? 'object' : undefined);
}

/** A type's name in messages, as Go has it. */
function goType(schema: TypeSchema): string {
  switch (schema.type) {
    case 'list':
      return `[]${goType(schema.items)}`;
    case 'map':
      return `map[string]${goType(schema.values)}`;
    case 'object':
      return shortName(schema.name);
    case 'value':
      return schema.values !== undefined && schema.name !== undefined ? schema.name : goForms[schema.form];
  }
}

const goForms: Readonly<Record<ValueForm, string>> = {
  string: 'string',
  bool: 'bool',
  bytes: '[]uint8',
  int32: 'int32',
  int64: 'int64',
  uint32: 'uint32',
  uint64: 'uint64',
  double: 'float64',
  quantity: 'resource.Quantity',
  time: 'Time',
  microTime: 'Time',
  duration: 'Duration',
  intOrString: 'intstr.IntOrString',
  any: 'interface {}',
};

/** `gantry.core.v1.PodSpec` → `v1.PodSpec`. */
function shortName(name: string): string {
  return name.split('.').slice(-2).join('.');
}

/** Sets a property of any name as data, also one such as __proto__. */
function setOwn(target: Record<string, unknown>, key: string, value: unknown): void {
  Object.defineProperty(target, key, { value, enumerable: true, configurable: true, writable: true });
}
