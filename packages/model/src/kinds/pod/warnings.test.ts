import { expect, test } from 'vitest';
import type { PodSpec } from '../../gen/gantry.core.v1.ts';
import { podWarnings } from './warnings.ts';

const warned = (spec: object, metadata = {}, path = ''): string[] =>
  podWarnings(metadata, { containers: [{ name: 'c' }], ...spec } as PodSpec, path);
const of = (container: object): object => ({ containers: [{ name: 'c', ...container }] });

// Texts are those of kube-apiserver 1.37.
test.each<[object, string[]]>([
  [
    { nodeSelector: { 'beta.kubernetes.io/os': 'linux', x: 'y' } },
    ['spec.nodeSelector[beta.kubernetes.io/os]: deprecated since v1.14; use "kubernetes.io/os" instead'],
  ],
  [
    of({
      env: [
        { name: 'A', value: '1' },
        { name: 'A', value: '2' },
      ],
    }),
    ['spec.containers[0].env[1]: hides previous definition of "A", which may be dropped when using apply'],
  ],
  [
    of({
      env: [
        { name: 'A', value: '1' },
        { name: 'A', value: '$(A)2' },
      ],
    }),
    [],
  ],
  [
    of({ ports: [{ containerPort: 80 }, { containerPort: 80 }] }),
    ['spec.containers[0].ports[1]: duplicate port definition with spec.containers[0].ports[0]'],
  ],
  [
    of({
      ports: [
        { containerPort: 80, protocol: 'TCP' },
        { containerPort: 80, protocol: 'UDP' },
      ],
    }),
    [],
  ],
  [
    of({ ports: [{ containerPort: 80 }, { containerPort: 80, hostPort: 8080 }] }),
    ['spec.containers[0].ports[1]: overlapping port definition with spec.containers[0].ports[0]'],
  ],
  [
    {
      containers: [
        { name: 'a', ports: [{ name: 'p', containerPort: 1 }] },
        { name: 'b', ports: [{ name: 'p', containerPort: 2 }] },
      ],
    },
    [
      'spec.containers[1].ports[0]: duplicate port name "p" with spec.containers[0].ports[0], services and probes that select ports by name will use spec.containers[0].ports[0]',
    ],
  ],
  [
    of({ resources: { requests: { memory: '100m' } } }),
    ['spec.containers[0].resources.requests[memory]: fractional byte value "100m" is invalid, must be an integer'],
  ],
  [of({ resources: { requests: { memory: '100Mi', cpu: '100m' } } }), []],
  [{ hostAliases: [{ ip: '1.1.1.1' }, { ip: '1.1.1.1' }] }, ['spec.hostAliases[1].ip: duplicate ip "1.1.1.1"']],
  [
    { terminationGracePeriodSeconds: -1 },
    ['spec.terminationGracePeriodSeconds: must be >= 0; negative values are invalid and will be treated as 1'],
  ],
])('%j', (spec, expected) => {
  expect(warned(spec)).toEqual(expected);
});

test('a template is named by its path, and annotations that have no effect are told', () => {
  const annotations = { 'scheduler.alpha.kubernetes.io/critical-pod': '' };
  expect(warned({}, { annotations }, 'spec.template.')).toEqual([
    'spec.template.metadata.annotations[scheduler.alpha.kubernetes.io/critical-pod]: non-functional in v1.16+; use the "priorityClassName" field instead',
  ]);
});
