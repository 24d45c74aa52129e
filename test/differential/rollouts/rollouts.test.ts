import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { GantryCluster } from './gantry.ts';
import type { Recorded } from './recorded.ts';
import { scenarios } from './scenarios.ts';
import { type Snapshot, World } from './world.ts';

// Gantry's controllers of Deployments, ReplicaSets and ReplicationControllers do as kube-controller-manager did when it was recorded
// (record.ts): sizes of sets, annotations, counts, conditions and events at each point of each scenario.

const recorded = JSON.parse(readFileSync(new URL('recorded.json', import.meta.url), 'utf8')) as Record<
  string,
  Recorded
>;

describe('rollouts', () => {
  it.each(scenarios)('$name', async ({ name, run, tells, losesProgress }) => {
    const compared = (snapshot: Snapshot | undefined) => (losesProgress ? withoutProgress(snapshot!) : snapshot);
    await using cluster = new GantryCluster();
    const world = new World(cluster);
    await run(world);
    for (const [index, snapshot] of world.snapshots.entries()) {
      expect(compared(snapshot)).toEqual(compared(recorded[name]!.snapshots[index]));
    }
    expect(world.snapshots).toHaveLength(recorded[name]!.snapshots.length);
    if (tells) expect(await world.events()).toEqual(recorded[name]!.events);
  });
});

function withoutProgress(snapshot: Snapshot): Snapshot {
  const deployments = snapshot.deployments.map(({ conditions, ...others }) => {
    return { ...others, conditions: (conditions as string[]).filter((text) => !text.startsWith('Progressing')) };
  });
  return { ...snapshot, deployments };
}
