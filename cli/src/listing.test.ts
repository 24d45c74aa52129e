import type { Deployment, ReplicaSet } from '@gantry/model/gen/gantry.apps.v1.ts';
import type { ConfigMap, Event, Pod } from '@gantry/model/gen/gantry.core.v1.ts';
import { GantryError } from '@gantry/runtime/errors.ts';
import { describe, expect, it } from 'vitest';
import { deleteObjects } from './commands/delete.ts';
import { describe as describeObjects } from './commands/describe.ts';
import { get } from './commands/get.ts';
import { rolloutHistory } from './commands/rollout.ts';
import { status } from './commands/status.ts';
import { listAll } from './listing.ts';
import { podFor } from './pods.ts';
import { FakeApi, fakeContext } from './testing/fake-context.ts';

// Pages of FakeApi hold two objects: whoever reads one page alone misses most.

const pod = (index: number, phase = 'Running'): Pod => ({
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: { name: `p${index}`, namespace: 'default', uid: `u${index}`, labels: { app: 'web' } },
  spec: { containers: [{ name: 'main', image: 'pause' }] },
  status: { phase },
});
const configMap = (index: number): ConfigMap => ({
  apiVersion: 'v1',
  kind: 'ConfigMap',
  metadata: { name: `c${index}`, namespace: 'default', uid: `c${index}` },
});
const deployment: Deployment = {
  apiVersion: 'apps/v1',
  kind: 'Deployment',
  metadata: { name: 'web', namespace: 'default', uid: 'web' },
  spec: {
    replicas: 1,
    selector: { matchExpressions: [{ key: 'app', operator: 'In', values: ['web'] }] },
    template: { metadata: { labels: { app: 'web' } }, spec: { containers: [] } },
  },
  status: { availableReplicas: 1 },
};
const seven = [...Array(7).keys()];

const deleteFlags = {
  filename: [],
  recursive: false,
  all: true,
  ignoreNotFound: false,
  force: false,
  wait: true,
  cascade: 'background',
} as const;
const getFlags = { output: 'name', allNamespaces: false, watch: false, noHeaders: false } as const;

describe('a list of several pages', () => {
  it('is read to its end', async () => {
    const context = fakeContext(new FakeApi(seven.map((index) => pod(index))));
    const { items, resourceVersion } = await listAll(context, 'Pod', {});
    expect(items.map(({ metadata }) => metadata.name)).toEqual(['p0', 'p1', 'p2', 'p3', 'p4', 'p5', 'p6']);
    expect(resourceVersion).toBe(7);
  });

  it('is read anew where the api forgot its revision, but not for ever', async () => {
    const api = new FakeApi(seven.map((index) => pod(index)));
    const expired = new GantryError('Expired', 'the list is too old to be continued');
    api.pageFailures.push(undefined, expired, undefined, undefined, undefined);
    expect((await listAll(fakeContext(api), 'Pod', {})).items).toHaveLength(7);
    api.pageFailures.push(expired, expired, expired);
    await expect(listAll(fakeContext(api), 'Pod', {})).rejects.toBe(expired);
  });
});

