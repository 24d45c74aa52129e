import { describe, expect, it } from 'vitest';
import { compileNode } from '../compile/node.ts';
import { PodCompiler } from '../compile/pod.ts';
import { ClusterState } from '../state/cluster.ts';
import { nodeNamed, type PodFields, podNamed } from '../testing/builders.ts';
import { usableRoom } from './usable-room.ts';

const compiler = new PodCompiler();

/** A cluster of nodes with 8 cores and 32 GiB, each with pods on it that ask for so many cores and GiB. */
function clusterOf(nodes: Readonly<Record<string, readonly (readonly [number, number])[]>>): ClusterState {
  const cluster = new ClusterState();
  for (const [name, pods] of Object.entries(nodes)) {
    cluster.setNode(compileNode(nodeNamed(name, { cpu: '8', memory: '32Gi' })));
    for (const [index, [cpu, memory]] of pods.entries()) {
      const pod = cluster.admit(compiler.compile(podNamed(`${name}-${index}`, asking(cpu, memory))));
      cluster.place(pod, cluster.slotOf(name));
    }
  }
  return cluster;
}

function asking(cpu: number, memory: number): PodFields {
  return { requests: { cpu: `${cpu}`, memory: `${memory}Gi` } };
}

/** The scores by node that a pod finds. */
function scoresFor(cpu: number, memory: number, cluster: ClusterState): Record<string, number> {
  const { requirement } = compiler.compile(podNamed('p', asking(cpu, memory)));
  const score = usableRoom.prepare(requirement, cluster)!;
  return Object.fromEntries([...cluster.nodes.indexes()].map((node) => [cluster.nodes.names[node]!, score(node)]));
}

describe('usableRoom', () => {
  it('fills room that no other kind can use before it takes a place of one', () => {
    const cluster = clusterOf({
      whole: [],
      rest: [
        [5, 4],
        [2, 4],
      ],
    });
    const { whole, rest } = scoresFor(1, 4, cluster);
    expect(rest).toBe(100);
    expect(whole).toBeLessThan(100);
  });

  it('spares the resource that others lack', () => {
    // Both have two cores; the first has memory for pods of 2 cores and 16 GiB, the second for none of them.
    const cluster = clusterOf({
      roomy: [
        [2, 8],
        [4, 4],
      ],
      narrow: [
        [2, 16],
        [4, 12],
      ],
    });
    const { roomy, narrow } = scoresFor(2, 2, cluster);
    expect(narrow).toBeGreaterThan(roomy!);
  });

  it('counts a place by its share of the node to the power of 1.5', () => {
    const quarter = clusterOf({ empty: [], other: [[2, 8]] });
    expect(scoresFor(2, 8, quarter).empty).toBeCloseTo(100 * (1 - 0.25 ** 1.5), 6);
    const half = clusterOf({ empty: [], other: [[4, 16]] });
    expect(scoresFor(2, 8, half).empty).toBeCloseTo(100 * (1 - 0.5 ** 1.5), 6);
  });

  it('is between 0 and 100, and says nothing where no pods are known', () => {
    const cluster = clusterOf({ a: [[8, 32]], b: [] });
    expect(scoresFor(8, 32, cluster).b).toBe(0);
    expect(usableRoom.prepare(compiler.compile(podNamed('p', asking(1, 1))).requirement, new ClusterState())).toBe(
      undefined,
    );
  });
});
