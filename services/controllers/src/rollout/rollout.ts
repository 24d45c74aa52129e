import type { Rollout } from '@gantry/model/gen/gantry.rollout.v1.ts';
import type { Clock } from '@gantry/runtime/clock.ts';
import {
  type Action,
  type AnyObject,
  type Controller,
  keyOf,
  sees,
  splitKey,
  type View,
  waitForView,
} from '../core/action.ts';
import type { Measured } from '../core/measure.ts';
import { controllerOf } from '../core/owners.ts';
import { sameStatus } from '../core/same-status.ts';
import { decide } from './decide.ts';
import { type Draft, setPhase } from './draft.ts';
import { rolloutFor } from './limits.ts';
import { planOf } from './plan.ts';
import { servicesOf } from './services.ts';
import { Waits } from './waits.ts';
import { workloadOf } from './workload.ts';

/** Memory of one rollout: waits that run, and the answers that came last. */
interface Memory {
  readonly waits: Waits;
  readonly answers: Map<string, Measured>;
}

/** Answers of one rollout that are kept: of its step's analysis, and of the one that goes on beside all steps. */
const maxAnswers = 2;
const workloadKinds: ReadonlySet<string> = new Set(['Deployment', 'StatefulSet', 'DaemonSet']);

/** Takes new revisions of workloads through the steps of their policies, and back where a measurement or the deadline says so. */
export function rolloutController(clock: Pick<Clock, 'monotonic'>): Controller {
  const memories = new Map<string, Memory>();
  return {
    name: 'rollout-controller',
    watches: [
      'Rollout',
      'Deployment',
      'ReplicaSet',
      'StatefulSet',
      'DaemonSet',
      'ControllerRevision',
      'Service',
      'Pod',
    ],
    keysFor: keysOf,

    reconcile(key: string, view: View, nowMs: number): readonly Action[] {
      const { namespace, name } = splitKey(key);
      const rollout = view.get('Rollout', namespace, name);
      if (rollout === undefined || rollout.metadata.deletionTimestamp !== undefined) {
        memories.delete(key);
        return [];
      }
      const memory = memories.get(key) ?? { waits: new Waits(clock), answers: new Map() };
      memories.set(key, memory);
      const plan = reconcile(rollout, view, memory, nowMs);
      memory.waits.forgetOthers();
      return plan;
    },

    measured(key: string, measured: Measured): void {
      const answers = memories.get(key)?.answers;
      if (answers === undefined) return;
      answers.set(measured.id, measured);
      if (answers.size > maxAnswers) answers.delete(answers.keys().next().value!);
    },
  };
}

function keysOf(object: AnyObject, view: View): readonly string[] {
  const { kind } = object;
  const { namespace } = object.metadata;
  if (kind === 'Rollout') return keysBeside(object as Rollout, view);
  const rollouts = [...view.list('Rollout', namespace)];
  if (rollouts.length === 0) return [];
  if (kind === 'Service') return rollouts.map(keyOf);
  const named = workloadKinds.has(kind) ? { kind, name: object.metadata.name } : controllerOf(object);
  return rollouts
    .filter(({ spec }) => spec.workloadRef.kind === named?.kind && spec.workloadRef.name === named.name)
    .map(keyOf);
}

/** The keys of all policies for the same workload: which of them counts may have changed. */
function keysBeside({ metadata, spec }: Rollout, view: View): string[] {
  const { kind, name } = spec.workloadRef;
  const others = [...view.list('Rollout', metadata.namespace)].filter(
    ({ spec: other }) => other.workloadRef.kind === kind && other.workloadRef.name === name,
  );
  return [...new Set([keyOf({ metadata }), ...others.map(keyOf)])];
}

function reconcile(rollout: Rollout, view: View, { waits, answers }: Memory, nowMs: number): Action[] {
  const { workloadRef, strategy } = rollout.spec;
  const { namespace } = rollout.metadata;
  const workload = workloadOf(workloadRef, namespace!, view, nowMs);
  const first = rolloutFor(
    { kind: workloadRef.kind, metadata: { namespace: namespace!, name: workloadRef.name } },
    view,
  );
  if (workload === undefined) return ignored(rollout, `There is no ${workloadRef.kind} "${workloadRef.name}".`, nowMs);
  if (first?.metadata.uid !== rollout.metadata.uid) {
    return ignored(rollout, `The policy "${first?.metadata.name}" is for the same workload, and older.`, nowMs);
  }
  // The status may name a revision that a late view does not show yet.
  const history = workloadRef.kind === 'Deployment' ? 'ReplicaSet' : 'ControllerRevision';
  const stable = rollout.status?.stableRevision;
  if (stable && !workload.keeps(stable) && !sees(view, history, rollout)) return [waitForView];
  const services = servicesOf(rollout, workload, view);
  const situation = {
    rollout,
    plan: planOf(strategy),
    workload,
    services,
    waits,
    answers: (id: string) => answers.get(id),
    nowMs,
  };
  return actionsOf(rollout, decide(situation));
}

/** The actions of a policy that is for nothing: it splits no requests, and holds no pods. */
function ignored(rollout: Rollout, message: string, nowMs: number): Action[] {
  const draft: Draft = {
    status: {
      observedGeneration: rollout.metadata.generation ?? 0,
      handledRequest: rollout.status?.handledRequest ?? '',
    },
    told: [],
    measurements: [],
    afterMs: Number.POSITIVE_INFINITY,
  };
  setPhase(draft, 'Ignored', message, { rollout, nowMs });
  return actionsOf(rollout, draft);
}

function actionsOf(rollout: Rollout, { status, told, measurements, afterMs }: Draft): Action[] {
  const actions: Action[] = [];
  if (!sameStatus(rollout.status ?? {}, status)) {
    actions.push({ type: 'updateStatus', object: { ...rollout, status } });
    for (const each of told) actions.push({ type: 'event', about: rollout, ...each });
  }
  for (const measurement of measurements) actions.push({ type: 'measure', measurement });
  if (measurements.length > 0) actions.push({ type: 'requeue', afterMs: 0 });
  else if (afterMs !== Number.POSITIVE_INFINITY) actions.push({ type: 'requeue', afterMs });
  return actions;
}
