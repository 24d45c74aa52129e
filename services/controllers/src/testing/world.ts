import type { Pod } from '@gantry/model/gen/gantry.core.v1.ts';
import type { KindName, Kinds } from '@gantry/model/registry.ts';
import { rfc3339 } from '@gantry/runtime/time.ts';
import type { Action, AnyObject, Controller, View } from '../core/action.ts';
import { fakeView } from './fake-view.ts';

/**
 * A cluster in a map: it stores what controllers write as the api would, and lets pods come up and go as nodes would, one step
 * at a time. No time passes but what `tick` is given.
 */
export class World {
  #objects = new Map<string, AnyObject>();
  #revision = 0;
  #names = 0;
  nowMs = Date.parse('2026-01-01T00:00:00Z');

  get view(): View {
    return fakeView([...this.#objects.values()], this.#revision);
  }

  all<K extends KindName>(kind: K): Kinds[K][] {
    return [...this.view.list(kind)];
  }

  pods(): Pod[] {
    return [...this.view.list('Pod')];
  }

  put(object: AnyObject): AnyObject {
    const name = object.metadata.name || `${object.metadata.generateName}${++this.#names}`;
    const stored = this.#objects.get(keyOf(object.kind, object.metadata.namespace, name));
    const metadata = {
      ...object.metadata,
      name,
      uid: stored?.metadata.uid ?? `uid-${name}-${++this.#names}`,
      resourceVersion: String(++this.#revision),
      creationTimestamp: stored?.metadata.creationTimestamp ?? new Date(this.nowMs).toISOString(),
      generation: (stored?.metadata.generation ?? 0) + 1,
    };
    const saved = { ...structuredClone(object), metadata } as AnyObject;
    this.#objects.set(keyOf(object.kind, metadata.namespace, name), saved);
    // The last finalizer's end is the object's end.
    if (metadata.deletionTimestamp !== undefined && isReleased(saved)) this.remove(saved);
    return saved;
  }

  remove(object: AnyObject): void {
    this.#revision++;
    this.#objects.delete(keyOf(object.kind, object.metadata.namespace, object.metadata.name));
  }

  /** Carries out a plan. */
  perform(actions: readonly Action[]): void {
    for (const action of actions) {
      if (action.type === 'create' || action.type === 'update') this.put(action.object);
      if (action.type === 'updateStatus') this.#putStatus(action.object);
      if (action.type === 'delete') this.askForEnd(action.object, action.gracePeriodSeconds, action.propagationPolicy);
    }
  }

  /** As the api takes a deletion: running pods and objects with finalizers stay for a while. */
  askForEnd(object: AnyObject, graceSeconds?: number, propagation?: string): void {
    const stored = this.view.get(object.kind as KindName, object.metadata.namespace, object.metadata.name);
    if (stored === undefined || stored.metadata.deletionTimestamp !== undefined) return;
    const finalizer = { Foreground: 'foregroundDeletion', Orphan: 'orphan' }[propagation ?? ''];
    const finalizers = [...(stored.metadata.finalizers ?? []), ...(finalizer ? [finalizer] : [])];
    const metadata = { ...stored.metadata, finalizers, deletionTimestamp: new Date(this.nowMs).toISOString() };
    const marked = { ...stored, metadata } as AnyObject;
    const lingers = stored.kind === 'Pod' && (stored as Pod).status?.phase === 'Running' && graceSeconds !== 0;
    if (lingers || !isReleased(marked)) {
      this.#revision++;
      this.#objects.set(keyOf(stored.kind, metadata.namespace, metadata.name), marked);
    } else this.remove(stored);
  }

  /** Lets each controller look at every key that its kinds give, once. */
  reconcile(controllers: readonly Controller[]): void {
    for (const controller of controllers) {
      const { view } = this;
      const objects = controller.watches.flatMap((kind): AnyObject[] => [...view.list(kind)]);
      const keys = new Set(objects.flatMap((object) => controller.keysFor(object, view)));
      for (const key of keys) this.perform(controller.reconcile(key, this.view, this.nowMs));
    }
  }

  /** Nodes do their part: pods that `starts` picks become ready, those that `ends` picks and that are to end are gone. */
  tick(starts: (pod: Pod) => boolean, ends: (pod: Pod) => boolean): void {
    this.nowMs += 1000;
    for (const pod of this.pods()) {
      const running = pod.status?.phase === 'Running';
      if (pod.metadata.deletionTimestamp !== undefined) {
        if (ends(pod)) this.remove(pod);
      } else if (!running && starts(pod)) {
        const now = rfc3339(this.nowMs);
        const conditions = [{ type: 'Ready', status: 'True', lastTransitionTime: now }];
        this.#putStatus({ ...pod, status: { phase: 'Running', podIP: '10.0.0.1', conditions } });
      }
    }
  }

  #putStatus(object: AnyObject): void {
    const key = keyOf(object.kind, object.metadata.namespace, object.metadata.name);
    const stored = this.#objects.get(key);
    if (stored === undefined) return;
    const metadata = { ...stored.metadata, resourceVersion: String(++this.#revision) };
    this.#objects.set(key, { ...stored, metadata, status: (object as Pod).status } as AnyObject);
  }
}

function keyOf(kind: string, namespace: string | undefined, name: string): string {
  return `${kind}/${namespace ?? ''}/${name}`;
}

function isReleased(object: AnyObject): boolean {
  const namespaceFinalizers = object.kind === 'Namespace' ? (object.spec?.finalizers ?? []) : [];
  return (object.metadata.finalizers ?? []).length + namespaceFinalizers.length === 0;
}
