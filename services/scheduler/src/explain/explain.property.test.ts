import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { compileNode } from '../compile/node.ts';
import { PodCompiler } from '../compile/pod.ts';
import { defaultProfiles } from '../profiles.ts';
import { Scheduler } from '../scheduler.ts';
import { arbitraryNodes, arbitraryPods } from '../testing/arbitrary.ts';
import { nodeNamed, podNamed } from '../testing/builders.ts';
import { explainPod } from './explain.ts';

/** Machines that do other work too need their time. */
const slowMs = 60_000;

test(
  'what is explained is what is then decided, and explaining changes nothing',
  () => {
    fc.assert(
      fc.property(arbitraryNodes, arbitraryPods, (nodeFields, podFields) => {
        const compiler = new PodCompiler();
        const scheduler = new Scheduler({ profiles: defaultProfiles, seed: 3, batchSize: 1 });
        for (const [index, fields] of nodeFields.entries()) {
          scheduler.setNode(compileNode(nodeNamed(`n${index}`, fields)));
        }
        for (const [index, fields] of podFields.entries()) {
          const pod = compiler.compile(podNamed(`p${index}`, { ...fields, priority: 0 }));
          const { namespace, name, uid, schedulerName } = pod;
          scheduler.setPod(pod);
          const request = { namespace, name, uid, schedulerName };
          const explained = explainPod(scheduler, request);
          expect(explainPod(scheduler, request)).toEqual(explained);
          const judged = [...explained.fitting, ...explained.refusing].flatMap(({ nodes }) => nodes);
          expect(judged.toSorted()).toEqual(nodeFields.map((_, at) => `n${at}`).toSorted());
          for (const { score, scores } of explained.fitting) {
            // Nodes are together whose scores differ by less than is shown.
            const sum = scores.reduce((total, plugin) => total + plugin.weight * plugin.score, 0);
            expect(Math.abs(sum - score)).toBeLessThan(1);
          }
          const { placements, waiting } = scheduler.cycle(0);
          expect(placements.map(({ nodeName }) => nodeName)).toEqual(explained.bestNode ? [explained.bestNode] : []);
          expect(waiting.map(({ message }) => message)).toEqual(
            explained.bestNode ? [] : [`${explained.message} ${explained.preemption!.message}`],
          );
          // Placed or not, it is judged as it was before.
          expect(explainPod(scheduler, request)).toMatchObject({
            message: explained.message,
            bestNode: explained.bestNode,
            fittingCount: explained.fittingCount,
          });
        }
      }),
      { numRuns: 100 },
    );
  },
  slowMs,
);
