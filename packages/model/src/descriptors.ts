/**
 * Describes the files that a schema was read from, in protobuf's own words (google/protobuf/descriptor.proto), as protoc would:
 * one descriptor a file, with its imports and with full names of types. Other libraries merge the files of a package and
 * name types relatively, which no client of gRPC reflection can follow.
 */
import { join, relative } from 'node:path';
import protobuf from 'protobufjs';
import descriptor from 'protobufjs/ext/descriptor.js';
import { loadRoot } from './proto-root.ts';

/** FieldDescriptorProto.Label. */
const label = { optional: 1, required: 2, repeated: 3 } as const;

/** FieldDescriptorProto.Type of the scalars; messages and enums have their own. */
const scalarTypes: Readonly<Record<string, number>> = {
  double: 1,
  float: 2,
  int64: 3,
  uint64: 4,
  int32: 5,
  fixed64: 6,
  fixed32: 7,
  bool: 8,
  string: 9,
  bytes: 12,
  uint32: 13,
  sfixed32: 15,
  sfixed64: 16,
  sint32: 17,
  sint64: 18,
};
const messageType = 11;
const enumType = 14;

/** The parts of FileDescriptorProto that a proto3 file of ours has, by protobufjs' names of its fields. */
interface FileDescriptor {
  readonly name: string;
  readonly package: string;
  readonly syntax: 'proto3';
  readonly dependency: string[];
  readonly messageType: object[];
  readonly enumType: object[];
  readonly service: object[];
}

/** Files by name as bytes of FileDescriptorProto. */
export type FileDescriptors = ReadonlyMap<string, Buffer>;

/** The files of gantry.api.v1's services and those that they need. */
export function describeOwnFiles(): FileDescriptors {
  return describeFiles(loadRoot(), '');
}

/** The services of a .proto file below a folder, and the files that they need. */
export function describeFile(folder: string, name: string): FileDescriptors {
  const root = new protobuf.Root().loadSync(join(folder, name), { keepCase: true });
  root.resolveAll();
  return describeFiles(root, folder);
}

/**
 * The files that services are declared in and those that these need. Options of our own (gantry/options.proto) are left out:
 * no client knows them.
 * @param folder Names of files are paths below it; empty where they are names already.
 */
function describeFiles(root: protobuf.Root, folder: string): FileDescriptors {
  const nameOf = (path: string): string => (folder === '' ? path : relative(folder, path));
  const files = new Map<string, FileDescriptor>();
  const declarations = Map.groupBy(topLevel(root), ({ filename }) => filename!);
  const paths = [...declarations.keys()];
  const pending = paths.filter((path) => declarations.get(path)!.some((each) => each instanceof protobuf.Service));
  for (let path = pending.pop(); path !== undefined; path = pending.pop()) {
    if (files.has(nameOf(path))) continue;
    const references: References = new Set();
    const file = describeDeclarations(nameOf(path), declarations.get(path)!, references);
    files.set(file.name, file);
    const imports = [...references].map(fileOf).filter((other) => other !== path);
    file.dependency.push(...[...new Set(imports.map(nameOf))].sort());
    pending.push(...imports);
  }
  const type = descriptor.FileDescriptorProto as unknown as protobuf.Type;
  const encode = (file: FileDescriptor): Buffer => Buffer.from(type.encode(type.create(file)).finish());
  return new Map([...files].map(([name, file]) => [name, encode(file)]));
}

type Declaration = protobuf.Type | protobuf.Enum | protobuf.Service;

function topLevel(namespace: protobuf.NamespaceBase): Declaration[] {
  return namespace.nestedArray.flatMap((each) => {
    if (each instanceof protobuf.Type || each instanceof protobuf.Enum || each instanceof protobuf.Service) {
      return each.filename ? [each] : [];
    }
    return each instanceof protobuf.Namespace ? topLevel(each) : [];
  });
}

function fileOf(type: protobuf.ReflectionObject): string {
  return type.filename ?? fileOf(type.parent!);
}

