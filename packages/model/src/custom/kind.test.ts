import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { decodeWith } from '../decode.ts';
import type { JSONSchemaProps } from '../gen/gantry.apiextensions.v1.ts';
import type { Kind, KubeObject } from '../kind.ts';
import { Registry } from '../registry.ts';
import { completeNew } from '../validation/object.ts';
import { kindOfDefinition } from './kind.ts';
import { widgetOf, widgets } from './testing.ts';

type Widget = KubeObject & { spec?: Record<string, unknown>; status?: unknown };

const head = { apiVersion: 'example.com/v1', kind: 'Widget', metadata: { name: 'w', namespace: 'default' } };

function decoded(kind: Kind, fields: object, fieldValidation: 'Strict' | 'Warn' = 'Strict') {
  return decodeWith({ ...head, ...fields }, { registry: new Registry([kind]), fieldValidation });
}

/** The spec of a new widget with what its schema adds. */
function complete(kind: Kind, spec: unknown): unknown {
  const { object } = decoded(kind, { spec }, 'Warn');
  completeNew(kind, object);
  return (object as Widget).spec;
}

const spec: JSONSchemaProps = {
  type: 'object',
  properties: {
    size: { type: 'integer', default: 3 },
    note: { type: 'string', nullable: true },
    plain: { type: 'string' },
    any: { 'x-kubernetes-preserve-unknown-fields': true },
    open: { type: 'object', 'x-kubernetes-preserve-unknown-fields': true, properties: { in: { type: 'object' } } },
    labels: { type: 'object', additionalProperties: { type: 'string' } },
    parts: {
      type: 'array',
      'x-kubernetes-list-type': 'map',
      'x-kubernetes-list-map-keys': ['name'],
      items: { type: 'object', properties: { name: { type: 'string' }, mode: { type: 'string', default: 'slow' } } },
    },
    tags: { type: 'array', 'x-kubernetes-list-type': 'set', items: { type: 'string' } },
    template: { type: 'object', 'x-kubernetes-embedded-resource': true, 'x-kubernetes-preserve-unknown-fields': true },
  },
};
const kind = widgetOf(spec);

describe('a custom object', () => {
  it('loses fields that its schema has no place for, and says so', () => {
    const fields = { spec: { size: 1, x: 1, open: { y: 1, in: { z: 1 } }, parts: [{ name: 'a', w: 1 }] }, more: 1 };
    const texts = ['more', 'spec.open.in.z', 'spec.parts[0].w', 'spec.x'].map((path) => `unknown field "${path}"`);
    expect(() => decoded(kind, fields)).toThrow(
      `Widget in version "v1" cannot be handled as a Widget: strict decoding error: ${texts.join(', ')}`,
    );
    const { object, warnings } = decoded(kind, fields, 'Warn');
    expect(warnings).toEqual(texts);
    expect((object as Widget).spec).toEqual({ size: 1, open: { y: 1, in: {} }, parts: [{ name: 'a' }] });
  });

  it('gets defaults, also in the place of nulls that mean nothing', () => {
    expect(complete(kind, {})).toEqual({ size: 3 });
    expect(complete(kind, { size: null, plain: null, note: null, labels: { a: null, b: 'c' } })).toEqual({
      size: 3,
      note: null,
      labels: { b: 'c' },
    });
    expect(complete(kind, { any: [null, { x: null }], parts: [{ name: 'a', mode: null }] })).toEqual({
      size: 3,
      any: [null, { x: null }],
      parts: [{ name: 'a', mode: 'slow' }],
    });
  });

  it('has the metadata of objects within it read and validated', () => {
    const template = {
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: { name: 'p', labels: { a: 'b' }, other: 1 },
      spec: { x: 1 },
    };
    const { object, warnings } = decoded(kind, { spec: { template } }, 'Warn');
    expect(warnings).toEqual(['unknown field "spec.template.metadata.other"']);
    const { other: _, ...metadata } = template.metadata;
    expect((object as Widget).spec).toEqual({ template: { ...template, metadata } });
    expect(() => decoded(kind, { spec: { template: { ...template, metadata: { name: 5 } } } })).toThrow('ObjectMeta');
    expect(() => complete(kind, { template: { metadata: { labels: { 'a b': 'c' } } } })).toThrow(
      /spec.template.apiVersion: Required value, spec.template.kind: Required value, spec.template.metadata.labels: Invalid/,
    );
  });

  it('has no entry twice in lists whose entries are told apart', () => {
    expect(() => complete(kind, { tags: ['a', 'b', 'a', 'a'] })).toThrow('spec.tags[2]: Duplicate value: "a"');
    const parts = [{ name: 'a' }, { name: 'b' }, { name: 'a', mode: 'fast' }];
    expect(() => complete(kind, { parts })).toThrow('spec.parts[2]: Duplicate value: {"name":"a"}');
    const stored = { ...head, spec: { tags: ['a', 'a'] } };
    expect(kind.validateUpdate!({ ...head, spec: { tags: ['a', 'a', 'b'] } } as KubeObject, stored)).toEqual([]);
  });

  it('is no deeper than its reader can go', () => {
    let any: unknown = 1;
    for (let depth = 0; depth < 5_000; depth++) any = [any];
    expect(() => decoded(kind, { spec: { any } })).toThrow('nested deeper');
  });

  it('may have finalizers without a domain, of which it is told', () => {
    const finalizers = ['foregroundDeletion', 'example.com/x', 'mine', 'my.own'];
    expect(kind.warnings!({ ...head, metadata: { ...head.metadata, finalizers } })).toEqual([
      expect.stringContaining('"mine": prefer a domain-qualified finalizer name to avoid'),
      expect.stringContaining('"my.own": prefer a domain-qualified finalizer name including a path (/) to avoid'),
    ]);
  });
});

