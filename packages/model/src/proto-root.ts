/** The declarations of proto/ as objects of protobufjs, for its own coders and for reflection. */
import { createRequire } from 'node:module';
import type protobuf from 'protobufjs';
import { declarations } from './declarations.ts';

let root: protobuf.Root | undefined;

/** The declarations as a library's own objects, for its coders and for descriptors. Made when first asked for. */
export function loadRoot(): protobuf.Root {
  root ??= makeRoot();
  return root;
}

function makeRoot(): protobuf.Root {
  // The library is large, and most processes need no more of it than its readers and writers of bytes.
  const library = createRequire(import.meta.url)('protobufjs') as typeof protobuf;
  const made = new library.Root();
  for (const [fullName, { file, type, json }] of Object.entries(declarations())) {
    const [, packageName, name] = /^(.*)\.([^.]+)$/.exec(fullName)!;
    const of = { message: library.Type, enum: library.Enum, service: library.Service }[type];
    const object: protobuf.ReflectionObject = of.fromJSON(name!, structuredClone(json) as never);
    object.filename = file;
    made.define(packageName!).add(object);
  }
  made.resolveAll();
  return made;
}
