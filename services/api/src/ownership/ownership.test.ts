import { connect } from '@gantry/client/client.ts';
import type { ConfigMap, Node, Pod } from '@gantry/model/gen/gantry.core.v1.ts';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { podNamed, startTestApi, type TestApi, testCredentials } from '../testing/harness.ts';

let running: TestApi;
beforeAll(async () => {
  running = await startTestApi();
});
afterAll(() => running?.[Symbol.asyncDispose]());

/** Managers of an object with their operations, subresources and the fields on top. */
function ownersOf({ metadata }: Pick<Pod, 'metadata'>): string[] {
  return (metadata.managedFields ?? []).map(({ manager, operation, subresource = '', fieldsV1 }) =>
    [manager, operation, subresource, ...Object.keys(fieldsV1 as object)].filter((word) => word !== '').join(' '),
  );
}

const capacity = { cpu: '8', memory: '8Gi', pods: '10' };
const report = { phase: 'Running', conditions: [{ type: 'Ready', status: 'True' }] } as const;

test('a binding changes no owners, a report belongs to the node agent', async () => {
  const { client } = running;
  using agent = connect(running.api.address, { credentials: testCredentials, manager: 'gantry-node-agent' });
  const node = { apiVersion: 'v1', kind: 'Node', metadata: { name: 'n' }, status: { capacity, allocatable: capacity } };
  await client.create(node as Node);
  const { metadata } = await client.create(podNamed('p'));
  const ref = { namespace: 'default', name: 'p', uid: metadata.uid! };
  await client.bind([{ ...ref, nodeName: 'n' }], 'test');
  const name = { namespace: 'default', name: 'p' };
  expect(ownersOf(await client.get('Pod', name))).toEqual(['grpc-node-js Update f:spec']);
  await agent.reportPods('n', [{ ...ref, status: report as never }]);
  await agent.reportPods('n', [{ ...ref, status: { ...report, podIP: '10.0.0.1' } as never }]);
  const pod = await client.get('Pod', name);
  expect(ownersOf(pod).sort()).toEqual(['gantry-node-agent Update status f:status', 'grpc-node-js Update f:spec']);
});

test('lists leave owners out, and an update by a client that does not know them keeps them', async () => {
  const { client } = running;
  const name = { namespace: 'default', name: 'listed' };
  await client.create({ apiVersion: 'v1', kind: 'ConfigMap', metadata: name, data: { a: '1' } });
  const { items } = await client.list('ConfigMap', { namespace: 'default', fieldSelector: 'metadata.name=listed' });
  expect(items.map(({ metadata }) => metadata.managedFields)).toEqual([undefined]);
  await client.update({ ...items[0]!, data: { a: '1', b: '2' } });
  expect((await client.get('ConfigMap', name)).metadata.managedFields).toMatchObject([
    { manager: 'grpc-node-js', fieldsV1: { 'f:data': { '.': {}, 'f:a': {}, 'f:b': {} } } },
  ]);
});

test('the store has owners as short texts, which are read back as they were', async () => {
  const { client, store } = running;
  const made = await client.create({
    apiVersion: 'v1',
    kind: 'ConfigMap',
    metadata: { name: 'stored', namespace: 'default', annotations: { 'example.com/a': 'x' } },
    data: { a: '1' },
  });
  const entry = await store.get('configmaps/default/stored');
  expect(entry!.value).toContain(`"fieldsV1":"data(. a) metadata(annotations(. example.com/a))"`);
  expect(await client.get('ConfigMap', { namespace: 'default', name: 'stored' })).toEqual(made);
});

test('a manifest is applied by a manager over gRPC, who is told of the fields of others', async () => {
  const { client } = running;
  const manifest = (data: object): string =>
    JSON.stringify({ apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'applied' }, data });
  const first = await client.apply(manifest({ a: '1' }), { fieldManager: 'one' });
  expect(first.outcome).toBe('created');
  expect((await client.apply(manifest({ a: '1' }), { fieldManager: 'one' })).outcome).toBe('unchanged');
  await expect(client.apply(manifest({ a: '2' }), { fieldManager: 'two' })).rejects.toMatchObject({
    reason: 'Conflict',
    message: 'Apply failed with 1 conflict: conflict with "one": .data.a',
  });
  const forced = await client.apply(manifest({ a: '2' }), { fieldManager: 'two', force: true });
  expect((forced.object as ConfigMap).data).toEqual({ a: '2' });
  expect(ownersOf(forced.object as never)).toEqual(['two Apply f:data']);
});
