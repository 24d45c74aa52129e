/** Strict decoding: plain values to objects of a kind. Every field must be one that the kind has, and of its type. */
import { type FieldCause, GantryError } from '@gantry/runtime/errors.ts';
import { builtIn } from './built-in.ts';
import { formatTimestamp, isTimestamp } from './forms.ts';
import type { KubeObject } from './kind.ts';
import { parseManifestText } from './parse.ts';
import { formatQuantity, parseQuantity, roundedForResources } from './quantity.ts';
import type { Registry } from './registry.ts';
import { type FieldSchema, type FieldType, jsonFieldsOf, messageSchema } from './schema.ts';
import { fillZeros, isOmittedZero, zeroOf } from './zeros.ts';

/** Objects within objects, at most. */
const maxDepth = 64;
/** Problems that one error tells of. */
const maxProblems = 50;

/** Reads one object from JSON or YAML. Throws BadRequest that names every field that is wrong. */
export function decodeManifest(input: string | Uint8Array): KubeObject {
  return decodeObject(parseManifestText(input));
}

/** Treatment of fields that a kind does not have. */
export type UnknownFields = 'refuse' | 'drop';

/**
 * Reads one object from a plain value, such as parsed JSON. Throws BadRequest that names every field that is wrong.
 * @param unknownFields What was stored by a newer version may have fields that this one does not know: `drop` them there.
 * @param registry The kinds that the object may be of.
 */
