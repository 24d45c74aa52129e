import type { KubeObject } from '@gantry/model/kind.ts';
import { GantryError } from '@gantry/runtime/errors.ts';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { HookServer, type Question } from '../admission/testing/hook-server.ts';
import { RestClient } from '../rest/testing/client.ts';
import { webhookConversion } from './conversion.ts';
import { define, definitionsPath, mergePatch, seen, widgetDefinition } from './testing.ts';

interface Review extends Pick<Question, 'path'> {
  readonly request: { readonly uid: string; readonly desiredAPIVersion: string; readonly objects: Widget[] };
}

type Widget = KubeObject & { readonly spec: { size?: number; width?: number } };

/** Converts size of v1 to width of v2 and back, and notes that in a label. */
function converted({ apiVersion: from, spec, metadata, ...rest }: Widget, apiVersion: string): object {
  const { size, width, ...others } = spec;
  const value = size ?? width;
  const labels = { ...metadata.labels, from: from.split('/')[1]! };
  const next = apiVersion === 'example.com/v2' ? { width: value } : { size: value };
  return {
    ...rest,
    apiVersion,
    metadata: { ...metadata, labels },
    spec: { ...others, ...(value === undefined ? {} : next) },
  };
}

/** Answers a review as a good webhook does. @param change Parts of the response in the place of the right ones. */
function answer(question: unknown, change: (response: Record<string, unknown>) => object = (each) => each): string {
  const { request } = question as Review;
  const convertedObjects = request.objects.map((object) => converted(object, request.desiredAPIVersion));
  const response = { uid: request.uid, result: { status: 'Success' }, convertedObjects };
  return JSON.stringify({
    apiVersion: 'apiextensions.k8s.io/v1',
    kind: 'ConversionReview',
    response: change(response),
  });
}

describe('an answer of a webhook', () => {
  const definition = widgetDefinition({
    versions: [],
    conversion: {
      strategy: 'Webhook',
      webhook: { conversionReviewVersions: ['v2', 'v1'], clientConfig: { url: 'https://x' } },
    },
  });
  const object: Widget = {
    apiVersion: 'example.com/v1',
    kind: 'Widget',
    metadata: { name: 'w', namespace: 'default', uid: 'u', resourceVersion: '7', generation: 2, labels: { a: 'b' } },
    spec: { size: 1 },
  };
  const convertWith = (make: (question: string) => unknown) => {
    const ask = async (_target: object, question: string): Promise<unknown> => make(question);
    const deps = { callouts: { ask }, uid: () => 'the-uid', signal: new AbortController().signal };
    return webhookConversion(definition as never, deps)([object], 'example.com/v2');
  };
  const changed = (change: (response: Record<string, unknown>) => object) => (question: string) =>
    JSON.parse(answer(JSON.parse(question), change)) as unknown;
  const withObject = (change: (given: Widget) => unknown) =>
    changed((response) => ({ ...response, convertedObjects: (response.convertedObjects as Widget[]).map(change) }));

  test('gives labels and annotations beside what it converts, and no other metadata', async () => {
    const given = withObject((each) => ({
      ...each,
      metadata: { ...each.metadata, generation: 9, annotations: { c: 'd' }, finalizers: ['x/y'] },
    }));
    expect(await convertWith(given)).toEqual([
      {
        ...object,
        apiVersion: 'example.com/v2',
        metadata: { ...object.metadata, labels: { a: 'b', from: 'v1' }, annotations: { c: 'd' } },
        spec: { width: 1 },
      },
    ]);
  });

  test.each<[string, (question: string) => unknown, string]>([
    ['is none', () => null, 'failed'],
    [
      'is another document',
      () => ({ kind: 'Status' }),
      'expected webhook response of apiextensions.k8s.io/v1, Kind=ConversionReview, got undefined, Kind=Status',
    ],
    [
      'has no response',
      () => ({ apiVersion: 'apiextensions.k8s.io/v1', kind: 'ConversionReview' }),
      'failed: no response provided',
    ],
    [
      'is for another question',
      changed((response) => ({ ...response, uid: 'other' })),
      'failed: expected response.uid="the-uid", got "other"',
    ],
    [
      'says that it failed',
      changed((response) => ({ ...response, result: { status: 'Failure', message: 'no way' } })),
      'failed: no way',
    ],
    [
      'says nothing of success',
      changed(({ result: _, ...response }) => response),
      `failed: response.result.status was '', not 'Success'`,
    ],
    [
      'has fewer objects',
      changed((response) => ({ ...response, convertedObjects: [] })),
      'returned 0 objects, expected 1',
    ],
    ['has garbage for an object', withObject(() => 'garbage'), 'invalid converted object at index 0: it is no object'],
    [
      'has another version',
      withObject((each) => ({ ...each, apiVersion: 'example.com/v3' })),
      'invalid groupVersion (expected example.com/v2, received example.com/v3)',
    ],
    [
      'has another kind',
      withObject((each) => ({ ...each, kind: 'Other' })),
      'invalid kind (expected Widget, received Other)',
    ],
    ['has no metadata', withObject(({ metadata: _, ...each }) => each), 'missing metadata in converted object'],
    [
      'has another name',
      withObject((each) => ({ ...each, metadata: { ...each.metadata, name: 'x' } })),
      'must have the same name: w != x',
    ],
    [
      'has another uid',
      withObject((each) => ({ ...each, metadata: { ...each.metadata, uid: 'x' } })),
      'must have the same UID: u != x',
    ],
    [
      'has labels that are none',
      withObject((each) => ({ ...each, metadata: { ...each.metadata, labels: { 'a b': 'c' } } })),
      'metadata.labels: Invalid value: "a b"',
    ],
    [
      'has labels of other types',
      withObject((each) => ({ ...each, metadata: { ...each.metadata, labels: { a: 1 } } })),
      'metadata.labels[a] must be a string',
    ],
  ])('that %s is an error', async (_, make, problem) => {
    const error = await convertWith(make).catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(GantryError);
    expect(error).toMatchObject({
      reason: 'InternalError',
      message: expect.stringMatching(/^conversion webhook for example.com\/v1, Kind=Widget /),
    });
    expect((error as Error).message).toContain(problem);
  });
});

