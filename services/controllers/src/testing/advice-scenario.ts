import { amountOf } from '@gantry/model/amounts.ts';
import type { ResourceAdvice } from '@gantry/model/gen/gantry.advice.v1.ts';
import { workloadKinds, workloadOf } from '../advice/workloads.ts';
import type { AnyObject } from '../core/action.ts';
import { noMeasurer } from '../core/measure.ts';
import { aDeployment, aStatefulSet } from './objects.ts';
import { disturbPods, nodes, type Scenario } from './scenario.ts';
import type { Simulation } from './simulation.ts';
import { users } from './users.ts';
import { Violation } from './violation.ts';

/** Bounds of what containers use, in thousandths of a processor and in bytes. */
const played = { cpu: [200, 400], memory: [1e8, 2e8] } as const;
/** The margin of advice, and the width of a bucket: a twentieth of an amount, and that of the first. */
const margin = 1.15;
const width = { share: 1.05, cpu: 10, memory: 1e7 } as const;

/** Users change workloads whose pods use what is played; advice says so, whatever is late, lost or done twice. */
export const advice: Scenario = {
  name: 'resource-advice',
  steps: 800,
  // Five looks at each namespace: one of them finds all pods.
  quietSteps: 700,
  setUp: (simulation) => {
    nodes(simulation);
    simulation.create(aDeployment({ replicas: 2 }));
    simulation.create(aStatefulSet({ replicas: 2 }));
    simulation.store.onChange((change) => {
      if (change.type !== 'put' || change.object.kind !== 'ResourceAdvice') return;
      const [problem] = problemsOf(change.object as ResourceAdvice);
      if (problem !== undefined) throw new Violation(problem);
    });
  },
  act: (simulation) => {
    const { random } = simulation;
    disturbPods(simulation);
    const [deployment] = simulation.all('Deployment');
    if (deployment === undefined) {
      if (random.chance(0.1)) simulation.create(aDeployment({ replicas: random.int(1, 3) }));
    } else if (random.chance(0.002)) {
      users.remove(simulation, deployment);
    }
    if (random.chance(0.002)) users.remove(simulation, random.pick(simulation.all('ResourceAdvice')));
  },
  measurer: (simulation) => ({
    ...noMeasurer,
    podMetrics: async ({ namespace }) => {
      const { random, clock } = simulation;
      if (random.chance(0.1)) throw new Error('nobody answers');
      return simulation
        .all('Pod')
        .filter((pod) => pod.metadata.namespace === namespace && random.chance(0.9))
        .map(({ metadata, spec }) => ({
          name: metadata.name,
          timestampMs: clock.now(),
          windowMs: 10_000,
          containers: spec.containers.map(({ name }) => ({
            name,
            cpuNanocores: random.int(...played.cpu) * 1e6,
            memoryWorkingSetBytes: random.int(...played.memory),
          })),
        }));
    },
  }),
  check,
};

/** Advice is of one workload, and within what was ever used. */
function problemsOf({ metadata, containers = [] }: ResourceAdvice): string[] {
  const owners = metadata.ownerReferences?.length ?? 0;
  return [
    ...(owners === 1 ? [] : [`advice ${metadata.name} is of ${owners} workloads`]),
    ...containers.flatMap(({ name, target = {}, samples = 0 }) =>
      (['cpu', 'memory'] as const).flatMap((resource) => {
        const advised = amountOf(resource, target[resource] ?? '0');
        const [from, to] = played[resource];
        const isWithin = advised >= from * margin && advised <= (to * width.share + width[resource]) * margin + 2 ** 20;
        return isWithin && samples > 0 ? [] : [`advice on ${name} says ${target[resource]} after ${samples} samples`];
      }),
    ),
  ];
}

/** Each workload whose pods run has advice of its own, and nothing else does. */
function check(simulation: Simulation): string[] {
  const all = simulation.all('ResourceAdvice') as ResourceAdvice[];
  const workloads = workloadKinds.flatMap((kind) => simulation.all(kind) as AnyObject[]);
  const advised = all.map(({ metadata }) => metadata.ownerReferences![0]!.uid);
  const get = (kind: string, _: unknown, name: string): AnyObject | undefined =>
    workloads.find((each) => each.kind === kind && each.metadata.name === name);
  const running = simulation.all('Pod').filter(({ status }) => status?.phase === 'Running');
  const tops = new Set(running.flatMap((pod) => workloadOf(pod, { get } as never) ?? []));
  return [
    ...[...tops]
      .filter(({ metadata }) => !advised.includes(metadata.uid!))
      .map(({ kind }) => `there is no advice on the ${kind}`),
    ...advised
      .filter((uid) => !workloads.some(({ metadata }) => metadata.uid === uid))
      .map(() => 'there is advice on a workload that is gone'),
  ];
}
