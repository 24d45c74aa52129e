import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Reply, RestClient } from './testing/client.ts';

let client: RestClient;
beforeAll(async () => {
  client = await RestClient.start();
  for (const name of ['a', 'b', 'c']) await client.ask('POST', path, { metadata: { name } });
});
afterAll(() => client?.[Symbol.asyncDispose]());

const path = '/api/v1/namespaces/kube-public/configmaps';
const names = ({ body }: Reply): string[] =>
  body.items.map(({ metadata }: { metadata: { name: string } }) => metadata.name);
const forbidden = (what: string) => `ListOptions.meta.k8s.io "" is invalid: ${what}`;

describe('resourceVersion of a list', () => {
  test('is exact, at least or none', async () => {
    const { body } = await client.ask('GET', path);
    const before = body.metadata.resourceVersion;
    await client.ask('POST', path, { metadata: { name: 'd' } });
    expect(names(await client.ask('GET', path))).toEqual(['a', 'b', 'c', 'd']);
    const exact = await client.ask('GET', `${path}?resourceVersion=${before}&resourceVersionMatch=Exact`);
    expect([names(exact), exact.body.metadata.resourceVersion]).toEqual([['a', 'b', 'c'], before]);
    // Clients that know no match mean the exact revision by one with a limit.
    expect(names(await client.ask('GET', `${path}?resourceVersion=${before}&limit=10`))).toEqual(['a', 'b', 'c']);
    for (const query of [`resourceVersion=${before}&resourceVersionMatch=NotOlderThan`, 'resourceVersion=0']) {
      expect(names(await client.ask('GET', `${path}?${query}`))).toContain('d');
    }
  });

  test('that does not exist yet is waited for, and refused in the end', async () => {
    const waiting = client.ask('GET', `${path}?resourceVersion=1000000`);
    const got = client.ask('GET', `${path}/a?resourceVersion=1000000`);
    for (const reply of await Promise.all([waiting, got])) {
      expect(reply).toMatchObject({
        code: 504,
        headers: { 'retry-after': '1' },
        body: {
          reason: 'Timeout',
          message: expect.stringMatching(/^Timeout: Too large resource version: 1000000, current: \d+$/),
          details: {
            causes: [{ reason: 'ResourceVersionTooLarge', message: 'Too large resource version' }],
            retryAfterSeconds: 1,
          },
        },
      });
    }
  });

  test.each([
    [
      'resourceVersionMatch=Exact',
      422,
      forbidden(
        'resourceVersionMatch: Forbidden: resourceVersionMatch is forbidden unless resourceVersion is provided',
      ),
    ],
    [
      'resourceVersion=0&resourceVersionMatch=Exact',
      422,
      forbidden('resourceVersionMatch: Forbidden: resourceVersionMatch "exact" is forbidden for resourceVersion "0"'),
    ],
    [
      'resourceVersion=1&resourceVersionMatch=Foo',
      422,
      forbidden('resourceVersionMatch: Unsupported value: "Foo": supported values: "Exact", "NotOlderThan", ""'),
    ],
    ['sendInitialEvents=true', 422, forbidden('sendInitialEvents: Forbidden: sendInitialEvents is forbidden for list')],
    [
      'watch=1&sendInitialEvents=true',
      422,
      forbidden(
        'resourceVersionMatch: Forbidden: sendInitialEvents requires setting resourceVersionMatch to NotOlderThan',
      ),
    ],
    [
      'resourceVersion=abc',
      400,
      'invalid resource version: resourceVersion: Invalid value: "abc": strconv.ParseUint: parsing "abc": invalid syntax',
    ],
    ['limit=abc', 400, 'strconv.ParseInt: parsing "abc": invalid syntax'],
  ])('%s is refused with %i', async (query, code, message) => {
    const reply = await client.ask('GET', `${path}?${query}`);
    const body = JSON.parse(reply.bytes.toString());
    expect([reply.code, body.message]).toEqual([code, message]);
  });
});

