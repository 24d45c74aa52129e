import { describe, expect, it } from 'vitest';
import type { ContainerState, ContainerStatus, Pod, PodSpec, PodStatus } from '../../gen/gantry.core.v1.ts';
import { pod } from './pod.ts';

const nowMs = Date.parse('2026-01-01T01:00:00Z');

function podOf(status: PodStatus, spec: Partial<PodSpec> = {}, metadata: Partial<Pod['metadata']> = {}): Pod {
  const containers = [{ name: 'c', image: 'i' }];
  return { apiVersion: 'v1', kind: 'Pod', metadata: { name: 'a', ...metadata }, spec: { containers, ...spec }, status };
}

function cells(object: Pod, wide = false): string {
  const shown = pod.columns.filter((column) => (column.wide ?? false) === wide);
  return shown.map(({ cell }) => cell(object, nowMs)).join(' | ');
}

const container = (state: ContainerState, more: Partial<ContainerStatus> = {}): ContainerStatus => ({
  name: 'c',
  state,
  ...more,
});
const running = container({ running: {} }, { ready: true });
const init = {
  initContainers: [
    { name: 'x', image: 'i' },
    { name: 'y', image: 'i' },
  ],
};
const sidecar = { initContainers: [{ name: 's', image: 'i', restartPolicy: 'Always' }] };
const leaving = { deletionTimestamp: '2026-01-01T00:00:00Z' };

describe('columns of pods', () => {
  it.each<[string, Pod]>([
    ['0/1 | Unknown | 0', podOf({})],
    ['0/1 | Pending | 0', podOf({ phase: 'Pending' })],
    [
      '0/1 | SchedulingGated | 0',
      podOf({ phase: 'Pending', conditions: [{ type: 'PodScheduled', status: 'False', reason: 'SchedulingGated' }] }),
    ],
    ['0/1 | Evicted | 0', podOf({ phase: 'Failed', reason: 'Evicted' })],
    [
      '0/1 | ContainerCreating | 0',
      podOf({ containerStatuses: [container({ waiting: { reason: 'ContainerCreating' } })] }),
    ],
    ['1/1 | Running | 0', podOf({ phase: 'Running', containerStatuses: [running] })],
    ['0/1 | Running | 0', podOf({ phase: 'Running', containerStatuses: [container({ running: {} })] })],
    [
      '0/1 | Completed | 0',
      podOf({
        phase: 'Succeeded',
        containerStatuses: [container({ terminated: { exitCode: 0, reason: 'Completed' } })],
      }),
    ],
    [
      '0/1 | OOMKilled | 0',
      podOf({ containerStatuses: [container({ terminated: { exitCode: 137, reason: 'OOMKilled' } })] }),
    ],
    ['0/1 | ExitCode:3 | 0', podOf({ containerStatuses: [container({ terminated: { exitCode: 3 } })] })],
    ['0/1 | Signal:9 | 0', podOf({ containerStatuses: [container({ terminated: { exitCode: 137, signal: 9 } })] })],
    [
      '0/1 | CrashLoopBackOff | 3 (5m ago)',
      podOf({
        phase: 'Running',
        containerStatuses: [
          container(
            { waiting: { reason: 'CrashLoopBackOff' } },
            { restartCount: 3, lastState: { terminated: { exitCode: 1, finishedAt: '2026-01-01T00:55:00Z' } } },
          ),
        ],
      }),
    ],
    ['1/1 | Terminating | 0', podOf({ phase: 'Running', containerStatuses: [running] }, {}, leaving)],
    ['0/1 | Unknown | 0', podOf({ phase: 'Running', reason: 'NodeLost' }, {}, leaving)],
    [
      '0/1 | Error | 0',
      podOf(
        { phase: 'Failed', containerStatuses: [container({ terminated: { exitCode: 1, reason: 'Error' } })] },
        {},
        leaving,
      ),
    ],
    [
      '0/1 | Init:0/2 | 0',
      podOf(
        {
          phase: 'Pending',
          initContainerStatuses: [
            container({ running: {} }, { name: 'x' }),
            container({ waiting: { reason: 'PodInitializing' } }, { name: 'y' }),
          ],
        },
        init,
      ),
    ],
    [
      '0/1 | Init:1/2 | 0',
      podOf(
        {
          initContainerStatuses: [
            container({ terminated: { exitCode: 0 } }, { name: 'x' }),
            container({ waiting: { reason: 'PodInitializing' } }, { name: 'y' }),
          ],
        },
        init,
      ),
    ],
    [
      '0/1 | Init:Error | 2',
      podOf(
        {
          initContainerStatuses: [
            container({ terminated: { exitCode: 1, reason: 'Error' } }, { name: 'x', restartCount: 2 }),
          ],
        },
        init,
      ),
    ],
    [
      '0/1 | Init:ExitCode:4 | 0',
      podOf({ initContainerStatuses: [container({ terminated: { exitCode: 4 } }, { name: 'x' })] }, init),
    ],
    [
      '0/1 | Init:ImagePullBackOff | 0',
      podOf({ initContainerStatuses: [container({ waiting: { reason: 'ImagePullBackOff' } }, { name: 'x' })] }, init),
    ],
    [
      '2/2 | Running | 1',
      podOf(
        {
          phase: 'Running',
          initContainerStatuses: [
            container({ running: {} }, { name: 's', started: true, ready: true, restartCount: 1 }),
          ],
          containerStatuses: [running],
        },
        sidecar,
      ),
    ],
  ])('%s', (expected, object) => {
    expect(cells(object)).toBe(expected);
  });

  it('counts restarts of init containers until the pod has started', () => {
    const status = {
      phase: 'Running',
      initContainerStatuses: [container({ terminated: { exitCode: 0 } }, { name: 'x', restartCount: 4 })],
    };
    expect(cells(podOf({ ...status, containerStatuses: [running] }, init))).toBe('1/1 | Running | 0');
  });

  it('tells of a pod of which one container has ended', () => {
    const containers = [
      { name: 'c', image: 'i' },
      { name: 'd', image: 'i' },
    ];
    const ended = container({ terminated: { exitCode: 0, reason: 'Completed' } });
    const status = (ready: string): PodStatus => ({
      phase: 'Running',
      containerStatuses: [ended, { ...running, name: 'd' }],
      conditions: [{ type: 'Ready', status: ready }],
    });
    expect(cells(podOf(status('True'), { containers }))).toBe('1/2 | Running | 0');
    expect(cells(podOf(status('False'), { containers }))).toBe('1/2 | NotReady | 0');
  });

  it('shows addresses and gates where there is room', () => {
    expect(cells(podOf({}), true)).toBe('<none> | <none> | <none> | <none>');
    const spec = { nodeName: 'n', readinessGates: [{ conditionType: 'x/y' }, { conditionType: 'z' }] };
    const status = { podIP: '10.0.0.1', nominatedNodeName: 'm', conditions: [{ type: 'x/y', status: 'True' }] };
    expect(cells(podOf(status, spec), true)).toBe('10.0.0.1 | n | m | 1/2');
  });
});
