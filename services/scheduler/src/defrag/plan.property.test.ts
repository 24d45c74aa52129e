import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { compileNode } from '../compile/node.ts';
import { PodCompiler } from '../compile/pod.ts';
import { defaultProfiles, spreadProfile } from '../profiles.ts';
import type { NodeInfo, PodInfo, PodSelector } from '../requirement.ts';
import { Scheduler } from '../scheduler.ts';
import { selects } from '../state/pod-selection.ts';
import { arbitraryNodes, arbitraryPods } from '../testing/arbitrary.ts';
import { nodeNamed, podNamed } from '../testing/builders.ts';
import { oracle, type Picture } from '../testing/oracle.ts';
import { type DefragPlan, planDefrag } from './plan.ts';

const webPods: PodSelector = {
  key: 'web',
  namespaces: new Set(['default', 'other']),
  namespaceLabels: undefined,
  labels: [{ key: 'app', operator: 'In', values: ['web'] }],
};

interface Placed {
  readonly pod: PodInfo;
  node: string;
  devices: readonly number[];
}

interface World {
  readonly scheduler: Scheduler;
  readonly nodes: readonly NodeInfo[];
  readonly placed: Placed[];
}

type Kind = 'ReplicaSet' | 'DaemonSet' | '';
const kinds: fc.Arbitrary<Kind> = fc.constantFrom(
  'ReplicaSet',
  'ReplicaSet',
  'ReplicaSet',
  'ReplicaSet',
  'DaemonSet',
  '',
);

/** A cluster as it comes about when pods are placed, some go, and the rest stay where they are. */
function worldOf(
  nodeFields: readonly Parameters<typeof nodeNamed>[1][],
  podFields: readonly Parameters<typeof podNamed>[1][],
  owners: readonly Kind[],
  leaves: readonly boolean[],
): World {
  const compiler = new PodCompiler();
  const scheduler = new Scheduler({ profiles: defaultProfiles, seed: 5, batchSize: 1 });
  const nodes = nodeFields.map((fields, index) => compileNode(nodeNamed(`n${index}`, fields)));
  for (const node of nodes) scheduler.setNode(node);
  const placed: Placed[] = [];
  for (const [index, fields] of podFields.entries()) {
    const owner = owners[index % owners.length]!;
    const pod = { ...fields, priority: 0, ...(owner && { owner }) };
    scheduler.setPod(compiler.compile(podNamed(`p${index}`, pod)));
    const [placement] = scheduler.cycle(0).placements;
    if (placement === undefined) {
      scheduler.removePod(`p${index}`);
      continue;
    }
    const info = compiler.compile(podNamed(`p${index}`, { ...pod, nodeName: placement.nodeName }));
    scheduler.setPod(info);
    placed.push({ pod: info, node: placement.nodeName, devices: scheduler.pod(info.uid)!.devices });
  }
  for (const [index, { pod }] of [...placed].entries()) {
    if (!leaves[index % leaves.length]) continue;
    scheduler.removePod(pod.uid);
    placed.splice(
      placed.findIndex((other) => other.pod === pod),
      1,
    );
  }
  return { scheduler, nodes, placed };
}

/** All that a cluster counts, as text. */
function snapshot({ cluster }: Scheduler): string {
  const { nodes } = cluster;
  return JSON.stringify(
    [...nodes.indexes()].map((node) => [
      nodes.requested.map((column) => column[node]),
      [nodes.scoringCpu[node], nodes.scoringMemory[node]],
      [...cluster.podsOn(node)].map(({ uid, devices }) => `${uid} ${devices}`).sort(),
      cluster
        .hostPortsOn(node)
        .map(({ port }) => port)
        .sort(),
    ]),
  );
}

const limits = { maxMoves: 5, minGain: 0.34 };

