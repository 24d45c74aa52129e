import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Node } from '@gantry/model/gen/gantry.core.v1.ts';
import { isReady } from '@gantry/model/ready.ts';
import { FakeClock } from '@gantry/runtime/clock.ts';
import { silentLogger } from '@gantry/runtime/log.ts';
import { eachFault } from '@gantry/runtime/testing/faults.ts';
import { describe, expect, it } from 'vitest';
import { eventually } from '../testing/agent-kit.ts';
import { FakeApi } from '../testing/fake-api.ts';
import { capacityOf } from './capacity.ts';
import { importImages } from './image-imports.ts';
import { type NodeFacts, nodeObject, nodeStatus } from './object.ts';
import { type RegistrarDeps, registerNode } from './registrar.ts';

const facts: NodeFacts = {
  name: 'node-1',
  addresses: ['10.65.0.2'],
  agentAddress: '127.0.0.1:4711',
  podCidr: '10.64.0.0/24',
  taints: [],
  providerId: undefined,
  labels: { 'topology.kubernetes.io/zone': 'a' },
  capacity: { cpu: '4' },
  allocatable: { cpu: '3' },
  systemInfo: { operatingSystem: 'linux', architecture: 'amd64' },
};
const well = { problem: undefined, memoryAvailableBytes: 2 ** 30, fsAvailableShare: 0.5 };
const times = { heartbeatMs: 10_000, healthMs: 10_000, reportMs: 300_000 };

function register(
  client: RegistrarDeps['client'],
  clock: FakeClock,
  health: RegistrarDeps['health'] = async () => well,
): ReturnType<typeof registerNode> {
  return registerNode({ client, clock, log: silentLogger, times, facts, health, onHeard: () => {} });
}

describe('the object of a node', () => {
  it('registers with taints, and tells its machine; taints of one that is registered stay', () => {
    const taints = [{ key: 'team', value: 'a', effect: 'NoSchedule' }];
    const provided = { ...facts, taints, providerId: 'local://node-1' };
    expect(nodeObject(provided, undefined).spec).toMatchObject({ taints, providerID: 'local://node-1' });
    const stored: Node = { apiVersion: 'v1', kind: 'Node', metadata: { name: 'node-1' }, spec: {} };
    expect(nodeObject(provided, stored).spec).toEqual({
      providerID: 'local://node-1',
      podCIDR: '10.64.0.0/24',
      podCIDRs: ['10.64.0.0/24'],
    });
  });

  it('tells what the node is, and keeps what others put on it', () => {
    const stored: Node = {
      apiVersion: 'v1',
      kind: 'Node',
      metadata: { name: 'node-1', labels: { team: 'x' }, resourceVersion: '7' },
      spec: { unschedulable: true },
    };
    const object = nodeObject(facts, stored);
    expect(object.metadata).toMatchObject({
      resourceVersion: '7',
      labels: {
        team: 'x',
        'kubernetes.io/hostname': 'node-1',
        'kubernetes.io/arch': 'amd64',
        'topology.kubernetes.io/zone': 'a',
      },
      annotations: { 'gantry.dev/agent-address': '127.0.0.1:4711' },
    });
    expect(object.spec).toEqual({ unschedulable: true, podCIDR: '10.64.0.0/24', podCIDRs: ['10.64.0.0/24'] });
  });

  it('tells how the node is, since when', () => {
    const first = nodeStatus(facts, well, undefined, 0);
    const stored = { metadata: { name: 'node-1' }, status: first } as Node;
    const second = nodeStatus(
      facts,
      { ...well, problem: 'container runtime is down: gone', memoryAvailableBytes: 0 },
      stored,
      60_000,
    );
    const of = (status: typeof first, type: string) => status.conditions?.find((condition) => condition.type === type);
    expect(of(first, 'Ready')).toMatchObject({
      status: 'True',
      reason: 'KubeletReady',
      lastTransitionTime: '1970-01-01T00:00:00Z',
    });
    expect(of(second, 'Ready')).toMatchObject({
      status: 'False',
      message: 'container runtime is down: gone',
      lastTransitionTime: '1970-01-01T00:01:00Z',
    });
    expect(of(second, 'MemoryPressure')?.status).toBe('True');
    expect(of(second, 'DiskPressure')).toMatchObject({
      status: 'False',
      lastTransitionTime: '1970-01-01T00:00:00Z',
      lastHeartbeatTime: '1970-01-01T00:01:00Z',
    });
    expect(second.daemonEndpoints?.kubeletEndpoint?.Port).toBe(4711);
  });

  it('keeps resources that others advertise, and says its own anew', () => {
    const before = { cpu: '64', 'example.com/seats': '5' };
    const stored = { ...nodeObject(facts, undefined), status: { capacity: before, allocatable: before } };
    const { capacity, allocatable } = nodeStatus(facts, well, stored, 0);
    expect(capacity).toEqual({ ...facts.capacity, 'example.com/seats': '5' });
    expect(allocatable).toEqual({ ...facts.allocatable, 'example.com/seats': '5' });
  });

  it('has the capacity of its machine, but for what is configured', () => {
    const machine = {
      atMs: 0,
      cpuCount: 2,
      cpuUsageNs: 0,
      memoryTotalBytes: 4096,
      memoryAvailableBytes: 0,
      fsTotalBytes: 8192,
      fsAvailableBytes: 0,
    };
    expect(capacityOf(machine, 50, { cpu: '8', 'example.com/gpu': '2' })).toEqual({
      cpu: '8',
      memory: '4Ki',
      'ephemeral-storage': '8Ki',
      pods: '50',
      'example.com/gpu': '2',
    });
  });
});

