import { sealEnvelope } from '@gantry/model/envelope.ts';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { podNamed, startTestApi, type TestApi } from '../testing/harness.ts';

/** A REST edge over an api in this process. */
let running: TestApi;
let base: string;
beforeAll(async () => {
  running = await startTestApi({ rest: '127.0.0.1:0', trustNetwork: false });
  base = `http://127.0.0.1:${running.api.restPort}`;
});
afterAll(() => running?.[Symbol.asyncDispose]());

const token = 'Bearer the-token-of-the-tests';

interface Reply {
  readonly code: number;
  // biome-ignore lint/suspicious/noExplicitAny: answers are looked into as clients do
  readonly body: any;
  readonly headers: Headers;
}

async function ask(method: string, path: string, body?: unknown, headers: Record<string, string> = {}): Promise<Reply> {
  const response = await fetch(base + path, {
    method,
    headers: { authorization: token, 'content-type': 'application/json', ...headers },
    ...(body === undefined ? {} : { body: typeof body === 'string' ? body : JSON.stringify(body) }),
  });
  const text = await response.text();
  const isJson = (response.headers.get('content-type') ?? '').includes('json');
  return { code: response.status, body: isJson && text !== '' ? JSON.parse(text) : text, headers: response.headers };
}

const configMaps = '/api/v1/namespaces/default/configmaps';

function configMap(name: string, data: Record<string, string> = {}): object {
  return { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name }, data };
}

describe('objects', () => {
  test('are created, read, replaced, patched and deleted', async () => {
    const created = await ask('POST', configMaps, configMap('life', { a: '1' }));
    expect(created).toMatchObject({ code: 201, body: { kind: 'ConfigMap', metadata: { namespace: 'default' } } });
    const { body: read } = await ask('GET', `${configMaps}/life`);
    expect(read).toEqual(created.body);
    const replaced = await ask('PUT', `${configMaps}/life`, { ...read, data: { a: '2' } });
    expect(replaced).toMatchObject({ code: 200, body: { data: { a: '2' } } });
    const stale = await ask('PUT', `${configMaps}/life`, { ...read, data: { a: '3' } });
    expect(stale).toMatchObject({ code: 409, body: { kind: 'Status', reason: 'Conflict' } });
    const merge = { 'content-type': 'application/merge-patch+json' };
    expect((await ask('PATCH', `${configMaps}/life`, { data: { b: '1' } }, merge)).body.data).toEqual({
      a: '2',
      b: '1',
    });
    const json = { 'content-type': 'application/json-patch+json' };
    const operations = [{ op: 'remove', path: '/data/a' }];
    expect((await ask('PATCH', `${configMaps}/life`, operations, json)).body.data).toEqual({ b: '1' });
    const deleted = await ask('DELETE', `${configMaps}/life`);
    expect(deleted).toMatchObject({
      code: 200,
      body: { kind: 'Status', status: 'Success', details: { name: 'life' } },
    });
    expect(await ask('GET', `${configMaps}/life`)).toMatchObject({
      code: 404,
      body: {
        reason: 'NotFound',
        message: 'configmaps "life" not found',
        details: { name: 'life', kind: 'configmaps' },
      },
    });
  });

  test('are only tried with dryRun=All', async () => {
    expect((await ask('POST', `${configMaps}?dryRun=All`, configMap('dry'))).code).toBe(201);
    expect((await ask('GET', `${configMaps}/dry`)).code).toBe(404);
  });

  test.each([
    ['POST', configMaps, '{', 400, 'BadRequest'],
    ['POST', configMaps, { ...configMap('x'), data: { a: 1 } }, 400, 'BadRequest'],
    ['POST', configMaps, { ...configMap('x'), metadata: { name: 'x', namespace: 'other' } }, 400, 'BadRequest'],
    ['POST', configMaps, { ...configMap('x'), kind: 'Secret' }, 400, 'BadRequest'],
    ['POST', configMaps, configMap('-x'), 422, 'Invalid'],
    ['POST', `${configMaps}/x`, configMap('x'), 405, 'MethodNotAllowed'],
    ['PUT', `${configMaps}/y`, configMap('x'), 400, 'BadRequest'],
    ['POST', `${configMaps}?dryRun=Some`, configMap('x'), 422, 'Invalid'],
    ['POST', `${configMaps}?fieldValidation=Maybe`, configMap('x'), 422, 'Invalid'],
    ['GET', `${configMaps}?limit=x`, undefined, 400, 'BadRequest'],
    ['GET', `${configMaps}?resourceVersion=x`, undefined, 400, 'BadRequest'],
    ['GET', `${configMaps}?labelSelector=a%3D%3D%3D`, undefined, 400, 'BadRequest'],
    ['GET', '/api/v1/nosuch', undefined, 404, 'NotFound'],
    ['GET', '/apis/nosuch/v1/things', undefined, 404, 'NotFound'],
    ['PATCH', `${configMaps}/x`, {}, 415, 'UnsupportedMediaType'],
  ])('%s %s %j is refused with %i %s', async (method, path, body, code, reason) => {
    expect(await ask(method, path, body)).toMatchObject({
      code,
      body: { kind: 'Status', status: 'Failure', code, reason },
    });
  });

  test('that are invalid are told by their kind, and by their resource where it is about anything else', async () => {
    const details = async (name: string): Promise<object> =>
      (await ask('POST', configMaps, configMap(name))).body.details;
    expect(await details('No_Name')).toMatchObject({ kind: 'ConfigMap', name: 'No_Name' });
    await details('there-already');
    expect(await details('there-already')).toEqual({ kind: 'configmaps', name: 'there-already' });
  });

  test('are refused in a form that nobody knows', async () => {
    const accept = { accept: 'text/html' };
    expect(await ask('GET', configMaps, undefined, accept)).toMatchObject({
      code: 406,
      body: { reason: 'NotAcceptable' },
    });
  });
});

