import type { Deployment, ReplicaSet } from '@gantry/model/gen/gantry.apps.v1.ts';
import { matchesLabels } from '@gantry/model/selectors.ts';
import type { Clock } from '@gantry/runtime/clock.ts';
import { isError } from '@gantry/runtime/errors.ts';
import {
  type Action,
  type AnyObject,
  type Controller,
  keyOf,
  splitKey,
  type View,
  waitForView,
} from '../core/action.ts';
import { claimsOf } from '../core/claims.ts';
import { controllerOf, ownerKey } from '../core/owners.ts';
import { FailureMemory } from '../replicaset/failures.ts';
import { governedKey } from '../rollout/limits.ts';
import { planOf } from './plan.ts';
import { ProgressClock } from './progress-clock.ts';
import { type RolloutBounds, rolloutBounds } from './rolling.ts';
import { revisionsOf } from './sets.ts';

/** Rolls a Deployment's pods from one template to the next, by growing one ReplicaSet and shrinking the others. */
export function deploymentController(clock: Pick<Clock, 'monotonic'>): Controller {
  const progress = new ProgressClock(clock);
  const failures = new FailureMemory();
  return {
    name: 'deployment-controller',
    watches: ['Deployment', 'ReplicaSet', 'Pod', 'Rollout'],
    keysFor,

    reconcile(key: string, view: View, nowMs: number): readonly Action[] {
      const { namespace, name } = splitKey(key);
      const deployment = view.get('Deployment', namespace, name);
      if (deployment === undefined) {
        progress.forget(key);
        failures.forget(key);
        return [];
      }
      const claims = claimsOf<ReplicaSet>(deployment, 'ReplicaSet', (set) => selects(deployment, set), view);
      if (claims.isStale) return [waitForView];
      // Adopt and release first: the next reconcile then sees all that belongs here.
      if (claims.actions.length > 0) return claims.actions;
      const rollout = { deployment, bounds: boundsOf(deployment), ...revisionsOf(deployment, claims.members) };
      if (rollout.current !== undefined) failures.forget(key);
      const ageOf = (stamp: string): number => progress.ageMs(key, stamp, nowMs);
      return planOf(rollout, { view, nowMs, ageOf, createFailure: failures.of(key) });
    },

    failed(key, error, during): void {
      // The set that is there already may be the one of a plan whose answer was lost.
      if (during === 'create' && !isError(error, 'AlreadyExists')) failures.note(key, error);
    },
  };
}

function keysFor(object: AnyObject, view: View): readonly string[] {
  if (object.kind === 'Deployment') return [keyOf(object)];
  if (object.kind === 'ReplicaSet') {
    if (controllerOf(object)) return ownerKey(object, 'Deployment');
    const deployments = [...view.list('Deployment', object.metadata.namespace)];
    return deployments.filter((deployment) => selects(deployment, object as ReplicaSet)).map(keyOf);
  }
  if (object.kind === 'Rollout') return governedKey(object, 'Deployment');
  return ownerKey(object, 'ReplicaSet').flatMap((key) => recreatingKey(key, view));
}

/** The key of the Deployment that owns a set, if it recreates: it waits for the last old pod. No other depends on single pods. */
function recreatingKey(setKey: string, view: View): string[] {
  const { namespace, name } = splitKey(setKey);
  const set = view.get('ReplicaSet', namespace, name);
  const keys = set === undefined ? [] : ownerKey(set, 'Deployment');
  return keys.filter((key) => {
    const deployment = view.get('Deployment', namespace, splitKey(key).name);
    return deployment?.spec.strategy?.type === 'Recreate';
  });
}

function selects(deployment: Deployment, set: ReplicaSet): boolean {
  return matchesLabels(deployment.spec.selector, set.metadata.labels);
}

/** The bounds of a Deployment's pods. One that recreates them has no more than it asks for, and is available with all of them alone. */
function boundsOf({ spec }: Deployment): RolloutBounds {
  const { replicas = 1, strategy } = spec;
  if (strategy?.type === 'Recreate') return { replicas, maxSurge: 0, maxUnavailable: 0 };
  const { maxSurge = '25%', maxUnavailable = '25%' } = strategy?.rollingUpdate ?? {};
  return rolloutBounds(replicas, maxSurge, maxUnavailable);
}
