import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { compileNode } from '../compile/node.ts';
import { PodCompiler } from '../compile/pod.ts';
import { binpackProfile, gpuProfile, type Profile, spreadProfile } from '../profiles.ts';
import type { NodeInfo, PodInfo } from '../requirement.ts';
import { Scheduler } from '../scheduler.ts';
import { arbitraryNodes, arbitraryPods } from '../testing/arbitrary.ts';
import { nodeNamed, podNamed } from '../testing/builders.ts';
import { devicesAreRight, oracle, type Picture, type PlacedPod, type Prices } from '../testing/oracle.ts';

const profiles: Record<string, Profile> = {
  'default-scheduler': spreadProfile,
  binpack: binpackProfile,
  gpu: gpuProfile,
};

interface World {
  readonly scheduler: Scheduler;
  readonly nodes: NodeInfo[];
  readonly placed: PlacedPod[];
}

function worldOf(nodes: readonly NodeInfo[], batchSize: number): World {
  const scheduler = new Scheduler({ profiles, seed: 7, batchSize });
  for (const node of nodes) scheduler.setNode(node);
  return { scheduler, nodes: [...nodes], placed: [] };
}

/** Value of room at the last decision. */
function pricesOf({ cluster, solver: { prices } }: Scheduler): Prices {
  const examples = [...cluster.demands.kinds()].map(({ example }) => example.requirement);
  return { most: prices.most, kinds: prices.kinds.map((kind, index) => ({ ...kind, example: examples[index]! })) };
}

/** State beside nodes and placed pods. Typical requests are learned from arrivals, which has tests of its own. */
function seenBy({ scheduler }: World): Pick<Picture, 'namespaces' | 'typical'> {
  return { namespaces: new Map(), typical: scheduler.cluster.typical.list };
}

/** Runs a cycle and holds each of its decisions against the oracle, in the order in which they were made. */
function checkCycle(world: World, picture: () => Picture): void {
  const { placements, waiting } = world.scheduler.cycle(0);
  for (const { entry, nodeName } of placements) {
    const { info } = entry;
    const { weights } = profiles[info.schedulerName]!;
    const prices = pricesOf(world.scheduler);
    const expected = oracle(info.requirement, { ...picture(), prices }, weights);
    const got = expected.get(nodeName);
    expect(got, `${info.name} was put on ${nodeName}, which may not take it`).toBeDefined();
    // Prices of room are made anew between decisions of one cycle: those of earlier ones are not known any more.
    if (weights.gpuPacking === 0 || placements.length === 1)
      expect(got!).toBeCloseTo(Math.max(...expected.values()), 6);
    const placed = { pod: info, node: nodeName, devices: entry.pod.devices };
    world.placed.push(placed);
    const node = world.nodes.find(({ name }) => name === nodeName)!;
    expect(devicesAreRight(placed, node, picture()), `GPU devices of ${info.name} on ${nodeName}`).toBe(true);
  }
  // With several classes, those that were tried later may have made room in a sense: pods that others want to be near.
  const classes = new Set([...placements, ...waiting].map(({ entry }) => entry.pod.class));
  for (const { entry } of classes.size === 1 ? waiting : []) {
    const expected = oracle(entry.info.requirement, picture(), spreadProfile.weights);
    expect([...expected.keys()], `${entry.info.name} waits, but nodes may take it`).toEqual([]);
  }
}

/** For machines that have much else to do. */
const timeoutMs = 60_000;

test('every decision is one that the oracle allows, with the best score', () => {
  fc.assert(
    fc.property(arbitraryNodes, arbitraryPods, fc.constantFrom(1, 1, 5, 12), (nodeFields, podFields, batchSize) => {
      const compiler = new PodCompiler();
      const nodes = nodeFields.map((fields, index) => compileNode(nodeNamed(`n${index}`, fields)));
      const pods = podFields.map((fields, index) => compiler.compile(podNamed(`p${index}`, fields)));
      const world = worldOf(nodes, batchSize);
      const picture = (): Picture => ({ nodes, placed: world.placed, ...seenBy(world) });
      // One cycle at a time: a pod that waits is judged before later pods change the cluster.
      for (const pod of pods) {
        world.scheduler.setPod(pod);
        if (world.scheduler.queue.depths().active >= batchSize) checkCycle(world, picture);
      }
      while (world.scheduler.queue.depths().active > 0) checkCycle(world, picture);
      expect(new Set(world.placed.map(({ pod }) => pod.uid)).size).toBe(world.placed.length);
    }),
    { numRuns: 400 },
  );
}, 30_000);

test(
  'pods that go and nodes that change leave no trace',
  () => {
    fc.assert(
      fc.property(
        arbitraryNodes,
        arbitraryPods,
        fc.array(fc.nat(), { maxLength: 20 }),
        (nodeFields, podFields, moves) => {
          const compiler = new PodCompiler();
          const compile = (fields: (typeof nodeFields)[number], index: number): NodeInfo =>
            compileNode(nodeNamed(`n${index}`, fields));
          const pods: PodInfo[] = podFields.map((fields, index) => compiler.compile(podNamed(`p${index}`, fields)));
          const world = worldOf(nodeFields.map(compile), 3);
          const picture = (): Picture => ({ nodes: world.nodes, placed: world.placed, ...seenBy(world) });
          for (const pod of pods) world.scheduler.setPod(pod);
          for (const move of moves) {
            checkCycle(world, picture);
            const gone = world.placed.splice(move % Math.max(1, world.placed.length), 1)[0];
            if (gone !== undefined) world.scheduler.removePod(gone.pod.uid);
            const changed = move % world.nodes.length;
            const fields = nodeFields[(move >>> 3) % nodeFields.length]!;
            world.nodes[changed] = compile(fields, changed);
            world.scheduler.setNode(world.nodes[changed]!);
          }
        },
      ),
      { numRuns: 300 },
    );
  },
  timeoutMs,
);

test(
  'the same seed gives the same placements',
  () => {
    fc.assert(
      fc.property(arbitraryNodes, arbitraryPods, (nodeFields, podFields) => {
        const run = (): string[] => {
          const compiler = new PodCompiler();
          const world = worldOf(
            nodeFields.map((fields, index) => compileNode(nodeNamed(`n${index}`, fields))),
            100,
          );
          for (const [index, fields] of podFields.entries()) {
            world.scheduler.setPod(compiler.compile(podNamed(`p${index}`, fields)));
          }
          return world.scheduler.cycle(0).placements.map(({ entry, nodeName }) => `${entry.pod.name} ${nodeName}`);
        };
        expect(run()).toEqual(run());
      }),
      { numRuns: 50 },
    );
  },
  timeoutMs,
);
