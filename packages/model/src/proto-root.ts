/** The declarations of proto/ as objects of protobufjs, for its own coders and for reflection. */
import protobuf from 'protobufjs';
import { declarations } from './declarations.ts';

let root: protobuf.Root | undefined;

/** The declarations as a library's own objects, for its coders and for descriptors. Made when first asked for. */
export function loadRoot(): protobuf.Root {
  root ??= makeRoot();
  return root;
}

function makeRoot(): protobuf.Root {
  const made = new protobuf.Root();
  for (const [fullName, { file, type, json }] of Object.entries(declarations())) {
    const [, packageName, name] = /^(.*)\.([^.]+)$/.exec(fullName)!;
    const of = { message: protobuf.Type, enum: protobuf.Enum, service: protobuf.Service }[type];
    const object: protobuf.ReflectionObject = of.fromJSON(name!, structuredClone(json) as never);
    object.filename = file;
    made.define(packageName!).add(object);
  }
  made.resolveAll();
  return made;
}
