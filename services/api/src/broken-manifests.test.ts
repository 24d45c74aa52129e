import { brokenManifests } from '@gantry/model/testing/broken-manifests.ts';
import type { Entry } from '@gantry/store/store.ts';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { startTestApi, type TestApi } from './testing/harness.ts';

// A broken manifest is never stored, never ends the process, and is never refused without a reason.

let running: TestApi;
let before: readonly Entry[];
beforeAll(async () => {
  running = await startTestApi({ priorityAndFairness: false });
  ({ entries: before } = await running.store.list({ prefix: '' }));
});
afterAll(() => running[Symbol.asyncDispose]());

describe('broken manifests through gRPC', () => {
  test.each(brokenManifests)('$name', async ({ manifest, problem, reason }) => {
    // A manifest that is too large for a gRPC message is refused before it is decoded.
    const expected =
      reason === 'RequestEntityTooLarge'
        ? { reason, message: expect.stringContaining('larger than') }
        : { reason, message: expect.stringContaining(problem) };
    await expect(running.client.apply(manifest)).rejects.toMatchObject(expected);
  });

  test('of a namespace that cannot be are told that there is none', async () => {
    const manifest = JSON.stringify({
      apiVersion: 'v1',
      kind: 'ConfigMap',
      metadata: { name: 'web', namespace: 'a.b' },
    });
    const expected = { reason: 'NotFound', message: 'namespaces "a.b" not found' };
    await expect(running.client.apply(manifest)).rejects.toMatchObject(expected);
  });

  test('leave nothing in the store, and the api alive', async () => {
    const { entries } = await running.store.list({ prefix: '' });
    expect(entries).toEqual(before);
    const metadata = { name: 'fine', namespace: 'default' };
    await running.client.apply(JSON.stringify({ apiVersion: 'v1', kind: 'ConfigMap', metadata }));
  });
});
