import { kindOfDefinition } from '@gantry/model/custom/kind.ts';
import { widgetOf, widgets } from '@gantry/model/custom/testing.ts';
import type { JSONSchemaProps } from '@gantry/model/gen/gantry.apiextensions.v1.ts';
import type { Kind } from '@gantry/model/kind.ts';
import { Registry } from '@gantry/model/registry.ts';
import { describe, expect, it } from 'vitest';
import type { Document, OpenApiVersion } from './document.ts';
import { OpenApi } from './openapi.ts';
import { Schemas } from './schemas.ts';

const spec: JSONSchemaProps = {
  type: 'object',
  required: ['size'],
  properties: {
    size: { type: 'integer', default: 1, anyOf: [{ minimum: 1 }] },
    note: { type: 'string', nullable: true },
    port: { 'x-kubernetes-int-or-string': true },
    open: { type: 'object', 'x-kubernetes-preserve-unknown-fields': true, properties: { a: { type: 'string' } } },
    template: { type: 'object', 'x-kubernetes-embedded-resource': true, properties: { spec: { type: 'object' } } },
  },
};
const kind = widgetOf(spec, { selectableFields: [{ jsonPath: '.spec.size' }] });
const { forms } = new Registry([kind]);

function schemaIn(version: OpenApiVersion): Document {
  const schemas = new Schemas(version);
  return schemas.byName[schemas.kind(forms[0]!)]!;
}

describe('the schema of a definition', () => {
  it('is published as it is in OpenAPI 3, with what every object has', () => {
    const schema = schemaIn(3) as { properties: Record<string, { properties: Document; required: string[] }> };
    expect(schema).toMatchObject({
      type: 'object',
      'x-kubernetes-group-version-kind': [{ group: 'example.com', version: 'v1', kind: 'Widget' }],
      'x-kubernetes-selectable-fields': [{ fieldPath: 'spec.size' }],
    });
    expect(Object.keys(schema.properties)).toEqual(expect.arrayContaining(['apiVersion', 'kind', 'metadata', 'spec']));
    const { template, port, ...others } = schema.properties.spec!.properties as Record<string, Document>;
    const { template: _, port: __, ...given } = spec.properties!;
    expect(others).toEqual(given);
    expect(port).toEqual({ 'x-kubernetes-int-or-string': true, anyOf: [{ type: 'integer' }, { type: 'string' }] });
    expect(template!.required).toEqual(['kind', 'apiVersion']);
    expect(Object.keys(template!.properties as Document)).toEqual(['spec', 'apiVersion', 'kind', 'metadata']);
  });

  it('says less in OpenAPI 2, and nothing that is wrong', () => {
    const schema = schemaIn(2) as { properties: { spec: { properties: Record<string, Document> } } };
    const { size, note, open } = schema.properties.spec.properties;
    expect({ size, note, open }).toEqual({
      size: { type: 'integer' },
      note: {},
      open: { 'x-kubernetes-preserve-unknown-fields': true },
    });
  });
});

describe('the documents of a group with definitions', () => {
  it('list the patches that its objects take, and lists by the name that the definition gives them', async () => {
    const { bytes } = (await new OpenApi(forms).at('/openapi/v3/apis/example.com/v1', undefined))!;
    const document = JSON.parse(Buffer.from(bytes).toString());
    const patch = document.paths['/apis/example.com/v1/namespaces/{namespace}/widgets/{name}'].patch;
    expect(Object.keys(patch.requestBody.content)).toEqual([
      'application/json-patch+json',
      'application/merge-patch+json',
      'application/apply-patch+yaml',
    ]);
    expect(document.components.schemas).toHaveProperty(['com.example.v1.WidgetList']);
  });

  it('change with their definition alone', async () => {
    const other = (description: string): Kind => {
      const schema = { openAPIV3Schema: { type: 'object', description } };
      return kindOfDefinition(widgets({ v1: { schema } }, { group: 'example.org' }))!;
    };
    const registry = new Registry([kind, other('one')]);
    const before = new OpenApi(registry.forms);
    const hashOf = async (documents: OpenApi, group: string): Promise<string | undefined> =>
      (await documents.at(`/openapi/v3/apis/${group}/v1`, undefined))?.hash;
    const first = [await before.at('/openapi/v3/apis/example.com/v1', undefined), await hashOf(before, 'example.org')];
    registry.remove(registry.kindOf('example.org', 'Widget')!);
    registry.add(other('two'));
    const after = new OpenApi(registry.forms, before);
    expect(await after.at('/openapi/v3/apis/example.com/v1', undefined)).toBe(first[0]);
    expect(await hashOf(after, 'example.org')).not.toBe(first[1]);
  });
});
