import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { compileNode } from '../compile/node.ts';
import { PodCompiler } from '../compile/pod.ts';
import { spreadProfile } from '../profiles.ts';
import type { NodeInfo, PodInfo } from '../requirement.ts';
import { Scheduler } from '../scheduler.ts';
import { arbitraryNodes, arbitraryPods } from '../testing/arbitrary.ts';
import { nodeNamed, podNamed } from '../testing/builders.ts';
import { mayTake, type PlacedPod } from '../testing/oracle.ts';
import type { Budget } from './budgets.ts';

/** A budget of the pods with app: web. */
const webBudget = (allowed: number): Budget => {
  const labels = [{ key: 'app', operator: 'In' as const, values: ['web'] }];
  const namespaces = new Set(['default', 'other']);
  return { allowed, selector: { key: 'web', namespaces, namespaceLabels: undefined, labels } };
};
const isGuarded = ({ pod }: PlacedPod): boolean => pod.requirement.labels.app === 'web';

const budgets = fc.option(fc.nat(2), { nil: undefined });
const priorities = fc.array(fc.integer({ min: 0, max: 3 }), { minLength: 1, maxLength: 8 });

const situation = fc.tuple(arbitraryNodes, arbitraryPods, arbitraryPods, priorities, budgets);

test('victims are lower, enough, and none too many; budgets are broken last; nobody waits who could evict', () => {
  fc.assert(
    fc.property(situation, ([nodeFields, before, after, levels, allowed]) => {
      const compiler = new PodCompiler();
      const scheduler = new Scheduler({ profiles: { p: spreadProfile }, seed: 1, batchSize: 1 });
      const nodes = nodeFields.map((fields, index) => compileNode(nodeNamed(`n${index}`, fields)));
      for (const node of nodes) scheduler.setNode(node);
      const placed = new Map<string, PlacedPod>();
      const compile = (fields: (typeof before)[number], name: string, priority: number): PodInfo =>
        compiler.compile(podNamed(name, { ...fields, schedulerName: 'p', priority }));
      const settle = (): void => {
        for (const { entry, nodeName } of scheduler.cycle(0).placements) {
          placed.set(entry.pod.uid, { pod: entry.info, node: nodeName, devices: entry.pod.devices });
          scheduler.setPod({ ...entry.info, nodeName });
        }
      };
      for (const [index, fields] of before.entries()) {
        scheduler.setPod(
          compile({ ...fields, preemptionPolicy: 'Never' }, `b${index}`, levels[index % levels.length]!),
        );
        settle();
      }
      // Those that found no node must not come in between.
      for (const [index] of before.entries()) if (!placed.has(`b${index}`)) scheduler.removePod(`b${index}`);
      if (allowed !== undefined) scheduler.setBudget('default/web', webBudget(allowed));
      const pod = compile(after[0]!, 'p', 2);
      scheduler.setPod(pod);
      const { placements, evictions, waiting } = scheduler.cycle(0);
      if (placements.length > 0) return;
      const victims = evictions.map(({ victim }) => placed.get(victim.uid)!);
      const all = [...placed.values()];
      const fitsWithout = (node: NodeInfo, gone: readonly PlacedPod[]): boolean =>
        mayTake(pod.requirement, node, {
          nodes,
          namespaces: new Map(),
          placed: all.filter((one) => !gone.includes(one)),
        });
      const nominated = nodes.find(({ name }) => name === waiting[0]?.nominatedNodeName);
      if (nominated === undefined) {
        for (const node of nodes) {
          const lower = all.filter((one) => one.node === node.name && one.pod.requirement.priority < 2);
          expect(lower.length > 0 && fitsWithout(node, lower), `evicting all on ${node.name} would help`).toBe(false);
        }
        return;
      }
      expect(victims.every((one) => one.node === nominated.name && one.pod.requirement.priority < 2)).toBe(true);
      expect(fitsWithout(nominated, victims)).toBe(true);
      for (const spared of victims) {
        const others = victims.filter((one) => one !== spared);
        expect(fitsWithout(nominated, others), `${spared.pod.name} need not go`).toBe(false);
      }
      const broken = evictions.filter(({ breaksBudget }) => breaksBudget).length;
      expect(broken).toBe(Math.max(0, victims.filter(isGuarded).length - (allowed ?? Number.POSITIVE_INFINITY)));
      for (const node of broken > 0 ? nodes : []) {
        const lower = all.filter((one) => one.node === node.name && one.pod.requirement.priority < 2);
        const free = lower.filter((one) => !isGuarded(one));
        expect(free.length > 0 && fitsWithout(node, free), `${node.name} needs no broken budget`).toBe(false);
      }
    }),
    { numRuns: 300 },
  );
});
