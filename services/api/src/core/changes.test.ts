import type { Change } from '@gantry/client/api.ts';
import type { KubeObject } from '@gantry/model/kind.ts';
import { GantryError } from '@gantry/runtime/errors.ts';
import type { Entry, OpenStore } from '@gantry/store/store.ts';
import { afterAll, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest';
import { podNamed, startTestApi, type TestApi } from '../testing/harness.ts';
import type { ResourceApi } from './api.ts';
import { changeAll } from './changes.ts';
import type { RequestContext } from './context.ts';
import type { ReaderDeps } from './reader.ts';

let running: TestApi;
let client: TestApi['client'];
let round = 0;
beforeAll(async () => {
  running = await startTestApi();
  ({ client } = running);
});
afterAll(() => running[Symbol.asyncDispose]());
beforeEach(() => {
  round++;
});

const finalizer = 'example.com/f';
const named = (name: string) => ({ namespace: 'default', name: `${name}-${round}` });
const release = (name: string, metadata: object = {}): Change => ({
  type: 'patch',
  kind: 'ConfigMap',
  name: named(name),
  patch: { type: 'strategic', body: { metadata: { '$deleteFromPrimitiveList/finalizers': [finalizer], ...metadata } } },
});
const end = (name: string, options: object = {}): Change => ({
  type: 'delete',
  kind: 'ConfigMap',
  name: named(name),
  options,
});
const make = (name: string): Promise<KubeObject> =>
  client.create({ apiVersion: 'v1', kind: 'ConfigMap', metadata: { ...named(name), finalizers: [finalizer] } });
const reasons = (results: readonly { readonly reason: string }[]): string[] => results.map(({ reason }) => reason);

describe('a batch of changes', () => {
  test('changes each object as if it were asked for alone, in one commit', async () => {
    const made = await Promise.all(['a', 'b', 'c'].map(make));
    const commit = vi.spyOn(running.store, 'commit');
    const results = await client.changeBatch([release('a'), end('b'), release('c')]);
    expect(commit).toHaveBeenCalledTimes(1);
    commit.mockRestore();
    expect(reasons(results)).toEqual(['', '', '']);
    expect(results.map(({ uid }) => uid)).toEqual(made.map(({ metadata }) => metadata.uid));
    expect(results.map(({ gone }) => gone)).toEqual([false, false, false]);
    const found = await Promise.all(['a', 'b', 'c'].map((name) => client.get('ConfigMap', named(name))));
    expect(found.map(({ metadata }) => Number(metadata.resourceVersion))).toEqual(
      results.map(({ resourceVersion }) => resourceVersion),
    );
    expect(found.map(({ metadata }) => metadata.finalizers)).toEqual([undefined, [finalizer], undefined]);
    expect(found[1]!.metadata.deletionTimestamp).toBeDefined();
  });

  test('removes what nothing holds', async () => {
    await make('a');
    await client.changeBatch([end('a')]);
    const pod = podNamed(named('p').name);
    await client.create(pod);
    const deletion: Change = { type: 'delete', kind: 'Pod', name: named('p') };
    const results = await client.changeBatch([release('a'), deletion]);
    expect(results.map(({ gone }) => gone)).toEqual([false, true]);
    for (const [kind, name] of [['ConfigMap', 'a'] as const, ['Pod', 'p'] as const]) {
      await expect(client.get(kind, named(name))).rejects.toMatchObject({ reason: 'NotFound' });
    }
  });

  test('refuses those that are wrong, and carries out the others', async () => {
    await Promise.all(['a', 'b'].map(make));
    const uid = '00000000-0000-0000-0000-000000000000';
    const results = await client.changeBatch([
      release('nobody'),
      end('a', { uid }),
      release('a', { uid }),
      release('a', { resourceVersion: '1' }),
      end('a', { propagationPolicy: 'Sometimes' }),
      release('b'),
    ]);
    expect(reasons(results)).toEqual(['NotFound', 'Conflict', 'Invalid', 'Conflict', 'Invalid', '']);
    expect(results[0]).toMatchObject({ code: 5, uid: '', gone: false, resourceVersion: 0 });
    expect(results[0]!.message).toBe(`configmaps "${named('nobody').name}" not found`);
  });

  test('carries out changes of one object one after the other', async () => {
    await make('a');
    const label = (key: string): Change => ({
      type: 'patch',
      kind: 'ConfigMap',
      name: named('a'),
      patch: { type: 'merge', body: { metadata: { labels: { [key]: key } } } },
    });
    const results = await client.changeBatch([label('x'), label('y'), end('a'), label('z')]);
    expect(reasons(results)).toEqual(['', '', '', '']);
    const { metadata } = await client.get('ConfigMap', named('a'));
    expect(metadata.labels).toEqual({ x: 'x', y: 'y', z: 'z' });
    expect(metadata.deletionTimestamp).toBeDefined();
  });

  test('stores nothing of a dry run', async () => {
    const { metadata } = await make('a');
    expect(reasons(await client.changeBatch([release('a')], { dryRun: true }))).toEqual(['']);
    expect((await client.get('ConfigMap', named('a'))).metadata).toEqual(metadata);
  });

  test('is bounded', async () => {
    const changes = Array.from({ length: 1_025 }, () => end('a'));
    await expect(client.changeBatch(changes)).rejects.toMatchObject({ reason: 'RequestEntityTooLarge' });
  });
});

describe('what was only seen in passing', () => {
  const key = 'configmaps/default/a';
  const entry = (revision: number): Entry => ({ key, value: `v${revision}`, revision });
  /** An api over a store at revision 7 and a memory at revision 5: what it read, and what it makes of that. */
  async function changed(write: (revision: number) => 'write' | 'leave' | 'refuse') {
    const read: number[] = [];
    const commit = async () => ({ ok: true as const, revision: 8, revisions: [8] });
    const store = { get: async () => entry(7), commit } as unknown as OpenStore;
    const cache = { peek: () => ({ key, text: 'v5', revision: 5 }) };
    const apiOver = (deps: Pick<ReaderDeps, 'store'>): Pick<ResourceApi, 'patch' | 'delete'> => ({
      patch: async () => {
        const { revision } = (await deps.store.get(key))!;
        read.push(revision);
        const what = write(revision);
        if (what === 'refuse') throw new GantryError('Conflict', `at ${revision}`);
        if (what === 'write') await deps.store.commit([{ type: 'put', key, value: 'new' }]);
        return { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'a', resourceVersion: String(revision) } };
      },
      delete: async () => {
        throw new Error('nothing is deleted here');
      },
    });
    const patch = { type: 'merge', body: '{}' } as const;
    const change = { type: 'patch', ref: { resource: 'configmaps', namespace: 'default', name: 'a' }, patch } as const;
    const deps = { store, cache } as unknown as ReaderDeps;
    const [outcome] = await changeAll(deps, apiOver, {} as RequestContext, [change], false);
    return { read, outcome };
  }

  test('is enough for a write, which proves it', async () => {
    const { read, outcome } = await changed(() => 'write');
    expect([read, outcome!.type]).toEqual([[5], 'changed']);
  });

  test.each(['leave', 'refuse'] as const)('is read from the store before the answer is to %s it', async (what) => {
    const { read, outcome } = await changed((revision) => (revision === 5 ? what : 'write'));
    expect([read, outcome!.type]).toEqual([[5, 7], 'changed']);
    const refused = await changed(() => 'refuse');
    expect(refused.read).toEqual([5, 7]);
    expect(refused.outcome).toMatchObject({ type: 'refused', error: { message: 'at 7' } });
  });
});
