import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { compileNode } from '../compile/node.ts';
import { PodCompiler } from '../compile/pod.ts';
import { spreadProfile } from '../profiles.ts';
import { Scheduler } from '../scheduler.ts';
import { arbitraryNodes, arbitraryPods } from '../testing/arbitrary.ts';
import { nodeNamed, podNamed } from '../testing/builders.ts';
import { mayTake, type PlacedPod } from '../testing/oracle.ts';

// Pods of several priorities come a few at a time; those that are evicted end at once, and are not made again.

/** Longer than any wait but that for the sweep, which must not be needed. */
const laterMs = 11_000;
const mostCycles = 1_000;

const priorities = fc.array(fc.integer({ min: 0, max: 3 }), { minLength: 1, maxLength: 8 });
const batchSizes = fc.constantFrom(1, 4, 100);

test('when all is settled nobody waits who fits, or for whom lower pods of one node could be evicted', () => {
  fc.assert(
    fc.property(
      arbitraryNodes,
      fc.array(arbitraryPods, { minLength: 1, maxLength: 3 }),
      priorities,
      batchSizes,
      (nodeFields, waves, levels, batchSize) => {
        const compiler = new PodCompiler();
        const scheduler = new Scheduler({ profiles: { p: spreadProfile }, seed: 1, batchSize });
        const nodes = nodeFields.map((fields, index) => compileNode(nodeNamed(`n${index}`, fields)));
        for (const node of nodes) scheduler.setNode(node);
        const placed = new Map<string, PlacedPod>();
        let nowMs = 0;
        const settle = (): void => {
          let cycles = 0;
          for (let quiet = 0; quiet < 3; quiet++, nowMs += laterMs) {
            while (scheduler.hasWork(nowMs)) {
              expect(cycles++, 'it never ends').toBeLessThan(mostCycles);
              if (decide() > 0) quiet = 0;
            }
          }
        };
        const decide = (): number => {
          const { placements, evictions } = scheduler.cycle(nowMs);
          for (const { entry, nodeName } of placements) {
            expect(placed.has(entry.pod.uid), `${entry.pod.name} is placed twice`).toBe(false);
            placed.set(entry.pod.uid, { pod: entry.info, node: nodeName, devices: entry.pod.devices });
            scheduler.setPod({ ...entry.info, nodeName });
          }
          for (const { victim, by } of evictions) {
            expect(victim.class.requirement.priority).toBeLessThan(by.class.requirement.priority);
            placed.delete(victim.uid);
            scheduler.removePod(victim.uid);
          }
          return placements.length + evictions.length;
        };
        const waiting = new Map<string, PlacedPod['pod']>();
        for (const [wave, fields] of waves.entries()) {
          for (const [index, each] of fields.entries()) {
            const priority = levels[(wave + index) % levels.length]!;
            const pod = compiler.compile(podNamed(`p${wave}-${index}`, { ...each, schedulerName: 'p', priority }));
            waiting.set(pod.uid, pod);
            scheduler.setPod(pod);
          }
          settle();
        }
        for (const [uid, pod] of waiting) {
          if (scheduler.queue.get(uid) === undefined) continue;
          for (const node of nodes) {
            const stays = [...placed.values()].filter(
              (one) => one.node !== node.name || one.pod.requirement.priority >= pod.requirement.priority,
            );
            const picture = { nodes, namespaces: new Map(), placed: stays };
            expect(mayTake(pod.requirement, node, picture), `${pod.name} waits, but ${node.name} could take it`).toBe(
              false,
            );
          }
        }
      },
    ),
    { numRuns: 300 },
  );
}, 60_000);
