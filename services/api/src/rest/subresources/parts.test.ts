import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { RestClient } from '../testing/client.ts';

let client: RestClient;
beforeAll(async () => {
  client = await RestClient.start();
});
afterAll(() => client?.[Symbol.asyncDispose]());

const deployments = '/apis/apps/v1/namespaces/default/deployments';
const merge = { 'content-type': 'application/merge-patch+json' };

async function createDeployment(name: string): Promise<void> {
  const labels = { app: name };
  const spec = {
    replicas: 2,
    selector: { matchLabels: labels },
    template: { metadata: { labels }, spec: { containers: [{ name: 'c', image: 'i' }] } },
  };
  const object = { apiVersion: 'apps/v1', kind: 'Deployment', metadata: { name }, spec };
  expect((await client.ask('POST', deployments, object)).code).toBe(201);
}

describe('scale', () => {
  test('reads and sets the count at the place that the kind declares', async () => {
    await createDeployment('scaled');
    const path = `${deployments}/scaled/scale`;
    const { body: scale } = await client.ask('GET', path);
    expect(scale).toMatchObject({
      kind: 'Scale',
      spec: { replicas: 2 },
      status: { replicas: 0, selector: 'app=scaled' },
    });
    const replaced = await client.ask('PUT', path, { ...scale, spec: { replicas: 3 } });
    expect(replaced).toMatchObject({ code: 200, body: { spec: { replicas: 3 } } });
    expect((await client.ask('GET', `${deployments}/scaled`)).body).toMatchObject({
      spec: { replicas: 3 },
      metadata: { generation: 2 },
    });
    const stale = await client.ask('PUT', path, scale);
    expect(stale).toMatchObject({ code: 409, body: { reason: 'Conflict' } });
  });

  test.each([
    ['application/merge-patch+json', { spec: { replicas: 5 } }, 5],
    ['application/strategic-merge-patch+json', { spec: { replicas: 6 } }, 6],
    ['application/json-patch+json', [{ op: 'replace', path: '/spec/replicas', value: 7 }], 7],
  ])('takes a patch as %s', async (type, patch, replicas) => {
    await createDeployment(`patched-${replicas}`);
    const headers = { 'content-type': type };
    const answer = await client.ask('PATCH', `${deployments}/patched-${replicas}/scale`, patch, headers);
    expect(answer).toMatchObject({ code: 200, body: { spec: { replicas } } });
  });

  test.each([
    [{ spec: { replicas: -3 } }, 422, 'spec.replicas: Invalid value: -3: must be greater than or equal to 0'],
    [{ metadata: { name: 'other' } }, 400, 'the name of the object (other) does not match the name on the URL (wrong)'],
    [{ metadata: { resourceVersion: '1' } }, 409, 'the object has been modified'],
  ])('refuses %j', async (patch, code, problem) => {
    await createDeployment('wrong');
    const answer = await client.ask('PATCH', `${deployments}/wrong/scale`, patch, merge);
    expect(answer).toMatchObject({ code, body: { message: expect.stringContaining(problem) } });
    await client.ask('DELETE', `${deployments}/wrong`);
  });

  test('is applied by a manager that owns the count from then on', async () => {
    await createDeployment('applied');
    const headers = { 'content-type': 'application/apply-patch+yaml' };
    const scale = { apiVersion: 'autoscaling/v1', kind: 'Scale', metadata: { name: 'applied' }, spec: { replicas: 8 } };
    const path = `${deployments}/applied/scale?fieldManager=scaler&force=true`;
    expect(await client.ask('PATCH', path, scale, headers)).toMatchObject({
      code: 200,
      body: { spec: { replicas: 8 } },
    });
    const { body } = await client.ask('GET', `${deployments}/applied`);
    const entry = body.metadata.managedFields.find(({ manager }: { manager: string }) => manager === 'scaler');
    expect(entry).toMatchObject({
      operation: 'Apply',
      subresource: 'scale',
      fieldsV1: { 'f:spec': { 'f:replicas': {} } },
    });
  });

  test('is not there for kinds that declare none', async () => {
    expect((await client.ask('GET', '/api/v1/namespaces/default/configmaps/a/scale')).code).toBe(404);
  });
});

describe('parts', () => {
  const requests = '/apis/certificates.k8s.io/v1/certificatesigningrequests';

  test('a declared part changes its own fields and no others, and asks its own validation', async () => {
    const csr = {
      apiVersion: 'certificates.k8s.io/v1',
      kind: 'CertificateSigningRequest',
      metadata: { name: 'one' },
      spec: {
        request: Buffer.from(requestPem).toString('base64'),
        signerName: 'example.com/x',
        usages: ['digital signature'],
      },
    };
    const created = await client.ask('POST', requests, csr);
    expect(created.code).toBe(201);
    const condition = { type: 'Approved', status: 'True', reason: 'Fine', message: 'yes' };
    const wanted = {
      ...created.body,
      spec: { ...created.body.spec, signerName: 'example.com/y' },
      status: { conditions: [condition] },
    };
    const approved = await client.ask('PUT', `${requests}/one/approval`, wanted);
    expect(approved).toMatchObject({
      code: 200,
      body: { spec: { signerName: 'example.com/x' }, status: { conditions: [condition] } },
    });
    const body = { status: { conditions: [] } };
    const withdrawn = await client.ask('PATCH', `${requests}/one/approval`, body, merge);
    expect(withdrawn.code).toBe(422);
    expect((await client.ask('GET', `${requests}/one/approval`)).body).toEqual(approved.body);
  });

  test('come and go with their object: a part can be neither created nor deleted', async () => {
    await createDeployment('kept');
    for (const method of ['DELETE', 'POST']) {
      expect(await client.ask(method, `${deployments}/kept/status`, {})).toMatchObject({ code: 405 });
    }
    expect((await client.ask('GET', `${deployments}/kept`)).code).toBe(200);
  });

  test('discovery lists what kinds declare', async () => {
    const { body } = await client.ask('GET', '/api/v1');
    const names = body.resources.map(({ name }: { name: string }) => name);
    expect(names).toEqual(
      expect.arrayContaining(['pods/binding', 'pods/status', 'namespaces/finalize', 'services/proxy']),
    );
    const apps = await client.ask('GET', '/apis/apps/v1');
    const scale = apps.body.resources.find(({ name }: { name: string }) => name === 'deployments/scale');
    expect(scale).toMatchObject({
      group: 'autoscaling',
      version: 'v1',
      kind: 'Scale',
      verbs: ['get', 'patch', 'update'],
    });
  });
});

/** A request for a certificate of CN=x. */
const requestPem = `-----BEGIN CERTIFICATE REQUEST-----
MIHFMG4CAQAwDDEKMAgGA1UEAwwBeDBZMBMGByqGSM49AgEGCCqGSM49AwEHA0IA
BNHapRGthBWN0in8A9CD5RAErZ8tU9Aa2dO3tyHFeZvO/j5E7BjvbbF2YAJgJFSY
B/EPREtb++eIuurywb9D2X2gADAKBggqhkjOPQQDAgNHADBEAiBqUECIa6J63k/c
HK+hbrIUp01d5IVhxW3tWU0dg6TWvgIgB92jPukl+UCbaEGXafOpzCUxWEu0cvHk
DzfB4n4w6js=
-----END CERTIFICATE REQUEST-----
`;
