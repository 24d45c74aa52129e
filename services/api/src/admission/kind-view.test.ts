import { builtIn } from '@gantry/model/built-in.ts';
import { expect, test } from 'vitest';
import { Stored } from '../core/stored-object.ts';
import { KindView } from './kind-view.ts';

const kind = builtIn.kindOf('', 'LimitRange')!;
const entry = (name: string, revision: number): Stored => {
  const object = { apiVersion: 'v1', kind: 'LimitRange', metadata: { name, namespace: 'a' } };
  return new Stored({ key: `limitranges/a/${name}`, value: JSON.stringify(object), revision });
};

test('the former objects count until all are loaded anew', () => {
  const view = new KindView(kind, { get: async () => undefined });
  const names = (): string[] => [...view.in('a')].map(({ object }) => object.metadata.name);
  view.reset(1);
  view.onEntry(entry('old', 1));
  view.loaded();
  expect([names(), view.revision]).toEqual([['old'], 1]);
  view.reset(5);
  expect([names(), view.revision]).toEqual([['old'], 1]);
  view.onEntry(entry('new', 4));
  expect(names()).toEqual(['old']);
  view.loaded();
  expect([names(), view.revision]).toEqual([['new'], 5]);
});
