import { GantryError } from '@gantry/runtime/errors.ts';
import { silentLogger } from '@gantry/runtime/log.ts';
import { openStore } from '@gantry/store/open.ts';
import type { OpenStore, Operation } from '@gantry/store/store.ts';
import { describe, expect, test } from 'vitest';
import { define, definitionsPath, mergePatch, widgetDefinition } from '../custom/testing.ts';
import { RestClient } from '../rest/testing/client.ts';

// The end of definitions with objects, also while the api dies at any point of it.

const widgets = '/apis/example.com/v1/namespaces/default/widgets';
const definition = `${definitionsPath}/widgets.example.com`;
const schema = {
  openAPIV3Schema: { type: 'object', properties: { spec: { type: 'object', properties: { n: { type: 'integer' } } } } },
};
const version = { name: 'v1', served: true, storage: true, schema };
const widget = (name: string, finalizers: string[] = []) => {
  return { apiVersion: 'example.com/v1', kind: 'Widget', metadata: { name, finalizers }, spec: { n: 1 } };
};
const leftIn = async (store: OpenStore): Promise<string[]> =>
  (await store.list({ prefix: 'widgets.example.com/' })).entries.map(({ key }) => key);

describe('a definition that ends', () => {
  test('waits for its objects, those for their finalizers, and takes no new ones', async () => {
    await using client = await RestClient.start();
    const { store } = client.running;
    await define(client, widgetDefinition({ versions: [version] }));
    const names = Array.from({ length: 40 }, (_, index) => `w${index}`);
    await Promise.all(names.map((name) => client.ask('POST', widgets, widget(name))));
    expect((await client.ask('POST', widgets, widget('held', ['example.com/held']))).code).toBe(201);
    expect((await client.ask('DELETE', definition)).body.metadata.finalizers).toHaveLength(1);

    await expect.poll(() => leftIn(store)).toEqual(['widgets.example.com/default/held']);
    const { body } = await client.ask('GET', definition);
    expect(body.status.conditions.at(-1)).toMatchObject({ type: 'Terminating', reason: 'InstanceDeletionInProgress' });
    const refused = await client.ask('POST', widgets, widget('new'));
    const why = 'create not allowed while custom resource definition is terminating';
    expect(refused).toMatchObject({ code: 403, body: { message: `widgets.example.com "new" is forbidden: ${why}` } });
    const apply = { 'content-type': 'application/apply-patch+yaml' };
    const applied = await client.ask('PATCH', `${widgets}/new?fieldManager=a`, widget('new'), apply);
    expect(applied.code).toBe(403);
    expect((await client.ask('PATCH', `${widgets}/held`, { spec: { n: 2 } }, mergePatch)).code).toBe(200);

    await client.ask('PATCH', `${widgets}/held`, { metadata: { finalizers: null } }, mergePatch);
    await expect.poll(async () => (await client.ask('GET', definition)).code, { timeout: 10_000 }).toBe(404);
    expect(await leftIn(store)).toEqual([]);
    expect((await client.ask('GET', widgets)).code).toBe(404);
    // The same definition may come back, and begins anew.
    await define(client, widgetDefinition({ versions: [version] }));
    expect((await client.ask('GET', widgets)).body.items).toEqual([]);
  });

  test.each([1, 2, 5, 8, 9])('is ended by the next api where one dies after %i writes', async (writes) => {
    await using store = await openStore('sqlite::memory:');
    const dying = new DyingStore(store);
    {
      await using client = await RestClient.start({}, { store: dying.store, log: silentLogger });
      await define(client, widgetDefinition({ versions: [version] }));
      for (let index = 0; index < 6; index++) await client.ask('POST', widgets, widget(`w${index}`));
      dying.dieAfter(writes);
      expect((await client.ask('DELETE', definition)).code).toBe(200);
      await expect.poll(() => dying.refused).toBeGreaterThan(0);
    }
    expect(await store.get('customresourcedefinitions.apiextensions.k8s.io/_/widgets.example.com')).toBeDefined();
    await using client = await RestClient.start({}, { store, log: silentLogger });
    await expect.poll(async () => (await client.ask('GET', definition)).code, { timeout: 10_000 }).toBe(404);
    expect(await leftIn(store)).toEqual([]);
  });

  test('and that was created over and over by many takes no object into its grave', async () => {
    await using client = await RestClient.start();
    const { store } = client.running;
    await define(client, widgetDefinition({ versions: [version] }));
    let isOver = false;
    const codes = new Set<number>();
    const creators = Array.from({ length: 8 }, async (_, one) => {
      for (let index = 0; !isOver; index++) {
        codes.add((await client.ask('POST', widgets, widget(`c${one}-${index}`))).code);
      }
    });
    await expect.poll(async () => (await leftIn(store)).length).toBeGreaterThan(20);
    await client.ask('DELETE', definition);
    await expect.poll(async () => (await client.ask('GET', definition)).code, { timeout: 10_000 }).toBe(404);
    isOver = true;
    await Promise.all(creators);
    expect(await leftIn(store)).toEqual([]);
    expect([...codes].filter((code) => ![201, 403, 404].includes(code))).toEqual([]);
  });
});

test('a definition that changes under load loses no object, and refuses none', async () => {
  await using client = await RestClient.start();
  await define(client, widgetDefinition({ versions: [version] }));
  let isOver = false;
  const made: string[] = [];
  const creators = Array.from({ length: 6 }, async (_, one) => {
    for (let index = 0; !isOver; index++) {
      const { code, body } = await client.ask('POST', widgets, widget(`c${one}-${index}`));
      expect(code, JSON.stringify(body)).toBe(201);
      made.push(body.metadata.name);
      const read = await client.ask('GET', `${widgets}/${body.metadata.name}`);
      expect(read).toMatchObject({ code: 200, body: { spec: { n: 1 } } });
    }
  });
  for (let change = 0; change < 12; change++) {
    const properties = { spec: { type: 'object', properties: { n: { type: 'integer', maximum: 5 + change } } } };
    const changed = { ...version, schema: { openAPIV3Schema: { type: 'object', properties } } };
    const more = change % 2 === 0 ? [] : [{ ...version, name: `v${change + 1}`, storage: false }];
    const { code, body } = await client.ask(
      'PATCH',
      definition,
      { spec: { versions: [changed, ...more] } },
      mergePatch,
    );
    expect(code, JSON.stringify(body)).toBe(200);
  }
  isOver = true;
  await Promise.all(creators);
  const { body } = await client.ask('GET', widgets);
  expect(body.items.map(({ metadata }: { metadata: { name: string } }) => metadata.name).sort()).toEqual(made.sort());
});

/** A store whose writes of widgets and their definition fail from some time on, as those of an api that is gone. */
class DyingStore {
  readonly store: OpenStore;
  #left = Number.POSITIVE_INFINITY;
  #refused = 0;

  constructor(inner: OpenStore) {
    this.store = new Proxy(inner, {
      get: (target, name) => {
        const value: unknown = Reflect.get(target, name, target);
        if (typeof value !== 'function') return value;
        if (name !== 'commit') return value.bind(target);
        return async (operations: readonly Operation[]) => {
          const isAboutWidgets = operations.some(({ key }) => key.includes('widgets.example.com'));
          if (!isAboutWidgets || this.#left-- > 0) return value.call(target, operations);
          this.#refused++;
          throw new GantryError('ServiceUnavailable', 'the api is gone');
        };
      },
    });
  }

  /** Writes that were refused. */
  get refused(): number {
    return this.#refused;
  }

  dieAfter(writes: number): void {
    this.#left = writes;
  }
}
