import type { KubeObject } from '@gantry/model/kind.ts';
import { FakeClock } from '@gantry/runtime/clock.ts';
import { GantryError } from '@gantry/runtime/errors.ts';
import { eachFault } from '@gantry/runtime/testing/faults.ts';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { Reader } from './api.ts';
import { type ChangeSource, type SourceEvent, watchSource } from './change-source.ts';
import { Informer } from './informer.ts';
import { keyOf, ObjectCache, type ObjectChange } from './object-cache.ts';

const object = (name: string, revision: number, uid = 'u', labels: Record<string, string> = {}): KubeObject => ({
  apiVersion: 'v1',
  kind: 'ConfigMap',
  metadata: { name, namespace: 'default', uid, resourceVersion: String(revision), labels },
});
const told = ({ type, object, old }: ObjectChange<KubeObject>): string =>
  `${type} ${object.metadata.name}@${object.metadata.resourceVersion}${old ? ` was ${old.metadata.resourceVersion}` : ''}`;

describe('ObjectCache', () => {
  test('reading the whole state tells only what differs', () => {
    const cache = new ObjectCache<KubeObject>();
    cache.replace([object('same', 1), object('changed', 2), object('gone', 3)]);
    const changes = cache.replace([object('same', 1), object('changed', 5), object('new', 6)]);
    expect(changes.map(told)).toEqual(['DELETED gone@3 was 3', 'MODIFIED changed@5 was 2', 'ADDED new@6']);
    expect(cache.replace([object('same', 1), object('changed', 5), object('new', 6)])).toEqual([]);
  });

  test('older states and ends that concern an earlier state change nothing', () => {
    const cache = new ObjectCache<KubeObject>();
    cache.put(object('a', 5));
    expect(cache.put(object('a', 5))).toEqual([]);
    expect(cache.put(object('a', 4))).toEqual([]);
    expect(cache.delete('default/a', 4)).toEqual([]);
    expect(cache.delete('default/unknown', 9)).toEqual([]);
    expect(cache.delete('default/a', 6).map(told)).toEqual(['DELETED a@5 was 5']);
  });

  test('a revision that a store used again for something else is told, unless the history is known to be the same', () => {
    const cache = new ObjectCache<KubeObject>();
    cache.replace([object('a', 5), object('b', 6, 'first'), object('c', 7)]);
    const [a, b, c] = [object('a', 5, 'u', { other: '' }), object('b', 6, 'second'), object('c', 7)];
    expect(cache.replace([a, b, c]).map(told)).toEqual(['MODIFIED a@5 was 5', 'DELETED b@6 was 6', 'ADDED b@6']);
    expect(cache.get('default/a')).toBe(a);
    expect(cache.replace([object('a', 5), b, c], true)).toEqual([]);
  });

  test('an indexer that throws files that object under nothing', () => {
    const errors: unknown[] = [];
    const label = (each: KubeObject): string[] => Object.keys(each.metadata.labels as object);
    const cache = new ObjectCache<KubeObject>({ label }, (error) => errors.push(error));
    const damaged = object('damaged', 1);
    damaged.metadata.labels = null as never;
    expect(cache.replace([damaged, object('whole', 2, 'u', { x: '' })]).map(told)).toEqual([
      'ADDED damaged@1',
      'ADDED whole@2',
    ]);
    expect(cache.byIndex('label', 'x').map(keyOf)).toEqual(['default/whole']);
    expect(errors).toEqual([expect.any(TypeError)]);
    expect(cache.delete('default/damaged', 3)).toHaveLength(1);
  });

  test('a namesake with another uid is another object', () => {
    const cache = new ObjectCache<KubeObject>();
    cache.put(object('a', 1, 'first'));
    expect(cache.put(object('a', 3, 'second')).map(told)).toEqual(['DELETED a@1 was 1', 'ADDED a@3']);
  });

  test('indexes hold what a scan finds, whatever happened before', () => {
    const step = fc.record({
      name: fc.constantFrom('a', 'b', 'c', 'd'),
      what: fc.constantFrom('put', 'delete', 'replace'),
      values: fc.uniqueArray(fc.constantFrom('x', 'y', 'z')),
    });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 40 }), (steps) => {
        const indexer = (each: KubeObject): string[] => Object.keys(each.metadata.labels ?? {});
        const cache = new ObjectCache<KubeObject>({ label: indexer });
        for (const [index, { name, what, values }] of steps.entries()) {
          const next = object(name, index + 1, 'u', Object.fromEntries(values.map((value) => [value, ''])));
          if (what === 'put') cache.put(next);
          else if (what === 'delete') cache.delete(keyOf(next), index + 1);
          else cache.replace([next, ...[...cache.values()].slice(0, 1).filter((kept) => keyOf(kept) !== keyOf(next))]);
          for (const value of ['x', 'y', 'z']) {
            const scan = [...cache.values()].filter((each) => indexer(each).includes(value));
            expect(new Set(cache.byIndex('label', value))).toEqual(new Set(scan));
          }
        }
      }),
    );
  });
});

type Script = (SourceEvent<KubeObject> | Error)[];

/** A source that plays one script a reading, then waits for its end; notes what it was asked to go on from. */
function scripted(...scripts: Script[]): ChangeSource<KubeObject> & { readonly asked: number[] } {
  const asked: number[] = [];
  return {
    asked,
    async *read(after, signal) {
      asked.push(after);
      for (const event of scripts[asked.length - 1] ?? []) {
        if (event instanceof Error) throw event;
        yield event;
      }
      await new Promise((resolve) => signal.addEventListener('abort', resolve));
    },
  };
}

