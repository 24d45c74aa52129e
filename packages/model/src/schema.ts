/**
 * The schema of every object and message, read once from proto/. All that Gantry derives from it (types, decoding, the wire
 * format, patches) goes through the descriptors here, not through the parser's own.
 */
import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import protobuf from 'protobufjs';

/** How a message is written in JSON; see JsonForm in proto/gantry/options.proto. */
export type JsonForm = 'object' | 'quantity' | 'time' | 'microTime' | 'intOrString' | 'raw' | 'strings';

/** A field's type: a scalar by its protobuf name, an enum, or a message. */
export type FieldType =
  | { readonly kind: 'scalar'; readonly scalar: string }
  | { readonly kind: 'enum'; readonly name: string; readonly values: Readonly<Record<string, number>> }
  | { readonly kind: 'message'; readonly name: string };

export interface FieldSchema {
  /** Name in proto and JSON alike. */
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
  readonly mergeKey: string | undefined;
  readonly patchStrategies: readonly string[];
  /** How entries of a list are owned: as a whole, by value, or by the properties of listMapKeys. */
  readonly listType: 'atomic' | 'set' | 'map';
  readonly listMapKeys: readonly string[];
  /** True if the object or map, or each entry of the list, is owned as a whole. */
  readonly atomic: boolean;
  readonly comment: string;
}

export interface MessageSchema {
  /** Such as gantry.core.v1.Pod. */
  readonly name: string;
  readonly jsonForm: JsonForm;
  readonly fields: readonly FieldSchema[];
  readonly comment: string;
}

/** The folder of all .proto files; they import one another by their paths below it. */
export const protoFolder = fileURLToPath(new URL('../../../proto/', import.meta.url));
const entryFiles = [
  ...['object', 'resources', 'scheduling', 'nodes', 'pods', 'placement', 'tokens'].map((name) => `api/v1/${name}`),
  // Bodies of REST requests that no gRPC message holds.
  ...[
    'meta/v1/envelope',
    'meta/v1/status',
    'meta/v1/delete',
    'autoscaling/v1/scale',
    'policy/v1/eviction',
    'core/v1/binding',
  ],
  ...['authentication/v1/self', 'authorization/v1/review'],
  'authentication/v1/tokenreview',
].map((name) => `gantry/${name}.proto`);
const wellKnownFolder = dirname(createRequire(import.meta.url).resolve('protobufjs/package.json'));

const jsonForms: Readonly<Record<string, JsonForm>> = {
  JSON_FORM_QUANTITY: 'quantity',
  JSON_FORM_TIME: 'time',
  JSON_FORM_MICRO_TIME: 'microTime',
  JSON_FORM_INT_OR_STRING: 'intOrString',
  JSON_FORM_RAW: 'raw',
  JSON_FORM_STRINGS: 'strings',
};

let root: protobuf.Root | undefined;
const messages = new Map<string, MessageSchema>();

/** The parsed files without their comments, which cost time at every start; read when first asked for. */
export function loadRoot(): protobuf.Root {
  root ??= parseRoot(false);
  return root;
}

/** The schemas of all messages below proto/gantry with their comments, for what is made for people to read. Reads the files anew. */
export function documentedSchemas(): MessageSchema[] {
  return [...allTypes(parseRoot(true))].map(describe);
}

function parseRoot(withComments: boolean): protobuf.Root {
  const parsed = new protobuf.Root();
  parsed.resolvePath = (_origin, target) => {
    const own = join(protoFolder, target);
    return existsSync(own) ? own : join(wellKnownFolder, target);
  };
  parsed.loadSync(entryFiles, { keepCase: true, alternateCommentMode: withComments, preferTrailingComment: false });
  parsed.resolveAll();
  return parsed;
}

function* allTypes(namespace: protobuf.NamespaceBase): Generator<protobuf.Type> {
  for (const nested of namespace.nestedArray) {
    if (nested instanceof protobuf.Type) yield nested;
    if (nested instanceof protobuf.Namespace && nested.fullName !== '.google') yield* allTypes(nested);
  }
}

/** The schema of a message by its full name, without comments. Throws where there is none. */
export function messageSchema(name: string): MessageSchema {
  let schema = messages.get(name);
  if (schema === undefined) {
    schema = describe(loadRoot().lookupType(name));
    messages.set(name, schema);
  }
  return schema;
}

const jsonFields = new Map<string, ReadonlyMap<string, FieldSchema>>();

/** The properties of a message's JSON object by name: inlined messages give theirs to the parent. */
export function jsonFieldsOf(messageName: string): ReadonlyMap<string, FieldSchema> {
  let fields = jsonFields.get(messageName);
  if (fields === undefined) {
    fields = inlined(messageSchema(messageName), jsonFieldsOf);
    jsonFields.set(messageName, fields);
  }
  return fields;
}

/** The fields of a message with those of its inlined messages in their place. @param fieldsOf The same of another message. */
export function inlined(
  schema: MessageSchema,
  fieldsOf: (messageName: string) => ReadonlyMap<string, FieldSchema>,
): ReadonlyMap<string, FieldSchema> {
  return new Map(
    schema.fields.flatMap((field) =>
      field.inline && field.type.kind === 'message' ? [...fieldsOf(field.type.name)] : [[field.name, field] as const],
    ),
  );
}

function describe(type: protobuf.Type): MessageSchema {
  const form = type.options?.['(gantry.json_form)'];
  return {
    name: type.fullName.slice(1),
    jsonForm: (form !== undefined && jsonForms[form as string]) || 'object',
    fields: type.fieldsArray.map(describeField),
    comment: type.comment ?? '',
  };
}

function describeField(field: protobuf.Field): FieldSchema {
  const options = field.options ?? {};
  const type = typeOf(field);
  const hasPresence = Boolean(options.proto3_optional) || field.partOf !== null;
  const required = options['(gantry.required)'] === true;
  const isScalar = type.kind !== 'message';
  return {
    name: field.name,
    number: field.id,
    type,
    cardinality: field instanceof protobuf.MapField ? 'map' : field.repeated ? 'list' : 'single',
    hasPresence,
    alternatives: (field.partOf?.fieldsArray ?? []).filter((other) => other !== field).map(({ name }) => name),
    inline: options['(gantry.inline)'] === true,
    required,
    // An absent value with presence means something else than zero, even where it is asked for.
    always: options['(gantry.always)'] === true || (required && !hasPresence && (isScalar || field.repeated)),
    partial: options['(gantry.partial)'] === true,
    mergeKey: options['(gantry.merge_key)'],
    patchStrategies: String(options['(gantry.patch_strategy)'] ?? '')
      .split(',')
      .filter((word) => word !== ''),
    listType: options['(gantry.list_type)'] ?? 'atomic',
    listMapKeys: String(options['(gantry.list_map_keys)'] ?? '')
      .split(',')
      .filter((word) => word !== ''),
    atomic: options['(gantry.atomic)'] ?? isAtomicMessage(field),
    comment: field.comment ?? '',
  };
}

function isAtomicMessage(field: protobuf.Field): boolean {
  return !(field instanceof protobuf.MapField) && field.resolvedType?.options?.['(gantry.atomic_message)'] === true;
}

function typeOf(field: protobuf.Field): FieldType {
  const { resolvedType } = field;
  if (resolvedType instanceof protobuf.Enum) {
    return { kind: 'enum', name: resolvedType.fullName.slice(1), values: resolvedType.values };
  }
  if (resolvedType instanceof protobuf.Type) return { kind: 'message', name: resolvedType.fullName.slice(1) };
  return { kind: 'scalar', scalar: field.type };
}
