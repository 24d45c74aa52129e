import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { RestClient } from '../rest/testing/client.ts';
import { define, definitionsPath, mergePatch, seen, widgetDefinition } from './testing.ts';

let client: RestClient;
beforeAll(async () => {
  client = await RestClient.start();
  await define(client, widgetDefinition({ versions: [version('v1', { storage: true })] }));
});
afterAll(() => client?.[Symbol.asyncDispose]());

const widgets = '/apis/example.com/v1/namespaces/default/widgets';

function version(name: string, parts: object = {}): object {
  return {
    name,
    served: true,
    storage: false,
    subresources: {
      status: {},
      scale: {
        specReplicasPath: '.spec.replicas',
        statusReplicasPath: '.status.replicas',
        labelSelectorPath: '.status.selector',
      },
    },
    selectableFields: [{ jsonPath: '.spec.color' }],
    additionalPrinterColumns: [
      { name: 'Replicas', type: 'integer', jsonPath: '.spec.replicas' },
      { name: 'Color', type: 'string', jsonPath: '.spec.color', priority: 1 },
    ],
    schema: {
      openAPIV3Schema: {
        type: 'object',
        properties: {
          spec: {
            type: 'object',
            properties: {
              replicas: { type: 'integer', minimum: 0, maximum: 10, default: 1 },
              color: { type: 'string' },
              parts: {
                type: 'array',
                'x-kubernetes-list-type': 'map',
                'x-kubernetes-list-map-keys': ['name'],
                items: {
                  type: 'object',
                  required: ['name'],
                  properties: { name: { type: 'string' }, size: { type: 'integer' } },
                },
              },
            },
          },
          status: { type: 'object', properties: { replicas: { type: 'integer' }, selector: { type: 'string' } } },
        },
      },
    },
    ...parts,
  };
}

function widget(name: string, spec: object = {}, more: object = {}): object {
  return { apiVersion: 'example.com/v1', kind: 'Widget', metadata: { name }, spec, ...more };
}