export function decodeObject(
  value: unknown,
  unknownFields: UnknownFields = 'refuse',
  registry: Registry = builtIn,
): KubeObject {
  if (!isRecord(value))
    throw new GantryError('BadRequest', `error parsing manifest: an object is expected, not ${describe(value)}`);
  const { apiVersion, kind: kindName, ...fields } = value;
  if (typeof kindName !== 'string' || kindName === '') throw missing('Kind', 'kind', value);
  if (typeof apiVersion !== 'string' || apiVersion === '') throw missing('apiVersion', 'apiVersion', value);
  const { kind, message, version } = registry.formOf({ apiVersion, kind: kindName });
  const decoder = new Decoder(unknownFields);
  const decoded = decoder.read(message, fields) as Omit<KubeObject, 'apiVersion' | 'kind'>;
  decoder.finish(kindName, version);
  return { apiVersion, kind: kind.kind, ...decoded, metadata: decoded.metadata ?? { name: '' } };
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

/** An object within the one that is decoded. */
interface Place {
  readonly path: string;
  readonly depth: number;
  /** Nothing inside of it is required, so nothing is always there. */
  readonly isPartial: boolean;
}

/** Thrown when as much is known to be wrong as one error tells. */
const enough = new Error('enough problems');

class Decoder {
  readonly #unknownFields: UnknownFields;
  readonly #unknown: FieldCause[] = [];
  readonly #wrong: FieldCause[] = [];

  constructor(unknownFields: UnknownFields) {
    this.#unknownFields = unknownFields;
  }

  /** Throws what was found. */
  finish(kind: string, version: string): void {
    const causes = [...this.#wrong, ...this.#unknown];
    if (causes.length === 0) return;
    const texts = causes.map(({ message }) => message);
    const strict = this.#wrong.length > 0 ? '' : 'strict decoding error: ';
    const text = `${kind} in version "${version}" cannot be handled as a ${kind}: ${strict}${texts.join(', ')}`;
    throw new GantryError('BadRequest', text, { causes });
  }

  /** The fields of a whole object; some of them where there is too much wrong to go on. */
  read(messageName: string, value: Record<string, unknown>): Record<string, unknown> {
    try {
      return this.#message(messageName, value, { path: '', depth: 0, isPartial: false });
    } catch (error) {
      if (error !== enough) throw error;
      return {};
    }
  }

  #message(messageName: string, value: Record<string, unknown>, place: Place): Record<string, unknown> {
    const { path, depth } = place;
    const fields = jsonFieldsOf(messageName);
    const result: Record<string, unknown> = {};
    if (depth > maxDepth) {
      this.#reject(path, `${path}: nested deeper than ${maxDepth} levels`);
      return result;
    }
    for (const [name, inner] of Object.entries(value)) {
      const field = fields.get(name);
      const innerPath = path === '' ? name : `${path}.${name}`;
      if (field === undefined) this.#rejectUnknown(innerPath);
      else if (inner !== null && inner !== undefined) {
        const decoded = this.#field(field, inner, innerPath, messageName, depth);
        if (decoded !== undefined && !isOmittedZero(field, decoded, place.isPartial)) result[name] = decoded;
      }
    }
    if (!place.isPartial) fillZeros(messageName, result);
    return result;
  }

  #rejectUnknown(path: string): void {
    if (this.#unknownFields === 'refuse') this.#reject(path, `unknown field ${JSON.stringify(path)}`, this.#unknown);
  }

  #reject(field: string, message: string, list: FieldCause[] = this.#wrong): void {
    list.push({ reason: list === this.#unknown ? 'FieldValueInvalid' : 'FieldValueTypeInvalid', field, message });
    if (this.#unknown.length + this.#wrong.length >= maxProblems) throw enough;
  }

  #mismatch(value: unknown, path: string, owner: string, wanted: string): undefined {
    const struct = owner.slice(owner.lastIndexOf('.') + 1);
    const goPath = path.replace(/\[\d+\]/g, '');
    const shown = typeof value === 'string' ? `string ${JSON.stringify(value.slice(0, 60))}` : describe(value);
    this.#reject(path, `json: cannot unmarshal ${shown} into Go struct field ${struct}.${goPath} of type ${wanted}`);
    return undefined;
  }

  #field(field: FieldSchema, value: unknown, path: string, owner: string, depth: number): unknown {
    if (field.cardinality === 'list') {
      if (!Array.isArray(value)) return this.#mismatch(value, path, owner, `[]${goType(field.type)}`);
      return value.map((item, index) => this.#value(field, item ?? zeroOf(field), `${path}[${index}]`, owner, depth));
    }
    if (field.cardinality === 'map') {
      if (!isRecord(value)) return this.#mismatch(value, path, owner, `map[string]${goType(field.type)}`);
      const entries = Object.entries(value).map(([key, item]) => [
        key,
        this.#value(field, item ?? zeroOf(field), `${path}.${key}`, owner, depth),
      ]);
      return Object.fromEntries(entries);
    }
    return this.#value(field, value, path, owner, depth);
  }

  #value(
    { type, partial, cardinality }: FieldSchema,
    value: unknown,
    path: string,
    owner: string,
    depth: number,
  ): unknown {
    switch (type.kind) {
      case 'scalar':
        return this.#scalar(type.scalar, value, path, owner);
      case 'enum':
        return typeof value === 'string' && Object.hasOwn(type.values, value)
          ? value
          : this.#mismatch(value, path, owner, type.name);
      case 'message': {
        const { jsonForm } = messageSchema(type.name);
        if (jsonForm !== 'object') return this.#form(jsonForm, value, path, owner, cardinality === 'map');
        return isRecord(value)
          ? this.#message(type.name, value, { path, depth: depth + 1, isPartial: partial })
          : this.#mismatch(value, path, owner, goType(type));
      }
    }
  }

  #scalar(scalar: string, value: unknown, path: string, owner: string): unknown {
    switch (scalar) {
      case 'string':
        return typeof value === 'string' ? value : this.#mismatch(value, path, owner, 'string');
      case 'bool':
        return typeof value === 'boolean' ? value : this.#mismatch(value, path, owner, 'bool');
      case 'bytes':
        if (typeof value !== 'string') return this.#mismatch(value, path, owner, '[]uint8');
        if (/^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/.test(value.replace(/\s/g, '')))
          return value.replace(/\s/g, '');
        this.#reject(path, `${path}: illegal base64 data`);
        return undefined;
      case 'double':
        return typeof value === 'number' && Number.isFinite(value)
          ? value
          : this.#mismatch(value, path, owner, 'float64');
      default:
        return isWithin(ranges[scalar]!, value) ? value : this.#mismatch(value, path, owner, scalar);
    }
  }

  #form(
    form: 'quantity' | 'time' | 'microTime' | 'intOrString' | 'raw' | 'strings',
    value: unknown,
    path: string,
    owner: string,
    isEntry: boolean,
  ): unknown {
    switch (form) {
      case 'raw':
        return value;
      case 'strings':
        if (Array.isArray(value) && value.every((item) => typeof item === 'string')) return value;
        return this.#mismatch(value, path, owner, '[]string');
      case 'intOrString':
        if (typeof value === 'string' || isWithin(ranges.int32!, value)) return value;
        return this.#mismatch(value, path, owner, 'intstr.IntOrString');
      case 'time':
      case 'microTime':
        if (typeof value !== 'string') return this.#mismatch(value, path, owner, 'Time');
        if (isTimestamp(value)) return formatTimestamp(value, form);
        this.#reject(path, `${path}: parsing time ${JSON.stringify(value.slice(0, 60))}: not a time in RFC 3339`);
        return undefined;
      case 'quantity':
        if (typeof value !== 'string' && typeof value !== 'number')
          return this.#mismatch(value, path, owner, 'resource.Quantity');
        return this.#quantity(value, path, isEntry);
    }
  }

  /** @param isAmount Maps of quantities are amounts of resources by name. */
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

function goType(type: FieldType): string {
  if (type.kind === 'scalar') return type.scalar === 'bytes' ? '[]uint8' : type.scalar;
  const [name, version] = type.name.split('.').reverse();
  return `${version}.${name}`;
}
