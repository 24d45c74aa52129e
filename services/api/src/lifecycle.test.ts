import type { ConfigMap, Namespace, Node, PersistentVolume, Service } from '@gantry/model/gen/gantry.core.v1.ts';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { podNamed, startTestApi, type TestApi } from './testing/harness.ts';

let running: TestApi;
beforeAll(async () => {
  running = await startTestApi();
});
afterAll(() => running[Symbol.asyncDispose]());

function node(name: string, cpu = '1'): Node {
  const room = { cpu, memory: '4Gi', pods: '10', 'ephemeral-storage': '10Gi' };
  return { apiVersion: 'v1', kind: 'Node', metadata: { name }, status: { allocatable: room, capacity: room } };
}

/** Creating a node keeps no status of the client's in every kind; this writes it as an agent does. */
async function addNode(name: string, cpu?: string): Promise<void> {
  const { client } = running;
  const created = await client.create(node(name, cpu));
  await client.updateStatus({ ...created, status: node(name, cpu).status! });
}

async function boundPod(name: string, nodeName: string): Promise<{ namespace: string; name: string; uid: string }> {
  const pod = await running.client.create(podNamed(name));
  const ref = { namespace: 'default', name, uid: pod.metadata.uid! };
  expect(await running.client.bind([{ ...ref, nodeName }], 'test')).toMatchObject([{ code: 0 }]);
  return ref;
}

describe('deletion', () => {
  test('a pod that is on no node goes at once', async () => {
    const { client } = running;
    await client.create(podNamed('unbound'));
    expect(await client.delete('Pod', { namespace: 'default', name: 'unbound' })).toMatchObject({ gone: true });
  });

  test('a pod on a node waits for its agent', async () => {
    const { client } = running;
    await addNode('graceful');
    const ref = await boundPod('leaving', 'graceful');
    const { gone, object } = await client.delete('Pod', ref, { gracePeriodSeconds: 5 });
    expect(gone).toBe(false);
    expect(object.metadata).toMatchObject({ deletionGracePeriodSeconds: 5 });
    expect(object.metadata.deletionTimestamp).toBeDefined();
    // A longer grace period changes nothing, and neither does a report that it runs still.
    expect(await client.delete('Pod', ref, { gracePeriodSeconds: 50 })).toMatchObject({ gone: false });
    await client.reportPods('graceful', [{ ...ref, status: { phase: 'Running' } }]);
    expect((await client.get('Pod', ref)).metadata.deletionGracePeriodSeconds).toBe(5);
    const [wrong] = await client.reportPods('elsewhere', [{ ...ref, status: {}, terminated: true }]);
    expect(wrong).toMatchObject({ reason: 'Forbidden' });
    await client.reportPods('graceful', [{ ...ref, status: { phase: 'Succeeded' }, terminated: true }]);
    await expect(client.get('Pod', ref)).rejects.toMatchObject({ reason: 'NotFound' });
  });

  test('a grace period of 0 ends it at once', async () => {
    const { client } = running;
    await addNode('forced');
    const ref = await boundPod('forced', 'forced');
    expect(await client.delete('Pod', ref, { gracePeriodSeconds: 0 })).toMatchObject({ gone: true });
  });

  test('finalizers hold, none may be added, and taking the last one away removes', async () => {
    const { client } = running;
    const name = { namespace: 'default', name: 'held' };
    const metadata = { ...name, finalizers: ['example.com/hold'] };
    await client.create({ apiVersion: 'v1', kind: 'ConfigMap', metadata });
    const { gone, object } = await client.delete('ConfigMap', name);
    expect(gone).toBe(false);
    const more = { ...object, metadata: { ...object.metadata, finalizers: ['example.com/hold', 'example.com/more'] } };
    await expect(client.update(more)).rejects.toMatchObject({
      reason: 'Invalid',
      message: expect.stringContaining('no new finalizers can be added if the object is being deleted'),
    });
    await client.update({ ...object, metadata: { ...object.metadata, finalizers: [] } });
    await expect(client.get('ConfigMap', name)).rejects.toMatchObject({ reason: 'NotFound' });
  });

  test('propagation policies become finalizers', async () => {
    const { client } = running;
    for (const [policy, finalizer] of [
      ['Foreground', 'foregroundDeletion'],
      ['Orphan', 'orphan'],
    ] as const) {
      const name = { namespace: 'default', name: policy.toLowerCase() };
      await client.create({ apiVersion: 'v1', kind: 'ConfigMap', metadata: name });
      const { gone, object } = await client.delete('ConfigMap', name, { propagationPolicy: policy });
      expect([gone, object.metadata.finalizers]).toEqual([false, [finalizer]]);
    }
  });

  test('preconditions', async () => {
    const { client } = running;
    const name = { namespace: 'default', name: 'conditional' };
    const { metadata } = await client.create<ConfigMap>({ apiVersion: 'v1', kind: 'ConfigMap', metadata: name });
    await expect(client.delete('ConfigMap', name, { uid: 'other' })).rejects.toMatchObject({
      reason: 'Conflict',
      message: expect.stringContaining(
        `the UID in the precondition (other) does not match the UID in record (${metadata.uid})`,
      ),
    });
    await expect(client.delete('ConfigMap', name, { resourceVersion: '1' })).rejects.toMatchObject({
      reason: 'Conflict',
    });
    const right = { uid: metadata.uid!, resourceVersion: metadata.resourceVersion! };
    expect(await client.delete('ConfigMap', name, right)).toMatchObject({ gone: true });
  });

  test('a namespace that ends takes nothing new and goes when it is emptied', async () => {
    const { client } = running;
    const created = await client.create<Namespace>({
      apiVersion: 'v1',
      kind: 'Namespace',
      metadata: { name: 'ending' },
    });
    expect(created.spec?.finalizers).toEqual(['kubernetes']);
    const { gone, object } = await client.delete('Namespace', { name: 'ending' });
    expect([gone, object.status?.phase]).toEqual([false, 'Terminating']);
    await expect(client.create(podNamed('late', { namespace: 'ending' }))).rejects.toMatchObject({
      reason: 'Forbidden',
      message: expect.stringContaining(
        'unable to create new content in namespace ending because it is being terminated',
      ),
    });
    const released = { spec: { finalizers: [] } };
    await client.update({ ...object, ...released });
    expect((await client.get('Namespace', { name: 'ending' })).spec?.finalizers).toEqual(['kubernetes']);
    const patch = { type: 'merge', body: released, subresource: 'finalize' } as const;
    await client.patch('Namespace', { name: 'ending' }, patch);
    await expect(client.get('Namespace', { name: 'ending' })).rejects.toMatchObject({ reason: 'NotFound' });
    await expect(client.delete('Namespace', { name: 'default' })).rejects.toMatchObject({
      message: 'namespaces "default" is forbidden: this namespace may not be deleted',
    });
  });
});

