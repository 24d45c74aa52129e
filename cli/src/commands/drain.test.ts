import type { EvictRequest } from '@gantry/client/object-messages.ts';
import type { Pod } from '@gantry/model/gen/gantry.core.v1.ts';
import type { KubeObject } from '@gantry/model/kind.ts';
import { GantryError } from '@gantry/runtime/errors.ts';
import { describe, expect, it } from 'vitest';
import { FakeApi, fakeContext } from '../testing/fake-context.ts';
import { choose, cordon, type DrainFlags, drain } from './drain.ts';

const flags: DrainFlags = {
  ignoreDaemonsets: false,
  deleteEmptydirData: false,
  force: false,
  timeout: 0,
  dryRun: false,
};

function pod(name: string, owner: string | undefined, parts: Partial<Pod> = {}): Pod {
  const ownerReferences =
    owner === undefined ? [] : [{ apiVersion: 'apps/v1', kind: owner, name: 'o', uid: 'o', controller: true }];
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name, namespace: 'default', uid: name, ownerReferences },
    spec: { nodeName: 'n', containers: [] },
    ...parts,
  };
}

const node = (unschedulable = false): KubeObject =>
  ({ apiVersion: 'v1', kind: 'Node', metadata: { name: 'n' }, spec: { unschedulable } }) as unknown as KubeObject;

/** An api whose evictions are refused so many times, and take pods away then. */
class DrainedApi extends FakeApi {
  refused = 0;
  readonly asked: EvictRequest[] = [];

  async evict(request: EvictRequest): Promise<void> {
    this.asked.push(request);
    if (this.refused-- > 0) throw new GantryError('TooManyRequests', 'Cannot evict pod as it would violate it.');
    this.objects = this.objects.filter(({ metadata }) => metadata.name !== request.name);
    this.watches.push({ events: [{ type: 'BOOKMARK', resourceVersion: 9 }] });
  }
}

describe('the pods that a drain evicts', () => {
  const scratch = pod('scratch', 'ReplicaSet', {
    spec: { nodeName: 'n', containers: [], volumes: [{ name: 'v', emptyDir: {} }] },
  });
  const done = pod('done', undefined, { status: { phase: 'Succeeded' } });
  const mirror = pod('mirror', undefined);
  mirror.metadata.annotations = { 'kubernetes.io/config.mirror': 'x' };
  const all = [pod('web', 'ReplicaSet'), pod('daemon', 'DaemonSet'), scratch, pod('bare', undefined), done, mirror];

  it('are refused together where some would be lost', () => {
    expect(choose(all, flags).faults).toEqual([
      'cannot delete DaemonSet-managed Pods (use --ignore-daemonsets to ignore): default/daemon',
      'cannot delete Pods with local storage (use --delete-emptydir-data to override): default/scratch',
      'cannot delete Pods that declare no controller (use --force to override): default/bare',
    ]);
  });

  it('are all but those of DaemonSets and mirrors where the user says so', () => {
    const { victims, warnings, faults } = choose(all, {
      ignoreDaemonsets: true,
      deleteEmptydirData: true,
      force: true,
    });
    expect(faults).toEqual([]);
    expect(victims.map(({ metadata }) => metadata.name)).toEqual(['web', 'scratch', 'bare', 'done']);
    expect(warnings).toEqual([
      'ignoring DaemonSet-managed Pods: default/daemon',
      'deleting Pods that declare no controller: default/bare',
    ]);
  });
});

describe('drain', () => {
  it('cordons the node, evicts its pods, each as that one alone, and waits until they are gone', async () => {
    const api = new DrainedApi([node(), pod('a', 'ReplicaSet'), pod('b', 'ReplicaSet')]);
    const context = fakeContext(api);
    await drain(context, ['n'], { ...flags, gracePeriod: 5 });
    expect(api.patches).toEqual([{ kind: 'Node', name: 'n', body: { spec: { unschedulable: true } } }]);
    expect(api.asked.map(({ name, uid, gracePeriodSeconds }) => [name, uid, gracePeriodSeconds]).toSorted()).toEqual([
      ['a', 'a', 5],
      ['b', 'b', 5],
    ]);
    expect(context.printed.out).toBe('node/n cordoned\npod/a evicted\npod/b evicted\nnode/n drained\n');
  });

  it('tries again while a budget forbids it', async () => {
    const api = new DrainedApi([node(true), pod('a', 'ReplicaSet')]);
    api.refused = 2;
    const context = fakeContext(api);
    const done = drain(context, ['n'], flags);
    for (let turn = 0; turn < 200; turn++) {
      await Promise.resolve();
      if (turn % 50 === 49) context.clock.advance(5_000);
    }
    await done;
    expect(api.asked).toHaveLength(3);
    expect(context.printed.err).toContain('(will retry after 5s): Cannot evict pod as it would violate it.');
    expect(context.printed.out).toBe('node/n already cordoned\npod/a evicted\nnode/n drained\n');
  });

  it('evicts nobody where it may not evict all', async () => {
    const api = new DrainedApi([node(), pod('a', 'ReplicaSet'), pod('bare', undefined)]);
    await expect(drain(fakeContext(api), ['n'], flags)).rejects.toThrow('unable to drain node "n": cannot delete');
    expect(api.asked).toEqual([]);
  });
});

it('uncordon lets pods come again', async () => {
  const api = new FakeApi([node(true)]);
  const context = fakeContext(api);
  await cordon(context, ['n'], false, false);
  expect(api.patches).toEqual([{ kind: 'Node', name: 'n', body: { spec: { unschedulable: null } } }]);
  expect(context.printed.out).toBe('node/n uncordoned\n');
});
