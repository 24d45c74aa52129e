import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openStore } from '@gantry/store/open.ts';
import { describe, expect, it } from 'vitest';
import { startTestApi } from '../../testing/harness.ts';
import { HookServer, hookNamed } from '../testing/hook-server.ts';

const group = '/apis/admissionregistration.k8s.io/v1';

/** Sends JSON to a REST edge. */
async function post(port: number, path: string, body: object): Promise<{ code: number; body: { message?: string } }> {
  const url = `http://127.0.0.1:${port}${path}`;
  const headers = { 'content-type': 'application/json' };
  const response = await fetch(url, { method: 'POST', headers, body: JSON.stringify(body) });
  const answer = (await response.json()) as { message?: string; metadata: { resourceVersion?: string } };
  // A change that every watcher has been told of is known to admission as well.
  await (await fetch(`${url}?resourceVersion=${answer.metadata.resourceVersion ?? '0'}`)).arrayBuffer();
  return { code: response.status, body: answer };
}

describe('webhooks and an api that ends', () => {
  it('leave nothing of a write whose webhook was being asked', async () => {
    await using stack = new AsyncDisposableStack();
    const folder = await mkdtemp(join(tmpdir(), 'gantry-hooks-'));
    stack.defer(() => rm(folder, { recursive: true, force: true }));
    const url = `sqlite:${join(folder, 'state.db')}`;
    using server = await HookServer.start();
    const { promise: asked, resolve } = Promise.withResolvers<void>();
    server.answers.set('slow', () => void resolve());
    const running = await startTestApi({ rest: '127.0.0.1:0' }, url);
    const port = running.api.restPort!;
    const rules = [{ operations: ['CREATE'], apiGroups: [''], apiVersions: ['v1'], resources: ['services'] }];
    await post(port, `${group}/validatingwebhookconfigurations`, {
      apiVersion: 'admissionregistration.k8s.io/v1',
      kind: 'ValidatingWebhookConfiguration',
      metadata: { name: 'slow' },
      webhooks: [hookNamed(server, 'slow', { rules, failurePolicy: 'Ignore', timeoutSeconds: 30 })],
    });
    const before = (await running.store.list({ prefix: '' })).entries.map(({ key }) => key);
    const pending = post(port, '/api/v1/namespaces/default/services', {
      apiVersion: 'v1',
      kind: 'Service',
      metadata: { name: 'web' },
      spec: { ports: [{ port: 80 }] },
    }).catch((error: unknown) => error);
    await asked;
    await running[Symbol.asyncDispose]();
    expect(await pending).not.toMatchObject({ code: 201 });
    await using store = await openStore(url);
    const after = (await store.list({ prefix: '' })).entries.map(({ key }) => key);
    expect(after.filter((key) => !before.includes(key) && !key.startsWith('leases'))).toEqual([]);
  });
});

describe('a webhook that answers megabytes', () => {
  it('fails by its failure policy', async () => {
    using server = await HookServer.start();
    server.answers.set('large', () => JSON.stringify({ response: 'x'.repeat(17 * 1024 * 1024) }));
    await using running = await startTestApi({ rest: '127.0.0.1:0' });
    const port = running.api.restPort!;
    await post(port, `${group}/mutatingwebhookconfigurations`, {
      apiVersion: 'admissionregistration.k8s.io/v1',
      kind: 'MutatingWebhookConfiguration',
      metadata: { name: 'large' },
      webhooks: [hookNamed(server, 'large')],
    });
    const map = { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'map' } };
    const { code, body } = await post(port, '/api/v1/namespaces/default/configmaps', map);
    expect(code).toBe(500);
    expect(body.message).toContain('the response has more than 16777216 bytes');
  });
});