describe('a custom object', () => {
  test('is created, read, replaced, patched and deleted', async () => {
    const created = await client.ask('POST', widgets, widget('life', { color: 'red' }, { status: { replicas: 3 } }));
    expect(created).toMatchObject({
      code: 201,
      body: { metadata: { generation: 1 }, spec: { color: 'red', replicas: 1 } },
    });
    expect(created.body).not.toHaveProperty('status');
    const { body: read } = await client.ask('GET', `${widgets}/life`);
    expect(read).toEqual(created.body);
    const replaced = await client.ask('PUT', `${widgets}/life`, { ...read, spec: { color: 'green' } });
    expect(replaced).toMatchObject({
      code: 200,
      body: { metadata: { generation: 2 }, spec: { color: 'green', replicas: 1 } },
    });
    expect(await client.ask('PUT', `${widgets}/life`, widget('life'))).toMatchObject({ code: 422 });
    const patched = await client.ask('PATCH', `${widgets}/life`, { spec: { replicas: 2 } }, mergePatch);
    expect(patched.body).toMatchObject({ metadata: { generation: 3 }, spec: { color: 'green', replicas: 2 } });
    const json = { 'content-type': 'application/json-patch+json' };
    const operations = [{ op: 'remove', path: '/spec/color' }];
    expect((await client.ask('PATCH', `${widgets}/life`, operations, json)).body.spec).toEqual({ replicas: 2 });
    const strategic = { 'content-type': 'application/strategic-merge-patch+json' };
    expect(await client.ask('PATCH', `${widgets}/life`, {}, strategic)).toMatchObject({
      code: 415,
      body: {
        message: expect.stringMatching(
          /json-patch\+json, application\/merge-patch\+json, application\/apply-patch\+yaml$/,
        ),
      },
    });
    expect(await client.ask('DELETE', `${widgets}/life`)).toMatchObject({ code: 200 });
    expect(await client.ask('GET', `${widgets}/life`)).toMatchObject({
      code: 404,
      body: { message: 'widgets.example.com "life" not found' },
    });
  });

  test('is refused where its schema says so, with fields that are told of or refused', async () => {
    const wrong = await client.ask('POST', widgets, widget('wrong', { replicas: 11, color: 1 }));
    expect(wrong).toMatchObject({
      code: 422,
      body: { reason: 'Invalid', details: { group: 'example.com' } },
    });
    expect(wrong.body.details.causes.map(({ field }: { field: string }) => field)).toEqual([
      'spec.replicas',
      'spec.color',
    ]);
    const unknown = widget('unknown', { x: 1 });
    const strict = await client.ask('POST', `${widgets}?fieldValidation=Strict`, unknown);
    expect(strict).toMatchObject({ code: 400, body: { message: expect.stringContaining('unknown field "spec.x"') } });
    const told = await client.ask('POST', `${widgets}?dryRun=All`, unknown);
    expect(told.headers.warning).toBe('299 - "unknown field \\"spec.x\\""');
    expect(told.body.spec).toEqual({ replicas: 1 });
  });

  test('has a status of its own, and a scale', async () => {
    const { body } = await client.ask('POST', widgets, widget('scaled'));
    const status = { replicas: 1, selector: 'a=b' };
    const written = await client.ask(
      'PATCH',
      `${widgets}/scaled/status`,
      { status, spec: { replicas: 9 } },
      mergePatch,
    );
    expect(written.body).toMatchObject({ metadata: { generation: 1 }, spec: body.spec, status });
    expect((await client.ask('GET', `${widgets}/scaled/scale`)).body).toMatchObject({ spec: { replicas: 1 }, status });
    const scaled = await client.ask('PATCH', `${widgets}/scaled/scale`, { spec: { replicas: 4 } }, mergePatch);
    expect(scaled).toMatchObject({ code: 200, body: { kind: 'Scale', spec: { replicas: 4 }, status } });
    const over = await client.ask('PATCH', `${widgets}/scaled/scale`, { spec: { replicas: 11 } }, mergePatch);
    expect(over).toMatchObject({ code: 422, body: { details: { causes: [{ field: 'spec.replicas' }] } } });
    expect((await client.ask('GET', `${widgets}/scaled`)).body).toMatchObject({
      metadata: { generation: 2 },
      spec: { replicas: 4 },
    });
  });

  test('is applied by several managers, entry by entry of its lists', async () => {
    const apply = (manager: string, spec: object) =>
      client.ask('PATCH', `${widgets}/applied?fieldManager=${manager}`, widget('applied', spec), {
        'content-type': 'application/apply-patch+yaml',
      });
    expect(await apply('one', { color: 'red', parts: [{ name: 'a', size: 1 }] })).toMatchObject({ code: 201 });
    const both = await apply('two', { parts: [{ name: 'b', size: 2 }] });
    expect(both.body.spec.parts).toEqual([
      { name: 'a', size: 1 },
      { name: 'b', size: 2 },
    ]);
    expect(await apply('two', { color: 'blue' })).toMatchObject({
      code: 409,
      body: { details: { causes: [{ reason: 'FieldManagerConflict', field: '.spec.color' }] } },
    });
  });

  test('is found by labels and by the fields of its definition, in pages, and by watches', async () => {
    const { body: before } = await client.ask('GET', widgets);
    for (const color of ['pink', 'pink', 'grey']) {
      await client.ask('POST', widgets, {
        ...widget('', { color }),
        metadata: { generateName: 'found-', labels: { found: color } },
      });
    }
    const pink = 'fieldSelector=spec.color%3Dpink';
    const found = await client.ask('GET', `${widgets}?${pink}`);
    expect(found.body).toMatchObject({ kind: 'WidgetList', apiVersion: 'example.com/v1' });
    expect(found.body.items).toHaveLength(2);
    expect((await client.ask('GET', `${widgets}?labelSelector=found%3Dgrey`)).body.items).toHaveLength(1);
    expect(await client.ask('GET', `${widgets}?fieldSelector=spec.replicas%3D1`)).toMatchObject({
      code: 400,
      body: { message: 'field label not supported: spec.replicas' },
    });
    const page = await client.ask('GET', `${widgets}?${pink}&limit=1`);
    expect(page.body.items).toHaveLength(1);
    const rest = await client.ask('GET', `${widgets}?${pink}&limit=1&continue=${page.body.metadata.continue}`);
    expect(rest.body.items).toHaveLength(1);
    const { resourceVersion } = before.metadata;
    const events = await client.ask(
      'GET',
      `${widgets}?watch=true&${pink}&resourceVersion=${resourceVersion}&timeoutSeconds=1`,
    );
    const types = String(events.body)
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line).type);
    expect(types).toEqual(['ADDED', 'ADDED']);
    expect(await client.ask('DELETE', `${widgets}?labelSelector=found`)).toMatchObject({ code: 200 });
    expect((await client.ask('GET', `${widgets}?labelSelector=found`)).body.items).toEqual([]);
  });

  test('is printed with the columns of its definition', async () => {
    await client.ask('POST', widgets, widget('printed', { color: 'red' }));
    const accept = 'application/json;as=Table;v=v1;g=meta.k8s.io';
    const { body } = await client.ask('GET', `${widgets}/printed`, undefined, { accept });
    expect(body.columnDefinitions.map(({ name, type, priority }: never) => [name, type, priority])).toEqual([
      ['Name', 'string', 0],
      ['Replicas', 'integer', 0],
      ['Color', 'string', 1],
    ]);
    expect(body.rows[0].cells).toEqual(['printed', 1, 'red']);
  });

  test('has no form in protobuf, while its metadata has', async () => {
    await client.ask('POST', widgets, widget('plain'));
    const proto = 'application/vnd.kubernetes.protobuf';
    expect((await client.ask('GET', `${widgets}/plain`, undefined, { accept: proto })).code).toBe(406);
    const either = await client.ask('GET', `${widgets}/plain`, undefined, { accept: `${proto},application/json` });
    expect(either).toMatchObject({ code: 200, body: { kind: 'Widget' } });
    const metadata = { accept: `${proto};as=PartialObjectMetadata;g=meta.k8s.io;v=v1` };
    const part = await client.ask('GET', `${widgets}/plain`, undefined, metadata);
    expect([part.code, part.headers['content-type']]).toEqual([200, proto]);
    expect((await client.ask('POST', widgets, 'k8s\0', { 'content-type': proto })).code).toBe(415);
  });

  test('names its own type', async () => {
    const messages = async (type: object): Promise<string> =>
      (await client.ask('POST', widgets, { ...widget('typed'), ...type })).body.message;
    expect(await messages({ kind: 'Wodget' })).toContain('kind: Invalid value: "Wodget": must be Widget');
    expect(await messages({ apiVersion: 'example.com/v2' })).toContain(
      'does not match the expected API version (example.com/v1)',
    );
    expect(await messages({ kind: undefined })).toContain(`Object 'Kind' is missing in`);
  });
});

