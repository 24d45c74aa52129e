import { type ContainerRole, type PlannedContainer, type RestartPolicy, restartPolicyOf } from './spec.ts';
import type { ContainerEnd, PodView } from './view.ts';

/** Kubernetes' figures: the first restart is immediate, then 10 s, doubling up to 5 min; a run of 10 min starts over. */
export const crashBackoff = { initialMs: 10_000, maxMs: 300_000, resetAfterMs: 600_000 } as const;

/** Whether a container that ended is to run again. Sidecars always are; init containers until they succeed, unless Never; ephemeral ones never. */
export function wantsRestart(policy: RestartPolicy, role: ContainerRole, exitCode: number): boolean {
  switch (role) {
    case 'sidecar':
      return true;
    case 'init':
      return exitCode !== 0 && policy !== 'Never';
    case 'ephemeral':
      return false;
    case 'main':
      return policy === 'Always' || (policy === 'OnFailure' && exitCode !== 0);
  }
}

/** Backoff between this end and the next start, in milliseconds. It follows from the instance alone, so that a restarted agent knows it. */
export function restartDelayMs(end: ContainerEnd): number {
  const ranMs = end.startedAtMs === 0 ? 0 : end.finishedAtMs - end.startedAtMs;
  if (ranMs >= crashBackoff.resetAfterMs) return 0;
  if (end.restartDelayMs === undefined) return end.attempt === 0 ? 0 : crashBackoff.initialMs;
  if (end.restartDelayMs === 0) return crashBackoff.initialMs;
  return Math.min(crashBackoff.maxMs, end.restartDelayMs * 2);
}

/** Whether a container that ended is to be started again, now or after its back-off. */
export function isWantedAgain(view: PodView, planned: PlannedContainer, end: ContainerEnd): boolean {
  const policy = restartPolicyOf(view.pod);
  if (wantsRestart(policy, planned.role, end.exitCode)) return true;
  if (policy === 'Never' || planned.role === 'ephemeral') return false;
  // An init container that succeeded in a sandbox that died runs again in the next one.
  if (planned.role === 'init') return !end.inCurrentSandbox;
  return view.memory.killedToRestart.has(end.containerId);
}
