import type { ControllerRevision, DaemonSet } from '@gantry/model/gen/gantry.apps.v1.ts';
import type { Node, Pod } from '@gantry/model/gen/gantry.core.v1.ts';
import { labelTest } from '@gantry/model/selectors.ts';
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
import { claimsOf, isManagedBy } from '../core/claims.ts';
import { countCollision, hashOf, historyOf, podHashLabel, truncated } from '../core/history.ts';
import { controllerOf, ownerKey } from '../core/owners.ts';
import { governedKey } from '../rollout/limits.ts';
import { boundsOf, surges } from './bounds.ts';
import { eligibilityOf, type Verdict } from './eligibility.ts';
import { FailedPods } from './failed-pods.ts';
import { type Governed, governedBy, withTemplate } from './governed.ts';
import { manage } from './manage.ts';
import { type Fleet, fleetOf } from './places.ts';
import { replaceOld, surgeNew } from './rolling.ts';
import { desiredNodes, statusActions } from './status.ts';
import { podMaker } from './template.ts';

/** Most pods that one reconcile makes, and most that it deletes; the rest follows once these are seen (Kubernetes' number). */
const burst = 250;

/** Keeps one pod of a DaemonSet on every node that its template fits, and rolls them to the next template. */
export function daemonSetController(clock: Pick<Clock, 'monotonic'>): Controller {
  const failedPods = new FailedPods(clock);
  const judges = new WeakMap<DaemonSet, (node: Node) => Verdict>();
  const judgeOf = (set: DaemonSet): ((node: Node) => Verdict) => {
    const judge = judges.get(set) ?? eligibilityOf(set);
    judges.set(set, judge);
    return judge;
  };
  return {
    name: 'daemonset-controller',
    watches: ['DaemonSet', 'ControllerRevision', 'Pod', 'Node', 'Rollout'],

    keysFor(object: AnyObject, view: View): readonly string[] {
      if (object.kind === 'DaemonSet') return [keyOf(object)];
      if (object.kind === 'Rollout') return governedKey(object, 'DaemonSet');
      if (object.kind === 'Node') {
        return [...view.list('DaemonSet')].filter((set) => isConcerned(set, judgeOf(set), object, view)).map(keyOf);
      }
      if (controllerOf(object)) return ownerKey(object, 'DaemonSet');
      const sets = [...view.list('DaemonSet', object.metadata.namespace)];
      return sets.filter((set) => selectorOf(set)(object)).map(keyOf);
    },

    reconcile(key: string, view: View, nowMs: number): readonly Action[] {
      const { namespace, name } = splitKey(key);
      const set = view.get('DaemonSet', namespace, name);
      // The pods and revisions of a set that is being deleted may be gone or not: nothing can be said of them.
      if (set === undefined || set.metadata.deletionTimestamp !== undefined) return [];
      const selects = selectorOf(set);
      const pods = claimsOf<Pod>(set, 'Pod', selects, view);
      const revisions = claimsOf<ControllerRevision>(set, 'ControllerRevision', selects, view);
      if (pods.isStale || revisions.isStale) return [waitForView];
      const history = historyOf(set, revisions.members, view);
      if (history.collides) return [countCollision(set)];
      const claims = [...pods.actions, ...revisions.actions, ...history.actions];
      if (history.current === undefined) return claims;
      const governed = governedBy(set, history.current, history.all, view);
      const fleet = fleetOf(set, hashOf(history.current), pods.members, view, nowMs, governed?.limits);
      return [
        // First, so that it is right while pods are refused.
        ...statusActions(fleet),
        ...claims,
        ...change(fleet, failedPods, view, governed),
        ...cleanUp(set, history.all, history.current, pods.members, governed?.stable),
        ...(fleet.nextAvailableMs === undefined ? [] : [{ type: 'requeue', afterMs: fleet.nextAvailableMs } as const]),
      ];
    },
  };
}

function selectorOf({ spec }: DaemonSet): (object: AnyObject) => boolean {
  const selects = labelTest(spec.selector);
  return ({ metadata }) => selects(metadata.labels);
}

/**
 * True where a node's change concerns a set: it should get a pod or lose one, or counts differently. Heartbeats and conditions concern none.
 */
function isConcerned(set: DaemonSet, judge: (node: Node) => Verdict, node: Node, view: View): boolean {
  const now = view.get('Node', undefined, node.metadata.name);
  if (now === undefined) return true;
  const verdict = judge(node);
  // The node as it was.
  if (now !== node) return judge(now) !== verdict;
  const hasPod = [...view.podsOn(node.metadata.name)].some((pod) => isManagedBy(pod, set));
  if (hasPod) return verdict === 'refuses' || (set.status?.numberMisscheduled ?? 0) > 0;
  return verdict === 'runs';
}

/** Fills and clears places; a rolling update goes on where that leaves nothing to do. */
function change(fleet: Fleet, failedPods: FailedPods, view: View, governed: Governed | undefined): Action[] {
  const { set, hash } = fleet;
  const managed = manage(fleet, surges(set), failedPods, (pod) => sees(view, 'Node', pod));
  const isBusy = managed.create.length + managed.remove.length > 0;
  const rolls = set.spec.updateStrategy?.type === 'RollingUpdate' || governed !== undefined;
  const { create, remove } = isBusy || !rolls ? managed : roll(fleet);
  const podOf = podMaker(set, hash);
  const stablePodOf =
    governed === undefined ? podOf : podMaker(withTemplate(set, governed.stable), hashOf(governed.stable));
  const podFor = (node: string): Pod => (fleet.hashFor(node) === hash ? podOf(node) : stablePodOf(node));
  return [
    ...managed.beside,
    ...create.slice(0, burst).map((node): Action => ({ type: 'create', object: podFor(node), tell: set })),
    ...remove.slice(0, burst).map((object): Action => ({ type: 'delete', object, tell: set })),
  ];
}

function roll(fleet: Fleet): Pick<ReturnType<typeof manage>, 'create' | 'remove'> {
  const desired = desiredNodes(fleet);
  // A Rollout goes on also where users would delete the pods.
  const isOwn = fleet.set.spec.updateStrategy?.type === 'RollingUpdate';
  const bounds = isOwn ? boundsOf(fleet.set, desired) : { maxSurge: 0, maxUnavailable: 1 };
  return bounds.maxSurge === 0 ? replaceOld(fleet, bounds) : surgeNew(fleet, bounds, desired);
}

/** Deletes the oldest revisions beyond the limit. Those of pods count, and stay. */
function cleanUp(
  { spec }: DaemonSet,
  all: readonly ControllerRevision[],
  current: ControllerRevision,
  pods: readonly Pod[],
  stable: ControllerRevision | undefined,
): Action[] {
  const hashes = new Set(pods.map(({ metadata }) => metadata.labels?.[podHashLabel]));
  if (stable !== undefined) hashes.add(hashOf(stable));
  const old = all.filter((revision) => revision !== current);
  const live = old.filter((revision) => hashes.has(hashOf(revision)));
  const needed = new Set([current, ...live].map(({ metadata }) => metadata.name));
  return truncated(all, needed, Math.max(0, (spec.revisionHistoryLimit ?? 10) - live.length));
}