describe('apply and patch', () => {
  const manifest = (labels: string, data: string): string =>
    `apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: applied\n  labels: {${labels}}\ndata: {${data}}\n`;

  test('creates, configures, leaves alone, and removes only what it set', async () => {
    const { client } = running;
    const first = await client.apply(manifest('a: "1", b: "1"', 'x: "1"'));
    expect(first.outcome).toBe('created');
    expect((await client.apply(manifest('a: "1", b: "1"', 'x: "1"'))).outcome).toBe('unchanged');
    const name = { namespace: 'default', name: 'applied' };
    await client.patch('ConfigMap', name, { type: 'merge', body: { metadata: { labels: { other: 'kept' } } } });
    const second = await client.apply(manifest('a: "2"', 'z: "1"'));
    expect(second).toMatchObject({
      outcome: 'configured',
      object: { metadata: { labels: { a: '2', other: 'kept' } }, data: { z: '1' } },
    });
    expect(second.object.metadata.labels).not.toHaveProperty('b');
    expect(second.object).not.toHaveProperty('data.x');
  });

  test('kinds of patches', async () => {
    const { client } = running;
    const name = { namespace: 'default', name: 'patched' };
    await client.create(podNamed('patched'));
    const json = await client.patch('Pod', name, {
      type: 'json',
      body: [{ op: 'add', path: '/metadata/labels', value: { a: 'b' } }],
    });
    expect(json.metadata.labels).toEqual({ a: 'b' });
    const body = { spec: { containers: [{ name: 'main', image: 'pause:4' }] } };
    const strategic = await client.patch('Pod', name, { type: 'strategic', body });
    expect(strategic.spec.containers).toMatchObject([{ image: 'pause:4', resources: { requests: { cpu: '100m' } } }]);
    const status = await client.patch('Pod', name, {
      type: 'merge',
      body: { status: { phase: 'Running' } },
      subresource: 'status',
    });
    expect([status.status?.phase, status.metadata.generation]).toEqual(['Running', strategic.metadata.generation]);
    await expect(client.patch('Pod', name, { type: 'merge', body: { spec: { nope: 1 } } })).rejects.toMatchObject({
      message: expect.stringContaining('unknown field "spec.nope"'),
    });
    await expect(
      client.patch('Pod', name, { type: 'merge', body: { metadata: { name: 'other' } } }),
    ).rejects.toMatchObject({
      reason: 'BadRequest',
      message: 'the name of the object (other) does not match the name on the URL (patched)',
    });
  });

  test('generation counts changes of the spec alone', async () => {
    const { client } = running;
    const created = await client.create(podNamed('counted'));
    expect(created.metadata.generation).toBe(1);
    const labelled = await client.update({ ...created, metadata: { ...created.metadata, labels: { a: 'b' } } });
    expect(labelled.metadata.generation).toBe(1);
  });
});