describe('reading', () => {
  it('changes nothing that it is given, and is done once', () => {
    fc.assert(
      fc.property(fc.dictionary(fc.string(), fc.jsonValue()), (value) => {
        const stored = { ...head, spec: value } as unknown as KubeObject;
        const before = structuredClone(stored);
        const read = kind.custom!.stored.read(stored)!;
        expect(stored).toEqual(before);
        expect(kind.custom!.stored.read(stored)).toBe(read);
        expect(kind.custom!.stored.read(read)).toBe(read);
      }),
    );
  });

  it('gives a stored object itself where it is as the schema has it', () => {
    const stored = { ...head, spec: { size: 1, parts: [{ name: 'a', mode: 'x' }] } } as KubeObject;
    expect(kind.custom!.stored.read(stored)).toBe(stored);
  });
});

describe('counts behind a scale', () => {
  const scale = {
    specReplicasPath: '.spec.replicas',
    statusReplicasPath: '.status.replicas',
    labelSelectorPath: '.status.selector',
  };
  const scaled = widgetOf(
    { type: 'object', 'x-kubernetes-preserve-unknown-fields': true },
    { subresources: { status: {}, scale } },
  );
  const problems = (object: object): string[] =>
    scaled.validateUpdate!({ ...head, ...object }, head).map(({ field, message }) => `${field}: ${message}`);

  it('are whole numbers from 0 on', () => {
    expect(scaled.subresources!.scale!.scale).toEqual({
      specReplicas: 'spec.replicas',
      statusReplicas: 'status.replicas',
      selector: 'status.selector',
      isValidated: true,
    });
    expect(problems({ spec: { replicas: 3 }, status: { replicas: 3, selector: 'a=b' } })).toEqual([]);
    expect(problems({ spec: { replicas: -1 } })).toEqual([
      '.spec.replicas: Invalid value: -1: should be a non-negative integer',
    ]);
    expect(problems({ spec: 'x' })).toEqual([
      'spec: Invalid value: "string": spec in body must be of type object: "string"',
      '.spec.replicas: Invalid value: 0: .spec.replicas accessor error: x is of the type string, expected map[string]interface{}',
    ]);
    expect(
      scaled.validateStatus!({ ...head, status: { selector: 1 } } as KubeObject, head).map(({ field }) => field),
    ).toEqual(['.status.selector']);
  });
});