describe('lists', () => {
  test('come whole, in pages of one revision, as tables and as metadata', async () => {
    const path = '/api/v1/namespaces/kube-public/configmaps';
    for (const name of ['a', 'b', 'c']) await ask('POST', path, configMap(name, { key: name }));
    const whole = await ask('GET', path);
    expect(whole.body).toMatchObject({ kind: 'ConfigMapList', apiVersion: 'v1' });
    expect(whole.body.items.map(({ metadata }: { metadata: { name: string } }) => metadata.name)).toEqual([
      'a',
      'b',
      'c',
    ]);
    const first = await ask('GET', `${path}?limit=2`);
    expect(first.body.items).toHaveLength(2);
    await ask('DELETE', `${path}/c`);
    const token = encodeURIComponent(first.body.metadata.continue);
    const second = await ask('GET', `${path}?limit=2&continue=${token}`);
    expect(second.body.items).toHaveLength(1);
    expect(second.body.metadata.resourceVersion).toBe(first.body.metadata.resourceVersion);
    const table = { accept: 'application/json;as=Table;v=v1;g=meta.k8s.io,application/json' };
    const shown = await ask('GET', path, undefined, table);
    expect(shown.body.columnDefinitions.map(({ name }: { name: string }) => name)).toEqual(['NAME', 'DATA', 'AGE']);
    expect(shown.body.rows[0]).toMatchObject({
      cells: ['a', '1', expect.any(String)],
      object: { kind: 'PartialObjectMetadata' },
    });
    const metadata = { accept: 'application/json;as=PartialObjectMetadataList;v=v1;g=meta.k8s.io' };
    const reduced = await ask('GET', path, undefined, metadata);
    expect(reduced.body).toMatchObject({ kind: 'PartialObjectMetadataList', items: [{ metadata: { name: 'a' } }, {}] });
    expect(reduced.body.items[0].data).toBeUndefined();
    const all = await ask('DELETE', path);
    expect(all.body.items).toHaveLength(2);
    expect((await ask('GET', path)).body.items).toEqual([]);
  });

  test('of more than a page are sent whole to those who set no limit', async () => {
    const path = '/api/v1/namespaces/kube-system/configmaps';
    const data = { large: 'x'.repeat(900_000) };
    for (let index = 0; index < 5; index++) await ask('POST', path, configMap(`large-${index}`, data));
    const { body } = await ask('GET', path);
    expect(body.items).toHaveLength(5);
    expect(body.metadata.continue).toBeUndefined();
  });
});

