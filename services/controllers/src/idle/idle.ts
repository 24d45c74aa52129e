import type { Service } from '@gantry/model/gen/gantry.core.v1.ts';
import {
  defaultZeroSettings,
  hasZeroAnnotations,
  type ZeroSettings,
  zeroSettings,
} from '@gantry/model/kinds/service/zero.ts';
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
import { isAutoscaledToZero, workloadKinds, workloadsOf } from './workloads.ts';

/** Milliseconds until a Service is looked at again whose workload's scale had to be read. */
const readAgainMs = 1;

/** Scales the workloads of Services to zero when no request came for a while, and up again when requests wait. */
export function idleController(clock: Pick<Clock, 'monotonic'>): Controller {
  const activities = new Map<string, Activity>();
  const scales = new Scales(clock);
  return {
    name: 'idle-controller',
    watches: ['Service', ...workloadKinds, 'Rollout', 'HorizontalPodAutoscaler'],
    keysFor: keysOf,

    reconcile(key: string, view: View, nowMs: number): readonly Action[] {
      const { namespace, name } = splitKey(key);
      const service = view.get('Service', namespace, name);
      const settings = service && settingsOf(service, view);
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

/** The settings of a Service that may have no pod, by its annotations or by an autoscaler. */
function settingsOf(service: Service, view: View): ZeroSettings | undefined {
  if (hasZeroAnnotations(service)) return zeroSettings(service);
  const workloads = workloadsOf(service, { target: undefined }, view, () => undefined);
  return isAutoscaledToZero(service, workloads, view) ? defaultZeroSettings : undefined;
}

/** A workload, a policy, an autoscaler or another Service concerns the Services of its namespace that may have no pod. */
function keysOf(object: AnyObject, view: View): readonly string[] {
  if (controllerOf(object) !== undefined) return [];
  const { namespace } = object.metadata;
  const keys = [...view.list('Service', namespace)].filter(({ spec }) => spec?.type === 'LoadBalancer').map(keyOf);
  return object.kind === 'Service' ? [...new Set([keyOf(object), ...keys])] : keys;
}
