import type { ControllerRevision, StatefulSet } from '@gantry/model/gen/gantry.apps.v1.ts';
import type { PersistentVolumeClaim, Pod } from '@gantry/model/gen/gantry.core.v1.ts';
import { matchesLabels } from '@gantry/model/selectors.ts';
import { isError } from '@gantry/runtime/errors.ts';
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
import { claimsOf } from '../core/claims.ts';
import { countCollision, type History, historyOf, truncated } from '../core/history.ts';
import { controllerOf, ownerKey } from '../core/owners.ts';
import { governedKey } from '../rollout/limits.ts';
import { governed } from './governed.ts';
import { growthOf } from './growth.ts';
import { identityOf, ordinalOf, revisionOf } from './identity.ts';
import { burst, endCondemned, keepReplicas, type Step, type Warning } from './replicas.ts';
import { outdatedPods } from './rolling.ts';
import { deletionOf, guard, type Scene, sorted } from './scene.ts';
import { type Observed, statusActions } from './status.ts';

/** Facts about a set that no object tells. */
interface Memory {
  /** Messages of the warnings that users were told of, and that still hold. */
  told: ReadonlySet<string>;
  /** Why the api refused to expand a claim last. */
  refusal: string | undefined;
}

/** Keeps pods with stable names and storage, as StatefulSets ask for them. */
export function statefulSetController(): Controller {
  const memories = new Map<string, Memory>();
  return {
    name: 'statefulset-controller',
    watches: ['StatefulSet', 'Pod', 'ControllerRevision', 'PersistentVolumeClaim', 'StorageClass', 'Rollout'],
    keysFor,

    reconcile(key: string, view: View, nowMs: number): readonly Action[] {
      const { namespace, name } = splitKey(key);
      const set = view.get('StatefulSet', namespace, name);
      if (set === undefined) {
        memories.delete(key);
        return [];
      }
      const memory = memories.get(key) ?? { told: new Set(), refusal: undefined };
      memories.set(key, memory);
      return plan(set, view, nowMs, memory);
    },

    failed(key: string, error: unknown, during: Action['type']): void {
      const memory = memories.get(key);
      const isOfClaim = isError(error, 'Forbidden', 'Invalid') && error.resource?.resource === 'persistentvolumeclaims';
      if (memory !== undefined && during === 'update' && isOfClaim) memory.refusal = error.message;
    },
  };
}

function keysFor(object: AnyObject, view: View): readonly string[] {
  const { namespace, name } = object.metadata;
  const ofNamespace = (test: (set: StatefulSet) => boolean): string[] =>
    [...view.list('StatefulSet', namespace)].filter(test).map(keyOf);
  switch (object.kind) {
    case 'StatefulSet':
      return [keyOf(object)];
    case 'Pod': {
      const owners = controllerOf(object)
        ? ownerKey(object, 'StatefulSet')
        : ofNamespace((set) => ordinalOf(object, set) !== undefined);
      // Whoever owns it, its name may be one that a set waits for.
      const named = view.get('StatefulSet', namespace, identityOf(name)?.setName ?? '');
      return [...new Set([...owners, ...(named === undefined ? [] : [keyOf(named)])])];
    }
    case 'ControllerRevision':
      return controllerOf(object) ? ownerKey(object, 'StatefulSet') : ofNamespace((set) => selects(set, object));
    case 'PersistentVolumeClaim':
      return ofNamespace((set) => isNamedFor(object, set));
    case 'StorageClass':
      return [...view.list('StatefulSet')]
        .filter(({ spec }) => (spec.volumeClaimTemplates ?? []).length > 0)
        .map(keyOf);
    case 'Rollout':
      return governedKey(object, 'StatefulSet');
    default:
      return [];
  }
}

/** True for a claim with the name of one of the set's. */
function isNamedFor({ metadata }: PersistentVolumeClaim, set: StatefulSet): boolean {
  return (set.spec.volumeClaimTemplates ?? []).some((template) => {
    const prefix = `${template.metadata?.name}-`;
    if (!metadata.name.startsWith(prefix)) return false;
    return identityOf(metadata.name.slice(prefix.length))?.setName === set.metadata.name;
  });
}

