import protobuf from 'protobufjs';
import descriptor from 'protobufjs/ext/descriptor.js';
import { expect, test } from 'vitest';
import { describeOwnFiles } from './descriptors.ts';
import { loadRoot } from './proto-root.ts';

const fileType = descriptor.FileDescriptorProto as unknown as protobuf.Type;
const files = new Map(
  [...describeOwnFiles()].map(([name, bytes]) => [name, fileType.decode(bytes) as descriptor.IFileDescriptorProto]),
);

test('every import is described, and every type is declared in the file or in one that it imports', () => {
  const declaredIn = new Map<string, string>();
  for (const [name, file] of files) {
    for (const type of [...file.messageType!, ...file.enumType!]) declaredIn.set(`.${file.package}.${type.name}`, name);
  }
  for (const [name, file] of files) {
    const imports = file.dependency as string[];
    expect(imports.filter((imported) => !files.has(imported))).toEqual([]);
    const named = JSON.stringify(file).matchAll(/"(?:typeName|inputType|outputType)":"(\.[\w.]+)"/g);
    for (const [, type] of named) {
      // A map's entries are declared in the message.
      const home = declaredIn.get(type!) ?? declaredIn.get(type!.slice(0, type!.lastIndexOf('.')));
      expect([name, ...imports], type).toContain(home);
    }
  }
});

test('a schema made of the descriptors is the schema', () => {
  const again = protobuf.Root.fromDescriptor({ file: [...files.values()] }, { keepCase: true });
  const fieldsOf = (root: protobuf.Root): Record<string, string[]> => {
    const fields: Record<string, string[]> = {};
    const walk = (namespace: protobuf.NamespaceBase): void => {
      for (const each of namespace.nestedArray) {
        if (each instanceof protobuf.Type) {
          fields[each.fullName] = each.fieldsArray.map((field) => {
            const key = field instanceof protobuf.MapField ? `map of ${field.keyType}` : '';
            const oneof = field.partOf?.name ?? '';
            return `${field.name} ${field.id} ${field.resolvedType?.fullName ?? field.type} ${field.repeated} ${key} ${oneof}`;
          });
        }
        if (each instanceof protobuf.Namespace) walk(each);
      }
    };
    walk(root.lookup('gantry') as protobuf.Namespace);
    return fields;
  };
  const described = fieldsOf(again);
  const own = fieldsOf(loadRoot());
  expect(Object.keys(described).length).toBeGreaterThan(200);
  for (const [type, fields] of Object.entries(described)) expect(fields, type).toEqual(own[type]);
});
