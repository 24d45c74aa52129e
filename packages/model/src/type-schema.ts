/**
 * The schema of a type as everything generic sees it: decoding, zeros, required fields, patches, field ownership, OpenAPI. It has two
 * sources: the messages of proto/ (message-types.ts) and structural schemas (structural.ts). Field numbers are no part of it.
 */
export type TypeSchema = ObjectSchema | MapSchema | ListSchema | ValueSchema;

/** An object with named fields. */
export interface ObjectSchema {
  readonly type: 'object';
  /** Such as gantry.core.v1.PodSpec; equal names are equal types. */
  readonly name: string;
  readonly fields: ReadonlyMap<string, Field>;
  /** It has one owner as a whole, not one a field. */
  readonly isAtomic: boolean;
  /** Nothing inside of it is required. */
  readonly isPartial: boolean;
  /** Fields that it does not name are kept as they are. */
  readonly keepsUnknown: boolean;
  /** Empty where there is none. Of a message it is read from a file when first asked for. */
  readonly documentation: string;
}

/** A field of an object. */
export interface Field {
  readonly name: string;
  readonly schema: TypeSchema;
  readonly isRequired: boolean;
  /** Required fields inside of it may be missing. */
  readonly isUnchecked: boolean;
  /** Null is a value of its own; for other fields it means absence. */
  readonly isNullable: boolean;
  /** The JSON form always has it, with its zero value where nothing was said. */
  readonly isAlways: boolean;
  /** Its zero value means the same as absence, and is left out of the JSON form. */
  readonly omitsZero: boolean;
  /** The value of a field that is absent, in its JSON form; undefined where the schema names none. */
  readonly default: unknown;
  /** Strategic merge patch: the field by which entries of the list are matched. */
  readonly mergeKey: string | undefined;
  /** Strategic merge patch: merge, replace, retainKeys. */
  readonly patchStrategies: readonly string[];
  readonly documentation: string;
}

/** An object whose keys are data. */
export interface MapSchema {
  readonly type: 'map';
  readonly values: TypeSchema;
  /** It has one owner as a whole, not one a key. */
  readonly isAtomic: boolean;
}

export interface ListSchema {
  readonly type: 'list';
  readonly items: TypeSchema;
  /** Owners: `atomic` of the whole, `set` of each scalar, `map` of each object, which its keys identify. */
  readonly listType: 'atomic' | 'set' | 'map';
  /** Fields that identify an entry of a list of type map. */
  readonly keys: readonly string[];
}

/** Forms of values that have no parts. `any` is any JSON value, kept as it is. */
export type ValueForm =
  | 'string'
  | 'bool'
  | 'bytes'
  | 'int32'
  | 'int64'
  | 'uint32'
  | 'uint64'
  | 'double'
  | 'quantity'
  | 'time'
  | 'microTime'
  | 'duration'
  | 'intOrString'
  | 'any';

export interface ValueSchema {
  readonly type: 'value';
  readonly form: ValueForm;
  /** The values that are possible; undefined where all of the form are. */
  readonly values?: readonly string[];
  /** Of the form `any`: the types that it may have, each of another JSON type; every one where undefined. */
  readonly alternatives?: readonly TypeSchema[];
  /** Name of a type of its own, such as gantry.meta.v1.Quantity. */
  readonly name?: string;
  readonly documentation?: string;
}
