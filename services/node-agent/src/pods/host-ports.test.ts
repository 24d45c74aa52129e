import type { Pod } from '@gantry/model/gen/gantry.core.v1.ts';
import { expect, test } from 'vitest';
import { podOf } from '../testing/pod-world.ts';
import { HostPorts } from './host-ports.ts';

const rejected = {
  reason: 'NodePorts',
  message: "Predicate NodePorts failed: node(s) didn't have free ports for the requested pod ports",
};

type Port = { readonly hostPort?: number; readonly protocol?: string; readonly hostIP?: string };

function pod(uid: string, port: Port, list: object = {}): Pod {
  const containers = [{ name: 'main', image: 'x', ports: [{ containerPort: 80, ...port }] }];
  return podOf({ containers, ...list }, { uid });
}

test.each<[string, Port, Port, boolean]>([
  ['the same port', { hostPort: 80 }, { hostPort: 80 }, true],
  ['another port', { hostPort: 80 }, { hostPort: 81 }, false],
  ['another protocol', { hostPort: 80 }, { hostPort: 80, protocol: 'UDP' }, false],
  ['another address', { hostPort: 80, hostIP: '10.0.0.1' }, { hostPort: 80, hostIP: '10.0.0.2' }, false],
  ['all addresses after one', { hostPort: 80, hostIP: '10.0.0.1' }, { hostPort: 80 }, true],
  ['one address after all', { hostPort: 80 }, { hostPort: 80, hostIP: '10.0.0.1' }, true],
  ['ports of the container alone', {}, {}, false],
])('%s', (_, first, second, isRejected) => {
  const ports = new HostPorts();
  expect(ports.admit(pod('a', first), [])).toBeUndefined();
  expect(ports.admit(pod('b', second), [])).toEqual(isRejected ? rejected : undefined);
});

test('ports are free again when a pod is over, but not for pods that were rejected before, nor for itself', () => {
  const ports = new HostPorts();
  const [first, second, third] = ['a', 'b', 'c'].map((uid) => pod(uid, { hostPort: 80 }));
  expect(ports.admit(first!, [])).toBeUndefined();
  expect(ports.admit(second!, [])).toEqual(rejected);
  ports.release('a');
  expect(ports.admit(first!, [])).toBeUndefined();
  expect(ports.admit(second!, [])).toEqual(rejected);
  expect(ports.admit(third!, [])).toBeUndefined();
  expect(ports.admit(third!, [])).toBeUndefined();
});

test('pods that run already keep their ports, whoever is asked about first', () => {
  const ports = new HostPorts();
  const [late, running] = ['a', 'b'].map((uid) => pod(uid, { hostPort: 80 }));
  expect(ports.admit(late!, [running!])).toEqual(rejected);
  expect(ports.admit(running!, [running!])).toBeUndefined();
});

test('sidecars take ports, and init containers that end do not', () => {
  const initWith = (restartPolicy?: string) =>
    pod(
      'a',
      {},
      { initContainers: [{ name: 'i', image: 'x', restartPolicy, ports: [{ containerPort: 1, hostPort: 80 }] }] },
    );
  for (const [restartPolicy, expected] of [
    ['Always', rejected],
    [undefined, undefined],
  ] as const) {
    const ports = new HostPorts();
    ports.admit(initWith(restartPolicy), []);
    expect(ports.admit(pod('b', { hostPort: 80 }), [])).toEqual(expected);
  }
});
