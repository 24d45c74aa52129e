import type { Change, ChangeResult, Reader } from '@gantry/client/api.ts';
import type { Pod, Secret } from '@gantry/model/gen/gantry.core.v1.ts';
import { GantryError, isError, notFound, type Reason } from '@gantry/runtime/errors.ts';
import { describe, expect, it } from 'vitest';
import { fakeView } from '../testing/fake-view.ts';
import { aPod, aReplicaSet } from '../testing/objects.ts';
import type { Action, AnyObject, Requirement } from './action.ts';
import { type ControllerApi, type EventSink, execute, type Outcome } from './executor.ts';
import { AbsentUids } from './live-checks.ts';
import { metadataReader } from './metadata-only.ts';
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
    patch: async (
      kind: AnyObject['kind'],
      { name }: { name: string },
      { body, subresource }: { body: AnyObject; subresource: string },
    ) => {
      asked.push(`${subresource} of ${kind} ${name} ${JSON.stringify(body)}`);
      return { kind, metadata: { name, uid: 'patched', resourceVersion: String(++revision) } };
    },
    delete: async (_kind: string, { name }: { name: string }) => {
      asked.push(`delete ${name}`);
      if (name === 'gone') throw new GantryError('NotFound', 'pods "gone" not found');
      return { object: aPod(name), gone: name === 'unbound' };
    },
    changeBatch: async (changes: readonly Change[]) =>
      changes.map(({ name: { name } }) => {
        const result = { message: '', uid: name, code: 0, reason: '', resourceVersion: ++revision };
        return { ...result, gone: name === 'unbound' };
      }),
  } as unknown as ControllerApi;
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

  it('writes a status and annotations at once, from the state that it wrote', async () => {
    const set = { ...aReplicaSet(1), status: { replicas: 1, terminatingReplicas: undefined } };
    set.metadata.uid = 'u';
    const { writes, asked } = recordingWrites();
    const { written } = await execute(
      [
        { type: 'update', object: set },
        { type: 'updateStatus', object: set, annotations: { a: 'b' } },
      ],
      writes,
      noEvents,
      signal,
    );
    expect(asked[1]).toBe(
      'status of ReplicaSet web-1 {"metadata":{"annotations":{"a":"b"},"resourceVersion":"101"},"status":{"replicas":1,"terminatingReplicas":null}}',
    );
    expect(written).toEqual(new Map([['ReplicaSet', 102]]));
  });

  it('starts slowly, and stops after the batch in which a create was refused', async () => {
    const pods = Array.from({ length: 50 }, (_, index) => aPod(`p${index}`));
    const { writes, asked } = recordingWrites(({ metadata }) => metadata.name === 'p2');
    const plan = pods.map((object) => ({ type: 'create', object }) as const);
    const { failure, written } = await execute(plan, writes, noEvents, signal);
    expect(failure?.error).toSatisfy((error) => isError(error, 'Forbidden'));
    expect(failure?.error).toHaveProperty('message', 'exceeded quota');
    expect(asked).toEqual(['create p0@1', '2 creates']);
    expect(written).toEqual(new Map([['Pod', 102]]));
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

describe('execute, about failures', () => {
  const set = aReplicaSet(1);
  const failing = (reason: Reason): ControllerApi =>
    ({
      update: async () => {
        throw new GantryError(reason, 'no');
      },
    }) as unknown as ControllerApi;

  it.each<[Reason, boolean]>([
    ['Forbidden', false],
    ['Conflict', false],
    ['ServiceUnavailable', true],
    ['Timeout', true],
    ['InternalError', true],
  ])('after %s the write may be there: %s', async (reason, inDoubt) => {
    const outcome = await execute([{ type: 'update', object: set }], failing(reason), noEvents, signal);
    expect([...outcome.inDoubt]).toEqual(inDoubt ? ['ReplicaSet'] : []);
    expect(isError(outcome.failure?.error, reason)).toBe(true);
  });

  it('tells what was written of a batch of which items were refused or are in doubt', async () => {
    const pods = ['a', 'b', 'c', 'd'].map((name) => ({ type: 'create', object: aPod(name) }) as const);
    const refused = { code: 13, reason: 'InternalError', message: '', resourceVersion: 0, name: '', uid: '' };
    const created = { code: 0, reason: '', message: '', resourceVersion: 7, name: 'x', uid: 'x' };
    const api = {
      create: async () => ({ ...aPod('a'), metadata: { ...aPod('a').metadata, resourceVersion: '5' } }),
      createBatch: async () => [created, refused],
    } as unknown as ControllerApi;
    const { written, inDoubt } = await execute(pods, api, noEvents, signal);
    expect(written).toEqual(new Map([['Pod', 7]]));
    expect(inDoubt).toEqual(new Set(['Pod']));
  });

  it('tells users of creates and deletes, and why one was refused', async () => {
    const told: string[] = [];
    const events: EventSink = { record: (_about, type, reason, message) => told.push(`${type} ${reason} ${message}`) };
    const { writes } = recordingWrites(({ metadata }) => metadata.name === 'c');
    const plan = ['a', 'b', 'c', 'd'].map((name) => ({ type: 'create', object: aPod(name), tell: set }) as const);
    await execute(plan, writes, events, signal);
    await execute([{ type: 'delete', object: aPod('z'), tell: set }], writes, events, signal);
    expect(told).toEqual([
      'Normal SuccessfulCreate Created pod: a',
      'Normal SuccessfulCreate Created pod: b',
      'Warning FailedCreate Error creating: exceeded quota',
      'Normal SuccessfulDelete Deleted pod: z',
    ]);
  });

  it('patches metadata of the observed state, and writes no object of which only that is known', async () => {
    const asked: unknown[] = [];
    const api = {
      patch: async (...given: readonly unknown[]) => {
        asked.push(given.slice(0, 3));
        return set;
      },
    } as unknown as ControllerApi;
    await execute([{ type: 'patchMetadata', object: set, metadata: { finalizers: [] } }], api, noEvents, signal);
    const name = { namespace: 'default', name: 'web-1' };
    const body = { metadata: { finalizers: [], resourceVersion: '1' } };
    expect(asked).toEqual([['ReplicaSet', name, { type: 'merge', body }]]);
    const secret: Secret = { apiVersion: 'v1', kind: 'Secret', metadata: { name: 's', uid: 's' } };
    const list = async () => ({ items: [secret], resourceVersion: 1 });
    const { items } = await metadataReader({ list } as unknown as Reader).list('Secret');
    const { failure } = await execute([{ type: 'update', object: items[0]! }], api, noEvents, signal);
    expect(failure?.error).toHaveProperty('message', expect.stringContaining('no more than the metadata of a Secret'));
  });

  it('takes a finalizer from objects, whatever else of them changed, and takes those that are gone for done', async () => {
    const pods = ['a', 'b', 'gone'].map((name) => aPod(name, { node: 'n' }));
    const asked: unknown[] = [];
    const changeOne = (change: Change): ChangeResult => {
      const { name } = change.name;
      asked.push([name, change.type === 'patch' && change.patch.type, change.type === 'patch' && change.patch.body]);
      const result = { message: '', resourceVersion: 5, uid: name, gone: false };
      return name === 'gone' ? { ...result, code: 5, reason: 'NotFound' } : { ...result, code: 0, reason: '' };
    };
    const api = { changeBatch: async (changes: Change[]) => changes.map(changeOne) } as unknown as ControllerApi;
    const remove = (object: Pod): Action => ({ type: 'removeFinalizer', object, finalizer: 'example.com/f' });
    const plan = [remove(pods[0]!), { ...remove(pods[1]!), ifUnchanged: true } as const, remove(pods[2]!)];
    const { gone, written, failure } = await execute(plan, api, noEvents, signal);
    expect(written).toEqual(new Map([['Pod', 5]]));
    const bodyOf = ({ metadata: { uid } }: Pod) => ({ uid, '$deleteFromPrimitiveList/finalizers': ['example.com/f'] });
    expect(asked).toEqual([
      ['a', 'strategic', { metadata: bodyOf(pods[0]!) }],
      ['b', 'strategic', { metadata: { ...bodyOf(pods[1]!), resourceVersion: '1' } }],
      ['gone', 'strategic', { metadata: bodyOf(pods[2]!) }],
    ]);
    expect([gone.map(({ name }) => name), failure]).toEqual([['gone'], undefined]);
  });

  it('tells what came of each of many deletions, and fails with the first refusal', async () => {
    const outcomes: readonly (readonly [reason: string, code: number])[] = [
      ['', 0],
      ['Conflict', 10],
      ['Forbidden', 7],
      ['InternalError', 13],
    ];
    const api = {
      delete: async () => ({ object: aPod('a'), gone: true }),
      changeBatch: async (changes: Change[]) =>
        changes.map(({ name: { name } }) => {
          const [reason, code] = outcomes[Number(name)]!;
          return { code, reason, message: 'no', resourceVersion: code === 0 ? 9 : 0, uid: name, gone: false };
        }),
    } as unknown as ControllerApi;
    const told: string[] = [];
    const events: EventSink = { record: (_about, _type, reason) => told.push(reason) };
    // The first goes alone, the two that follow together: what comes after a refusal is left.
    const plan = ['a', '0', '1', '2', '3'].map((name) => ({ type: 'delete', object: aPod(name), tell: set }) as const);
    const first = await execute(plan.slice(0, 3), api, events, signal);
    // Another object has the name: this one is gone.
    expect([first.failure, first.gone.map(({ name }) => name)]).toEqual([undefined, ['a', '1']]);
    expect(first.written).toEqual(new Map([['Pod', 9]]));
    const second = await execute([plan[0]!, ...plan.slice(3)], api, events, signal);
    expect(isError(second.failure?.error, 'Forbidden')).toBe(true);
    expect(second.inDoubt).toEqual(new Set(['Pod']));
    expect(told).toEqual(['SuccessfulDelete', 'SuccessfulDelete', 'SuccessfulDelete', 'FailedDelete']);
  });

  it('asks the api for what an action requires, once for actions that run together', async () => {
    const pods = ['a', 'b', 'c'].map((name) => aPod(name, { node: 'n' }));
    const asked: string[] = [];
    const api = (node: object | undefined): ControllerApi =>
      ({
        get: async (_kind: string, { name }: { name: string }) => {
          asked.push(`get ${name}`);
          if (node === undefined) throw notFound({ group: '', resource: 'nodes', name: 'n' });
          return node;
        },
        delete: async (_kind: string, { name }: { name: string }) => {
          asked.push(`delete ${name}`);
          return { object: aPod(name), gone: true };
        },
        changeBatch: async (changes: Change[]) => {
          asked.push(`changes of ${changes.map(({ name }) => name.name)}`);
          return changes.map(() => ({ code: 0, reason: '', message: '', resourceVersion: 5, uid: '', gone: true }));
        },
      }) as unknown as ControllerApi;
    const requires = [{ type: 'absent', ref: { kind: 'Node', name: 'n' } }] as const;
    const plan = pods.map((object) => ({ type: 'delete', object, requires }) as const);
    await execute(plan, api(undefined), noEvents, signal);
    expect(asked).toEqual(['get n', 'delete a', 'get n', 'changes of b,c']);
    asked.length = 0;
    const { failure } = await execute(plan, api({ metadata: { name: 'n', uid: 'u' } }), noEvents, signal);
    expect(isError(failure?.error, 'Conflict')).toBe(true);
    expect(asked).toEqual(['get n']);
  });

  it('asks once for an owner that is gone, however many plans go by it', async () => {
    let asked = 0;
    const api = {
      get: async () => {
        asked++;
        throw notFound({ group: 'apps', resource: 'replicasets', name: 's' });
      },
      update: async () => aPod('p'),
    } as unknown as ControllerApi;
    const requires = [
      { type: 'absent', ref: { kind: 'ReplicaSet', namespace: 'default', name: 's', uid: 'u' } },
    ] as const;
    const absent = new AbsentUids();
    for (const name of ['a', 'b', 'c']) {
      await execute([{ type: 'update', object: aPod(name), requires }], api, noEvents, signal, absent);
    }
    expect(asked).toBe(1);
  });

  it('takes no object for absent where its kind is not served', async () => {
    const get = async () => {
      throw new GantryError('NotFound', `the server doesn't have a resource type "widgets.example.com"`);
    };
    const deleted: unknown[] = [];
    const api = { get, delete: async (kind: string) => deleted.push(kind) } as unknown as ControllerApi;
    const requires = [{ type: 'absent', ref: { kind: 'widgets.example.com', name: 'w', uid: 'u' } }] as const;
    const { failure } = await execute([{ type: 'delete', object: aPod('p'), requires }], api, noEvents, signal);
    expect(failure?.error).toHaveProperty('message', expect.stringContaining('a resource type'));
    expect(deleted).toEqual([]);
  });

  it('asks for the end of a collection, and counts what is left of it page by page', async () => {
    const asked: unknown[] = [];
    const pages = [
      { items: [aPod('a'), aPod('b')], resourceVersion: 1, continue: 'next' },
      { items: [], resourceVersion: 1, damaged: [{ name: 'c' }] },
    ];
    pages[0]!.items[0]!.metadata.finalizers = ['example.com/hold'];
    const api = {
      deleteCollection: async (...given: readonly unknown[]) => void asked.push(given.slice(0, 2)),
      list: async (_kind: string, query: object) => {
        asked.push(query);
        return pages.shift();
      },
    } as unknown as ControllerApi;
    const outcome = await execute([{ type: 'empty', kind: 'Event', namespace: 'ns' }], api, noEvents, signal);
    const finalizers = new Map([['example.com/hold', 1]]);
    expect(outcome.remains).toEqual([{ kind: 'Event', namespace: 'ns', count: 3, finalizers, problem: undefined }]);
    expect(asked).toEqual([
      ['Event', { namespace: 'ns' }],
      { namespace: 'ns', metadataOnly: true, limit: 500 },
      { namespace: 'ns', metadataOnly: true, limit: 500, continue: 'next' },
    ]);
    const failing = { deleteCollection: async () => Promise.reject(new GantryError('Forbidden', 'no')) };
    const refused = await execute(
      [{ type: 'empty', kind: 'Event', namespace: 'ns' }],
      failing as unknown as ControllerApi,
      noEvents,
      signal,
    );
    expect(refused).toMatchObject({ failure: undefined, remains: [{ count: 0, problem: 'no' }] });
  });

  it.each<[string, Requirement, boolean]>([
    ['another incarnation', { type: 'absent', ref: { kind: 'ReplicaSet', name: 's', uid: 'old' } }, true],
    ['this incarnation', { type: 'absent', ref: { kind: 'ReplicaSet', name: 's', uid: 'new' } }, false],
    ['another incarnation', { type: 'alive', ref: { kind: 'ReplicaSet', name: 's', uid: 'old' } }, false],
    ['an end that was asked for', { type: 'alive', ref: { kind: 'ReplicaSet', name: 's', uid: 'new' } }, false],
    ['no wait for dependents', { type: 'foreground', ref: { kind: 'ReplicaSet', name: 's', uid: 'new' } }, false],
    ['another incarnation', { type: 'foreground', ref: { kind: 'ReplicaSet', name: 's', uid: 'old' } }, true],
  ])('with %s found, %j holds: %s', async (_what, requirement, holds) => {
    const found = { metadata: { name: 's', uid: 'new', deletionTimestamp: '2026-01-01T00:00:00Z' } };
    const api = { get: async () => found, update: async () => aPod('p') } as unknown as ControllerApi;
    const plan = [{ type: 'update', object: aPod('p'), requires: [requirement] } as const];
    expect((await execute(plan, api, noEvents, signal)).failure === undefined).toBe(holds);
  });
});

describe('PendingWrites', () => {
  const outcomeOf = (some: Partial<Outcome>): Outcome => ({
    written: new Map(),
    gone: [],
    inDoubt: new Set(),
    requeueMs: undefined,
    remains: [],
    scales: [],
    measured: [],
    consulted: [],
    failure: undefined,
    ...some,
  });
  const outcome = outcomeOf({ written: new Map([['Pod', 7]]) });

  it('holds a key back until its writes are in the view', () => {
    const pending = new PendingWrites();
    pending.note('k', outcome, 0);
    expect(pending.state('k', fakeView([], 6), 0)).toBe('unseen');
    expect(pending.state('other', fakeView([], 6), 0)).toBe('seen');
    expect(pending.state('k', fakeView([], 7), 0)).toBe('seen');
    expect(pending.state('k', fakeView([], 6), 0)).toBe('seen');
  });

  it('holds a key back while the view shows an object that is gone', () => {
    const pod = aPod('p');
    const pending = new PendingWrites();
    const gone = [{ kind: 'Pod', namespace: 'default', name: 'p', uid: pod.metadata.uid } as const];
    pending.note('k', outcomeOf({ gone }), 0);
    expect(pending.state('k', fakeView([pod]), 0)).toBe('unseen');
    expect(pending.state('k', fakeView([aPod('p')]), 0)).toBe('seen');
  });

  it('asks the api where a write is in doubt, and waits for what it says', () => {
    const pending = new PendingWrites();
    pending.note('k', outcomeOf({ inDoubt: new Set(['Pod']) }), 0);
    // The request may still be under way.
    expect(pending.state('k', fakeView([]), 999)).toBe('unseen');
    expect(pending.state('k', fakeView([]), 1_000)).toBe('ask');
    pending.barrier('k', 20, 1_000);
    expect(pending.state('k', fakeView([], 19), 1_000)).toBe('unseen');
    expect(pending.state('k', fakeView([], 20), 1_000)).toBe('seen');
  });

  it('never goes by a view that is too old, and waits for no revision that will not come', () => {
    const pending = new PendingWrites();
    pending.note('k', outcome, 0);
    expect(pending.state('k', fakeView([], 6), 10_000)).toBe('ask');
    // The store went back in time.
    pending.barrier('k', 3, 10_000);
    expect(pending.state('k', fakeView([], 3), 10_000)).toBe('seen');
  });
});