/** Carries a plan out move by move; the oracle must allow each of them at its time. */
function check(plan: DefragPlan, { scheduler, nodes, placed }: World, allowed: number): void {
  const { names } = scheduler.cluster.nodes;
  const freed = new Set(plan.freed.map(({ node }) => names[node]));
  const inUse = new Set(placed.filter(({ pod }) => pod.mobility !== 'onePerNode').map(({ node }) => node));
  const moves = plan.freed.flatMap((each) => each.moves);
  expect(moves.length).toBeLessThanOrEqual(limits.maxMoves);
  expect(new Set(moves.map(({ pod }) => pod.uid)).size).toBe(moves.length);
  for (const { node, moves: own } of plan.freed) {
    expect(own.length).toBeGreaterThan(0);
    expect(own.length).toBeLessThanOrEqual(1 / limits.minGain);
    expect(own.every(({ from }) => from === node)).toBe(true);
  }
  for (const { pod, to } of moves) {
    const target = names[to]!;
    const moved = placed.find((each) => each.pod.uid === pod.uid)!;
    const others = placed.filter((each) => each !== moved);
    const picture: Picture = { nodes, placed: others, namespaces: new Map() };
    expect(moved.pod.mobility).toBe('movable');
    expect([...oracle(moved.pod.requirement, picture, spreadProfile.weights).keys()]).toContain(target);
    expect(freed.has(target)).toBe(false);
    expect(inUse.has(target)).toBe(true);
    scheduler.cluster.displace(pod);
    scheduler.cluster.place(pod, to, []);
    moved.node = target;
    moved.devices = pod.devices;
  }
  const ofBudget = moves.filter(({ pod }) => selects(webPods, pod.class.requirement, new Map()));
  expect(ofBudget.length).toBeLessThanOrEqual(allowed);
  for (const { pod, node } of placed) if (freed.has(node)) expect(pod.mobility).toBe('onePerNode');
  const judged = [...plan.freed.map(({ node }) => node), ...[...plan.kept.values()].flat()];
  expect(judged.toSorted()).toEqual([...scheduler.cluster.nodes.indexes()].toSorted());
}

const arbitraryWorld = fc
  .tuple(
    arbitraryNodes,
    arbitraryPods,
    fc.array(kinds, { minLength: 7, maxLength: 7 }),
    fc.array(fc.boolean(), { minLength: 5, maxLength: 5 }),
  )
  .map((given) => worldOf(...given));

/** Machines that do other work too need their time. */
const slowMs = 60_000;

test(
  'a plan frees its nodes, breaks no rule or budget, and looking for it changes nothing',
  () => {
    fc.assert(
      fc.property(arbitraryWorld, fc.integer({ min: 0, max: 3 }), (world, allowed) => {
        const { scheduler } = world;
        scheduler.setBudget('web', { selector: webPods, allowed });
        const before = snapshot(scheduler);
        const plan = planDefrag(scheduler.cluster, scheduler.budgets.account(), limits);
        expect(snapshot(scheduler)).toBe(before);
        check(plan, world, allowed);
      }),
      { numRuns: 300 },
    );
  },
  slowMs,
);

test(
  'where no node is freed, no node with a single pod could have been',
  () => {
    fc.assert(
      fc.property(arbitraryWorld, (world) => {
        const { scheduler, nodes, placed } = world;
        const plan = planDefrag(scheduler.cluster, scheduler.budgets.account(), { maxMoves: 100, minGain: 0.001 });
        if (plan.freed.length > 0) return;
        for (const { name, unschedulable } of nodes) {
          const pods = placed.filter(({ pod, node }) => node === name && pod.mobility !== 'onePerNode');
          if (pods.length !== 1 || pods[0]!.pod.mobility !== 'movable' || unschedulable) continue;
          const others = placed.filter((each) => each !== pods[0]);
          const inUse = new Set(others.filter(({ pod }) => pod.mobility !== 'onePerNode').map(({ node }) => node));
          const picture: Picture = { nodes, placed: others, namespaces: new Map() };
          const takers = oracle(pods[0]!.pod.requirement, picture, spreadProfile.weights).keys();
          expect([...takers].filter((taker) => taker !== name && inUse.has(taker))).toEqual([]);
        }
      }),
      { numRuns: 300 },
    );
  },
  slowMs,
);
