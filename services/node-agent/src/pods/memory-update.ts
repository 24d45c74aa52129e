import { type Action, keyOf } from './action.ts';
import { type Operation, type PodMemory, type RetryWaits, troubleAfter, withEntry } from './memory.ts';

/** Instances whose deliberate end is remembered; older ones were restarted long ago. */
const maxKilledRemembered = 32;

/** What became of an action. */
export type Outcome =
  | { readonly kind: 'done' }
  /** It was ended from outside; nothing is known to be wrong. */
  | { readonly kind: 'aborted' }
  | { readonly kind: 'failed'; readonly reason: string; readonly message: string; readonly waits: RetryWaits };

/** The memory once an action is under way. */
export function began(memory: PodMemory, action: Action, nowMs: number): PodMemory {
  const operation = operationOf(action, nowMs);
  const next = { ...memory, busy: withEntry(memory.busy, keyOf(action), operation) };
  const restarts =
    action.kind === 'stopContainer' && (action.why.kind === 'probe' || action.why.kind === 'specChanged');
  if (!restarts) return next;
  const killed = [...memory.killedToRestart, action.containerId].slice(-maxKilledRemembered);
  return { ...next, killedToRestart: new Set(killed) };
}

function operationOf(action: Action, nowMs: number): Operation {
  switch (action.kind) {
    case 'startSandbox':
    case 'startContainer':
    case 'prepareVolumes':
      return { kind: 'start' };
    case 'stopContainer':
      return { kind: 'stop', deadlineMs: nowMs + action.graceMs };
    default:
      return { kind: 'other' };
  }
}

/** The memory once an action came to its end, and what is there was looked at again. */
export function ended(memory: PodMemory, action: Action, outcome: Outcome, nowMs: number): PodMemory {
  const key = keyOf(action);
  const idle = { ...memory, busy: withEntry(memory.busy, key, undefined) };
  switch (outcome.kind) {
    case 'aborted':
      return idle;
    case 'failed':
      return {
        ...idle,
        troubles: withEntry(memory.troubles, key, troubleAfter(memory.troubles.get(key), outcome, nowMs)),
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
