import { isDeepStrictEqual } from 'node:util';
import type { Endpoints, Service } from '@gantry/model/gen/gantry.core.v1.ts';
import type { EndpointSlice } from '@gantry/model/gen/gantry.discovery.v1.ts';
import type { Clock } from '@gantry/runtime/clock.ts';
import {
  type Action,
  type AnyObject,
  type Controller,
  keyOf,
  type Requirement,
  sees,
  splitKey,
  type View,
  waitForView,
} from '../core/action.ts';
import { ownerKey } from '../core/owners.ts';
import { hasSelector } from '../endpointslice/endpointslice.ts';
import { triggerTimeAnnotation } from '../endpointslice/trigger-times.ts';
import { addressCount, maxAddresses, subsetsOf, truncated } from './subsets.ts';

const managedByLabel = 'endpoints.kubernetes.io/managed-by';
const headlessLabel = 'service.kubernetes.io/headless';
/** Annotation of Endpoints that lack some of the addresses. */
const overCapacityAnnotation = 'endpoints.kubernetes.io/over-capacity';
const controllerName = 'endpoint-controller';
/** Addresses from which on an object is large: each write carries all of them, whichever changed. */
const largeFrom = 100;
/** Milliseconds between two writes of a large object. */
const largeWriteMs = 1_000;

/** True for Endpoints that this controller keeps. */
export function isKept({ metadata }: Endpoints): boolean {
  return metadata.labels?.[managedByLabel] === controllerName;
}

/**
 * Keeps the Endpoints of every Service that selects pods, for clients that do not read EndpointSlices. They say what the
 * Service's slices say, and are written no more often. The key is that of the Service, which its Endpoints share.
 */
export function endpointsController(clock: Pick<Clock, 'monotonic'>): Controller {
  /** Times of the last writes of large Endpoints, by key. */
  const written = new Map<string, number>();

  const noteWrite = (key: string, { subsets = [] }: Endpoints): void => {
    if (addressCount(subsets) >= largeFrom) written.set(key, clock.monotonic());
    else written.delete(key);
  };

  return {
    name: controllerName,
    watches: ['Service', 'EndpointSlice', 'Endpoints'],

    keysFor(object: AnyObject): readonly string[] {
      if (object.kind === 'EndpointSlice') return ownerKey(object, 'Service');
      return object.kind === 'Service' || object.kind === 'Endpoints' ? [keyOf(object)] : [];
    },

    reconcile(key: string, view: View): readonly Action[] {
      const { namespace, name } = splitKey(key);
      const service = view.get('Service', namespace, name);
      const stored = view.get('Endpoints', namespace, name);
      if (service === undefined || !hasSelector(service)) {
        written.delete(key);
        return remove(stored, service, view);
      }
      const slices = [...view.ownedBy('EndpointSlice', service.metadata.uid!)];
      // A Service has a slice as soon as somebody looked for its pods, even where it has none.
      if (slices.length === 0 || service.metadata.deletionTimestamp !== undefined) return [];
      const waitMs = (written.get(key) ?? Number.NEGATIVE_INFINITY) + largeWriteMs - clock.monotonic();
      if (waitMs > 0) return [{ type: 'requeue', afterMs: waitMs }];
      const wanted = endpointsFor(service, slices, stored);
      const plan = planFor(wanted, stored, view);
      if (plan.some(({ type }) => type !== 'requeue')) noteWrite(key, wanted);
      return plan;
    },
  };
}

function planFor(wanted: Endpoints, stored: Endpoints | undefined, view: View): Action[] {
  if (stored === undefined) return [{ type: 'create', object: wanted }];
  if (stored.metadata.deletionTimestamp !== undefined || isSame(stored, wanted)) return [];
  // A view that is older than the Endpoints would take them back to an earlier state.
  if (!sees(view, 'Service', stored) || !sees(view, 'EndpointSlice', stored)) return [waitForView];
  return [{ type: 'update', object: wanted }];
}

/** Removes Endpoints that were kept for a Service which is gone or selects no pods any more. Those of users stay. */
function remove(stored: Endpoints | undefined, service: Service | undefined, view: View): Action[] {
  if (stored === undefined || !isKept(stored) || stored.metadata.deletionTimestamp !== undefined) return [];
  if (!sees(view, 'Service', stored)) return [waitForView];
  const { namespace, name } = stored.metadata;
  const requires: Requirement[] =
    service === undefined ? [{ type: 'absent', ref: { kind: 'Service', namespace, name } }] : [];
  return [{ type: 'delete', object: stored, ifUnchanged: true, requires }];
}

function endpointsFor(service: Service, slices: readonly EndpointSlice[], stored: Endpoints | undefined): Endpoints {
  const all = subsetsOf(service, slices);
  const isOver = addressCount(all) > maxAddresses;
  const { [headlessLabel]: _headless, ...labels } = service.metadata.labels ?? {};
  const {
    [overCapacityAnnotation]: _over,
    [triggerTimeAnnotation]: _time,
    ...annotations
  } = stored?.metadata.annotations ?? {};
  const time = lastTrigger(slices);
  const { subsets: _subsets, ...rest } = stored ?? { apiVersion: 'v1', kind: 'Endpoints' as const };
  const { name, namespace } = service.metadata;
  const metadata = {
    ...(stored?.metadata ?? { name, namespace: namespace! }),
    labels: {
      ...labels,
      ...(service.spec.clusterIP === 'None' ? { [headlessLabel]: '' } : {}),
      [managedByLabel]: controllerName,
    },
    annotations: {
      ...annotations,
      ...(isOver ? { [overCapacityAnnotation]: 'truncated' } : {}),
      ...(time === undefined ? {} : { [triggerTimeAnnotation]: time }),
    },
  };
  return { ...rest, metadata, subsets: isOver ? truncated(all) : all };
}

function isSame(a: Endpoints, b: Endpoints): boolean {
  return (
    isDeepStrictEqual(a.subsets ?? [], b.subsets ?? []) &&
    isDeepStrictEqual({ ...a.metadata.labels }, { ...b.metadata.labels }) &&
    isDeepStrictEqual(annotationsOf(a), annotationsOf(b))
  );
}

/** The annotations that say something of the endpoints: the time of a change is no change. */
function annotationsOf({ metadata }: Endpoints): Record<string, string> {
  const { [triggerTimeAnnotation]: _time, ...others } = metadata.annotations ?? {};
  return others;
}

/** The time of the latest change that slices were written for; undefined where none tells one. */
function lastTrigger(slices: readonly EndpointSlice[]): string | undefined {
  const times = slices.flatMap(({ metadata }) => metadata.annotations?.[triggerTimeAnnotation] ?? []);
  return times.toSorted().at(-1);
}