describe('watches', () => {
  /** The documents of a watch until there are so many. */
  async function events(path: string, count: number): Promise<{ type: string; object: Record<string, never> }[]> {
    const stop = new AbortController();
    const response = await fetch(base + path, { headers: { authorization: token }, signal: stop.signal });
    const found: { type: string; object: Record<string, never> }[] = [];
    let text = '';
    for await (const chunk of response.body!.pipeThrough(new TextDecoderStream())) {
      text += chunk;
      const lines = text.split('\n');
      text = lines.pop()!;
      found.push(...lines.map((line) => JSON.parse(line)));
      if (found.length >= count) break;
    }
    stop.abort();
    return found;
  }

  test('send what is there, then changes', async () => {
    await running.client.create(podNamed('watched'));
    const path = '/api/v1/namespaces/default/pods';
    const seen = events(`${path}?watch=true&fieldSelector=metadata.name%3Dwatched`, 2);
    const merge = { 'content-type': 'application/merge-patch+json' };
    await ask('PATCH', `${path}/watched`, { metadata: { labels: { seen: 'yes' } } }, merge);
    expect((await seen).map(({ type }) => type)).toEqual(['ADDED', 'MODIFIED']);
  });

  test('end the initial events with a bookmark for those who ask', async () => {
    const query = 'watch=true&sendInitialEvents=true&resourceVersionMatch=NotOlderThan&allowWatchBookmarks=true';
    const [first] = await events(`/api/v1/namespaces/kube-node-lease/secrets?${query}`, 1);
    expect(first).toMatchObject({
      type: 'BOOKMARK',
      object: { kind: 'Secret', metadata: { annotations: { 'k8s.io/initial-events-end': 'true' } } },
    });
  });

  test('that begin too far ahead end with Expired', async () => {
    const [first] = await events('/api/v1/pods?watch=true&resourceVersion=99999999', 1);
    expect(first).toMatchObject({ type: 'ERROR', object: { kind: 'Status', code: 410 } });
  }, 20_000);
});

describe('subresources', () => {
  const deployments = '/apis/apps/v1/namespaces/default/deployments';
  const deployment = (name: string, replicas: number): object => ({
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: { name },
    spec: {
      replicas,
      selector: { matchLabels: { app: name }, matchExpressions: [{ key: 'tier', operator: 'In', values: ['a', 'b'] }] },
      template: {
        metadata: { labels: { app: name, tier: 'a' } },
        spec: { containers: [{ name: 'main', image: 'x:1' }] },
      },
    },
  });

  test('scale reads and sets replicas', async () => {
    await ask('POST', deployments, deployment('scaled', 2));
    const { body: scale } = await ask('GET', `${deployments}/scaled/scale`);
    expect(scale).toMatchObject({
      kind: 'Scale',
      apiVersion: 'autoscaling/v1',
      metadata: { name: 'scaled' },
      spec: { replicas: 2 },
      status: { replicas: 0, selector: 'app=scaled,tier in (a,b)' },
    });
    expect(
      (await ask('PUT', `${deployments}/scaled/scale`, { ...scale, spec: { replicas: 5 } })).body.spec.replicas,
    ).toBe(5);
    const merge = { 'content-type': 'application/merge-patch+json' };
    expect(
      (await ask('PATCH', `${deployments}/scaled/scale`, { spec: { replicas: 0 } }, merge)).body.spec.replicas,
    ).toBe(0);
    expect((await ask('GET', `${deployments}/scaled`)).body.spec.replicas).toBe(0);
    expect((await ask('PUT', `${deployments}/scaled/scale`, { ...scale, spec: { replicas: 6 } })).code).toBe(409);
    expect((await ask('PATCH', `${deployments}/scaled/scale`, { spec: { replicas: -1 } }, merge)).code).toBe(422);
  });

  test('eviction obeys budgets', async () => {
    const labels = { app: 'guarded' };
    await running.client.create(podNamed('guarded', { labels }));
    const budget = { apiVersion: 'policy/v1', kind: 'PodDisruptionBudget', metadata: { name: 'guarded' } };
    const spec = { maxUnavailable: 0, selector: { matchLabels: labels } };
    await ask('POST', '/apis/policy/v1/namespaces/default/poddisruptionbudgets', { ...budget, spec });
    const path = '/api/v1/namespaces/default/pods/guarded';
    const eviction = { apiVersion: 'policy/v1', kind: 'Eviction', metadata: { name: 'guarded' } };
    // A pod that does not run yet disrupts nobody.
    expect((await ask('POST', `${path}/eviction?dryRun=All`, eviction)).code).toBe(201);
    expect((await ask('GET', path)).code).toBe(200);
    expect((await ask('POST', `${path}/eviction`, { ...eviction, metadata: { name: 'other' } })).code).toBe(400);
    expect((await ask('POST', `${path}/eviction`, eviction)).code).toBe(201);
    expect((await ask('GET', path)).code).toBe(404);
  });

  test('binding puts a pod on a node', async () => {
    const pods = '/api/v1/namespaces/default/pods';
    await running.client.create(podNamed('to-bind'));
    const binding = { apiVersion: 'v1', kind: 'Binding', metadata: { name: 'to-bind' } };
    expect(
      (await ask('POST', `${pods}/to-bind/binding`, { ...binding, target: { kind: 'Service', name: 'n' } })).code,
    ).toBe(400);
    const target = { kind: 'Node', name: 'nosuch' };
    expect((await ask('POST', `${pods}/to-bind/binding`, { ...binding, target })).body).toMatchObject({
      kind: 'Status',
      status: 'Failure',
    });
    const allocatable = { cpu: '1', memory: '1Gi', pods: '10' };
    const node = { apiVersion: 'v1', kind: 'Node', metadata: { name: 'to-bind-to' }, status: { allocatable } };
    expect((await ask('POST', '/api/v1/nodes', node)).code).toBe(201);
    expect((await ask('PUT', '/api/v1/nodes/to-bind-to/status', node)).code).toBe(200);
    const bound = { ...binding, target: { kind: 'Node', name: 'to-bind-to' } };
    const place = async (): Promise<unknown> => (await ask('GET', `${pods}/to-bind`)).body.spec.nodeName;
    expect((await ask('POST', `${pods}/to-bind/binding?dryRun=All`, { ...binding, target })).code).toBe(404);
    expect((await ask('POST', `${pods}/to-bind/binding?dryRun=All`, bound)).code).toBe(201);
    expect(await place()).toBeUndefined();
    expect((await ask('POST', `${pods}/to-bind/binding`, bound)).code).toBe(201);
    expect(await place()).toBe('to-bind-to');
  });

  test('logs of a pod without a node are refused', async () => {
    await running.client.create(podNamed('silent'));
    const { code, body } = await ask('GET', '/api/v1/namespaces/default/pods/silent/log');
    expect([code, body.message]).toEqual([400, 'pod silent does not have a host assigned']);
  });

  test('that a resource does not have are not found', async () => {
    expect((await ask('GET', `${configMaps}/x/scale`)).code).toBe(404);
  });
});

