import type { ObservedSandbox } from '../runtime/runtime.ts';
import { type Action, keyOf, type StopReason } from './action.ts';
import { type Operation, type PodMemory, type RetryWaits, troubleAfter, withEntry } from './memory.ts';

/** Instances whose deliberate end is remembered; older ones were restarted long ago. */
const maxKilledRemembered = 32;

/** Reasons to stop a container that is to run again. */
const restarting: readonly StopReason['kind'][] = ['probe', 'specChanged', 'resize'];

/** The result of an action. */
export type Outcome =
  | { readonly kind: 'done' }
  /** The agent cancelled it; nothing is known to be wrong. */
  | { readonly kind: 'aborted' }
  | { readonly kind: 'failed'; readonly reason: string; readonly message: string; readonly waits: RetryWaits };

/** The memory after an action began. */
export function began(memory: PodMemory, action: Action, monotonicMs: number): PodMemory {
  const operation = operationOf(action, monotonicMs);
  const next = { ...memory, busy: withEntry(memory.busy, keyOf(action), operation) };
  if (action.kind !== 'stopContainer' || !restarting.includes(action.why.kind)) return next;
  const withThis = (set: ReadonlySet<string>) => new Set([...set, action.containerId].slice(-maxKilledRemembered));
  const killedToRestart = withThis(memory.killedToRestart);
  if (action.why.kind !== 'resize') return { ...next, killedToRestart };
  return { ...next, killedToRestart, stoppedToResize: withThis(memory.stoppedToResize) };
}

function operationOf(action: Action, monotonicMs: number): Operation {
  switch (action.kind) {
    case 'startSandbox':
    case 'startContainer':
    case 'prepareVolumes':
      return { kind: 'start' };
    case 'stopContainer':
      return { kind: 'stop', deadlineMs: monotonicMs + action.graceMs };
    default:
      return { kind: 'other' };
  }
}

/** The memory after an action ended and the runtime was observed again. */
export function ended(memory: PodMemory, action: Action, outcome: Outcome, monotonicMs: number): PodMemory {
  const key = keyOf(action);
  const idle = { ...memory, busy: withEntry(memory.busy, key, undefined) };
  switch (outcome.kind) {
    case 'aborted':
      return idle;
    case 'failed':
      return {
        ...idle,
        troubles: withEntry(memory.troubles, key, troubleAfter(memory.troubles.get(key), outcome, monotonicMs)),
      };
    case 'done':
      return { ...idle, ...resultOf(memory, action), troubles: withEntry(memory.troubles, key, undefined) };
  }
}

function resultOf(memory: PodMemory, action: Action): Partial<PodMemory> {
  switch (action.kind) {
    case 'prepareVolumes':
      return { volumes: 'ready' };
    case 'stopSandbox':
      return { stoppedSandboxes: new Set([...memory.stoppedSandboxes, action.sandboxId]) };
    case 'cleanUp':
      return { volumes: 'cleaned', diskCleaned: memory.diskCleaned || action.everything };
    case 'markFailed':
      return { failed: { reason: action.reason, message: action.message } };
    default:
      return {};
  }
}

/** The memory after exited instances were observed; instances that are gone are forgotten. */
export function exitsNoted(memory: PodMemory, sandboxes: readonly ObservedSandbox[], monotonicMs: number): PodMemory {
  const exited = sandboxes
    .flatMap((sandbox) => sandbox.containers)
    .filter(({ state }) => state.kind === 'exited')
    .map(({ id }) => id);
  const known = memory.exitsSeen;
  if (exited.length === known.size && exited.every((id) => known.has(id))) return memory;
  return { ...memory, exitsSeen: new Map(exited.map((id) => [id, known.get(id) ?? monotonicMs])) };
}