describe('versions', () => {
  const schema = {
    openAPIV3Schema: {
      type: 'object',
      properties: { spec: { type: 'object', properties: { a: { type: 'string' } } } },
    },
  };
  const wide = {
    openAPIV3Schema: {
      type: 'object',
      properties: {
        spec: { type: 'object', properties: { a: { type: 'string' }, b: { type: 'integer', default: 1 } } },
      },
    },
  };

  it('are kinds of their own, the preferred one first, and lie in the store in one version', () => {
    const definition = widgets({ v1beta1: { schema }, v1: { schema: wide }, v1alpha1: { schema, served: false } });
    const registry = new Registry([kindOfDefinition(definition)!]);
    expect(registry.forms.map(({ version }) => version)).toEqual(['v1', 'v1beta1']);
    expect(registry.kinds).toHaveLength(1);
    const [v1, beta] = registry.forms.map((form) => form.kind.custom!.stored);
    const object = { ...head, spec: { a: 'x', b: 2 } } as KubeObject;
    expect(v1!.write(object)).toEqual({ ...object, apiVersion: 'example.com/v1beta1', spec: { a: 'x' } });
    const stored = { ...object, apiVersion: 'example.com/v1beta1', spec: { a: 'x' } } as KubeObject;
    expect(beta!.read(stored)).toBe(stored);
    expect(v1!.read(stored)).toEqual({ ...stored, apiVersion: 'example.com/v1' });
    registry.remove(registry.kinds[0]!);
    expect(registry.forms).toEqual([]);
  });

  it('are converted by a webhook, many objects in one call, each once', async () => {
    const asked: [number, string][] = [];
    const definition = widgets({ v1: { schema }, v2: { schema: wide } }, { conversion: { strategy: 'Webhook' } });
    const v2 = kindOfDefinition(definition, {
      convert: async (objects, apiVersion) => {
        asked.push([objects.length, apiVersion]);
        return objects.map((object) => ({ ...object, apiVersion, spec: { a: 'converted', bogus: 1 } }));
      },
    })!.custom!.stored;
    const objects = ['a', 'b'].map((name): KubeObject => ({ ...head, metadata: { name } }));
    const fresh = { ...head, apiVersion: 'example.com/v2' };
    expect(v2.read(objects[0]!)).toBeUndefined();
    const read = await v2.readAll([...objects, fresh]);
    expect(read[1]).toEqual({ ...objects[1], apiVersion: 'example.com/v2', spec: { a: 'converted' } });
    expect(await v2.readAll(objects)).toEqual(read.slice(0, 2));
    expect(asked).toEqual([[2, 'example.com/v2']]);
    expect(() => kindOfDefinition(definition)).toThrow('nobody calls the webhook');
  });

  it('of which none is served make no kind', () => {
    expect(kindOfDefinition(widgets({ v1: { schema, served: false } }))).toBeUndefined();
  });
});

describe('rules', () => {
  const cause = { reason: 'FieldValueInvalid', field: 'spec', message: 'Invalid value: broken' } as const;
  const ruled = widgetOf(
    { type: 'object', properties: { size: { type: 'integer', maximum: 5 } } },
    {},
    { rulesOf: () => () => [cause] },
  );

  it('are asked for objects of the right types alone', () => {
    const fields = (spec: object): string[] =>
      ruled.validateCreate!({ ...head, spec } as KubeObject).map(({ message }) => message);
    expect(fields({ size: 9 })).toEqual([expect.stringContaining('less than or equal to 5'), cause.message]);
    expect(fields({ size: 'x' })[1]).toMatch(/^Invalid value: null: some validation rules were not checked/);
  });
});

describe('a table', () => {
  it('has the columns of the definition, with values of their types', () => {
    const column = (name: string, type: string, jsonPath: string) => ({ name, type, jsonPath });
    const { columns } = widgetOf(spec, {
      additionalPrinterColumns: [
        column('Size', 'integer', '.spec.size'),
        { ...column('Ready', 'string', '.status.conditions[?(@.type=="Ready")].status'), priority: 1 },
        column('Tags', 'string', '.spec.tags'),
        column('Age', 'date', '.metadata.creationTimestamp'),
        column('Odd', 'integer', '.spec.note'),
      ],
    });
    const object = {
      ...head,
      metadata: { name: 'w', creationTimestamp: '2026-01-01T00:00:00Z' },
      spec: { size: 2, tags: ['a'], note: 'x' },
      status: { conditions: [{ type: 'Other' }, { type: 'Ready', status: 'True' }] },
    };
    const now = Date.parse('2026-01-01T00:05:00Z');
    expect(columns.map(({ value, cell }) => (value ?? cell)(object as never, now))).toEqual([
      'w',
      2,
      'True',
      '["a"]',
      '5m',
      null,
    ]);
    expect(columns.map(({ definition }) => definition?.type)).toEqual([
      'string',
      'integer',
      'string',
      'string',
      'date',
      'integer',
    ]);
    expect(columns[2]!.wide).toBe(true);
    expect(widgetOf(spec).columns.map(({ name }) => name)).toEqual(['Name', 'Age']);
  });
});

it('fields for selectors are those of the definition', () => {
  const { selectableFields } = widgetOf(spec, {
    selectableFields: [{ jsonPath: '.spec.size' }, { jsonPath: '.spec.plain' }],
  });
  expect(Object.keys(selectableFields)).toEqual(['spec.size', 'spec.plain']);
  expect(selectableFields['spec.size']!({ ...head, spec: { size: 4 } } as KubeObject)).toBe('4');
  expect(selectableFields['spec.plain']!(head)).toBe('');
});