describe('discovery', () => {
  test('has the resources of definitions', async () => {
    const { body } = await client.ask('GET', '/apis/example.com/v1');
    expect(body.resources.map(({ name }: { name: string }) => name)).toEqual([
      'widgets',
      'widgets/scale',
      'widgets/status',
    ]);
    expect(body.resources[0]).toMatchObject({
      kind: 'Widget',
      singularName: 'widget',
      shortNames: ['wd'],
      namespaced: true,
    });
    const { body: groups } = await client.ask('GET', '/apis');
    expect(groups.groups.map(({ name }: { name: string }) => name)).toContain('example.com');
  });
});

describe('a definition', () => {
  const gadgets = (versions: object[]) => ({
    ...widgetDefinition({ versions }),
    metadata: { name: 'gadgets.example.org' },
    spec: {
      group: 'example.org',
      scope: 'Cluster',
      names: { plural: 'gadgets', kind: 'Gadget', singular: 'gadget', listKind: 'GadgetList' },
      versions,
    },
  });
  const gadget = { apiVersion: 'example.org/v1', kind: 'Gadget', metadata: { name: 'g' }, spec: { color: 'red' } };
  const path = '/apis/example.org/v1/gadgets';

  test('that changes ends watches, and is what objects go by from then on, also those that are stored', async () => {
    await define(client, gadgets([version('v1', { storage: true })]));
    expect((await client.ask('POST', path, gadget)).body.spec).toEqual({ color: 'red', replicas: 1 });
    const watch = client.ask('GET', `${path}?watch=true&timeoutSeconds=20`);
    const schema = {
      openAPIV3Schema: {
        type: 'object',
        properties: {
          spec: {
            type: 'object',
            properties: { replicas: { type: 'integer' }, size: { type: 'string', default: 'L' } },
          },
        },
      },
    };
    const selectableFields = [{ jsonPath: '.spec.size' }];
    const versions = [version('v1', { storage: true, schema, selectableFields }), version('v2', { deprecated: true })];
    await seen(
      client,
      await client.ask('PATCH', `${definitionsPath}/gadgets.example.org`, { spec: { versions } }, mergePatch),
    );
    const lines = String((await watch).body)
      .trim()
      .split('\n');
    expect(JSON.parse(lines.at(-1)!)).toMatchObject({ type: 'ERROR', object: { code: 410, reason: 'Expired' } });
    expect((await client.ask('GET', `${path}/g`)).body.spec).toEqual({ replicas: 1, size: 'L' });
    const other = await client.ask('GET', '/apis/example.org/v2/gadgets/g');
    expect(other.body).toMatchObject({ apiVersion: 'example.org/v2', spec: { replicas: 1 } });
    expect(other.headers.warning).toBe('299 - "example.org/v2 Gadget is deprecated"');
  });

  test('that goes takes its kind along', async () => {
    await client.ask('DELETE', `${path}/g`);
    expect((await client.ask('DELETE', `${definitionsPath}/gadgets.example.org`)).code).toBe(200);
    await expect.poll(async () => (await client.ask('GET', path)).code).toBe(404);
    expect((await client.ask('GET', '/apis/example.org')).code).toBe(404);
  });
});
