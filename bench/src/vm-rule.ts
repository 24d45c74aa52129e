import { compileNode } from '@gantry/scheduler/compile/node.ts';
import { PodCompiler } from '@gantry/scheduler/compile/pod.ts';
import type { Score } from '@gantry/scheduler/plugin.ts';
import { ClusterState } from '@gantry/scheduler/state/cluster.ts';
import type { PodRecord } from '@gantry/scheduler/state/pod-class.ts';
import { TypicalRequests } from '@gantry/scheduler/state/typical-requests.ts';
import { nodeNamed, podNamed } from '@gantry/scheduler/testing/builders.ts';
import type { Vm } from './vm-trace.ts';

/** The pod that asks for as much as a virtual machine. */
export function requestsOf({ cores, memoryGib }: Vm): Record<string, string> {
  return { cpu: `${Math.round(cores * 1_000)}m`, memory: `${Math.round(memoryGib * 1_024)}Mi` };
}

/**
 * True where so many equal nodes take every machine of a trace, by one score and nothing else; of equals the first node
 * takes it. Nodes with as much left have the same score, which is computed once.
 * @param kinds Kinds of pods that the score looks at, at most.
 */
export function takesAllByRule(
  vms: readonly Vm[],
  { cores, memoryGib }: { readonly cores: number; readonly memoryGib: number },
  events: readonly number[],
  nodeCount: number,
  score: Score,
  kinds: number,
): boolean {
  const cluster = new ClusterState();
  Object.assign(cluster, { typical: new TypicalRequests(kinds) });
  const size = { cpu: `${cores}`, memory: `${memoryGib}Gi`, pods: '1000' };
  for (let node = 0; node < nodeCount; node++) cluster.setNode(compileNode(nodeNamed(`node-${node}`, size)));
  const compiler = new PodCompiler();
  const pods = new Map<number, PodRecord>();
  const place = placer(cluster, score);
  for (const event of events) {
    if (event < 0) {
      cluster.dismiss(pods.get(~event)!);
      pods.delete(~event);
      continue;
    }
    const pod = cluster.admit(compiler.compile(podNamed(`vm-${event}`, { requests: requestsOf(vms[event]!) })));
    if (!place(pod)) return false;
    pods.set(event, pod);
  }
  return true;
}

/** Gives pods the node with the best score; false where none has room. */
function placer(cluster: ClusterState, score: Score): (pod: PodRecord) => boolean {
  const { nodes } = cluster;
  const [cpu, memory] = [nodes.requested[0]!, nodes.requested[1]!];
  const [cpuOf, memoryOf] = [nodes.allocatable[0]!, nodes.allocatable[1]!];
  const known = new Map<string, Map<number, number>>();
  return (pod) => {
    const { requests } = pod.class.requirement;
    const [cpuMilli, memoryBytes] = [requests.get('cpu')!, requests.get('memory')!];
    const scoreOf = score.prepare(pod.class.requirement, cluster)!;
    const key = `${cluster.typical.version} ${cpuMilli} ${memoryBytes}`;
    const byState = known.get(key) ?? new Map<number, number>();
    known.set(key, byState);
    let best = -1;
    let most = Number.NEGATIVE_INFINITY;
    for (let node = 0; node < nodes.end; node++) {
      if (cpu[node]! + cpuMilli > cpuOf[node]! || memory[node]! + memoryBytes > memoryOf[node]!) continue;
      // Memory is a multiple of a MiB, and there are no millions of them in a node.
      const state = cpu[node]! * 1e7 + memory[node]! / 2 ** 20;
      let value = byState.get(state);
      if (value === undefined) {
        value = scoreOf(node);
        byState.set(state, value);
      }
      if (value > most) {
        most = value;
        best = node;
      }
    }
    if (best >= 0) cluster.place(pod, best);
    return best >= 0;
  };
}
