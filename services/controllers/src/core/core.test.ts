import { GantryError } from '@gantry/runtime/errors.ts';
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
  let underWay = 0;
  let most = 0;
  const write = (verb: string) => async (object: AnyObject) => {
    asked.push(`${verb} ${object.metadata.name}@${object.metadata.resourceVersion}`);
    most = Math.max(most, ++underWay);
    await Promise.resolve();
    underWay--;
    if (refuse(object)) throw new GantryError('Forbidden', 'exceeded quota');
    return { ...object, metadata: { ...object.metadata, resourceVersion: String(++revision) } };
  };
  const writes = {
    create: write('create'),
    update: write('update'),
    updateStatus: write('status'),
    delete: async (_kind: string, { name }: { name: string }) => {
      asked.push(`delete ${name}`);
      if (name === 'gone') throw new GantryError('NotFound', 'pods "gone" not found');
      return { object: aPod(name), gone: name === 'unbound' };
    },
  } as unknown as Writes;
  return { writes, asked, mostAtOnce: () => most };
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
    const { writes, asked, mostAtOnce } = recordingWrites(({ metadata }) => metadata.name === 'p2');
    const plan = pods.map((object) => ({ type: 'create', object }) as const);
    await expect(execute(plan, writes, noEvents, signal)).rejects.toThrow('exceeded quota');
    expect(asked).toHaveLength(3);
    expect(mostAtOnce()).toBe(2);
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