describe('bodies in protobuf', () => {
  const protobuf = { 'content-type': 'application/vnd.kubernetes.protobuf' };

  test('are objects like any other', async () => {
    const type = { apiVersion: 'v1', kind: 'ConfigMap' };
    const object = { ...type, metadata: { name: 'packed' }, data: { a: '1' } };
    const bytes = sealEnvelope(type, 'gantry.core.v1.ConfigMap', object);
    const response = await fetch(base + configMaps, {
      method: 'POST',
      headers: { authorization: token, ...protobuf },
      body: Uint8Array.from(bytes),
    });
    expect(response.status).toBe(201);
    expect(await response.json()).toMatchObject({ ...object, metadata: { name: 'packed', namespace: 'default' } });
    expect((await ask('POST', '/api/v1/namespaces/default/secrets', 'k8s', protobuf)).code).toBe(400);
  });
});

describe('strangers', () => {
  test.each(['/healthz', '/livez', '/readyz', '/version'])('may read %s', async (path) => {
    expect((await fetch(base + path)).status).toBe(200);
  });

  test.each(['/api', '/apis', '/openapi/v3', '/metrics', '/metrics/slis', configMaps, '/api/v1/nosuch'])(
    'learn nothing of %s',
    async (path) => {
      const response = await fetch(base + path);
      expect(response.status).toBe(403);
      expect(await response.json()).toMatchObject({ kind: 'Status', reason: 'Forbidden' });
    },
  );
});

