/**
 * OpenAPI 2 in the protobuf form that clients of Kubernetes ask for: the messages of gnostic's openapi.v2, as far as our documents have
 * their fields. Field numbers are theirs.
 */
import protobuf from 'protobufjs/minimal.js';

type Writer = protobuf.Writer;
/** Writes one field of a message. */
type Write = (writer: Writer, number: number, value: unknown) => void;
/** The fields of a message by their names in JSON. */
type Message = Readonly<Record<string, readonly [number: number, write: Write]>>;

const text: Write = (writer, number, value) => {
  writer.uint32((number << 3) | 2).string(String(value));
};
const flag: Write = (writer, number, value) => {
  writer.uint32(number << 3).bool(Boolean(value));
};
const texts: Write = (writer, number, value) => {
  for (const each of value as readonly string[]) text(writer, number, each);
};

function nested(writer: Writer, number: number, write: () => void): void {
  writer.uint32((number << 3) | 2).fork();
  write();
  writer.ldelim();
}

/** Any value, as YAML; JSON is YAML. */
const any: Write = (writer, number, value) => nested(writer, number, () => text(writer, 2, JSON.stringify(value)));

/** A message of its own. Extensions are all fields that begin with `x-`; `extensions` is the number of their field. */
function message(fields: () => Message, extensions = 0): Write {
  return (writer, number, value) =>
    nested(writer, number, () => writeFields(writer, fields(), extensions, value as object));
}

function writeFields(writer: Writer, fields: Message, extensions: number, value: object): void {
  for (const [name, inner] of Object.entries(value)) {
    const field = Object.hasOwn(fields, name) ? fields[name] : undefined;
    if (field !== undefined) field[1](writer, field[0], inner);
    else if (extensions > 0 && name.startsWith('x-')) {
      nested(writer, extensions, () => {
        text(writer, 1, name);
        any(writer, 2, inner);
      });
    }
  }
}

/** An object as a list of its entries, each a message with name and value. */
function entries(of: number, write: Write): Write {
  return (writer, _number, value) => {
    for (const [name, inner] of Object.entries(value as object)) {
      nested(writer, of, () => {
        text(writer, 1, name);
        write(writer, 2, inner);
      });
    }
  };
}

function within(write: Write): Write {
  return (writer, number, value) => nested(writer, number, () => write(writer, 1, value));
}

function each(write: Write): Write {
  return (writer, number, value) => {
    for (const inner of value as readonly unknown[]) write(writer, number, inner);
  };
}

/** A message whose only content is entries. */
function named(of: number, write: Write): Write {
  return (writer, number, value) => nested(writer, number, () => entries(of, write)(writer, 0, value));
}

const schema: Write = message(
  (): Message => ({
    $ref: [1, text],
    format: [2, text],
    description: [4, text],
    default: [5, any],
    required: [19, texts],
    enum: [20, each(any)],
    additionalProperties: [21, within(schema)],
    type: [22, within(text)],
    items: [23, within(schema)],
    allOf: [24, each(schema)],
    properties: [25, named(1, schema)],
  }),
  31,
);

const parameterFields = { required: 1, in: 2, description: 3, name: 4 };

/** A parameter is a body, or stands in a path or in the query: each is a message of its own within others. */
const parameter: Write = (writer, number, value) => {
  const given = value as { readonly in: string };
  const plain = (place: number, numbers: Readonly<Record<string, number>>): void =>
    nested(writer, 2, () =>
      nested(writer, place, () => {
        const fields = Object.entries({ ...parameterFields, ...numbers }).map(([name, at]) => {
          return [name, [at, name === 'required' || name === 'uniqueItems' ? flag : text]] as const;
        });
        writeFields(writer, Object.fromEntries(fields), 0, given);
      }),
    );
  nested(writer, number, () =>
    nested(writer, 1, () => {
      if (given.in === 'query') plain(3, { type: 6, uniqueItems: 20 });
      else if (given.in === 'path') plain(4, { type: 5, uniqueItems: 19 });
      else body(writer, 1, given);
    }),
  );
};

const body = message(() => ({
  description: [1, text],
  name: [2, text],
  in: [3, text],
  required: [4, flag],
  schema: [5, schema],
}));

const response: Write = (writer, number, value) =>
  nested(writer, number, () =>
    message(() => ({ description: [1, text], schema: [2, within(schema)] }), 5)(writer, 1, value),
  );

const operation = message(
  () => ({
    description: [3, text],
    operationId: [5, text],
    produces: [6, texts],
    consumes: [7, texts],
    parameters: [8, each(parameter)],
    responses: [9, named(1, response)],
    schemes: [10, texts],
  }),
  13,
);

const path = message(() => ({
  get: [2, operation],
  put: [3, operation],
  post: [4, operation],
  delete: [5, operation],
  patch: [8, operation],
  parameters: [9, each(parameter)],
}));

const documentFields: Message = {
  swagger: [1, text],
  info: [2, message(() => ({ title: [1, text], version: [2, text] }))],
  paths: [8, named(2, path)],
  definitions: [9, named(1, schema)],
};

/** The bytes of an OpenAPI 2 document. */
export function encodeOpenApi2(document: object): Uint8Array {
  const writer = protobuf.Writer.create();
  writeFields(writer, documentFields, 0, document);
  return writer.finish();
}