test('a token whose revision is gone comes back as one that goes on with the state of now', async () => {
  const { body } = await client.ask('GET', `${path}?limit=2`);
  await client.ask('POST', path, { metadata: { name: 'z' } });
  await client.running.store.compact(Number((await client.ask('GET', path)).body.metadata.resourceVersion));
  const expired = await client.ask('GET', `${path}?limit=2&continue=${body.metadata.continue}`);
  expect(expired).toMatchObject({
    code: 410,
    body: { reason: 'Expired', message: expect.stringContaining('inconsistent list') },
  });
  const rest = await client.ask('GET', `${path}?continue=${expired.body.metadata.continue}`);
  expect(names(rest)).toContain('z');
  expect(names(rest)).not.toContain('a');
});

describe('a watch', () => {
  const events = ({ bytes }: Reply): { type: string; object: { metadata: Record<string, unknown> } }[] =>
    bytes
      .toString()
      .trim()
      .split('\n')
      .filter(Boolean)
      .map((line) => JSON.parse(line));

  test('tells the end of what exists where that is asked for, and begins behind it where it is refused', async () => {
    const query = 'watch=true&timeoutSeconds=1&resourceVersionMatch=NotOlderThan&allowWatchBookmarks=true';
    const whole = events(await client.ask('GET', `${path}?${query}&sendInitialEvents=true`));
    expect(whole.at(-1)).toMatchObject({
      type: 'BOOKMARK',
      object: { metadata: { annotations: { 'k8s.io/initial-events-end': 'true' } } },
    });
    expect(whole.length).toBeGreaterThan(3);
    expect(events(await client.ask('GET', `${path}?${query}&sendInitialEvents=false`))).toEqual([]);
  });

  test('sends no bookmark to who takes none', async () => {
    const query = 'watch=true&timeoutSeconds=1&resourceVersionMatch=NotOlderThan&sendInitialEvents=true';
    expect(events(await client.ask('GET', `${path}?${query}`)).map(({ type }) => type)).not.toContain('BOOKMARK');
  });
});

describe('pages', () => {
  test('tell how many objects follow, unless a selector chooses among them', async () => {
    const pages = '/api/v1/namespaces/kube-public/podtemplates';
    const template = { spec: { containers: [{ name: 'c', image: 'x:1' }] } };
    for (let index = 0; index < 5; index++) {
      await client.ask('POST', pages, { metadata: { name: `t${index}`, labels: { a: 'b' } }, template });
    }
    const restAfter = async (query: string) => {
      const { metadata } = (await client.ask('GET', `${pages}?${query}`)).body;
      return { rest: metadata.remainingItemCount, next: encodeURIComponent(metadata.continue ?? '') };
    };
    const first = await restAfter('limit=2');
    // The pages show one revision, whatever comes after it.
    await client.ask('POST', pages, { metadata: { name: 't9' }, template });
    const second = await restAfter(`limit=2&continue=${first.next}`);
    const last = await restAfter(`limit=2&continue=${second.next}`);
    expect([first.rest, second.rest, last.rest]).toEqual([3, 1, undefined]);
    expect((await restAfter('limit=2&labelSelector=a%3Db')).rest).toBeUndefined();
    const bytes = await client.ask('GET', `${pages}?limit=2`, undefined, {
      accept: 'application/vnd.kubernetes.protobuf',
    });
    expect(bytes.code).toBe(200);
  });

  test('a write of the status changes the metadata with it, and no more', async () => {
    const services = '/api/v1/namespaces/kube-public/services';
    await client.ask('POST', services, { metadata: { name: 's' }, spec: { ports: [{ port: 80 }] } });
    const change = { metadata: { annotations: { a: 'b' } }, spec: { sessionAffinity: 'ClientIP' } };
    const { body } = await client.ask('PATCH', `${services}/s/status`, change, {
      'content-type': 'application/merge-patch+json',
    });
    expect(body).toMatchObject({ metadata: { annotations: { a: 'b' } }, spec: { sessionAffinity: 'None' } });
  });
});
