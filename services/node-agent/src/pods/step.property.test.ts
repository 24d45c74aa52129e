import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { PodWorld, podOf } from '../testing/pod-world.ts';
import { isGone } from './step-end.ts';

// A pod lives through anything in any order: actions that end well, badly or not at all, containers and sandboxes that die, an
// agent that is killed. Whatever happens, some things must never be.

const happening = fc.oneof(
  { weight: 6, arbitrary: fc.record({ kind: fc.constant('finish' as const), pick: fc.nat(5), well: fc.nat(9) }) },
  { weight: 3, arbitrary: fc.record({ kind: fc.constant('exit' as const), pick: fc.nat(5), code: fc.nat(2) }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('killSandbox' as const), pick: fc.nat(3) }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('restartAgent' as const) }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('wait' as const), ms: fc.nat(400_000) }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('unhealthy' as const), pick: fc.nat(5) }) },
);
type Happening = typeof happening extends fc.Arbitrary<infer T> ? T : never;

const shape = fc.record({
  restartPolicy: fc.constantFrom('Always', 'OnFailure', 'Never'),
  inits: fc.array(fc.boolean(), { maxLength: 2 }),
  mains: fc.integer({ min: 1, max: 3 }),
});
type Shape = typeof shape extends fc.Arbitrary<infer T> ? T : never;

function worldOf({ restartPolicy, inits, mains }: Shape): PodWorld {
  const initContainers = inits.map((sidecar, index) => ({
    name: `init-${index}`,
    image: 'busybox',
    ...(sidecar ? { restartPolicy: 'Always' } : {}),
  }));
  const containers = Array.from({ length: mains }, (_, index) => ({ name: `main-${index}`, image: 'busybox' }));
  return new PodWorld(podOf({ restartPolicy, initContainers, containers } as never));
}

function happen(world: PodWorld, event: Happening): void {
  const running = world.running();
  switch (event.kind) {
    case 'finish': {
      const action = world.underWay[event.pick % Math.max(1, world.underWay.length)];
      if (action === undefined) return;
      if (event.well === 0) world.carryOut(action);
      world.finish(action, event.well <= 1 ? 'failed' : 'done');
      return;
    }
    case 'exit':
      if (running.length > 0) world.exit(running[event.pick % running.length]!.id, event.code);
      return;
    case 'killSandbox':
      if (world.sandboxes.length > 0) world.killSandbox(world.sandboxes[event.pick % world.sandboxes.length]!.id);
      return;
    case 'restartAgent':
      world.restartAgent();
      return;
    case 'wait':
      world.nowMs += event.ms;
      return;
    case 'unhealthy': {
      const container = running[event.pick % Math.max(1, running.length)];
      if (container !== undefined) {
        world.verdicts.set(container.id, { started: true, ready: false, failed: { probe: 'Liveness' } });
      }
    }
  }
}

function live(world: PodWorld, events: readonly Happening[], check: () => void): void {
  for (const event of events) {
    world.decide();
    happen(world, event);
    check();
  }
}

const lifetimes = { numRuns: 300 } as const;

describe('whatever happens', () => {
  it('no two instances of a container run, and no attempt is started twice', () => {
    fc.assert(
      fc.property(shape, fc.array(happening, { maxLength: 60 }), (spec, events) => {
        const world = worldOf(spec);
        live(world, events, () => {
          const names = world.running().map(({ name }) => name);
          expect(new Set(names).size).toBe(names.length);
        });
        const instances = world.containers().map(({ name, attempt }) => `${name}/${attempt}`);
        expect(new Set(instances).size).toBe(instances.length);
      }),
      lifetimes,
    );
  });

  it('under Never, no main or init container that ran is started again', () => {
    fc.assert(
      fc.property(shape, fc.array(happening, { maxLength: 60 }), (spec, events) => {
        const world = worldOf({ ...spec, restartPolicy: 'Never', inits: spec.inits.map(() => false) });
        live(world, events, () => {
          const again = world.containers().filter(({ attempt }) => attempt > 0);
          expect(again).toEqual([]);
        });
      }),
      lifetimes,
    );
  });

  it('no main container runs before the init containers are through', () => {
    fc.assert(
      fc.property(shape, fc.array(happening, { maxLength: 60 }), (spec, events) => {
        const world = worldOf(spec);
        live(world, events, () => {
          for (const sandbox of world.sandboxes.filter(({ ready }) => ready)) {
            const mains = sandbox.containers.filter(({ name }) => name.startsWith('main'));
            const done = (name: string) =>
              sandbox.containers.some((c) => c.name === name && c.state.kind === 'exited' && c.state.exitCode === 0);
            const inits = spec.inits.flatMap((sidecar, index) => (sidecar ? [] : [`init-${index}`]));
            if (mains.length > 0) expect(inits.every(done)).toBe(true);
          }
        });
      }),
      lifetimes,
    );
  });

  it('a deletion comes to its end, and nothing is left', () => {
    fc.assert(
      fc.property(shape, fc.array(happening, { maxLength: 40 }), fc.boolean(), (spec, events, removed) => {
        const world = worldOf(spec);
        live(world, events, () => {});
        if (removed) world.removed = true;
        else {
          const deletionTimestamp = new Date(world.nowMs + 30_000).toISOString();
          world.pod.metadata = { ...world.pod.metadata, deletionTimestamp, deletionGracePeriodSeconds: 30 };
        }
        for (const action of [...world.underWay])
          world.finish(action, action.kind.startsWith('start') ? 'aborted' : 'done');
        world.nowMs += 600_000;
        world.settle();
        expect(world.containers()).toEqual([]);
        expect(isGone(world.view())).toBe(true);
      }),
      lifetimes,
    );
  });
});