describe('objects of a newer version', () => {
  test('with fields that this one does not know can be read, patched, applied and updated', async () => {
    const { client, store } = running;
    const manifest = { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'newer', namespace: 'default' } };
    await client.apply(JSON.stringify({ ...manifest, data: { a: 'b' } }));
    const { entries } = await store.list({ prefix: '' });
    const entry = entries.find(({ key, value }) => !key.startsWith('allocations/') && value.includes('"newer"'))!;
    const stored = JSON.parse(entry.value) as { metadata: object };
    const later = { ...stored, later: { a: 1 }, metadata: { ...stored.metadata, later: true } };
    const written = [{ type: 'put', key: entry.key, value: JSON.stringify(later), expected: entry.revision }] as const;
    expect((await store.commit(written)).ok).toBe(true);
    const name = { namespace: 'default', name: 'newer' };
    expect((await client.get('ConfigMap', name)).data).toEqual({ a: 'b' });
    for (const type of ['merge', 'strategic'] as const) {
      const patched = await client.patch('ConfigMap', name, { type, body: { data: { [type]: 'x' } } });
      expect(patched.data).toMatchObject({ a: 'b', [type]: 'x' });
      await expect(client.patch('ConfigMap', name, { type, body: { later: 1 } })).rejects.toMatchObject({
        reason: 'Invalid',
      });
    }
    await client.apply(JSON.stringify({ ...manifest, data: { a: 'c' } }));
    expect((await client.get('ConfigMap', name)).data).toMatchObject({ a: 'c' });
  });
});

describe('objects of an older version', () => {
  test('that spell out zeros can be sent back as they are read', async () => {
    const { client, store } = running;
    const volume = await client.create<PersistentVolume>({
      apiVersion: 'v1',
      kind: 'PersistentVolume',
      metadata: { name: 'older' },
      spec: { capacity: { storage: '1Gi' }, accessModes: ['ReadWriteOnce'], nfs: { server: 's', path: '/x' } },
    });
    const { entries } = await store.list({ prefix: '' });
    const entry = entries.find(({ value }) => value.includes(volume.metadata.uid!))!;
    const value = entry.value.replace('"path":"/x"', '"path":"/x","readOnly":false');
    const { ok } = await store.commit([{ type: 'put', key: entry.key, value, expected: entry.revision }]);
    expect(ok).toBe(true);
    const read = await client.get('PersistentVolume', { name: 'older' });
    const updated = await client.update({ ...read, metadata: { ...read.metadata, labels: { a: 'b' } } });
    expect(updated.metadata.labels).toEqual({ a: 'b' });
  });
});

