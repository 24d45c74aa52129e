import { expect, test } from 'vitest';
import { spreadProfile } from '../profiles.ts';
import { World } from '../testing/world.ts';
import type { PreparedClass } from './prepared.ts';
import { noFloor } from './selection.ts';
import { Shortlist } from './shortlist.ts';
import { Shortlists } from './shortlists.ts';

/** A class of its own that no node takes, and so with an empty list. */
function unfitting(world: World, name: string): PreparedClass {
  const { scheduler } = world;
  world.pod(name, { labels: { app: name }, requests: { cpu: '100' } });
  return scheduler.solver.prepare(scheduler.pod(name)!.class, spreadProfile);
}

test('lists without nodes are bounded too: the least recently used go first', () => {
  const world = new World();
  world.node('a');
  const lists = new Shortlists(world.scheduler.cluster, 200);
  const classes = ['p1', 'p2', 'p3', 'p4'].map((name) => unfitting(world, name));
  const empty = { nodes: new Int32Array(0), scores: new Float64Array(0) };
  for (const prepared of classes) lists.keep(prepared, new Shortlist(empty, 0, noFloor, 1));
  expect(classes.map((prepared) => lists.find(prepared) !== undefined)).toEqual([false, true, true, true]);
});
