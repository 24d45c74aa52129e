import type { ControllerRevision } from '@gantry/model/gen/gantry.apps.v1.ts';
import type { RolloutStatus } from '@gantry/model/gen/gantry.rollout.v1.ts';
import { describe, expect, it } from 'vitest';
import { hashOf, podHashLabel } from '../core/history.ts';
import { aDaemonSet, aRollout } from '../testing/objects.ts';
import { targetNodeOf } from './template.ts';
import { World } from './testing/world.ts';

/** Five nodes that run the first template, and the set with another one, under a Rollout. */
class GovernedWorld extends World {
  readonly hashes: Record<string, string> = {};

  static changed(type = 'RollingUpdate'): GovernedWorld {
    const world = new GovernedWorld(aDaemonSet(), 5);
    world.settle();
    world.hashes.old = world.#newest();
    world.govern({});
    world.roll('agent:2');
    if (type !== 'RollingUpdate') world.set.spec.updateStrategy = { type };
    world.settle();
    world.hashes.new = world.#newest();
    return world;
  }

  /** The Rollout says so, and keeps the first template. */
  govern(status: RolloutStatus): void {
    const rollout = aRollout('DaemonSet', { stableRevision: this.hashes.old!, ...status });
    rollout.spec.workloadRef.name = 'agent';
    this.put(rollout);
  }

  canary(canaryReplicas: number, phase = 'Progressing'): void {
    this.govern({ canaryRevision: this.hashes.new!, canaryReplicas, phase });
    this.settle();
  }

  /** Carries out plans until nothing is left to do; every pod becomes ready. Says the most pods that went at once. */
  settle(): number {
    let most = 0;
    for (let round = 0; round < 50; round++) {
      const [created, deleted] = this.sync();
      most = Math.max(most, deleted);
      if (created + deleted === 0) return most;
      this.markReady();
    }
    throw new Error('it never rests');
  }

  /** Nodes that run the second template. */
  get canaries(): string[] {
    const fresh = this.pods.filter(({ metadata }) => metadata.labels?.[podHashLabel] === this.hashes.new);
    return fresh.map((pod) => targetNodeOf(pod)!).sort();
  }

  get images(): string[] {
    return this.pods.map(({ spec }) => spec.containers[0]!.image!).sort();
  }

  #newest(): string {
    const revisions = [...this.objects.values()].filter((object) => object.kind === 'ControllerRevision');
    return hashOf(revisions.at(-1) as ControllerRevision);
  }
}

describe('a daemon set under a Rollout', () => {
  it('replaces no pod before the Rollout says so', () => {
    expect(GovernedWorld.changed()).toMatchObject({ canaries: [] });
  });

  it.each(['RollingUpdate', 'OnDelete'])(
    'with strategy %s runs the canary on as many nodes as the Rollout says',
    (type) => {
      const world = GovernedWorld.changed(type);
      world.canary(2);
      expect(world.canaries).toEqual(['n0', 'n1']);
      expect(world.set.status).toMatchObject({ updatedNumberScheduled: 2, desiredNumberScheduled: 5 });
      world.canary(3);
      expect(world.canaries).toEqual(['n0', 'n1', 'n2']);
      world.canary(5);
      expect(world.canaries).toHaveLength(5);
    },
  );

  it('goes back to the stable template where the canary is aborted, within its bounds', () => {
    const world = GovernedWorld.changed();
    world.canary(3);
    world.govern({ canaryRevision: world.hashes.new!, canaryReplicas: 0, phase: 'Degraded' });
    expect(world.settle()).toBe(1);
    expect(world.images).toEqual(Array.from({ length: 5 }, () => 'agent:1'));
    expect(world.set.status).toMatchObject({ updatedNumberScheduled: 0 });
  });

  it('makes a pod that is lost of the revision of its node', () => {
    const world = GovernedWorld.changed();
    world.canary(1);
    for (const pod of world.pods) world.objects.delete(`Pod/${pod.metadata.name}`);
    world.settle();
    expect(world.images).toEqual(['agent:1', 'agent:1', 'agent:1', 'agent:1', 'agent:2']);
    // A pod that was made of the stable template meanwhile is an old one for the set itself.
    world.objects.delete('Rollout/web');
    world.settle();
    expect(world.images).toEqual(Array.from({ length: 5 }, () => 'agent:2'));
  });
});
