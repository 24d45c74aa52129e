import type { Binding } from '@gantry/client/object-messages.ts';
import { gpuDevicesAnnotation } from '@gantry/model/gpu.ts';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { type AnyObject, decodeEntry, encodeValue, Stored } from '../core/stored-object.ts';
import { BindPlanner } from './bind.ts';
import { allocatableOf, demandOf, nothing, plus } from './demand.ts';
import type { NodeAccount } from './ledger.ts';

const allocatable = { cpu: '64', pods: '110', 'nvidia.com/gpu': '3', 'gantry.dev/gpu-milli': '3000' };
const node: AnyObject = { apiVersion: 'v1', kind: 'Node', metadata: { name: 'n' }, status: { allocatable } };

function accountOf(pods: readonly AnyObject[]): NodeAccount {
  const used = pods.map(demandOf).reduce(plus, nothing).amounts;
  return {
    name: 'n',
    allocatable: allocatableOf(node),
    deleting: false,
    topology: {},
    used,
    hostPorts: new Map(),
    unknown: false,
    fence: 1,
  };
}

function pod(name: string, requests: Record<string, string>, annotations?: Record<string, string>): AnyObject {
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name, namespace: 'default', uid: name, ...(annotations ? { annotations } : {}) },
    spec: { containers: [{ name: 'c', resources: { requests } }] },
  };
}

function stored(object: AnyObject): Stored {
  return new Stored({ key: `pods/default/${object.metadata.name}`, value: encodeValue(object), revision: 1 });
}

/** Binds a pod to the node: its devices as they are written, or why it was refused. */
function bind(planner: BindPlanner, object: AnyObject, gpuDevices?: number[]): string | undefined {
  const { name, uid } = object.metadata;
  const binding: Binding = { namespace: 'default', name, uid: uid!, nodeName: 'n', ...(gpuDevices && { gpuDevices }) };
  const plan = planner.plan(binding, stored(object));
  if (plan.type === 'refused') return plan.error.message;
  const { operation } = plan as { operation: { key: string; value: string } };
  return decodeEntry({ ...operation, revision: 2 }).metadata.annotations?.[gpuDevicesAnnotation];
}

const share = (milli: number): Record<string, string> => ({ 'gantry.dev/gpu-milli': String(milli) });
const whole = (count: number): Record<string, string> => ({ 'nvidia.com/gpu': String(count) });

describe('GPU devices', () => {
  test('are those of the binding, written on the pod', () => {
    const planner = new BindPlanner(() => accountOf([]), 0);
    expect(bind(planner, pod('a', whole(2)), [0, 2])).toBe('0,2');
    expect(bind(planner, pod('b', share(600)), [1])).toBe('1');
    expect(bind(planner, pod('c', { cpu: '1' }))).toBeUndefined();
  });

  test('are never given out beyond what they are, by whatever name they are asked for', () => {
    const planner = new BindPlanner(() => accountOf([pod('old', share(500), { [gpuDevicesAnnotation]: '1' })]), 0);
    expect(bind(planner, pod('a', share(600)), [1])).toContain(
      "Node didn't have enough resource: GPU device 1, requested: 600, used: 500, capacity: 1000",
    );
    expect(bind(planner, pod('b', whole(1)), [1])).toContain('GPU device 1, requested: 1000, used: 500');
    expect(bind(planner, pod('c', share(500)), [1])).toBe('1');
    expect(bind(planner, pod('d', share(1)), [1])).toContain('GPU device 1, requested: 1, used: 1000');
    expect(bind(planner, pod('e', whole(1)), [7])).toContain('GPU device 7, requested: 1000, used: 0, capacity: 0');
  });

  test('are chosen where the binding names none', () => {
    const planner = new BindPlanner(() => accountOf([pod('old', share(500), { [gpuDevicesAnnotation]: '1' })]), 0);
    expect(bind(planner, pod('a', share(500), { [gpuDevicesAnnotation]: '0' }))).toBe('1');
    expect(bind(planner, pod('b', whole(2)))).toBe('0,2');
    expect(bind(planner, pod('c', share(100)))).toContain('no 1 GPU device(s) with 100 thousandths free');
  });

  test('must be as many as the pod asks for', () => {
    const planner = new BindPlanner(() => accountOf([]), 0);
    expect(bind(planner, pod('a', whole(2)), [0])).toBe('gpuDevices: Invalid value: [0]: must be 2 different devices');
    expect(bind(planner, pod('b', whole(2)), [0, 0])).toContain('must be 2 different devices');
  });

  test('of pods that nobody bound count all the same', () => {
    const planner = new BindPlanner(() => accountOf([pod('static', whole(2))]), 0);
    expect(bind(planner, pod('a', share(600)), [0])).toBe('0');
    expect(bind(planner, pod('b', share(600)), [1])).toContain(
      'GPU devices, requested: 600, used: 2600, capacity: 3000',
    );
  });

  test('hold no more than a whole after any bindings', () => {
    const request = fc.oneof(fc.integer({ min: 1, max: 1_000 }).map(share), fc.integer({ min: 1, max: 2 }).map(whole));
    const devices = fc.option(fc.array(fc.nat({ max: 3 }), { maxLength: 2 }), { nil: undefined });
    fc.assert(
      fc.property(fc.array(fc.tuple(request, devices), { maxLength: 12 }), (bindings) => {
        const planner = new BindPlanner(() => accountOf([]), 0);
        const used = [0, 0, 0];
        for (const [index, [requests, gpuDevices]] of bindings.entries()) {
          const object = pod(`p${index}`, requests);
          const got = bind(planner, object, gpuDevices);
          if (got === undefined || !/^\d+(,\d+)*$/.test(got)) continue;
          const each = requests['nvidia.com/gpu'] ? 1_000 : Number(requests['gantry.dev/gpu-milli']);
          for (const device of got.split(',')) used[Number(device)]! += each;
        }
        expect(used.every((milli) => milli <= 1_000)).toBe(true);
        expect(used).toHaveLength(3);
      }),
    );
  });
});