describe('a registered node', () => {
  it('is heard regularly, and reports only what changed', async () => {
    const api = new FakeApi();
    const clock = new FakeClock();
    let health: typeof well | { problem: string; memoryAvailableBytes: number; fsAvailableShare: number } = well;
    const times = { heartbeatMs: 10_000, healthMs: 10_000, reportMs: 300_000 };
    await using node = registerNode({
      client: api,
      clock,
      log: silentLogger,
      times,
      facts,
      health: async () => health,
      onHeard: () => {},
    });
    await node.registered;
    const reported = api.peek('Node', 'node-1')?.metadata.resourceVersion;
    await eventually('the first heartbeat', () => api.heartbeats.length === 1);
    const tick = async (beats: number): Promise<void> => {
      // Both loops sleep again before time goes on.
      await new Promise((resolve) => setTimeout(resolve, 5));
      clock.advance(10_000);
      await eventually('the next heartbeat', () => api.heartbeats.length === beats);
    };
    await tick(2);
    expect(api.peek('Node', 'node-1')?.metadata.resourceVersion).toBe(reported);
    health = { ...well, problem: 'container runtime is down' };
    await tick(3);
    const isNotReady = (found: Node | undefined) =>
      found?.status?.conditions?.some(({ type, status }) => type === 'Ready' && status === 'False');
    await eventually('the report', () => isNotReady(api.peek('Node', 'node-1')));
  });

  it('registers again at the next heartbeat where the api has lost the node', async () => {
    const api = new FakeApi();
    const clock = new FakeClock();
    await using node = register(api, clock);
    await node.registered;
    await eventually('the first heartbeat', () => api.heartbeats.length === 1);
    api.remove('Node', 'node-1');
    await eventually('the node', () => {
      clock.advance(10_000);
      return isReady(api.peek('Node', 'node-1') ?? {}) && api.heartbeats.length > 1;
    });
    expect(api.peek('Node', 'node-1')?.spec?.podCIDR).toBe('10.64.0.0/24');
  });

  it('replaces a node of another pod range when it starts, and keeps what users put on it', async () => {
    const api = new FakeApi();
    const users = { key: 'dedicated', effect: 'NoSchedule' };
    const before = api.put({
      apiVersion: 'v1',
      kind: 'Node',
      metadata: { name: 'node-1', labels: { team: 'x' }, uid: 'old' },
      spec: { podCIDR: '10.99.0.0/24', podCIDRs: ['10.99.0.0/24'], unschedulable: true, taints: [users] },
    });
    const clock = new FakeClock();
    await using node = register(api, clock);
    await node.registered;
    const after = api.peek('Node', 'node-1')!;
    expect(after.metadata.uid).not.toBe(before.metadata.uid);
    expect(after.metadata.labels).toMatchObject({ team: 'x', 'kubernetes.io/hostname': 'node-1' });
    expect(after.spec).toEqual({
      podCIDR: '10.64.0.0/24',
      podCIDRs: ['10.64.0.0/24'],
      unschedulable: true,
      taints: [users],
    });
    expect(isReady(after)).toBe(true);
  });

  it('does not fight another agent of its name: a node that was replaced after the start stays', async () => {
    const api = new FakeApi();
    const clock = new FakeClock();
    await using node = register(api, clock);
    await node.registered;
    const other = { podCIDR: '10.99.0.0/24', podCIDRs: ['10.99.0.0/24'] };
    api.remove('Node', 'node-1');
    api.put({ apiVersion: 'v1', kind: 'Node', metadata: { name: 'node-1', uid: 'other' }, spec: other });
    api.asksForStatus = true;
    await eventually('more heartbeats', () => {
      clock.advance(10_000);
      return api.heartbeats.length > 3;
    });
    expect(api.peek('Node', 'node-1')).toMatchObject({ metadata: { uid: 'other' }, spec: other });
  });

  it('is registered and heard whichever call of its loops fails', async () => {
    await eachFault(async (faults) => {
      const api = new FakeApi();
      const clock = new FakeClock();
      const methods = { get: api.get, create: api.create, update: api.update, updateStatus: api.updateStatus };
      const client = faults.wrap({ ...methods, delete: api.delete, heartbeat: api.heartbeat });
      const { health } = faults.wrap({ health: async () => well });
      await using _node = register(client, clock, health);
      await eventually('a ready node that is heard', () => {
        clock.advance(10_000);
        return isReady(api.peek('Node', 'node-1') ?? {}) && api.heartbeats.length >= 2;
      });
    });
  });

  it('reports at once what it reported before, where the api says that the node was silent', async () => {
    const api = new FakeApi();
    const clock = new FakeClock();
    const times = { heartbeatMs: 10_000, healthMs: 3_600_000, reportMs: 3_600_000 };
    let heard = 0;
    await using node = registerNode({
      client: api,
      clock,
      log: silentLogger,
      times,
      facts,
      health: async () => well,
      onHeard: () => void heard++,
    });
    await node.registered;
    await eventually('the first heartbeat', () => heard === 1);
    const stored = api.peek('Node', 'node-1')!;
    const conditions = stored.status!.conditions!.map((condition) => ({ ...condition, status: 'Unknown' }));
    await api.updateStatus({ ...stored, status: { ...stored.status, conditions } });
    api.asksForStatus = true;
    await new Promise((resolve) => setTimeout(resolve, 5));
    clock.advance(10_000);
    await eventually('the second heartbeat', () => heard === 2);
    await eventually('the report', () =>
      (api.peek('Node', 'node-1') as Node).status!.conditions!.every(({ status }) => status !== 'Unknown'),
    );
  });
});

describe('an images directory', () => {
  it('is taken in once, file by file, and again where one changed', async () => {
    const directory = await mkdtemp(join(tmpdir(), 'gantry-images-'));
    const imported: string[] = [];
    const images = {
      importTar: async (path: string) => {
        if (path.endsWith('broken.tar')) throw new Error('no tar');
        imported.push(path.slice(directory.length + 1));
        return ['app:1'];
      },
    };
    const clock = new FakeClock();
    await writeFile(join(directory, 'app.tar'), 'x');
    await writeFile(join(directory, 'broken.tar'), 'x');
    await writeFile(join(directory, 'readme.txt'), 'x');
    await using imports = importImages(directory, { images, clock, log: silentLogger });
    await imports.imported;
    expect(imported).toEqual(['app.tar']);
    await writeFile(join(directory, 'app.tar'), 'changed');
    await eventually('the change', () => {
      clock.advance(2_000);
      return imported.length === 2;
    });
    await rm(directory, { recursive: true });
  });
});
