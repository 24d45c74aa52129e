import { bareKind } from '@gantry/model/bare-kind.ts';
import { builtInKinds } from '@gantry/model/built-in.ts';
import type { Kind } from '@gantry/model/kind.ts';
import { Registry } from '@gantry/model/registry.ts';
import { structuralSchema } from '@gantry/model/structural.ts';
import { expect, test } from 'vitest';
import { servedResources } from './served-resources.ts';

const names = { kind: 'Widget', group: 'example.com', version: 'v1', plural: 'widgets', singular: 'widget' };
const widget: Kind = {
  ...bareKind({ ...names, shortNames: ['wd'], namespaced: true }),
  schema: structuralSchema('example.com.v1.Widget', { type: 'object' }),
};

test('all resources come at once, and again whenever a kind comes or goes', async () => {
  const kinds = new Registry(builtInKinds);
  const stop = new AbortController();
  const states = servedResources(kinds, stop.signal);
  const next = async (): Promise<string[]> =>
    (await states.next()).value!.resources.map((each: object) => (each as { resource: string }).resource);
  const first = await next();
  expect(first).toContain('pods');
  expect(first).not.toContain('widgets.example.com');
  kinds.add(widget);
  expect(await next()).toContain('widgets.example.com');
  // Told together: the last state is what counts.
  kinds.remove(widget);
  kinds.add(widget);
  kinds.remove(widget);
  expect(await next()).not.toContain('widgets.example.com');
  const waiting = states.next();
  stop.abort();
  expect(await waiting).toMatchObject({ done: true });
});

test('a resource is told with all that its clients name it by', async () => {
  const kinds = new Registry([widget]);
  const stop = new AbortController();
  const { value } = await servedResources(kinds, stop.signal).next();
  stop.abort();
  expect(value!.resources).toEqual([
    {
      resource: 'widgets.example.com',
      group: 'example.com',
      version: 'v1',
      kind: 'Widget',
      plural: 'widgets',
      singular: 'widget',
      shortNames: ['wd'],
      namespaced: true,
      verbs: ['create', 'delete', 'deletecollection', 'get', 'list', 'patch', 'update', 'watch'],
      categories: [],
      versions: ['v1'],
    },
  ]);
});
