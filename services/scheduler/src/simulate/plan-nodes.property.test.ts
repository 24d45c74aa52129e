import fc from 'fast-check';
import { expect, test } from 'vitest';
import { type PlanItem, planShape } from './filling.ts';
import { type PlannedNode, planNodes } from './plan-nodes.ts';
import { Allowance, type Shape } from './shapes.ts';

function shapeOf(index: number, cpu: number, memory: number, cost: number, most: number): Shape {
  const info = { name: 't', labels: {}, taints: [], unschedulable: false, images: new Map() };
  const allocatable = new Map([
    ['cpu', cpu],
    ['memory', memory],
  ]);
  return { id: `group-${index}`, info: { ...info, allocatable }, pods: [], cost, coming: 0, most, groupSize: 0 };
}

function plan(
  items: readonly PlanItem[],
  shapes: readonly Shape[],
): { readonly nodes: PlannedNode[]; readonly allowance: Allowance } {
  const allowance = new Allowance(shapes);
  const given = shapes.map((shape) => {
    const free = Float64Array.from(shape.info.allocatable.values());
    const most = Int32Array.from(items, ({ amounts }) =>
      Math.min(...amounts.map((amount, at) => Math.floor(free[at]! / amount))),
    );
    return planShape(shape, free, most);
  });
  const search = planNodes(items, given, allowance);
  for (;;) {
    const { done, value } = search.next();
    if (done) return { nodes: value, allowance };
  }
}

const amount = fc.integer({ min: 1, max: 40 });
const items = fc.array(fc.record({ cpu: amount, memory: amount, count: fc.integer({ min: 1, max: 20 }) }), {
  minLength: 1,
  maxLength: 6,
});
const shapes = fc.array(
  fc.record({
    cpu: fc.integer({ min: 8, max: 64 }),
    memory: fc.integer({ min: 8, max: 64 }),
    cost: fc.integer({ min: 1, max: 9 }),
    most: fc.integer({ min: 0, max: 8 }),
  }),
  { minLength: 1, maxLength: 4 },
);

test('planned nodes hold what they are for, are never more than groups may have, and leave nothing out that fits', () => {
  fc.assert(
    fc.property(items, shapes, (wanted, offered) => {
      const given = wanted.map(({ cpu, memory, count }) => ({ count, amounts: Float64Array.of(cpu, memory) }));
      const groups = offered.map(({ cpu, memory, cost, most }, at) => shapeOf(at, cpu, memory, cost, most));
      const { nodes, allowance } = plan(given, groups);
      const placed = given.map(() => 0);
      for (const { shape, counts } of nodes) {
        const used = [0, 0];
        for (const [at, count] of counts.entries()) {
          placed[at] = placed[at]! + count;
          for (const d of [0, 1]) used[d] = used[d]! + count * given[at]!.amounts[d]!;
        }
        for (const d of [0, 1]) expect(used[d]).toBeLessThanOrEqual(shape.free[d]!);
        expect(counts.some((count) => count > 0)).toBe(true);
      }
      for (const [at, { count }] of given.entries()) {
        expect(placed[at]).toBeLessThanOrEqual(count);
        const fitting = groups.filter(({ info }) => {
          const [cpu, memory] = info.allocatable.values();
          return given[at]!.amounts[0]! <= cpu! && given[at]!.amounts[1]! <= memory!;
        });
        if (placed[at]! < count) for (const group of fitting) expect(allowance.roomFor(group)).toBe(0);
      }
      for (const group of groups) {
        expect(nodes.filter(({ shape }) => shape.shape === group).length).toBe(group.most - allowance.roomFor(group));
      }
    }),
    { numRuns: 300 },
  );
});
