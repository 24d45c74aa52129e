import { wrap } from '@gantry/client/object-messages.ts';
import { resourceService } from '@gantry/client/protos.ts';
import { serviceNames } from '@gantry/runtime/identities.ts';
import { Client as GrpcClient } from '@grpc/grpc-js';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { RestClient } from './rest/testing/client.ts';
import { testCredentials } from './testing/harness.ts';

// Event is served in two forms: v1, which is stored, and events.k8s.io/v1.

let client: RestClient;
beforeAll(async () => {
  client = await RestClient.start({ trustNetwork: true });
});
afterAll(() => client?.[Symbol.asyncDispose]());

const newPath = '/apis/events.k8s.io/v1/namespaces/default/events';
const oldPath = '/api/v1/namespaces/default/events';

function newEvent(name: string, fields: object = {}): object {
  return {
    apiVersion: 'events.k8s.io/v1',
    kind: 'Event',
    metadata: { name, namespace: 'default' },
    eventTime: '2026-01-01T00:00:00.000001Z',
    type: 'Normal',
    reason: 'Started',
    action: 'Starting',
    note: 'it runs',
    regarding: { kind: 'Pod', namespace: 'default', name },
    reportingController: 'example.com/agent',
    reportingInstance: 'node-1',
    ...fields,
  };
}

describe('over REST', () => {
  test('an object is answered in the form of its path, whatever form it came in', async () => {
    const created = await client.ask('POST', newPath, newEvent('one'));
    expect(created).toMatchObject({ code: 201, body: newEvent('one') });
    const old = await client.ask('GET', `${oldPath}/one`);
    expect(old.body).toMatchObject({
      apiVersion: 'v1',
      involvedObject: { kind: 'Pod', name: 'one' },
      message: 'it runs',
      reportingComponent: 'example.com/agent',
      reportingInstance: 'node-1',
    });
    expect(old.body).not.toHaveProperty('note');
    expect((await client.ask('GET', `${newPath}/one`)).body).toEqual(created.body);
  });

  test('what the older form alone has is kept in deprecated fields', async () => {
    const source = { component: 'kubelet', host: 'n1' };
    const involvedObject = { kind: 'Pod', namespace: 'default', name: 'two' };
    const at = '2026-01-01T00:00:00Z';
    const event = {
      metadata: { name: 'two' },
      involvedObject,
      source,
      firstTimestamp: at,
      lastTimestamp: at,
      count: 3,
    };
    await client.ask('POST', oldPath, { apiVersion: 'v1', kind: 'Event', ...event });
    const { body } = await client.ask('GET', `${newPath}/two`);
    expect(body).toMatchObject({
      deprecatedSource: source,
      deprecatedFirstTimestamp: at,
      deprecatedLastTimestamp: at,
      deprecatedCount: 3,
    });
    // Sent back as it is, it is the same object.
    const updated = await client.ask('PUT', `${newPath}/two`, body);
    expect(updated).toMatchObject({
      code: 200,
      body: { metadata: { resourceVersion: body.metadata.resourceVersion } },
    });
  });

  test('lists and watches convert; tables print the same', async () => {
    const listed = await client.ask('GET', `${newPath}?fieldSelector=regarding.name%3Done`);
    expect(listed.body).toMatchObject({
      kind: 'EventList',
      apiVersion: 'events.k8s.io/v1',
      items: [{ note: 'it runs' }],
    });
    const accept = { accept: 'application/json;as=Table;v=v1;g=meta.k8s.io' };
    const rowsOf = async (path: string, field: string): Promise<unknown> =>
      (await client.ask('GET', `${path}?fieldSelector=${field}%3Done&includeObject=Object`, undefined, accept)).body
        .rows;
    const [row] = (await rowsOf(newPath, 'regarding.name')) as { cells: unknown[]; object: object }[];
    const [oldRow] = (await rowsOf(oldPath, 'involvedObject.name')) as { cells: unknown[]; object: object }[];
    expect(row!.cells).toEqual(oldRow!.cells);
    expect(row!.object).toMatchObject({ apiVersion: 'events.k8s.io/v1', note: 'it runs' });
    const watched = await client.ask(
      'GET',
      `${newPath}?watch=true&timeoutSeconds=1&fieldSelector=regarding.name%3Done`,
    );
    const [first] = String(watched.body).split('\n');
    expect(JSON.parse(first!)).toMatchObject({
      type: 'ADDED',
      object: { apiVersion: 'events.k8s.io/v1', note: 'it runs' },
    });
  });

  test('field selectors have the names of the form', async () => {
    const wrong = await client.ask('GET', `${newPath}?fieldSelector=involvedObject.name%3Done`);
    expect(wrong).toMatchObject({ code: 400, body: { message: 'field label not supported: involvedObject.name' } });
    const mixed = await client.ask('GET', `${oldPath}?fieldSelector=regarding.name%3Done`);
    expect(mixed).toMatchObject({ code: 400, body: { message: 'field label not supported: regarding.name' } });
  });

  test('patches are of the form, and the form validates more than the stored one does', async () => {
    const types = ['application/merge-patch+json', 'application/strategic-merge-patch+json'];
    const series = { count: 2, lastObservedTime: '2026-01-01T00:00:01.000000Z' };
    for (const type of types) {
      const headers = { 'content-type': type };
      const patched = await client.ask('PATCH', `${newPath}/one`, { series }, headers);
      expect(patched).toMatchObject({ code: 200, body: { note: 'it runs', series } });
      const refused = await client.ask('PATCH', `${newPath}/one`, { note: 'another' }, headers);
      expect(refused).toMatchObject({
        code: 422,
        body: { message: 'Event "one" is invalid: message: Invalid value: "another": field is immutable' },
      });
      const unknown = await client.ask('PATCH', `${newPath}/one`, { message: 'x' }, headers);
      expect(unknown.headers.warning).toBe(String.raw`299 - "unknown field \"message\""`);
    }
    const headers = { 'content-type': 'application/merge-patch+json' };
    expect(await client.ask('PATCH', `${oldPath}/one`, { message: 'another' }, headers)).toMatchObject({ code: 200 });
  });

  test('a new event that has fields of the older form is refused in the newer one', async () => {
    const refused = await client.ask('POST', newPath, newEvent('three', { deprecatedCount: 2, type: 'Odd' }));
    expect(refused.code).toBe(422);
    const fields = refused.body.details.causes.map(({ field }: { field: string }) => field);
    expect(fields).toEqual(expect.arrayContaining(['type', 'count']));
  });

  test('is applied server-side in either form; the owners of a field know it by the name of their form', async () => {
    const headers = { 'content-type': 'application/apply-patch+yaml' };
    const applied = await client.ask('PATCH', `${newPath}/four?fieldManager=new`, newEvent('four'), headers);
    expect(applied).toMatchObject({ code: 201, body: { note: 'it runs' } });
    const [entry] = applied.body.metadata.managedFields;
    expect(entry).toMatchObject({ manager: 'new', apiVersion: 'events.k8s.io/v1', fieldsV1: { 'f:note': {} } });
    const other = { apiVersion: 'v1', kind: 'Event', metadata: { name: 'four' }, message: 'another' };
    const conflict = await client.ask('PATCH', `${oldPath}/four?fieldManager=old`, other, headers);
    expect(conflict).toMatchObject({ code: 409, body: { details: { causes: [{ field: '.note' }] } } });
  });
});

