import { describe, expect, it } from 'vitest';
import { kindOf } from './built-in.ts';
import { type DecodeOptions, decodeWith } from './decode.ts';
import type { Kind, KubeObject } from './kind.ts';
import { applyStrategicPatch } from './patch.ts';
import { Registry } from './registry.ts';
import { missingFields } from './required.ts';
import { type StructuralSchema, setSchemaDefaults, structuralSchema } from './structural.ts';
import type { ListSchema } from './type-schema.ts';

const schema: StructuralSchema = {
  type: 'object',
  description: 'A widget.',
  required: ['spec', 'metadata'],
  properties: {
    apiVersion: { type: 'string' },
    kind: { type: 'string' },
    metadata: { type: 'object' },
    spec: {
      type: 'object',
      required: ['size'],
      properties: {
        size: { type: 'integer', format: 'int32', description: 'How large.' },
        color: { type: 'string', enum: ['red', 'green'], default: 'red' },
        note: { type: 'string', nullable: true },
        port: { 'x-kubernetes-int-or-string': true },
        labels: { type: 'object', additionalProperties: { type: 'string' } },
        config: {
          type: 'object',
          'x-kubernetes-preserve-unknown-fields': true,
          properties: { a: { type: 'boolean' } },
        },
        anything: { 'x-kubernetes-preserve-unknown-fields': true },
        parts: {
          type: 'array',
          'x-kubernetes-list-type': 'map',
          'x-kubernetes-list-map-keys': ['name', 'zone'],
          items: {
            type: 'object',
            required: ['name'],
            properties: {
              name: { type: 'string' },
              zone: { type: 'string', default: 'a' },
              weight: { type: 'number' },
            },
          },
        },
        tags: { type: 'array', 'x-kubernetes-list-type': 'set', items: { type: 'string' } },
        selector: { type: 'object', 'x-kubernetes-map-type': 'atomic', properties: { key: { type: 'string' } } },
        template: {
          type: 'object',
          'x-kubernetes-embedded-resource': true,
          'x-kubernetes-preserve-unknown-fields': true,
        },
      },
    },
  },
};

const widgetSchema = structuralSchema('example.com.v1.Widget', schema);
const widget: Kind = {
  ...(kindOf('ConfigMap') as unknown as Kind),
  kind: 'Widget',
  group: 'example.com',
  version: 'v1',
  plural: 'widgets',
  singular: 'widget',
  shortNames: [],
  message: '',
  objectField: '',
  schema: widgetSchema,
};
const registry = new Registry([widget]);
const head = { apiVersion: 'example.com/v1', kind: 'Widget', metadata: { name: 'w' } };

function decoded(
  spec: object,
  options: DecodeOptions = {},
): { readonly spec: unknown; readonly warnings: readonly string[] } {
  const { object, warnings } = decodeWith({ ...head, spec }, { registry, ...options });
  return { spec: (object as KubeObject & { spec: unknown }).spec, warnings };
}

