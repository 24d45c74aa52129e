import type { Service } from '@gantry/model/gen/gantry.core.v1.ts';
import { zeroSettings } from '@gantry/model/kinds/service/zero.ts';
import type { Clock } from '@gantry/runtime/clock.ts';
import {
  type Action,
  type AnyObject,
  type Controller,
  keyOf,
  type ObjectRef,
  type ScaleReading,
  splitKey,
  type View,
} from '../core/action.ts';
import type { Measured } from '../core/measure.ts';
import { controllerOf } from '../core/owners.ts';
import { Scales } from '../disruption/scales.ts';
import { Activity } from './activity.ts';
import { decide, forgotten } from './decide.ts';
import { workloadKinds, workloadsOf } from './workloads.ts';

/** Milliseconds until a Service is looked at again whose workload's scale had to be read. */
const readAgainMs = 1;

/** Scales the workloads of Services to zero when no request came for a while, and up again when requests wait. */
export function idleController(clock: Pick<Clock, 'monotonic'>): Controller {
  const activities = new Map<string, Activity>();
  const scales = new Scales(clock);
  return {
    name: 'idle-controller',
    watches: ['Service', ...workloadKinds, 'Rollout'],
    keysFor: keysOf,

    reconcile(key: string, view: View, nowMs: number): readonly Action[] {
      const { namespace, name } = splitKey(key);
      const service = view.get('Service', namespace, name);
      const settings = service && zeroSettings(service);
      if (service === undefined || settings === undefined || service.metadata.deletionTimestamp !== undefined) {
        activities.delete(key);
        return service === undefined ? [] : forgotten(service);
      }
      const activity = activities.get(key) ?? new Activity(clock);
      activities.set(key, activity);
      const unread: ObjectRef[] = [];
      const workloads = workloadsOf(service, settings, view, (ref) => {
        const reading = scales.of(nameOf(ref));
        if (reading === undefined) unread.push(ref);
        return reading;
      });
      if (unread.length > 0) {
        return [
          ...unread.map((ref): Action => ({ type: 'readScale', ref })),
          { type: 'requeue', afterMs: readAgainMs },
        ];
      }
      const activityOf = (other: string): Activity | undefined => activities.get(other);
      return decide({ service, settings, workloads, activity, activityOf, view, nowMs });
    },

    scaleRead(_key: string, ref: ObjectRef, reading: ScaleReading): void {
      scales.note(nameOf(ref), reading);
    },

    measured(key: string, measured: Measured): void {
      activities.get(key)?.answered(measured);
    },
  };
}

function nameOf({ kind, namespace = '', name }: ObjectRef): string {
  return `${kind}/${namespace}/${name}`;
}

/** A workload, a policy or another Service concerns the Services of its namespace that may go to zero. */
function keysOf(object: AnyObject, view: View): readonly string[] {
  if (controllerOf(object) !== undefined) return [];
  const { namespace } = object.metadata;
  const settled = (service: Service): boolean => zeroSettings(service) !== undefined;
  const keys = [...view.list('Service', namespace)].filter(settled).map(keyOf);
  return object.kind === 'Service' ? [...new Set([keyOf(object), ...keys])] : keys;
}
