import { GantryError, isError } from '@gantry/runtime/errors.ts';
import { describe, expect, it } from 'vitest';
import { fakeView } from '../testing/fake-view.ts';
import { aPod, aReplicaSet } from '../testing/objects.ts';
import type { AnyObject } from './action.ts';
import { type EventSink, execute, type Writes } from './executor.ts';
import { PendingWrites } from './pending.ts';

const noEvents: EventSink = { record: () => {} };
const { signal } = new AbortController();

/** An api that counts revisions up from 100 and remembers what it was asked, in order. */
function recordingWrites(refuse: (object: AnyObject) => boolean = () => false) {
  const asked: string[] = [];
  let revision = 100;
  const write = (verb: string) => async (object: AnyObject) => {
    asked.push(`${verb} ${object.metadata.name}@${object.metadata.resourceVersion}`);
    if (refuse(object)) throw new GantryError('Forbidden', 'exceeded quota');
    return { ...object, metadata: { ...object.metadata, resourceVersion: String(++revision) } };
  };
  const createBatch = async (objects: readonly AnyObject[]) => {
    asked.push(`${objects.length} creates`);
    return objects.map((object) => {
      const { name, uid } = object.metadata;
      if (refuse(object))
        return { code: 7, reason: 'Forbidden', message: 'exceeded quota', resourceVersion: 0, name: '', uid: '' };
      return { code: 0, reason: '', message: '', resourceVersion: ++revision, name, uid };
    });
  };
  const writes = {
    create: write('create'),
    createBatch,
    update: write('update'),
    updateStatus: write('status'),
    delete: async (_kind: string, { name }: { name: string }) => {
      asked.push(`delete ${name}`);
      if (name === 'gone') throw new GantryError('NotFound', 'pods "gone" not found');
      return { object: aPod(name), gone: name === 'unbound' };
    },
  } as unknown as Writes;
  return { writes, asked };
}

describe('execute', () => {
  it('goes on from its own writes, so that a plan may write an object twice', async () => {
    const set = aReplicaSet(1);
    const { writes, asked } = recordingWrites();
    const outcome = await execute(
      [
        { type: 'update', object: set },
        { type: 'updateStatus', object: set },
      ],
      writes,
      noEvents,
      signal,
    );
    expect(asked).toEqual(['update web-1@1', 'status web-1@101']);
    expect(outcome.written).toEqual(new Map([['ReplicaSet', 102]]));
  });

  it('starts slowly, and stops after the batch in which a create was refused', async () => {
    const pods = Array.from({ length: 50 }, (_, index) => aPod(`p${index}`));
    const { writes, asked } = recordingWrites(({ metadata }) => metadata.name === 'p2');
    const plan = pods.map((object) => ({ type: 'create', object }) as const);
    const refused = execute(plan, writes, noEvents, signal);
    await expect(refused).rejects.toSatisfy((error) => isError(error, 'Forbidden'));
    await expect(refused).rejects.toThrow('exceeded quota');
    expect(asked).toEqual(['create p0@1', '2 creates']);
  });

  it('creates many in few calls, which grow', async () => {
    const { writes, asked } = recordingWrites();
    const plan = Array.from({ length: 600 }, (_, index) => ({ type: 'create', object: aPod(`p${index}`) }) as const);
    const outcome = await execute(plan, writes, noEvents, signal);
    expect(asked.slice(1)).toEqual([2, 4, 8, 16, 32, 64, 128, 256, 89].map((size) => `${size} creates`));
    expect(outcome.written).toEqual(new Map([['Pod', 700]]));
  });

  it('creates large objects in calls that a request has room for', async () => {
    const { writes, asked } = recordingWrites();
    const annotations = { large: 'x'.repeat(600_000) };
    const plan = Array.from({ length: 8 }, (_, index) => {
      const pod = aPod(`p${index}`);
      return { type: 'create', object: { ...pod, metadata: { ...pod.metadata, annotations } } } as const;
    });
    await execute(plan, writes, noEvents, signal);
    expect(asked.slice(1)).toEqual(['2 creates', '3 creates', '2 creates']);
  });

  it('takes what is gone already for deleted', async () => {
    const { writes } = recordingWrites();
    const plan = ['gone', 'unbound', 'running'].map((name) => ({ type: 'delete', object: aPod(name) }) as const);
    const outcome = await execute(plan, writes, noEvents, signal);
    expect(outcome.gone.map(({ name }) => name)).toEqual(['gone', 'unbound']);
  });

  it('comes back at the earliest time asked for', async () => {
    const { writes } = recordingWrites();
    const outcome = await execute(
      [
        { type: 'requeue', afterMs: 500 },
        { type: 'requeue', afterMs: 200 },
      ],
      writes,
      noEvents,
      signal,
    );
    expect(outcome.requeueMs).toBe(200);
  });
});

describe('PendingWrites', () => {
  const outcome = { written: new Map([['Pod' as const, 7]]), gone: [], requeueMs: undefined };

  it('holds a key back until its writes are in the view', () => {
    const pending = new PendingWrites();
    pending.note('k', outcome, 0);
    expect(pending.isSeen('k', fakeView([], 6), 0)).toBe(false);
    expect(pending.isSeen('other', fakeView([], 6), 0)).toBe(true);
    expect(pending.isSeen('k', fakeView([], 7), 0)).toBe(true);
    expect(pending.isSeen('k', fakeView([], 6), 0)).toBe(true);
  });

  it('holds a key back while the view shows what is gone', () => {
    const pod = aPod('p');
    const pending = new PendingWrites();
    pending.note(
      'k',
      {
        written: new Map(),
        gone: [{ kind: 'Pod', namespace: 'default', name: 'p', uid: pod.metadata.uid! }],
        requeueMs: undefined,
      },
      0,
    );
    expect(pending.isSeen('k', fakeView([pod]), 0)).toBe(false);
    expect(pending.isSeen('k', fakeView([aPod('p')]), 0)).toBe(true);
  });

  it('does not wait for ever', () => {
    const pending = new PendingWrites();
    pending.note('k', outcome, 0);
    expect(pending.isSeen('k', fakeView([], 6), 10_001)).toBe(true);
  });
});