describe('over gRPC', () => {
  const call = <T>(method: string, request: object): Promise<T> => {
    const { address } = client.running.api;
    const { transport, options } = testCredentials.dial(serviceNames.api);
    const grpc = new GrpcClient(address, transport, options);
    const { path, requestSerialize, responseDeserialize } = resourceService[method]!;
    return new Promise<T>((resolve, reject) => {
      grpc.makeUnaryRequest(path, requestSerialize, responseDeserialize, request, (error, answer) => {
        grpc.close();
        if (error) reject(error);
        else resolve(answer as T);
      });
    });
  };
  type Wrapped = { readonly json?: { readonly apiVersion: string; readonly note: string } };

  test('an object that names another form goes and comes as JSON in that form', async () => {
    const wrapped = wrap(newEvent('five') as never);
    expect(wrapped).toEqual({ json: newEvent('five') });
    const created = await call<Wrapped>('Create', { object: wrapped });
    expect(created.json).toMatchObject({ apiVersion: 'events.k8s.io/v1', note: 'it runs' });
    const ref = { resource: 'events.events.k8s.io', namespace: 'default', name: 'five' };
    expect(await call<Wrapped>('Get', { ref })).toMatchObject({ json: { note: 'it runs' } });
    const stored = await client.running.client.get('Event', { namespace: 'default', name: 'five' });
    expect(stored).toMatchObject({ apiVersion: 'v1', message: 'it runs' });
    const list = { resource: 'events.events.k8s.io', namespace: 'default', fieldSelector: 'regarding.name=five' };
    expect(await call('List', list)).toMatchObject({ items: [{ json: { note: 'it runs' } }] });
  });

  test('an object of a kind that nobody serves is refused', async () => {
    const object = { apiVersion: 'example.com/v7', kind: 'Widget', metadata: { name: 'x' } };
    await expect(client.running.client.create(object)).rejects.toThrow(
      'no matches for kind "Widget" in version "example.com/v7"',
    );
  });
});