describe('services', () => {
  const service = (name: string, spec: Partial<Service['spec']> = {}): Service => ({
    apiVersion: 'v1',
    kind: 'Service',
    metadata: { name, namespace: 'default' },
    spec: { ports: [{ port: 80 }], ...spec },
  });

  test('never get the address of the cluster’s DNS', async () => {
    await using api = await startTestApi({ serviceCidr: '10.96.0.8/29', dnsAddress: '10.96.0.10' });
    await expect(api.client.create(service('dns', { clusterIP: '10.96.0.10' }))).rejects.toMatchObject({
      reason: 'Invalid',
      message: expect.stringContaining('failed to allocate IP 10.96.0.10: provided IP is already allocated'),
    });
    const given: (string | undefined)[] = [];
    for (let index = 0; index < 5; index++) {
      given.push((await api.client.create(service(`s${index}`))).spec.clusterIP);
    }
    // The range has six addresses.
    expect(given.toSorted()).toEqual(['10.96.0.11', '10.96.0.12', '10.96.0.13', '10.96.0.14', '10.96.0.9']);
    await expect(api.client.create(service('late'))).rejects.toMatchObject({
      message: expect.stringContaining('range is full'),
    });
  });

  test('get a cluster IP of their own, which comes back when they go', async () => {
    const { client, store } = running;
    const one = await client.create(service('one'));
    expect(one.spec.clusterIP).toMatch(/^10\.96\.\d+\.\d+$/);
    await expect(client.create(service('two', { clusterIP: one.spec.clusterIP! }))).rejects.toMatchObject({
      reason: 'Invalid',
      message: expect.stringContaining('provided IP is already allocated'),
    });
    await expect(client.create(service('two', { clusterIP: '10.97.0.1' }))).rejects.toMatchObject({
      message: expect.stringContaining('the provided network does not match the current range'),
    });
    const { spec: _, ...rest } = one;
    const replaced = await client.update({ ...rest, spec: { ports: [{ port: 81 }] } } as Service);
    expect(replaced.spec.clusterIP).toBe(one.spec.clusterIP);
    await client.delete('Service', { namespace: 'default', name: 'one' });
    expect((await store.list({ prefix: 'allocations/' })).entries).toEqual([]);
    await client.create(service('two', { clusterIP: one.spec.clusterIP! }));
  });

  test('get node ports, and give them back with another type', async () => {
    const { client, store } = running;
    const one = await client.create(service('ported', { type: 'NodePort' }));
    const port = one.spec.ports![0]!.nodePort!;
    expect(port).toBeGreaterThanOrEqual(30_000);
    await expect(
      client.create(service('same-port', { type: 'NodePort', ports: [{ port: 1, nodePort: port }] })),
    ).rejects.toMatchObject({
      message: expect.stringContaining('provided port is already allocated'),
    });
    await client.update({ ...one, spec: { ...one.spec, type: 'ClusterIP' } });
    expect((await store.list({ prefix: 'allocations/nodeport/' })).entries).toEqual([]);
    await client.update({
      ...(await client.get('Service', { namespace: 'default', name: 'ported' })),
      spec: { type: 'ExternalName', externalName: 'example.com' },
    });
    expect(
      (await store.list({ prefix: 'allocations/clusterip/' })).entries.filter(({ value }) => value.includes('ported')),
    ).toEqual([]);
  });
});

