import { expect, test } from 'vitest';
import { compileNode } from '../compile/node.ts';
import { PodCompiler } from '../compile/pod.ts';
import { defaultProfiles } from '../profiles.ts';
import { Scheduler } from '../scheduler.ts';
import { nodeNamed, type PodFields, podNamed } from '../testing/builders.ts';

const zone = 'topology.kubernetes.io/zone';

/** Pods by node after `count` of them were placed, one of whose nodes is preferred for its emptiness and its image. */
function spreadOf(count: number, nodes: readonly ReturnType<typeof nodeNamed>[], fields: PodFields): number[] {
  const scheduler = new Scheduler({ profiles: defaultProfiles, seed: 1, batchSize: 10 });
  const compiler = new PodCompiler();
  for (const node of nodes) scheduler.setNode(compileNode(node));
  for (let index = 0; index < count; index++) {
    scheduler.setPod(compiler.compile(podNamed(`p${index}`, { requests: { cpu: '10m' }, ...fields })));
  }
  const placed = scheduler.cycle(0).placements.map(({ nodeName }) => nodeName);
  return nodes.map(({ metadata }) => placed.filter((name) => name === metadata.name).length);
}

const preferred = nodeNamed('a', { cpu: '64', images: { 'pause:3': 900 * 1024 * 1024 } });
const other = nodeNamed('b', { cpu: '8' });

test.each([
  ['of a ReplicaSet stand on both nodes', { owner: 'ReplicaSet' }, [2, 1]],
  ['of a bare kind go where scores are best', {}, [3, 0]],
  ['that are packed stay together', { owner: 'ReplicaSet', schedulerName: 'binpack' }, [3, 0]],
])('pods %s', (_name, fields, expected) => {
  expect(spreadOf(3, [preferred, other], fields)).toEqual(expected);
});

test('zones count beside nodes', () => {
  const nodes = [
    nodeNamed('a1', { labels: { [zone]: 'a' } }),
    nodeNamed('a2', { labels: { [zone]: 'a' } }),
    nodeNamed('a3', { labels: { [zone]: 'a' } }),
    nodeNamed('b1', { labels: { [zone]: 'b' } }),
  ];
  const [a1, a2, a3, b1] = spreadOf(2, nodes, { owner: 'ReplicaSet' });
  expect([a1! + a2! + a3!, b1]).toEqual([1, 1]);
});

test('constraints of their own go before', () => {
  const topologySpreadConstraints = [
    { maxSkew: 1, topologyKey: zone, whenUnsatisfiable: 'ScheduleAnyway', labelSelector: { matchLabels: {} } },
  ];
  expect(spreadOf(3, [preferred, other], { owner: 'ReplicaSet', topologySpreadConstraints })).toEqual([3, 0]);
});