describe('commands', () => {
  it('status counts all pods', async () => {
    const context = fakeContext(
      new FakeApi([...seven.map((index) => pod(index, index < 3 ? 'Pending' : 'Running')), deployment]),
    );
    await status(context, 'here');
    expect(context.printed.out).toMatch(/pods +3 pending, 4 running\n/);
    expect(context.printed.out).toMatch(/deployments +1 of 1 available\n/);
  });

  it('get prints all objects, with a selector too', async () => {
    const context = fakeContext(new FakeApi(seven.map((index) => pod(index))));
    await get(context, ['pods'], { ...getFlags, selector: 'app=web' });
    expect(context.printed.out.trim().split('\n')).toHaveLength(7);
  });

  it('get watches one kind of objects alone', async () => {
    const watching = get(fakeContext(new FakeApi()), ['pods,services'], { ...getFlags, watch: true });
    await expect(watching).rejects.toThrow('error: you may only specify a single resource type');
  });

  it('describe tells of all objects and all of their events', async () => {
    const event = (index: number): Event => ({
      apiVersion: 'v1',
      kind: 'Event',
      // The last one was written first, all in one second.
      metadata: { name: `e${index}`, namespace: 'default', resourceVersion: String(100 - index) },
      lastTimestamp: '2026-01-01T00:00:00Z',
      involvedObject: { kind: 'Pod', uid: 'u0' },
      message: `message ${index}`,
    });
    const context = fakeContext(new FakeApi([...seven.map((index) => pod(index)), ...seven.map(event)]));
    await describeObjects(context, ['pods'], {});
    expect(context.printed.out.match(/^Name: +p\d$/gm)).toHaveLength(7);
    const messages = context.printed.out.match(/message \d$/gm)!;
    expect(messages.map((text) => text.at(-1))).toEqual(['6', '5', '4', '3', '2', '1', '0']);
  });

  it('logs and exec find a running pod among all of a workload, by all of its selector', async () => {
    const others = seven.map((index) => ({ ...pod(index), metadata: { ...pod(index).metadata, labels: {} } }));
    const pending = [7, 8, 9].map((index) => pod(index, 'Pending'));
    const context = fakeContext(new FakeApi([...others, ...pending, pod(10), deployment]));
    expect(await podFor(context, ['deployment/web'])).toBe('p10');
    expect(context.printed.err).toBe('Found 4 pods, using pod/p10\n');
  });

  it('rollout history knows all revisions', async () => {
    const set = (revision: number): ReplicaSet => ({
      apiVersion: 'apps/v1',
      kind: 'ReplicaSet',
      metadata: {
        name: `web-${revision}`,
        namespace: 'default',
        annotations: { 'deployment.kubernetes.io/revision': String(revision + 1) },
        ownerReferences: [{ apiVersion: 'apps/v1', kind: 'Deployment', name: 'web', uid: 'web', controller: true }],
      },
      spec: { selector: {}, template: { spec: { containers: [] } } },
    });
    const context = fakeContext(new FakeApi([deployment, ...seven.map(set)]));
    await rolloutHistory(context, ['web']);
    expect(context.printed.out).toMatch(/^7 /m);
  });

  it('delete --all deletes all objects', async () => {
    const api = new FakeApi(seven.map(configMap));
    await deleteObjects(fakeContext(api), ['configmaps'], deleteFlags);
    expect(api.deleted).toHaveLength(7);
  });

  it('get prints what there is of several names, and fails for those that there are not', async () => {
    const context = fakeContext(new FakeApi([pod(1)]));
    await expect(get(context, ['pods', 'p1', 'p2'], getFlags)).rejects.toMatchObject({ code: 1 });
    expect(context.printed).toEqual({
      out: 'pod/p1\n',
      err: 'Error from server (NotFound): Pod "p2" not found\n',
    });
    const none = fakeContext(new FakeApi());
    await expect(get(none, ['pods', 'p2'], { ...getFlags, output: 'yaml' })).rejects.toMatchObject({ code: 1 });
    expect(none.printed.out).toBe('');
  });

  it('get warns of objects that the api cannot decode, and prints their stored text', async () => {
    const api = new FakeApi(seven.map(configMap));
    api.damaged = ['broken'];
    const context = fakeContext(api);
    await get(context, ['configmaps'], getFlags);
    expect(context.printed.out.trim().split('\n')).toHaveLength(7);
    expect(context.printed.err).toBe(
      'Warning: configmaps "broken" is damaged and left out: no JSON (gantry get configmaps broken -n default -o raw)\n',
    );
    context.printed.out = '';
    await get(context, ['configmaps', 'broken'], { ...getFlags, output: 'raw' });
    expect(context.printed.out).toBe('{"name":"broken"\n');
    await expect(get(context, ['configmaps'], { ...getFlags, output: 'raw' })).rejects.toThrow(
      'only for named objects',
    );
  });

  it('delete --all deletes objects that the api cannot decode too', async () => {
    const api = new FakeApi(seven.map(configMap));
    api.damaged = ['broken'];
    await deleteObjects(fakeContext(api), ['configmaps'], deleteFlags);
    expect(api.deleted).toContain('broken');
  });

  it('delete goes on after a refusal, and fails', async () => {
    const api = new FakeApi(seven.map(configMap));
    api.refusals.set('c2', new GantryError('Forbidden', 'c2 stays'));
    const context = fakeContext(api);
    await expect(deleteObjects(context, ['configmaps'], deleteFlags)).rejects.toMatchObject({ code: 1 });
    expect(api.deleted).toHaveLength(6);
    expect(context.printed.err).toContain('c2 stays');
  });

  it('delete says how many objects are left when the api goes away', async () => {
    const api = new FakeApi(seven.map(configMap));
    api.refusals.set('c3', new GantryError('ServiceUnavailable', 'gone'));
    const context = fakeContext(api);
    await expect(deleteObjects(context, ['configmaps'], deleteFlags)).rejects.toThrow('gone');
    expect(context.printed.err).toBe('4 of 7 objects are left\n');
  });
});