describe('scheduling', () => {
  test('binds once, with a condition and an event', async () => {
    const { client } = running;
    await addNode('bound');
    const ref = await boundPod('bind-me', 'bound');
    const pod = await client.get('Pod', ref);
    expect(pod.spec.nodeName).toBe('bound');
    expect(pod.status?.conditions).toMatchObject([{ type: 'PodScheduled', status: 'True' }]);
    expect(await client.bind([{ ...ref, nodeName: 'bound' }], 'test')).toMatchObject([{ code: 0 }]);
    expect(await client.bind([{ ...ref, nodeName: 'other' }], 'test')).toMatchObject([
      { reason: 'Conflict', message: expect.stringContaining('is already assigned to node "bound"') },
    ]);
    await expect
      .poll(async () => {
        const { items } = await client
          .list('Event', { fieldSelector: 'involvedObject.name=bind-me' })
          .catch(() => client.list('Event'));
        return items
          .filter((event) => event.involvedObject.name === 'bind-me')
          .map(({ reason, message }) => [reason, message]);
      })
      .toEqual([['Scheduled', 'Successfully assigned default/bind-me to bound']]);
  });

  test('never gives a node more than it has, within a batch and across them', async () => {
    const { client } = running;
    await addNode('small', '1');
    const pods = await Promise.all(
      Array.from({ length: 6 }, (_, i) => client.create(podNamed(`big-${i}`, { cpu: '300m' }))),
    );
    const bindings = pods.map(({ metadata }) => ({
      namespace: 'default',
      name: metadata.name,
      uid: metadata.uid!,
      nodeName: 'small',
    }));
    const halves = await Promise.all([client.bind(bindings.slice(0, 3), 'one'), client.bind(bindings.slice(3), 'two')]);
    const results = halves.flat();
    expect(results.filter(({ code }) => code === 0)).toHaveLength(3);
    expect(results.find(({ code }) => code !== 0)).toMatchObject({
      reason: 'FailedPrecondition',
      message: expect.stringContaining(
        "Node didn't have enough resource: cpu, requested: 300, used: 900, capacity: 1000",
      ),
    });
    await client.delete('Pod', bindings[results.findIndex(({ code }) => code === 0)]!, { gracePeriodSeconds: 0 });
    const refused = bindings[results.findIndex(({ code }) => code !== 0)]!;
    await expect.poll(async () => (await client.bind([refused], 'one'))[0]!.code).toBe(0);
  });

  test('refuses what is not there, item by item', async () => {
    const { client } = running;
    await addNode('there');
    const pod = await client.create(podNamed('mixed'));
    const right = { namespace: 'default', name: 'mixed', uid: pod.metadata.uid!, nodeName: 'there' };
    const results = await client.bind(
      [{ ...right, name: 'absent' }, { ...right, uid: 'other' }, { ...right, nodeName: 'absent' }, right],
      't',
    );
    expect(results.map(({ reason }) => reason)).toEqual(['NotFound', 'Conflict', 'NotFound', '']);
  });

  test('says why pods wait, and says it once', async () => {
    const { client } = running;
    const pod = await client.create(podNamed('waiting'));
    const report = {
      namespace: 'default',
      name: 'waiting',
      uid: pod.metadata.uid!,
      reason: 'Unschedulable',
      message: '0/1 nodes are available',
    };
    const [first] = await client.reportUnschedulable([report], 'test');
    const [second] = await client.reportUnschedulable([report], 'test');
    expect(second).toEqual(first);
    expect((await client.get('Pod', report)).status?.conditions).toMatchObject([
      { type: 'PodScheduled', status: 'False', reason: 'Unschedulable' },
    ]);
    await expect
      .poll(async () => {
        const { items } = await client.list('Event');
        return items
          .filter((event) => event.involvedObject.name === 'waiting')
          .map(({ reason, count }) => [reason, count]);
      })
      .toEqual([['FailedScheduling', 2]]);
  });

  test('evicts with a condition', async () => {
    const { client } = running;
    await addNode('evicting');
    const ref = await boundPod('evicted', 'evicting');
    await client.evict({ ...ref, reason: 'PreemptionByScheduler' });
    const pod = await client.get('Pod', ref);
    expect(pod.metadata.deletionTimestamp).toBeDefined();
    expect(pod.status?.conditions).toContainEqual(
      expect.objectContaining({ type: 'DisruptionTarget', reason: 'PreemptionByScheduler' }),
    );
  });

  test('knows which nodes live', async () => {
    const { client } = running;
    await addNode('alive');
    expect(await client.heartbeat('alive', 60_000)).toEqual({ reportStatus: false });
    const { metadata } = await client.get('Node', { name: 'alive' });
    await expect
      .poll(async () => (await client.listHeartbeats()).resourceVersion)
      .toBeGreaterThanOrEqual(Number(metadata.resourceVersion));
    expect(await client.listHeartbeats()).toMatchObject({ heartbeats: [{ nodeName: 'alive' }] });
    await expect(client.heartbeat('alive', 0)).rejects.toMatchObject({ reason: 'BadRequest' });
  });

  test('asks a node that it does not know for its status, until that is registered', async () => {
    const { client } = running;
    expect(await client.heartbeat('forgotten', 60_000)).toEqual({ reportStatus: true });
    await addNode('forgotten');
    expect(await client.heartbeat('forgotten', 60_000)).toEqual({ reportStatus: false });
    await client.delete('Node', { name: 'forgotten' });
    await vi.waitFor(async () => expect(await client.heartbeat('forgotten', 60_000)).toEqual({ reportStatus: true }));
  });

  test('asks a node for its status when that was given up for its silence', async () => {
    const { client } = running;
    await addNode('silent');
    const node = await client.get('Node', { name: 'silent' });
    const report = async (status: string): Promise<void> => {
      const conditions = [{ type: 'Ready', status }];
      await client.patch(
        'Node',
        { name: 'silent' },
        { type: 'merge', body: { status: { conditions } }, subresource: 'status' },
      );
    };
    expect(node.status?.conditions?.some(({ status }) => status === 'Unknown')).not.toBe(true);
    await report('Unknown');
    await vi.waitFor(async () => expect(await client.heartbeat('silent', 60_000)).toEqual({ reportStatus: true }));
    await report('True');
    await vi.waitFor(async () => expect(await client.heartbeat('silent', 60_000)).toEqual({ reportStatus: false }));
  });
});
