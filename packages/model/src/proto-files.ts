/**
 * Reads proto/ into the two files of gen/ that programs read in its place: protos.json (every declaration, in the JSON form of
 * protobufjs) and documentation.json (the comments). Reading the .proto files takes longer than starting a program may.
 */
import { existsSync, readdirSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import protobuf from 'protobufjs';
import type { Declaration, Documentation } from './declarations.ts';

/** The folder of all .proto files; they import one another by their paths below it. */
export const protoFolder = fileURLToPath(new URL('../../../proto/', import.meta.url));
const wellKnownFolder = dirname(createRequire(import.meta.url).resolve('protobufjs/package.json'));

/** Folders below proto/ that are read: our own protocols, and the autoscaler's with its provider. */
const folders = ['clusterautoscaler', 'gantry'];

/** The declarations of those folders by their full names, and the comments of their messages. */
export interface ProtoFiles {
  readonly declarations: ReadonlyMap<string, Declaration>;
  readonly documentation: Documentation;
}

/** Parses all files of those folders. */
export function readProtoFiles(): ProtoFiles {
  const root = new protobuf.Root();
  root.resolvePath = (_origin, target) => {
    const own = join(protoFolder, target);
    return existsSync(own) ? own : join(wellKnownFolder, target);
  };
  const files = folders.flatMap((folder) =>
    readdirSync(join(protoFolder, folder), { recursive: true, encoding: 'utf8' })
      .filter((name) => name.endsWith('.proto'))
      .map((name) => join(folder, name))
      .sort(),
  );
  root.loadSync(files, { keepCase: true, alternateCommentMode: true, preferTrailingComment: false });
  root.resolveAll();
  const declared = topLevel(root).filter(({ filename }) => filename!.startsWith(protoFolder));
  const declarations = declared
    .map((each): [string, Declaration] => [each.fullName.slice(1), declarationOf(each)])
    .sort(([left], [right]) => (left < right ? -1 : 1));
  const documentation: Record<string, Record<string, string>> = {};
  for (const each of declared) if (each instanceof protobuf.Type) collectComments(each, documentation);
  return { declarations: new Map(declarations), documentation };
}

type Named = protobuf.Type | protobuf.Enum | protobuf.Service;

function topLevel(namespace: protobuf.NamespaceBase): Named[] {
  return namespace.nestedArray.flatMap((each) => {
    if (each instanceof protobuf.Type || each instanceof protobuf.Enum || each instanceof protobuf.Service) {
      return each.filename ? [each] : [];
    }
    return each instanceof protobuf.Namespace ? topLevel(each) : [];
  });
}

function declarationOf(each: Named): Declaration {
  if (each instanceof protobuf.Type) useFullNames(each);
  const file = relative(protoFolder, each.filename!);
  const type = each instanceof protobuf.Type ? 'message' : each instanceof protobuf.Enum ? 'enum' : 'service';
  return { file, type, json: JSON.parse(JSON.stringify(each.toJSON())) };
}

/** Names types from the root on, so that nobody has to find out which one is meant. */
function useFullNames(type: protobuf.Type): void {
  for (const field of type.fieldsArray) if (field.resolvedType) field.type = field.resolvedType.fullName;
  for (const nested of type.nestedArray) if (nested instanceof protobuf.Type) useFullNames(nested);
}

function collectComments(type: protobuf.Type, documentation: Record<string, Record<string, string>>): void {
  const own: Record<string, string> = {};
  if (type.comment) own[''] = type.comment;
  for (const { jsonName, comment } of type.fieldsArray) if (comment) own[jsonName] = comment;
  documentation[type.fullName.slice(1)] = own;
  for (const nested of type.nestedArray) if (nested instanceof protobuf.Type) collectComments(nested, documentation);
}

/** The text of a file of gen/: a line for each entry, so that changes of different messages merge. */
export function formatEntries(entries: Iterable<readonly [string, unknown]>): string {
  const lines = [...entries].map(([name, value]) => `${JSON.stringify(name)}:${JSON.stringify(value)}`);
  return `{\n${lines.join(',\n')}\n}\n`;
}

/** The files of gen/ that are made of proto/, by name. */
export function generatedFiles(): ReadonlyMap<string, string> {
  const { declarations, documentation } = readProtoFiles();
  return new Map([
    ['protos.json', formatEntries(declarations)],
    ['documentation.json', formatEntries(Object.entries(documentation).sort(([a], [b]) => (a < b ? -1 : 1)))],
  ]);
}
