import type { Clock } from '@gantry/runtime/clock.ts';
import { toGantryError } from '@gantry/runtime/errors.ts';
import type { Runtime } from '../runtime/runtime.ts';
import type { Action, StopReason } from './action.ts';
import type { RecordPodEvent } from './events.ts';
import type { HookRunner } from './hooks.ts';
import { plannedContainers } from './spec.ts';
import type { ActionContext } from './worker.ts';

type Stop = Extract<Action, { kind: 'stopContainer' }>;

/** However long a preStop hook took, the container gets this long between its stop signal and being killed, in milliseconds. */
const leastGraceMs = 2_000;

/** Dependencies of stopping containers. */
export interface StopperDeps {
  readonly runtime: Runtime;
  readonly hooks: HookRunner;
  readonly clock: Clock;
  readonly recordEvent: RecordPodEvent;
  readonly hostIps: readonly string[];
}

/** Stops containers: preStop hook, stop signal, kill, all within the grace period. */
export interface ContainerStopper {
  /** Resolves once the container has exited. */
  stop(context: ActionContext, action: Stop, signal: AbortSignal): Promise<void>;
}

/** Containers whose preStop hook is remembered to have begun. */
const maxRemembered = 1_024;

export function containerStopper(deps: StopperDeps): ContainerStopper {
  const begun = new Set<string>();
  /** A stop that is made shorter runs no hook a second time. */
  const isFirst = (containerId: string): boolean => {
    if (begun.has(containerId)) return false;
    begun.add(containerId);
    for (const oldest of begun) {
      if (begun.size <= maxRemembered) break;
      begun.delete(oldest);
    }
    return true;
  };
  return {
    async stop(context, action, signal) {
      const { pod, sandboxes } = context;
      deps.recordEvent(pod, 'Normal', 'Killing', killingText(action.name, action.why), action.name);
      const untilMs = deps.clock.monotonic() + action.graceMs;
      const planned = plannedContainers(pod).find(({ name }) => name === action.name);
      const hook = planned?.spec.lifecycle?.preStop;
      if (planned !== undefined && hook !== undefined && action.why.kind !== 'surplus' && isFirst(action.containerId)) {
        // A container that was started just now was not looked at yet.
        const sandbox =
          sandboxes.find(({ containers }) => containers.some(({ id }) => id === action.containerId)) ??
          sandboxes.findLast(({ ready }) => ready);
        const podIps = sandbox === undefined || sandbox.ips.length === 0 ? deps.hostIps : sandbox.ips;
        const target = { pod, planned, containerId: action.containerId, podIps };
        await withinGrace(
          deps,
          () => deps.hooks.run(hook, target, AbortSignal.any([signal, AbortSignal.timeout(action.graceMs)])),
          context,
          action,
        );
      }
      const leftMs = untilMs - deps.clock.monotonic();
      await deps.runtime.containers.stop(
        action.containerId,
        hook === undefined ? leftMs : Math.max(leastGraceMs, leftMs),
        signal,
      );
    },
  };
}

/** A hook that fails, or that the grace period cuts short, keeps no container from being stopped. */
async function withinGrace(
  deps: StopperDeps,
  work: () => Promise<void>,
  context: ActionContext,
  action: Stop,
): Promise<void> {
  try {
    await work();
  } catch (error) {
    const message = `PreStopHook failed: ${toGantryError(error).message}`;
    deps.recordEvent(context.pod, 'Warning', 'FailedPreStopHook', message, action.name);
  }
}

function killingText(name: string, why: StopReason): string {
  switch (why.kind) {
    case 'podEnds':
    case 'surplus':
      return `Stopping container ${name}`;
    case 'postStartFailed':
      return 'FailedPostStartHook';
    case 'probe':
      return `Container ${name} failed ${why.probe.toLowerCase()} probe, will be restarted`;
    case 'resize':
      return `Container ${name} resize requires restart`;
    case 'specChanged':
      return `Container ${name} definition changed, will be restarted`;
  }
}
