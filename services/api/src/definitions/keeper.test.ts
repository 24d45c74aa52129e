import type { CustomResourceDefinition } from '@gantry/model/gen/gantry.apiextensions.v1.ts';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { startTestApi, type TestApi } from '../testing/harness.ts';

// Definitions over REST, as the loop looks after them.

let running: TestApi;
let base: string;
beforeAll(async () => {
  running = await startTestApi({ rest: '127.0.0.1:0' });
  base = `http://127.0.0.1:${running.api.restPort}/apis/apiextensions.k8s.io/v1/customresourcedefinitions`;
});
afterAll(() => running?.[Symbol.asyncDispose]());

async function ask(method: string, path: string, body?: object) {
  const type = method === 'PATCH' ? 'application/merge-patch+json' : 'application/json';
  const response = await fetch(base + path, {
    method,
    headers: { 'content-type': type },
    ...(body && { body: JSON.stringify(body) }),
  });
  // biome-ignore lint/suspicious/noExplicitAny: answers are looked into as clients do
  return { code: response.status, body: JSON.parse(await response.text()) as any };
}

function definition(plural: string, kind: string, others: Partial<CustomResourceDefinition['spec']> = {}): object {
  const group = 'keeper.example.com';
  const schema = { openAPIV3Schema: { type: 'object' } };
  return {
    apiVersion: 'apiextensions.k8s.io/v1',
    kind: 'CustomResourceDefinition',
    metadata: { name: `${plural}.${others.group ?? group}` },
    spec: {
      group,
      scope: 'Namespaced',
      versions: [{ name: 'v1', served: true, storage: true, schema }],
      ...others,
      names: { plural, kind, ...others.names },
    },
  };
}

const statusOf = async (name: string): Promise<CustomResourceDefinition['status']> =>
  (await ask('GET', `/${name}`)).body.status;
const conditionsOf = async (name: string): Promise<string[]> =>
  ((await statusOf(name))?.conditions ?? []).map(({ type, status, reason }) => `${type}=${status} ${reason}`);

describe('a definition', () => {
  test('gets its names, is established, and goes when its end is asked for', async () => {
    expect((await ask('POST', '', definition('apples', 'Apple'))).code).toBe(201);
    await expect
      .poll(() => conditionsOf('apples.keeper.example.com'))
      .toEqual(['NamesAccepted=True NoConflicts', 'Established=True InitialNamesAccepted']);
    expect(await statusOf('apples.keeper.example.com')).toMatchObject({
      acceptedNames: { plural: 'apples', singular: 'apple', kind: 'Apple', listKind: 'AppleList' },
      storedVersions: ['v1'],
    });
    const { body } = await ask('DELETE', '/apples.keeper.example.com');
    expect(body).toMatchObject({
      metadata: { generation: 1, finalizers: ['customresourcecleanup.apiextensions.k8s.io'] },
      status: { conditions: [{}, {}, { type: 'Terminating', reason: 'InstanceDeletionPending' }] },
    });
    expect(body.metadata).not.toHaveProperty('deletionGracePeriodSeconds');
    await expect.poll(async () => (await ask('GET', '/apples.keeper.example.com')).code).toBe(404);
  });

  test('waits for names that others of its group have until they go', async () => {
    await ask('POST', '', definition('pears', 'Pear'));
    await expect.poll(() => conditionsOf('pears.keeper.example.com')).toHaveLength(2);
    await ask(
      'POST',
      '',
      definition('pairs', 'Pear', { names: { plural: 'pairs', kind: 'Pear', shortNames: ['pears'] } }),
    );
    await expect
      .poll(() => conditionsOf('pairs.keeper.example.com'))
      .toEqual(['NamesAccepted=False ListKindConflict', 'Established=False NotAccepted']);
    expect(await statusOf('pairs.keeper.example.com')).toMatchObject({ acceptedNames: { plural: 'pairs', kind: '' } });
    await ask('DELETE', '/pears.keeper.example.com');
    await expect
      .poll(() => conditionsOf('pairs.keeper.example.com'))
      .toEqual(['NamesAccepted=True NoConflicts', 'Established=True InitialNamesAccepted']);
  });

  test('of another group has the same names', async () => {
    await ask('POST', '', definition('plums', 'Plum'));
    await ask('POST', '', definition('plums', 'Plum', { group: 'other.example.com' }));
    for (const group of ['keeper', 'other']) {
      await expect
        .poll(() => conditionsOf(`plums.${group}.example.com`))
        .toContain('Established=True InitialNamesAccepted');
    }
  });
});