function selects(set: StatefulSet, { metadata }: Pod | ControllerRevision): boolean {
  return matchesLabels(set.spec.selector, metadata.labels);
}

function plan(set: StatefulSet, view: View, nowMs: number, memory: Memory): readonly Action[] {
  const revisions = claimsOf<ControllerRevision>(set, 'ControllerRevision', (revision) => selects(set, revision), view);
  const isMember = (pod: Pod): boolean => ordinalOf(pod, set) !== undefined && selects(set, pod);
  const pods = claimsOf<Pod>(set, 'Pod', isMember, view);
  if (revisions.isStale || pods.isStale) return [waitForView];
  // Adopt first: the next plan then sees all that belongs here.
  if (revisions.actions.length + pods.actions.length > 0) return [...revisions.actions, ...pods.actions];
  const growth = growthOf(set, view, memory.refusal);
  if (growth?.reason !== 'ExpansionRefused') memory.refusal = undefined;
  const { currentRevision = '', updateRevision = '' } = set.status ?? {};
  const observed = { set, view, nowMs, pods: pods.members, growth };
  if (set.metadata.deletionTimestamp !== undefined) {
    return statusActions({ ...observed, current: currentRevision, update: updateRevision });
  }
  // The newest revision may be one that this view does not show yet: another one would get its number.
  const isKnown = updateRevision === '' || revisions.members.some(({ metadata }) => metadata.name === updateRevision);
  if (!isKnown && !sees(view, 'ControllerRevision', set)) return [waitForView];
  const history = historyOf(set, revisions.members, view);
  if (history.collides) return [countCollision(set)];
  const { current: update } = history;
  if (update === undefined || history.actions.length > 0) {
    return history.actions.map((action) => ({ ...action, ...guard(set) }) as Action);
  }
  const current = history.all.find(({ metadata }) => metadata.name === currentRevision) ?? update;
  const scene = governed({ set, view, nowMs, current, update, ...sorted(set, pods.members) }, history);
  return act(scene, { ...observed, current: current.metadata.name, update: update.metadata.name }, history, memory);
}

function act(scene: Scene, observed: Observed, history: History, memory: Memory): Action[] {
  const { set } = scene;
  const { actions, warnings } = decide(scene);
  return [
    // The status first: it stays right where a later write is refused for ever.
    ...statusActions(observed),
    ...tellNew(warnings, set, memory),
    ...actions,
    ...(observed.growth?.actions ?? []),
    ...prune(scene, observed, history),
  ];
}

/** Takes care of the pods that are wanted first, then of those that are not, and only then of those of old revisions. */
function decide(scene: Scene): Pick<Step, 'actions' | 'warnings'> {
  const kept = keepReplicas(scene);
  if (kept.isBlocked) return kept;
  const ended = endCondemned(scene);
  const outdated = ended.isBlocked ? [] : outdatedPods(scene).slice(0, burst);
  return {
    actions: [...kept.actions, ...ended.actions, ...outdated.map((pod) => deletionOf(pod, scene.set))],
    warnings: [...kept.warnings, ...ended.warnings],
  };
}

/** Tells of problems that users were not told of yet. */
function tellNew(warnings: readonly Warning[], about: StatefulSet, memory: Memory): Action[] {
  const fresh = warnings.filter(({ message }) => !memory.told.has(message));
  memory.told = new Set(warnings.map(({ message }) => message));
  return fresh.map(({ reason, message }) => ({ type: 'event', about, eventType: 'Warning', reason, message }));
}

function prune({ set, stable }: Scene, { pods, current, update }: Observed, { all }: History): Action[] {
  const needed = new Set([current, update, stable ?? current, ...pods.map((pod) => revisionOf(pod) ?? '')]);
  return truncated(all, needed, set.spec.revisionHistoryLimit ?? 10);
}