function describeDeclarations(name: string, declared: readonly Declaration[], references: References): FileDescriptor {
  const typesOf = <T extends Declaration>(kind: new (...args: never[]) => T): T[] =>
    declared.filter((each): each is T => each instanceof kind);
  return {
    name,
    package: declared[0]!.parent!.fullName.slice(1),
    syntax: 'proto3',
    dependency: [],
    messageType: typesOf(protobuf.Type).map((type) => describeType(type, references)),
    enumType: typesOf(protobuf.Enum).map(describeEnum),
    service: typesOf(protobuf.Service).map((service) => describeService(service, references)),
  };
}

/** Collects the types that descriptors refer to. */
type References = Set<protobuf.ReflectionObject>;

function describeType(type: protobuf.Type, references: References): object {
  // The oneof that makes an optional field differ from an absent one stands after those that were written.
  const oneofs = type.oneofsArray.toSorted((a, b) => Number(a.isProto3Optional) - Number(b.isProto3Optional));
  const nested = type.nestedArray;
  return {
    name: type.name,
    field: type.fieldsArray.map((field) => describeField(field, oneofs, references)),
    oneofDecl: oneofs.map(({ name }) => ({ name })),
    nestedType: [
      ...type.fieldsArray
        .filter((field) => field instanceof protobuf.MapField)
        .map((field) => mapEntry(field, references)),
      ...nested.filter((each) => each instanceof protobuf.Type).map((each) => describeType(each, references)),
    ],
    enumType: nested.filter((each) => each instanceof protobuf.Enum).map(describeEnum),
    reservedRange: (type.reserved ?? []).flatMap((each) =>
      typeof each === 'string' ? [] : [{ start: each[0], end: each[1]! + 1 }],
    ),
    reservedName: (type.reserved ?? []).filter((each) => typeof each === 'string'),
  };
}

function describeField(field: protobuf.Field, oneofs: readonly protobuf.OneOf[], references: References): object {
  const { name, id: number } = field;
  if (field instanceof protobuf.MapField) {
    const typeName = `${field.parent!.fullName}.${entryName(field)}`;
    return { name, number, label: label.repeated, type: messageType, typeName };
  }
  return {
    name,
    number,
    label: field.repeated ? label.repeated : label.optional,
    ...typeOf(field, references),
    ...(field.jsonName === name ? {} : { jsonName: field.jsonName }),
    ...(field.partOf === null ? {} : { oneofIndex: oneofs.indexOf(field.partOf) }),
    ...(field.partOf?.isProto3Optional ? { proto3Optional: true } : {}),
  };
}

function typeOf(field: protobuf.FieldBase, references: References): object {
  const { resolvedType } = field;
  if (resolvedType === null) return { type: scalarTypes[field.type] };
  references.add(resolvedType);
  return { type: resolvedType instanceof protobuf.Enum ? enumType : messageType, typeName: resolvedType.fullName };
}

/** A map is a list of entries, of a type made for it. */
function mapEntry(field: protobuf.MapField, references: References): object {
  return {
    name: entryName(field),
    field: [
      { name: 'key', number: 1, label: label.optional, type: scalarTypes[field.keyType] },
      { name: 'value', number: 2, label: label.optional, ...typeOf(field, references) },
    ],
    options: { mapEntry: true },
  };
}

/** `nodeSelector` → `NodeSelectorEntry`: the name that protoc gives it, which clients check. */
function entryName({ name }: protobuf.MapField): string {
  return `${name.replace(/(?:^|_)([a-z])/g, (_, letter: string) => letter.toUpperCase())}Entry`;
}

function describeEnum({ name, values }: protobuf.Enum): object {
  return { name, value: Object.entries(values).map(([value, number]) => ({ name: value, number })) };
}

function describeService(service: protobuf.Service, references: References): object {
  const method = service.methodsArray.map((each) => {
    const [input, output] = [each.resolvedRequestType!, each.resolvedResponseType!];
    references.add(input);
    references.add(output);
    return {
      name: each.name,
      inputType: input.fullName,
      outputType: output.fullName,
      ...(each.requestStream ? { clientStreaming: true } : {}),
      ...(each.responseStream ? { serverStreaming: true } : {}),
    };
  });
  return { name: service.name, method };
}
