import { readdirSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import protobuf from 'protobufjs';
import { describe, expect, test } from 'vitest';

const PROTO_DIR = fileURLToPath(new URL('../../../proto/', import.meta.url));
const PROTOBUFJS_DIR = dirname(createRequire(import.meta.url).resolve('protobufjs/package.json'));
const PARSE_OPTIONS = { keepCase: true, alternateCommentMode: true };

/** The files below proto/gantry, as imports name them. */
function protoFiles(): string[] {
  const names = readdirSync(join(PROTO_DIR, 'gantry'), { recursive: true, encoding: 'utf8' });
  return names
    .filter((name) => name.endsWith('.proto'))
    .map((name) => `gantry/${name}`)
    .sort();
}

function loadSchema(): protobuf.Root {
  const root = new protobuf.Root();
  root.resolvePath = (_origin, target) =>
    join(target.startsWith('google/protobuf/') ? PROTOBUFJS_DIR : PROTO_DIR, target);
  root.loadSync(protoFiles(), PARSE_OPTIONS);
  root.resolveAll();
  return root;
}

function parseSchema(body: string): protobuf.Root {
  const source = `syntax = "proto3"; package gantry.test;\n${body}`;
  const { root } = protobuf.parse(source, new protobuf.Root(), PARSE_OPTIONS);
  root.resolveAll();
  return root;
}

/** Everything that is declared within a namespace, parents before their children. */
function* declarations(space: protobuf.NamespaceBase): Generator<protobuf.ReflectionObject> {
  for (const nested of space.nestedArray) {
    // An option's declaration; protobufjs attaches no comment to those, and wraps each in a oneof.
    if (nested instanceof protobuf.Field || nested instanceof protobuf.OneOf) continue;
    yield nested;
    if (nested instanceof protobuf.Type) yield* nested.fieldsArray;
    if (nested instanceof protobuf.Service) yield* nested.methodsArray;
    if (nested instanceof protobuf.Namespace) yield* declarations(nested);
  }
}

function messages(root: protobuf.Root): protobuf.Type[] {
  const gantry = root.lookup('gantry');
  if (!(gantry instanceof protobuf.Namespace)) throw new Error('no package gantry');
  return [...declarations(gantry)].filter((item) => item instanceof protobuf.Type);
}

/** Messages, fields, enums, services and methods that no comment explains. */
function undocumented(root: protobuf.Root): string[] {
  const gantry = root.lookup('gantry');
  if (!(gantry instanceof protobuf.Namespace)) throw new Error('no package gantry');
  const plain = (item: protobuf.ReflectionObject) => item.constructor === protobuf.Namespace;
  const missing: string[] = [];
  for (const item of declarations(gantry)) {
    if (!plain(item) && !item.comment?.trim()) missing.push(item.fullName);
    if (!(item instanceof protobuf.Enum)) continue;
    for (const value of Object.keys(item.values)) {
      if (!item.comments[value]?.trim()) missing.push(`${item.fullName}.${value}`);
    }
  }
  return missing;
}

/** The properties of a message's JSON object, those of inlined messages among them; one that comes twice is there twice. */
function jsonNames(type: protobuf.Type): string[] {
  return type.fieldsArray.flatMap((field) => {
    if (!field.getOption('(gantry.inline)')) return [field.jsonName];
    const { resolvedType } = field.resolve();
    return resolvedType instanceof protobuf.Type ? jsonNames(resolvedType) : [];
  });
}

/** Messages in whose JSON object two fields have one name. */
function clashingJsonNames(root: protobuf.Root): string[] {
  return messages(root).flatMap((type) => {
    const names = jsonNames(type);
    const twice = names.filter((name, index) => names.indexOf(name) !== index);
    return twice.map((name) => `${type.fullName}: ${name}`);
  });
}

/** Options that say something of lists or entries that aren't there. */
function misplacedOptions(root: protobuf.Root): string[] {
  const wrong: string[] = [];
  for (const type of messages(root)) {
    for (const field of type.fieldsArray) {
      const entry = field.resolve().resolvedType;
      const entryNames = entry instanceof protobuf.Type ? jsonNames(entry) : [];
      const mergeKey: string | undefined = field.getOption('(gantry.merge_key)');
      const mapKeys: string | undefined = field.getOption('(gantry.list_map_keys)');
      const listType: string | undefined = field.getOption('(gantry.list_type)');
      const keys = [...(mergeKey ? [mergeKey] : []), ...(mapKeys ? mapKeys.split(',') : [])];
      const says = (problem: string) => wrong.push(`${field.fullName}: ${problem}`);
      for (const key of keys) if (!entryNames.includes(key)) says(`no key ${key} in its entries`);
      if ((listType || keys.length > 0) && !field.repeated) says('a list option on what is no list');
      if ((listType === 'map') !== (mapKeys !== undefined)) says('list_map_keys goes with list_type "map" alone');
      if (field.getOption('(gantry.inline)') && (field.repeated || entryNames.length === 0)) says('cannot be inlined');
    }
  }
  return wrong;
}

/** Types that a file uses without importing the file that declares them, and imports that it has no use for. */
function importProblems(root: protobuf.Root): string[] {
  const fileOf = (item: protobuf.ReflectionObject) => (item.filename ? relative(PROTO_DIR, item.filename) : '');
  const used = new Map<string, Set<string>>(protoFiles().map((file) => [file, new Set<string>()]));
  const note = (file: string, item: protobuf.ReflectionObject | null) => item && used.get(file)?.add(fileOf(item));
  for (const type of messages(root)) {
    for (const field of type.fieldsArray) note(fileOf(type), field.resolve().resolvedType);
  }
  for (const service of [...declarations(root)].filter((item) => item instanceof protobuf.Service)) {
    for (const method of service.methodsArray) {
      note(fileOf(service), method.resolvedRequestType);
      note(fileOf(service), method.resolvedResponseType);
    }
  }
  return [...used].flatMap(([file, uses]) => {
    const source = readFileSync(join(PROTO_DIR, file), 'utf8');
    if (source.includes('(gantry.')) uses.add('gantry/options.proto');
    uses.delete(file);
    const imports = (protobuf.parse(source, new protobuf.Root()).imports ?? []).filter((i) => i.startsWith('gantry/'));
    const missing = [...uses].filter((use) => !imports.includes(use)).map((use) => `${file} must import ${use}`);
    const idle = imports.filter((name) => !uses.has(name)).map((name) => `${file} imports ${name} for nothing`);
    return [...missing, ...idle];
  });
}

describe('proto/gantry', () => {
  const root = loadSchema();

  test('every message, field, enum value and method has a comment', () => {
    expect(undocumented(root)).toEqual([]);
  });

  test('no two fields of a message share a number, and none has a reserved one', () => {
    for (const type of messages(root)) {
      const numbers = type.fieldsArray.map((field) => field.id);
      expect(new Set(numbers).size, type.fullName).toBe(numbers.length);
      expect(
        numbers.filter((number) => type.isReservedId(number)),
        type.fullName,
      ).toEqual([]);
    }
  });

  test('JSON names are unique within a message, with those that are inlined', () => {
    expect(clashingJsonNames(root)).toEqual([]);
  });

  test('a field is called what its JSON property is called, where that can be the name of a field', () => {
    const fields = messages(root).flatMap((type) => type.fieldsArray);
    const renamed = fields.filter(({ name, jsonName }) => name !== jsonName && /^\w+$/.test(jsonName));
    expect(renamed.map((field) => field.fullName)).toEqual([]);
  });

  test('options stand where they mean something', () => {
    expect(misplacedOptions(root)).toEqual([]);
  });

  test('files import what they use and nothing else', () => {
    expect(importProblems(root)).toEqual([]);
  });

  test('presence, numbers and inlining are those of Kubernetes', () => {
    const field = (type: string, name: string) => root.lookupType(type).fields[name];
    expect(field('gantry.core.v1.PodSpec', 'ephemeralContainers')?.id).toBe(34);
    expect(field('gantry.apps.v1.DeploymentSpec', 'replicas')?.hasPresence).toBeTruthy();
    expect(field('gantry.core.v1.PodSpec', 'hostNetwork')?.hasPresence).toBeFalsy();
    expect(jsonNames(root.lookupType('gantry.core.v1.Volume'))).toContain('persistentVolumeClaim');
    expect(root.lookupType('gantry.meta.v1.Quantity').getOption('(gantry.json_form)')).toBe('JSON_FORM_QUANTITY');
  });
});

describe('the checks', () => {
  test('find a message, a field and an enum value without a comment', () => {
    const root = parseSchema('// A.\nmessage A {\n string b = 1;\n}\nmessage C {}\n// E.\nenum E {\n F = 0;\n}');
    expect(undocumented(root)).toEqual(['.gantry.test.A.b', '.gantry.test.C', '.gantry.test.E.F']);
  });

  test('find a name that an inlined message has as well', () => {
    const root = parseSchema(
      'message A { string name = 1; B b = 2 [(gantry.inline) = true]; C c = 3; }' +
        'message B { C c = 1 [(gantry.inline) = true]; } message C { string name = 1; }',
    );
    expect(clashingJsonNames(root)).toEqual(['.gantry.test.A: name']);
  });

  test('find keys that entries lack, and list options on what is no list', () => {
    const root = parseSchema(
      'message A { repeated B b = 1 [(gantry.merge_key) = "id"]; B c = 2 [(gantry.list_type) = "map"]; }' +
        'message B { string name = 1; }',
    );
    expect(misplacedOptions(root)).toEqual([
      '.gantry.test.A.b: no key id in its entries',
      '.gantry.test.A.c: a list option on what is no list',
      '.gantry.test.A.c: list_map_keys goes with list_type "map" alone',
    ]);
  });
});