async function settle(clock: FakeClock): Promise<void> {
  for (let turn = 0; turn < 200; turn++) {
    await Promise.resolve();
    if (turn % 20 === 0) clock.advance(20_000);
  }
}

describe('Informer', () => {
  const put = (name: string, revision: number): SourceEvent<KubeObject> => {
    return { type: 'put', object: object(name, revision), revision };
  };

  test('tells each change once and goes on after an error from where it was', async () => {
    const clock = new FakeClock();
    const errors: unknown[] = [];
    const source = scripted(
      [
        { type: 'snapshot', objects: [object('a', 1)], revision: 10 },
        put('b', 11),
        { type: 'progress', revision: 15 },
        new GantryError('ServiceUnavailable', 'away'),
      ],
      [put('b', 11), put('a', 16), { type: 'delete', key: 'default/b', object: object('b', 17), revision: 17 }],
    );
    const changes: string[] = [];
    await using informer = new Informer({ source, onError: (error) => errors.push(error), clock });
    informer.onChange((change) => changes.push(told(change)));
    informer.start();
    await informer.hasSynced;
    await settle(clock);
    expect(changes).toEqual(['ADDED a@1', 'ADDED b@11', 'MODIFIED a@16 was 1', 'DELETED b@17 was 11']);
    expect(source.asked).toEqual([0, 15]);
    expect(informer.revision).toBe(17);
    expect(errors).toHaveLength(1);
  });

  test('reads the whole state again when the source cannot go on, and tells the difference', async () => {
    const clock = new FakeClock();
    const source = scripted(
      [
        { type: 'snapshot', objects: [object('a', 1), object('b', 2)], revision: 5 },
        new GantryError('Expired', 'too old'),
      ],
      [{ type: 'snapshot', objects: [object('a', 1), object('c', 9)], revision: 20 }],
    );
    const changes: string[] = [];
    await using informer = new Informer({ source, onError: () => {}, clock });
    informer.onChange((change) => changes.push(told(change)));
    informer.start();
    await settle(clock);
    expect(source.asked).toEqual([0, 0]);
    expect(changes).toEqual(['ADDED a@1', 'ADDED b@2', 'DELETED b@2 was 2', 'ADDED c@9']);
  });

  test('an object that cannot be decoded is named, and kept as it was known', async () => {
    const clock = new FakeClock();
    const errors: unknown[] = [];
    const damaged = (...names: string[]) => names.map((name) => ({ key: `default/${name}`, problem: 'torn' }));
    const source = scripted(
      [
        { type: 'snapshot', objects: [object('a', 1), object('b', 2)], revision: 5, unreadable: damaged('c') },
        new GantryError('Expired', 'too old'),
      ],
      [
        { type: 'snapshot', objects: [object('b', 2)], revision: 20, unreadable: damaged('a', 'c') },
        put('c', 21),
        { type: 'delete', key: 'default/a', object: undefined, revision: 22 },
      ],
    );
    const changes: string[] = [];
    await using informer = new Informer({ source, onError: (error) => errors.push((error as Error).message), clock });
    informer.onChange((change) => changes.push(told(change)));
    informer.start();
    await settle(clock);
    expect(changes).toEqual(['ADDED a@1', 'ADDED b@2', 'ADDED c@21', 'DELETED a@1 was 1']);
    expect(errors).toEqual([
      'the object default/c cannot be decoded: torn',
      'too old',
      'the object default/a cannot be decoded: torn',
    ]);
    expect(informer.unreadable.size).toBe(0);
  });

  test('a handler that comes late hears of what is there; one that throws harms no other', async () => {
    const clock = new FakeClock();
    const errors: unknown[] = [];
    const source = scripted([{ type: 'snapshot', objects: [object('a', 1)], revision: 5 }, put('b', 6)]);
    await using informer = new Informer({ source, onError: (error) => errors.push(error), clock }).start();
    informer.onChange(() => {
      throw new Error('a bug');
    });
    await informer.hasSynced;
    await settle(clock);
    const late: string[] = [];
    informer.onChange((change) => late.push(told(change)));
    expect(late).toEqual(['ADDED a@1', 'ADDED b@6']);
    expect(errors).toHaveLength(2);
  });

  test('whichever call fails, however it fails, it holds the state in the end', async () => {
    await eachFault(async (faults) => {
      const clock = new FakeClock();
      const pages = [
        { items: [object('a', 1)], resourceVersion: 5, continue: 'more' },
        { items: [object('b', 2)], resourceVersion: 5 },
      ];
      const reader = faults.wrap({
        list: async (_kind: string, query: { readonly continue?: string }) => pages[query.continue ? 1 : 0],
        async *watch(_kind: string, _query: object, signal: AbortSignal) {
          yield { type: 'MODIFIED', object: object('a', 6), resourceVersion: 6 };
          await new Promise((resolve) => signal.addEventListener('abort', resolve));
        },
      });
      const source = watchSource(reader as unknown as Pick<Reader, 'list' | 'watch'>, 'ConfigMap');
      // Whoever hears of errors fails, too.
      const onError = (): void => {
        throw new Error('a bug');
      };
      await using informer = new Informer({ source, onError, clock }).start();
      await settle(clock);
      expect([...informer.values()].map(keyOf)).toEqual(['default/a', 'default/b']);
      expect(informer.revision).toBe(6);
    });
  });

  test('disposing of it before the first state ends those who wait', async () => {
    const informer = new Informer({ source: scripted([]), onError: () => {}, clock: new FakeClock() }).start();
    const waiting = informer.hasSynced.catch((error: unknown) => (error as Error).name);
    await informer[Symbol.asyncDispose]();
    expect(await waiting).toBe('AbortError');
  });
});
