import { FakeClock } from '@gantry/runtime/clock.ts';
import { silentLogger } from '@gantry/runtime/log.ts';
import { describe, expect, it } from 'vitest';
import { noResize } from '../resize/resizes.ts';
import { podOf } from '../testing/pod-world.ts';
import type { Action } from './action.ts';
import { PodManager } from './manager.ts';
import type { WorkerDeps } from './worker.ts';

const tick = () => new Promise(setImmediate);

/** Workers whose decisions and actions fail where a test says so. */
function fixture(overrides: Partial<WorkerDeps> = {}) {
  const clock = new FakeClock();
  const actions: string[] = [];
  const failed: string[] = [];
  const deps: WorkerDeps = {
    clock,
    log: silentLogger,
    node: { runtimeName: 'hollow', hostIps: ['10.0.0.1'] },
    execute: (action: Action, { pod }, signal) => {
      actions.push(`${pod.metadata.name}:${action.kind}`);
      // Under way until the end of the test.
      return new Promise((resolve) => signal.addEventListener('abort', () => resolve({ kind: 'aborted' })));
    },
    sandboxesOf: () => [],
    resizes: { look: (pod) => ({ pod, resize: noResize }), allocated: (pod) => pod },
    refresh: async () => {},
    verdict: () => undefined,
    terminationMessage: () => '',
    rejectionOf: () => undefined,
    onObserved: () => {},
    onDecided: () => {},
    onDecisionFailed: (pod, message) => {
      failed.push(`${pod.metadata.name}: ${message}`);
    },
    ...overrides,
  };
  const manager = new PodManager(
    deps,
    () => undefined,
    () => {},
  );
  return { clock, manager, actions, failed };
}

const good = podOf({}, { name: 'good', uid: 'uid-good' });
const bad = podOf({}, { name: 'bad', uid: 'uid-bad' });

describe('an exception in the decision about one pod', () => {
  const throwing = (name: string) => (view: { readonly pod: typeof bad }) => {
    if (view.pod.metadata.name === name) throw new Error('unforeseen');
  };

  it('costs that pod a wait that grows, and others nothing', async () => {
    const { clock, manager, actions, failed } = fixture({ onObserved: throwing('bad') });
    manager.put(bad);
    manager.put(good);
    await tick();
    expect(actions).toContain('good:startSandbox');
    expect(failed).toEqual(['bad: Internal error occurred: unforeseen']);
    // Whatever happens meanwhile, it is not tried before its time.
    manager.put(bad);
    await tick();
    expect(failed).toHaveLength(1);
    for (const [waitMs, failures] of [
      [1_000, 2],
      [1_000, 2],
      [1_000, 3],
      [4_000, 4],
    ] as const) {
      clock.advance(waitMs);
      await tick();
      expect(failed).toHaveLength(failures);
    }
    await manager[Symbol.asyncDispose]();
  });

  it('is forgotten once a decision succeeds', async () => {
    let broken = true;
    const { clock, manager, actions, failed } = fixture({
      onDecided: () => {
        if (broken) throw new Error('unforeseen');
      },
    });
    manager.put(bad);
    await tick();
    expect(failed).toHaveLength(1);
    broken = false;
    clock.advance(1_000);
    await tick();
    expect(failed).toHaveLength(1);
    expect(actions).toContain('bad:startSandbox');
    await manager[Symbol.asyncDispose]();
  });

  it('is contained even where telling of it fails as well', async () => {
    const { manager, actions } = fixture({
      onObserved: throwing('bad'),
      onDecisionFailed: () => {
        throw new Error('nobody listens');
      },
    });
    manager.put(bad);
    manager.put(good);
    await tick();
    expect(actions).toContain('good:startSandbox');
    await manager[Symbol.asyncDispose]();
  });

  it('in an action becomes a trouble of that pod', async () => {
    const { clock, manager } = fixture({
      execute: async () => {
        throw new Error('unforeseen');
      },
    });
    manager.put(bad);
    await tick();
    await tick();
    expect(manager.get('uid-bad')?.status?.phase).toBe('Pending');
    clock.advance(60_000);
    await tick();
    await manager[Symbol.asyncDispose]();
  });
});
