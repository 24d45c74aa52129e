import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { Placement } from './decisions.ts';
import { World } from './testing/world.ts';

const names = ['a', 'b', 'c', 'd'] as const;
const nodes = ['n1', 'n2'] as const;

/** Something that happens to a scheduler. Answers to bindings come whenever they like: after the pod or its node has gone too. */
const happening = fc.oneof(
  fc.record({ type: fc.constant('pod' as const), pod: fc.constantFrom(...names), cpu: fc.constantFrom('1', '2') }),
  fc.record({ type: fc.constant('podGone' as const), pod: fc.constantFrom(...names) }),
  fc.record({
    type: fc.constant('podBound' as const),
    pod: fc.constantFrom(...names),
    node: fc.constantFrom(...nodes),
  }),
  fc.record({ type: fc.constant('node' as const), node: fc.constantFrom(...nodes) }),
  fc.record({ type: fc.constant('nodeGone' as const), node: fc.constantFrom(...nodes) }),
  fc.record({ type: fc.constant('cycle' as const) }),
  fc.record({ type: fc.constant('answer' as const), which: fc.nat(), ok: fc.boolean() }),
);

test('no order of events and late answers breaks the scheduler, or leaves room taken by nobody', () => {
  fc.assert(
    fc.property(fc.array(happening, { maxLength: 60 }), (happenings) => {
      const world = new World();
      const unanswered: Placement[] = [];
      for (const event of happenings) {
        world.nowMs += 1_500;
        if (event.type === 'pod') world.pod(event.pod, { requests: { cpu: event.cpu } });
        else if (event.type === 'podGone') world.scheduler.removePod(event.pod);
        else if (event.type === 'podBound') world.pod(event.pod, { requests: { cpu: '1' }, nodeName: event.node });
        else if (event.type === 'node') world.node(event.node);
        else if (event.type === 'nodeGone') world.scheduler.removeNode(event.node);
        else if (event.type === 'cycle') {
          const { placements, failures } = world.cycle();
          expect(failures).toEqual([]);
          unanswered.push(...placements);
        } else {
          const [answered] = unanswered.splice(event.which % Math.max(1, unanswered.length), 1);
          if (answered === undefined) continue;
          if (event.ok) world.scheduler.bound(answered.entry);
          else world.scheduler.refused(answered.entry, world.nowMs);
        }
      }
      for (const name of names) world.scheduler.removePod(name);
      for (const { entry } of unanswered) world.scheduler.refused(entry, world.nowMs);
      const { cluster } = world.scheduler;
      expect(world.scheduler.podCount).toBe(0);
      expect(cluster.classCount).toBe(0);
      for (const node of cluster.nodes.indexes()) {
        expect(cluster.nodes.requested.map((column) => column[node])).toEqual(cluster.nodes.requested.map(() => 0));
      }
    }),
    { numRuns: 300 },
  );
});