describe('an object of a structural schema', () => {
  it('is decoded with the fields that the schema names, and keeps zeros', () => {
    const spec = {
      size: 0,
      port: 'http',
      labels: {},
      tags: [],
      config: { a: true, b: { c: 1 } },
      anything: [1, { x: null }],
    };
    expect(decoded(spec).spec).toEqual(spec);
    expect(decoded({ size: 1, note: null, port: 80 }).spec).toEqual({ size: 1, note: null, port: 80 });
    expect(decoded({ size: 1, color: null }).spec).toEqual({ size: 1 });
    const template = { apiVersion: 'v1', kind: 'Pod', metadata: { name: 'p' }, spec: { any: 1 } };
    expect(decoded({ size: 1, template }).spec).toEqual({ size: 1, template });
  });

  it('has other fields refused, told of, or dropped', () => {
    const spec = { size: 1, sice: 2, parts: [{ name: 'a', wait: 1 }] };
    expect(() => decoded(spec)).toThrow('unknown field "spec.sice", unknown field "spec.parts[0].wait"');
    const pruned = { size: 1, parts: [{ name: 'a' }] };
    const warnings = ['unknown field "spec.sice"', 'unknown field "spec.parts[0].wait"'];
    expect(decoded(spec, { fieldValidation: 'Warn' })).toEqual({ spec: pruned, warnings });
    expect(decoded(spec, { fieldValidation: 'Ignore' })).toEqual({ spec: pruned, warnings: [] });
  });

  it.each([
    [{ size: 'x' }, 'spec.size of type int32'],
    [{ size: 2 ** 31 }, 'spec.size of type int32'],
    [{ size: 1, color: 'blue' }, 'spec.color of type string'],
    [{ size: 1, port: 1.5 }, 'spec.port of type intstr.IntOrString'],
    [{ size: 1, parts: {} }, 'spec.parts of type []'],
    [{ size: 1, labels: { a: 1 } }, 'spec.labels.a of type string'],
  ])('refuses values of other types: %j', (spec, problem) => {
    expect(() => decoded(spec)).toThrow(problem);
  });

  it('must have the fields that are required', () => {
    const fields = (spec: object | undefined): string[] =>
      missingFields(widget, { ...head, spec } as unknown as KubeObject).map(({ field }) => field);
    expect(fields(undefined)).toEqual(['spec']);
    expect(fields({ parts: [{ weight: 1 }] })).toEqual(['spec.size', 'spec.parts[0].name']);
    expect(fields({ size: 0 })).toEqual([]);
  });

  it('gets the defaults of fields that are absent, also within lists, and copies of its own', () => {
    const object = { ...head, spec: { size: 1, parts: [{ name: 'a' }, { name: 'b', zone: 'z' }] } };
    setSchemaDefaults(widgetSchema, object);
    expect(object.spec).toEqual({
      size: 1,
      color: 'red',
      parts: [
        { name: 'a', zone: 'a' },
        { name: 'b', zone: 'z' },
      ],
    });
  });

  it('is changed by a strategic merge as by a merge: no list has a key for that', () => {
    const current = { ...head, spec: { size: 1, tags: ['a'], labels: { x: '1' } } };
    const patch = { spec: { tags: ['b'], labels: { y: '2' } } };
    expect(applyStrategicPatch(widgetSchema, current, patch)).toMatchObject({
      spec: { size: 1, tags: ['b'], labels: { x: '1', y: '2' } },
    });
  });

  it('says who owns its parts, and what they are', () => {
    const spec = widgetSchema.fields.get('spec')!.schema as typeof widgetSchema;
    const typeOf = (name: string): unknown => spec.fields.get(name)!.schema;
    expect(typeOf('parts')).toMatchObject({ listType: 'map', keys: ['name', 'zone'] });
    expect(((typeOf('parts') as ListSchema).items as typeof spec).fields.get('zone')!.default).toBe('a');
    expect(typeOf('tags')).toMatchObject({ listType: 'set' });
    expect(typeOf('selector')).toMatchObject({ isAtomic: true });
    expect(typeOf('labels')).toMatchObject({ type: 'map', isAtomic: false });
    expect([widgetSchema.documentation, spec.fields.get('size')!.documentation]).toEqual(['A widget.', 'How large.']);
  });
});

describe('structuralSchema', () => {
  it.each([
    [{ type: 'array', items: { type: 'string' } }, 'Widget: type: must be object at the root'],
    [{ type: 'object', properties: { a: {} } }, 'Widget.properties[a].type: Required value'],
    [{ type: 'object', properties: { a: { type: 'array' } } }, 'Widget.properties[a].items: Required value'],
    [{ type: 'object', properties: { a: { type: 'null' } } }, 'Widget.properties[a].type: Unsupported value: "null"'],
  ] as const)('refuses %j', (wrong, problem) => {
    expect(() => structuralSchema('Widget', wrong)).toThrow(problem);
  });
});
