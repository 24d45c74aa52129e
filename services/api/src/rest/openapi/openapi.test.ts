import { encodeOpenApi2 } from '@gantry/model/openapi-v2.ts';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { RestClient } from '../testing/client.ts';

let client: RestClient;
beforeAll(async () => {
  client = await RestClient.start();
});
afterAll(() => client?.[Symbol.asyncDispose]());

// biome-ignore lint/suspicious/noExplicitAny: documents are looked into as clients do
const documentAt = async (path: string): Promise<any> => (await client.ask('GET', path)).body;

/** All references of a document that lead nowhere. */
function danglingIn(document: object, known: object, root: string): string[] {
  const names = [...JSON.stringify(document).matchAll(/"\$ref":"([^"]*)"/g)].map(([, name]) => name!);
  return names.filter((name) => !Object.hasOwn(known, name.slice(root.length)));
}

describe('version 3', () => {
  test('the index names a document for each group and version, by the hash of its content', async () => {
    const { paths } = await documentAt('/openapi/v3');
    expect(Object.keys(paths)).toEqual(expect.arrayContaining(['api/v1', 'apis/apps/v1', 'apis/events.k8s.io/v1']));
    for (const { serverRelativeURL } of Object.values(paths) as { serverRelativeURL: string }[]) {
      const { headers, body } = await client.ask('GET', serverRelativeURL);
      const hash = new URL(serverRelativeURL, 'http://x').searchParams.get('hash');
      expect(headers).toMatchObject({
        etag: JSON.stringify(hash),
        'cache-control': expect.stringContaining('immutable'),
      });
      expect(danglingIn(body, body.components.schemas, '#/components/schemas/')).toEqual([]);
    }
  });

  test('a client that has a document is told so', async () => {
    const first = await client.ask('GET', '/openapi/v3/api/v1');
    const again = await client.ask('GET', '/openapi/v3/api/v1', undefined, {
      'if-none-match': String(first.headers.etag),
    });
    expect(again).toMatchObject({ code: 304, headers: { etag: first.headers.etag } });
    expect(again.bytes).toHaveLength(0);
  });

  test('fields have their documentation, and the rules of patches and of owners', async () => {
    const { schemas } = (await documentAt('/openapi/v3/apis/apps/v1')).components;
    expect(schemas['io.k8s.api.core.v1.PodSpec'].properties).toMatchObject({
      containers: {
        description: expect.stringMatching(/\S/),
        'x-kubernetes-list-type': 'map',
        'x-kubernetes-list-map-keys': ['name'],
        'x-kubernetes-patch-merge-key': 'name',
        'x-kubernetes-patch-strategy': 'merge',
      },
      nodeSelector: { 'x-kubernetes-map-type': 'atomic', additionalProperties: { type: 'string' } },
      tolerations: { 'x-kubernetes-list-type': 'atomic' },
    });
    expect(schemas['io.k8s.apimachinery.pkg.apis.meta.v1.LabelSelector']).toMatchObject({
      'x-kubernetes-map-type': 'atomic',
    });
    expect(schemas['io.k8s.api.core.v1.ContainerPort'].properties.protocol).toMatchObject({ default: 'TCP' });
    // Clients that validate must not ask for what the server makes.
    expect(schemas['io.k8s.api.apps.v1.Deployment'].required).toEqual(['spec']);
    expect(schemas['io.k8s.apimachinery.pkg.apis.meta.v1.ObjectMeta'].required).toBeUndefined();
  });

  test('each kind has its paths with the words by which clients find them', async () => {
    const { paths } = await documentAt('/openapi/v3/apis/apps/v1');
    const type = { group: 'apps', version: 'v1', kind: 'Deployment' };
    const one = paths['/apis/apps/v1/namespaces/{namespace}/deployments/{name}'];
    expect(one.patch).toMatchObject({
      operationId: 'patchAppsV1NamespacedDeployment',
      'x-kubernetes-action': 'patch',
      'x-kubernetes-group-version-kind': type,
      requestBody: { content: { 'application/strategic-merge-patch+json': {}, 'application/apply-patch+yaml': {} } },
    });
    const names = one.patch.parameters.map(({ name }: { name: string }) => name);
    expect(names).toEqual(['dryRun', 'fieldManager', 'fieldValidation', 'force']);
    const all = paths['/apis/apps/v1/deployments'].get;
    expect(all).toMatchObject({ operationId: 'listAppsV1DeploymentForAllNamespaces', 'x-kubernetes-action': 'list' });
    expect(paths['/apis/apps/v1/namespaces/{namespace}/deployments/{name}/scale'].put).toMatchObject({
      'x-kubernetes-group-version-kind': { group: 'autoscaling', version: 'v1', kind: 'Scale' },
    });
    expect(paths['/apis/apps/v1/namespaces/{namespace}/deployments/{name}/status'].patch).toBeDefined();
  });
});

describe('version 2', () => {
  const protobufType = 'application/com.github.proto-openapi.spec.v2@v1.0+protobuf';

  test('is one document of all kinds, whose references all lead somewhere', async () => {
    const document = await documentAt('/openapi/v2');
    expect(document).toMatchObject({ swagger: '2.0', definitions: { 'io.k8s.api.core.v1.Pod': { type: 'object' } } });
    expect(danglingIn(document, document.definitions, '#/definitions/')).toEqual([]);
    const patch = document.paths['/api/v1/namespaces/{namespace}/pods/{name}'].patch;
    expect(patch.consumes).toContain('application/strategic-merge-patch+json');
    // Definitions have a property of that name.
    expect(JSON.stringify(document)).not.toContain('"oneOf":[');
  });

  test('is given out in protobuf to clients that ask for it', async () => {
    const document = await documentAt('/openapi/v2');
    const { headers, bytes } = await client.ask('GET', '/openapi/v2', undefined, { accept: protobufType });
    // With an @ it would be no media type that a client can parse.
    expect(headers['content-type']).toBe(protobufType.replace('@', '.'));
    expect(bytes.equals(encodeOpenApi2(document))).toBe(true);
  });
});
