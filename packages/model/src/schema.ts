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
export type JsonForm = 'object' | 'quantity' | 'time' | 'microTime' | 'intOrString' | 'raw';

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
  /** Its message's fields stand in the parent's JSON object. */
  readonly inline: boolean;
  readonly required: boolean;
  /** Nothing inside of it is required. */
  readonly partial: boolean;
  readonly mergeKey: string | undefined;
  readonly patchStrategies: readonly string[];
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
const entryFiles = ['object', 'resources', 'scheduling', 'nodes', 'pods', 'placement'].map(
  (name) => `gantry/api/v1/${name}.proto`,
);
const wellKnownFolder = dirname(createRequire(import.meta.url).resolve('protobufjs/package.json'));

const jsonForms: Readonly<Record<string, JsonForm>> = {
  JSON_FORM_QUANTITY: 'quantity',
  JSON_FORM_TIME: 'time',
  JSON_FORM_MICRO_TIME: 'microTime',
  JSON_FORM_INT_OR_STRING: 'intOrString',
  JSON_FORM_RAW: 'raw',
};

let root: protobuf.Root | undefined;
const messages = new Map<string, MessageSchema>();

/** The parsed files; read when first asked for. */
export function loadRoot(withComments = false): protobuf.Root {
  if (root === undefined) {
    root = new protobuf.Root();
    root.resolvePath = (_origin, target) => {
      const own = join(protoFolder, target);
      return existsSync(own) ? own : join(wellKnownFolder, target);
    };
    root.loadSync(entryFiles, { keepCase: true, alternateCommentMode: withComments, preferTrailingComment: false });
    root.resolveAll();
  }
  return root;
}

/** The schema of a message by its full name. Throws where there is none. */
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
    fields = new Map(
      messageSchema(messageName).fields.flatMap((field) =>
        field.inline && field.type.kind === 'message'
          ? [...jsonFieldsOf(field.type.name)]
          : [[field.name, field] as const],
      ),
    );
    jsonFields.set(messageName, fields);
  }
  return fields;
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
  return {
    name: field.name,
    number: field.id,
    type: typeOf(field),
    cardinality: field instanceof protobuf.MapField ? 'map' : field.repeated ? 'list' : 'single',
    hasPresence: Boolean(field.options?.proto3_optional) || field.partOf !== null,
    inline: options['(gantry.inline)'] === true,
    required: options['(gantry.required)'] === true,
    partial: options['(gantry.partial)'] === true,
    mergeKey: options['(gantry.merge_key)'],
    patchStrategies: String(options['(gantry.patch_strategy)'] ?? '')
      .split(',')
      .filter((word) => word !== ''),
    comment: field.comment ?? '',
  };
}

function typeOf(field: protobuf.Field): FieldType {
  const { resolvedType } = field;
  if (resolvedType instanceof protobuf.Enum) {
    return { kind: 'enum', name: resolvedType.fullName.slice(1), values: resolvedType.values };
  }
  if (resolvedType instanceof protobuf.Type) return { kind: 'message', name: resolvedType.fullName.slice(1) };
  return { kind: 'scalar', scalar: field.type };
}