describe('discovery', () => {
  test('names groups, versions and resources, in one document too', async () => {
    expect((await ask('GET', '/api')).body).toMatchObject({ kind: 'APIVersions', versions: ['v1'] });
    const { body: groups } = await ask('GET', '/apis');
    expect(groups.groups[0].name).toBe('apiregistration.k8s.io');
    expect(groups.groups[1]).toMatchObject({ name: 'apps', preferredVersion: { groupVersion: 'apps/v1' } });
    const { body: core } = await ask('GET', '/api/v1');
    expect(core.resources).toContainEqual(
      expect.objectContaining({ name: 'pods', kind: 'Pod', namespaced: true, shortNames: ['po'] }),
    );
    expect(core.resources).toContainEqual(
      expect.objectContaining({ name: 'pods/status', verbs: ['get', 'patch', 'update'] }),
    );
    const accept = { accept: 'application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList' };
    const { body: all, headers } = await ask('GET', '/apis', undefined, accept);
    expect(headers.get('content-type')).toBe('application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList');
    expect(all.items[1].versions[0].resources[0]).toMatchObject({ resource: 'deployments', scope: 'Namespaced' });
    expect((await ask('GET', '/apis/nosuch')).code).toBe(404);
  });

  test('describes kinds with their fields', async () => {
    const { body: index } = await ask('GET', '/openapi/v3');
    const { serverRelativeURL } = index.paths['apis/apps/v1'];
    const { body: apps } = await ask('GET', serverRelativeURL);
    const { schemas } = apps.components;
    expect(schemas['io.k8s.api.apps.v1.Deployment']).toMatchObject({
      type: 'object',
      properties: { spec: { allOf: [{ $ref: '#/components/schemas/io.k8s.api.apps.v1.DeploymentSpec' }] } },
      'x-kubernetes-group-version-kind': [{ group: 'apps', version: 'v1', kind: 'Deployment' }],
    });
    expect(schemas['io.k8s.api.core.v1.PodSpec'].properties.containers).toMatchObject({
      type: 'array',
      'x-kubernetes-patch-merge-key': 'name',
      'x-kubernetes-patch-strategy': 'merge',
    });
  });
});

describe('paths of the server', () => {
  test.each([
    ['GET', '/', 200],
    ['GET', '/metrics', 200],
    ['GET', '/metrics/slis', 200],
    ['GET', '/livez/ping', 200],
    ['GET', '/readyz?verbose', 200],
    ['GET', '/version', 200],
    ['PUT', '/version', 405],
    ['GET', '/nosuch', 404],
    ['GET', '//api/v1/namespaces', 404],
    ['OPTIONS', configMaps, 405],
    ['HEAD', configMaps, 405],
    ['POST', '/api/v1/configmaps', 405],
    ['DELETE', '/api/v1/configmaps', 405],
    ['DELETE', '/api/v1/namespaces', 405],
    ['PUT', configMaps, 405],
    ['GET', '/api/v1/configmaps/x', 404],
    ['GET', '/api/v1/namespaces/default/nodes', 404],
  ])('%s %s: %i', async (method, path, code) => {
    expect((await ask(method, path)).code).toBe(code);
  });

  test('have metrics of requests for resources', async () => {
    await ask('GET', `${configMaps}/nosuch`);
    const { body } = await ask('GET', '/metrics');
    expect(body).toMatch(/gantry_api_rest_request_seconds_count\{[^}]*resource="configmaps",code="404"[^}]*\} \d+/);
  });

  test('have the results of health checks', async () => {
    await ask('GET', '/readyz');
    const { body } = await ask('GET', '/metrics/slis');
    expect(body).toMatch(/^kubernetes_healthcheck\{name="shutdown",type="readyz"\} 1$/m);
    expect(body).toMatch(/^kubernetes_healthchecks_total\{name="ping",status="success",type="readyz"\} [1-9]\d*$/m);
  });

  test('list all others at the root', async () => {
    const { paths } = (await ask('GET', '/')).body;
    expect(paths).toEqual(
      expect.arrayContaining(['/api', '/api/v1', '/apis/apps', '/apis/apps/v1', '/livez', '/metrics', '/metrics/slis']),
    );
  });

  test('are for the administrator, but for health and the version', async () => {
    const nobody = { authorization: 'Bearer wrong' };
    for (const path of ['/', '/metrics', '/api', '/openapi/v2', '/version']) {
      expect(await ask('GET', path, undefined, nobody)).toMatchObject({ code: 401, body: { reason: 'Unauthorized' } });
    }
    expect((await ask('GET', '/livez', undefined, nobody)).code).toBe(200);
  });

  test('show JSON with line breaks to people', async () => {
    const text = async (query: string, agent: string): Promise<string> => {
      const headers = { authorization: token, 'user-agent': agent };
      return (await fetch(`${base}/api/v1/namespaces/default${query}`, { headers })).text();
    };
    expect(await text('?pretty=true', 'x')).toContain('\n  "kind"');
    expect(await text('', 'curl/8')).toContain('\n  "kind"');
    expect(await text('?pretty=false', 'curl/8')).not.toContain('\n  "kind"');
  });
});
