import { genericKindOf } from '@gantry/model/built-in.ts';
import { FakeClock } from '@gantry/runtime/clock.ts';
import { expect, test } from 'vitest';
import { defaultLimits } from '../core/limits.ts';
import { objectReader, type ReaderDeps } from './stored.ts';

const pods = genericKindOf('Pod');
const signal = new AbortController().signal;
const everything = { namespace: 'shop', name: '', labelSelector: '' };

/** A store of three pods, one of them damaged, that gives one a page; and what it was asked. */
function play() {
  const asked: string[] = [];
  const entries = ['a', 'b', 'broken'].map((name) => ({ key: `pods/shop/${name}`, value: name }));
  const store = {
    get: async (key: string) => entries.find((entry) => entry.key === key),
    list: async ({ prefix, after = '' }: { prefix: string; after?: string }) => {
      asked.push(prefix);
      const rest = entries.filter(({ key }) => key.startsWith(prefix) && key > after);
      return { entries: rest.slice(0, 1), more: rest.length > 1, revision: 1 };
    },
  };
  const decode = ({ value: name }: { value: string }) => {
    return { object: { metadata: { name, labels: { app: name } } }, damage: name === 'broken' ? {} : undefined };
  };
  const clock = new FakeClock();
  const read = objectReader({ store, cache: { decode }, limits: defaultLimits, clock } as unknown as ReaderDeps);
  const names = async (more: object = {}) =>
    (await read(pods, { ...everything, ...more }, signal)).map(({ metadata }) => metadata.name);
  return { asked, clock, read, names };
}

test('objects are read by name and by labels, without those that are damaged', async () => {
  const { names } = play();
  expect(await names()).toEqual(['a', 'b']);
  expect(await names({ labelSelector: 'app=b' })).toEqual(['b']);
  expect(await names({ name: 'a' })).toEqual(['a']);
  expect(await names({ name: 'broken' })).toEqual([]);
  expect(await names({ name: 'gone' })).toEqual([]);
});

test('many questions of one second read a list once', async () => {
  const { names, asked, clock } = play();
  await Promise.all(['app=a', 'app=b', ''].map((labelSelector) => names({ labelSelector })));
  expect(asked.length).toBe(3);
  clock.advance(999);
  await names();
  expect(asked.length).toBe(3);
  await names({ namespace: 'other' });
  expect(asked.length).toBe(4);
  clock.advance(1);
  await names();
  expect(asked.length).toBe(7);
});

test('a selector that makes no sense, or is too long, is refused', async () => {
  const { names } = play();
  await expect(names({ labelSelector: '((' })).rejects.toMatchObject({ reason: 'BadRequest' });
  await expect(names({ labelSelector: `a=${'x'.repeat(100_000)}` })).rejects.toThrow('a selector of 100002 characters');
});
