/**
 * The messages of proto/ with all that the wire format knows of them. Types and codecs are made of these; everything else goes by
 * the type schemas that message-types.ts makes of them.
 */
import { type FieldJson, isEnum, jsonOf, type MessageJson } from './declarations.ts';

/** How a message is written in JSON; see JsonForm in proto/gantry/options.proto. */
export type JsonForm =
  | 'object'
  | 'quantity'
  | 'time'
  | 'microTime'
  | 'duration'
  | 'intOrString'
  | 'raw'
  | 'strings'
  | 'union';

/** A field's type: a scalar by its protobuf name, an enum, or a message. */
export type FieldType =
  | { readonly kind: 'scalar'; readonly scalar: string }
  | { readonly kind: 'enum'; readonly name: string; readonly values: Readonly<Record<string, number>> }
  | { readonly kind: 'message'; readonly name: string };

export interface FieldSchema {
  /** Name in JSON; that in proto is the same, but where JSON has a name that proto cannot have. */
  readonly name: string;
  readonly number: number;
  readonly type: FieldType;
  readonly cardinality: 'single' | 'list' | 'map';
  /** Absent and zero are different things. */
  readonly hasPresence: boolean;
  /** Names of the other fields of its oneof, of which one at most is set. */
  readonly alternatives: readonly string[];
  /** Its message's fields stand in the parent's JSON object. */
  readonly inline: boolean;
  readonly required: boolean;
  /** The JSON form has it even where it is zero. */
  readonly always: boolean;
  /** Nothing inside of it is required. */
  readonly partial: boolean;
  /** Required fields inside of it may be missing. */
  readonly unchecked: boolean;
  readonly mergeKey: string | undefined;
  readonly patchStrategies: readonly string[];
  /** Owners of a list: one, one an entry, or one an object with other keys; one where undefined. */
  readonly listType: 'atomic' | 'set' | 'map' | undefined;
  /** Fields that identify an entry of a list of type map. */
  readonly listMapKeys: readonly string[];
  /** A map or an object has one owner as a whole; undefined where the field says nothing. */
  readonly isAtomic: boolean | undefined;
  /** The value of a field that is absent; undefined where there is none. */
  readonly default: unknown;
  /** The message that declares it, where that is not the one whose JSON object has it. */
  readonly owner?: string;
}

export interface MessageSchema {
  /** Such as gantry.core.v1.Pod. */
  readonly name: string;
  readonly jsonForm: JsonForm;
  /** An object of this type has one owner as a whole, wherever it stands. */
  readonly isAtomic: boolean;
  readonly fields: readonly FieldSchema[];
}

const jsonForms: Readonly<Record<string, JsonForm>> = {
  JSON_FORM_QUANTITY: 'quantity',
  JSON_FORM_TIME: 'time',
  JSON_FORM_MICRO_TIME: 'microTime',
  JSON_FORM_INT_OR_STRING: 'intOrString',
  JSON_FORM_RAW: 'raw',
  JSON_FORM_STRINGS: 'strings',
  JSON_FORM_UNION: 'union',
  JSON_FORM_DURATION: 'duration',
};

const messages = new Map<string, MessageSchema>();

/** The schema of a message by its full name, without comments. Throws where there is none. */
export function messageSchema(name: string): MessageSchema {
  let schema = messages.get(name);
  if (schema === undefined) {
    schema = describe(name);
    messages.set(name, schema);
  }
  return schema;
}

const jsonFields = new Map<string, ReadonlyMap<string, FieldSchema>>();

/** The properties of a message's JSON object by name: inlined messages give theirs to the parent. */
export function jsonFieldsOf(messageName: string): ReadonlyMap<string, FieldSchema> {
  let fields = jsonFields.get(messageName);
  if (fields === undefined) {
    fields = inlined(messageSchema(messageName));
    jsonFields.set(messageName, fields);
  }
  return fields;
}

/** The fields of a message with those of its inlined messages in their place. */
function inlined(schema: MessageSchema): ReadonlyMap<string, FieldSchema> {
  return new Map(
    schema.fields.flatMap((field) => {
      if (!field.inline || field.type.kind !== 'message') return [[field.name, field] as const];
      const { name } = field.type;
      return [...jsonFieldsOf(name)].map(([inner, each]) => [inner, { ...each, owner: each.owner ?? name }] as const);
    }),
  );
}

function describe(name: string): MessageSchema {
  const json = jsonOf(name) as MessageJson;
  const form = json.options?.['(gantry.json_form)'];
  const oneofs = Object.values(json.oneofs ?? {}).map(({ oneof }) => oneof);
  return {
    name,
    jsonForm: (form !== undefined && jsonForms[form as string]) || 'object',
    isAtomic: json.options?.['(gantry.atomic_message)'] === true,
    fields: Object.entries(json.fields ?? {}).map(([fieldName, field]) => describeField(fieldName, field, oneofs)),
  };
}

function describeField(name: string, field: FieldJson, oneofs: readonly (readonly string[])[]): FieldSchema {
  const options = field.options ?? {};
  const type = typeOf(field);
  const oneof = oneofs.find((names) => names.includes(name));
  const hasPresence = options.proto3_optional === true || oneof !== undefined;
  const required = options['(gantry.required)'] === true;
  const isScalar = type.kind !== 'message';
  const isList = field.rule === 'repeated';
  const text = (option: string): string | undefined => options[`(gantry.${option})`] as string | undefined;
  const given = text('default');
  return {
    name: (options.json_name as string | undefined) ?? name,
    number: field.id,
    type,
    cardinality: field.keyType !== undefined ? 'map' : isList ? 'list' : 'single',
    hasPresence,
    alternatives: (oneof ?? []).filter((other) => other !== name),
    inline: options['(gantry.inline)'] === true,
    required,
    // An absent value with presence means something else than zero, even where it is asked for.
    always: options['(gantry.always)'] === true || (required && !hasPresence && (isScalar || isList)),
    partial: options['(gantry.partial)'] === true,
    unchecked: options['(gantry.unchecked)'] === true,
    mergeKey: text('merge_key'),
    patchStrategies: wordsOf(text('patch_strategy')),
    listType: text('list_type') as FieldSchema['listType'],
    listMapKeys: wordsOf(text('list_map_keys')),
    isAtomic: options['(gantry.atomic)'] as boolean | undefined,
    default: given === undefined ? undefined : JSON.parse(given),
  };
}

function wordsOf(text = ''): string[] {
  return text.split(',').filter((word) => word !== '');
}

function typeOf({ type }: FieldJson): FieldType {
  if (!type.startsWith('.')) return { kind: 'scalar', scalar: type };
  const name = type.slice(1);
  const json = jsonOf(name);
  return isEnum(json) ? { kind: 'enum', name, values: json.values } : { kind: 'message', name };
}
