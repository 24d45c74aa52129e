import type { Condition } from '@gantry/model/gen/gantry.meta.v1.ts';
import type { Rollout, RolloutStatus } from '@gantry/model/gen/gantry.rollout.v1.ts';
import { rfc3339 } from '@gantry/runtime/time.ts';
import type { Measured, Measurement } from '../core/measure.ts';
import type { Plan } from './plan.ts';
import type { SplitServices } from './services.ts';
import type { Waits } from './waits.ts';
import type { Workload } from './workload.ts';

/** All that a decision about a rollout goes by. */
export interface Situation {
  readonly rollout: Rollout;
  readonly plan: Plan;
  readonly workload: Workload;
  readonly services: SplitServices;
  readonly waits: Waits;
  /** The answers to a measurement; undefined where they are not there. */
  readonly answers: (id: string) => Measured | undefined;
  readonly nowMs: number;
}

/** Something that users are told. */
export interface Told {
  readonly eventType: 'Normal' | 'Warning';
  readonly reason: string;
  readonly message: string;
}

/** The next status of a rollout while it is made. */
export interface Draft {
  /** May be changed. */
  readonly status: RolloutStatus;
  readonly told: Told[];
  readonly measurements: Measurement[];
  /** Milliseconds until the next look; infinite where only a change makes one necessary. */
  afterMs: number;
}

/** Asks for a look at the rollout after a while. */
export function lookAfter(draft: Draft, ms: number): void {
  draft.afterMs = Math.min(draft.afterMs, ms);
}

/** Condition statuses of the phases. */
const progressing = {
  Initializing: ['True', 'Initializing'],
  Healthy: ['True', 'RevisionIsStable'],
  Progressing: ['True', 'CanaryProgressing'],
  Promoting: ['True', 'CanaryPromoted'],
  Paused: ['Unknown', 'RolloutPaused'],
  Degraded: ['False', 'RolloutAborted'],
  Ignored: ['False', 'RolloutIgnored'],
} as const;

/** A word for how a rollout stands. */
export type Phase = keyof typeof progressing;

/** Sets phase and message, and the condition that says the same. `reason` is for programs, where the phase's own is too little. */
export function setPhase(
  { status }: Draft,
  phase: Phase,
  message: string,
  { rollout, nowMs }: Pick<Situation, 'rollout' | 'nowMs'>,
  reason: string = progressing[phase][1],
): void {
  status.phase = phase;
  status.message = message;
  const [value] = progressing[phase];
  const before = rollout.status?.conditions?.find(({ type }) => type === 'Progressing');
  const others = (rollout.status?.conditions ?? []).filter(({ type }) => type !== 'Progressing');
  const condition: Condition = {
    type: 'Progressing',
    status: value,
    observedGeneration: rollout.metadata.generation ?? 0,
    lastTransitionTime: before?.status === value ? before.lastTransitionTime : rfc3339(nowMs),
    reason,
    message,
  };
  status.conditions = [...others, condition];
}