describe('objects of versions that a webhook converts', () => {
  let client: RestClient;
  let hook: HookServer;
  const [v1, v2] = ['v1', 'v2'].map((each) => `/apis/example.com/${each}/namespaces/default/widgets`) as [
    string,
    string,
  ];
  const asked = (): Review[] => hook.questions.splice(0) as unknown as Review[];
  let respond: (question: unknown) => string = answer;

  beforeAll(async () => {
    hook = await HookServer.start();
    hook.answers.set('convert', (question) => respond(question));
    client = await RestClient.start();
    const version = (name: string, field: string, storage: boolean): object => ({
      name,
      served: true,
      storage,
      selectableFields: [{ jsonPath: `.spec.${field}` }],
      schema: {
        openAPIV3Schema: {
          type: 'object',
          properties: { spec: { type: 'object', properties: { [field]: { type: 'integer' } } } },
        },
      },
    });
    const webhook = { conversionReviewVersions: ['v1'], clientConfig: hook.config('convert') };
    const versions = [version('v1', 'size', true), version('v2', 'width', false)];
    await define(client, widgetDefinition({ versions, conversion: { strategy: 'Webhook', webhook } }));
  });
  afterAll(async () => {
    hook?.[Symbol.dispose]();
    await client?.[Symbol.asyncDispose]();
  });

  const widget = (name: string, version: string, spec: object): object => ({
    apiVersion: `example.com/${version}`,
    kind: 'Widget',
    metadata: { name },
    spec,
  });

  test('are written in the stored version and read in any', async () => {
    expect((await client.ask('POST', v1, widget('one', 'v1', { size: 1 }))).code).toBe(201);
    expect(asked()).toEqual([]);
    const two = await client.ask('POST', v2, widget('two', 'v2', { width: 2 }));
    expect(two).toMatchObject({ code: 201, body: { apiVersion: 'example.com/v2', spec: { width: 2 } } });
    expect(asked().map(({ request }) => request.desiredAPIVersion)).toEqual(['example.com/v1']);
    expect((await client.ask('GET', `${v1}/two`)).body).toMatchObject({
      apiVersion: 'example.com/v1',
      spec: { size: 2 },
      metadata: { labels: { from: 'v2' } },
    });
    expect(asked()).toEqual([]);
    expect((await client.ask('GET', `${v2}/one`)).body).toMatchObject({
      apiVersion: 'example.com/v2',
      spec: { width: 1 },
    });
    expect(await client.ask('POST', v2, widget('three', 'v2', { width: 'x' }))).toMatchObject({ code: 422 });
    const patched = await client.ask('PATCH', `${v2}/one`, { spec: { width: 5 } }, mergePatch);
    expect(patched.body).toMatchObject({
      apiVersion: 'example.com/v2',
      spec: { width: 5 },
      metadata: { generation: 2 },
    });
    expect((await client.ask('GET', `${v1}/one`)).body.spec).toEqual({ size: 5 });
  });

  test('are listed with one question for all, and watched with one for each change', async () => {
    for (const name of ['list-1', 'list-2', 'list-3']) await client.ask('POST', v1, widget(name, 'v1', { size: 7 }));
    asked();
    const { body } = await client.ask('GET', `${v2}?fieldSelector=spec.width%3D7`);
    expect(body.items.map(({ spec }: Widget) => spec)).toEqual([{ width: 7 }, { width: 7 }, { width: 7 }]);
    expect(asked()).toHaveLength(1);
    const query = `watch=true&timeoutSeconds=2&resourceVersion=${body.metadata.resourceVersion}`;
    const [all, some] = [
      client.ask('GET', `${v2}?${query}`),
      client.ask('GET', `${v2}?${query}&fieldSelector=spec.width%3D8`),
    ];
    await client.ask('PATCH', `${v1}/list-1`, { spec: { size: 8 } }, mergePatch);
    await client.ask('PATCH', `${v1}/list-1`, { spec: { size: 9 } }, mergePatch);
    const eventsOf = (text: unknown): string[] =>
      String(text)
        .trim()
        .split('\n')
        .map((line) => JSON.parse(line))
        .map(({ type, object }) => `${type} ${object.apiVersion} ${object.spec.width}`);
    expect(eventsOf((await all).body)).toEqual(['MODIFIED example.com/v2 8', 'MODIFIED example.com/v2 9']);
    expect(eventsOf((await some).body)).toEqual(['ADDED example.com/v2 8', 'DELETED example.com/v2 8']);
    // Three states of the object, each once for both watches: before, between and after the changes.
    const states = asked().flatMap(({ request }) => request.objects.map(({ metadata }) => metadata.resourceVersion));
    expect(states.length).toBeLessThanOrEqual(4);
  });

  test('are lost by no failure of it', async () => {
    await client.ask('POST', v1, widget('kept', 'v1', { size: 3 }));
    respond = () => 'garbage';
    expect(await client.ask('GET', `${v2}/kept`)).toMatchObject({
      code: 500,
      body: { message: expect.stringContaining('conversion webhook for example.com/v1, Kind=Widget failed: ') },
    });
    expect((await client.ask('PATCH', `${v2}/kept`, { spec: { width: 4 } }, mergePatch)).code).toBe(500);
    expect((await client.ask('POST', v2, widget('never', 'v2', { width: 4 }))).code).toBe(500);
    expect((await client.ask('GET', v2)).code).toBe(500);
    expect((await client.ask('GET', `${v1}/kept`)).body.spec).toEqual({ size: 3 });
    expect((await client.ask('GET', `${v1}/never`)).code).toBe(404);
    respond = answer;
    expect((await client.ask('GET', `${v2}/kept`)).body.spec).toEqual({ width: 3 });
  });

  test('are brought to a new stored version by a write that changes nothing', async () => {
    await client.ask('POST', v1, widget('moved', 'v1', { size: 6 }));
    const { body } = await client.ask('GET', `${definitionsPath}/widgets.example.com`);
    const versions = body.spec.versions.map((each: { name: string }) => ({ ...each, storage: each.name === 'v2' }));
    await seen(
      client,
      await client.ask('PATCH', `${definitionsPath}/widgets.example.com`, { spec: { versions } }, mergePatch),
    );
    const stored = await client.ask('GET', `${v1}/moved`);
    const written = await client.ask('PUT', `${v1}/moved`, stored.body);
    expect(written.body.metadata.resourceVersion).not.toBe(stored.body.metadata.resourceVersion);
    asked();
    expect((await client.ask('GET', `${v2}/moved`)).body.spec).toEqual({ width: 6 });
    expect(asked()).toEqual([]);
  });
});
