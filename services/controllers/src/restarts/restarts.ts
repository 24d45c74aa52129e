import type { DaemonSet, Deployment, StatefulSet } from '@gantry/model/gen/gantry.apps.v1.ts';
import { contentHash } from '@gantry/model/hash.ts';
import { type Action, type AnyObject, type Controller, keyOf, sees, type View, waitForView } from '../core/action.ts';
import { configHashAnnotation, observedAnnotation, restartAnnotation } from './annotations.ts';
import { contentReferences, idOf, inOrder, type Reference, referenceOf } from './references.ts';

/** In the place of a hash: there is no such object. */
const absent = 'absent';

type Workload = Deployment | StatefulSet | DaemonSet;
const workloadKinds = ['Deployment', 'StatefulSet', 'DaemonSet'] as const;

/** Replaces the pods of workloads that ask for it when the content of their ConfigMaps or Secrets changes. */
export const restartController: Controller = {
  name: 'restart-controller',
  watches: [...workloadKinds, 'ConfigMap', 'Secret'],

  keysFor(object: AnyObject, view: View): readonly string[] {
    const { kind } = object;
    if (isWorkload(object)) return asks(object) ? [workloadKey(object)] : [];
    if (kind !== 'ConfigMap' && kind !== 'Secret') return [];
    const id = idOf({ kind, name: object.metadata.name });
    return workloadKinds.flatMap((each) =>
      [...view.list(each, object.metadata.namespace)]
        .filter((workload) => asks(workload) && referencesOf(workload).some((reference) => idOf(reference) === id))
        .map(workloadKey),
    );
  },

  reconcile(key: string, view: View): readonly Action[] {
    const [kind, namespace, name] = key.split('/');
    const workload = view.get(kind as Workload['kind'], namespace, name!);
    if (workload === undefined || workload.metadata.deletionTimestamp !== undefined || !asks(workload)) return [];
    const references = referencesOf(workload);
    const before = readObserved(workload.metadata.annotations?.[observedAnnotation]);
    const now = new Map<string, string>();
    const changed: string[] = [];
    for (const reference of references) {
      const id = idOf(reference);
      const known = before?.get(id);
      const hash = hashOf(reference, namespace!, view);
      if (hash === undefined) {
        // Later than what the workload was made after: nobody knows yet whether it is there.
        if (!sees(view, reference.kind, workload)) return [waitForView];
        // No pod starts without it: once it is back, its content says whether anything changed.
        const kept = reference.isOptional ? absent : known;
        if (kept !== undefined) now.set(id, kept);
      } else now.set(id, hash);
      const next = now.get(id);
      if (known !== undefined && next !== undefined && next !== known) changed.push(id);
    }
    const text = [...now].map(([id, hash]) => `${id}=${hash}`).join(',');
    if (before !== undefined && text === workload.metadata.annotations?.[observedAnnotation]) return [];
    return changed.length === 0 ? [noted(workload, text)] : restarted(workload, text, changed);
  },
};

function isWorkload(object: AnyObject): object is Workload {
  return (workloadKinds as readonly string[]).includes(object.kind);
}

function workloadKey(workload: Workload): string {
  return `${workload.kind}/${keyOf(workload)}`;
}

function asks({ metadata }: Workload): boolean {
  const value = metadata.annotations?.[restartAnnotation];
  return value !== undefined && value !== '' && value !== 'false';
}

function referencesOf({ metadata, spec }: Workload): Reference[] {
  const value = metadata.annotations?.[restartAnnotation] ?? '';
  const own = spec.template?.spec === undefined ? [] : contentReferences(spec.template.spec);
  if (value === 'true') return own;
  const ids = new Set(value.split(',').map((id) => id.trim()));
  const named = [...ids].flatMap((id) => {
    const reference = referenceOf(id);
    if (reference === undefined) return [];
    return [own.find((each) => idOf(each) === idOf(reference)) ?? reference];
  });
  return inOrder(named);
}

/** Hash of an object's content; undefined where there is none. */
function hashOf({ kind, name }: Reference, namespace: string, view: View): string | undefined {
  const object = view.get(kind, namespace, name);
  if (object === undefined) return undefined;
  const { data = {} } = object;
  return contentHash(object.kind === 'ConfigMap' ? [data, object.binaryData ?? {}] : [data]);
}

function readObserved(text: string | undefined): Map<string, string> | undefined {
  if (text === undefined) return undefined;
  const entries = text.split(',').filter((entry) => entry.includes('='));
  return new Map(entries.map((entry) => [entry.slice(0, entry.indexOf('=')), entry.slice(entry.indexOf('=') + 1)]));
}

/** The workload, which notes the content and goes on as it is. */
function noted(workload: Workload, text: string): Action {
  const annotations = { ...workload.metadata.annotations, [observedAnnotation]: text };
  return { type: 'update', object: { ...workload, metadata: { ...workload.metadata, annotations } } as Workload };
}

/** The workload with another template, and the content that it is for: both in one write, so that nobody counts a change twice. */
function restarted(workload: Workload, text: string, changed: readonly string[]): Action[] {
  const { metadata, spec } = workload;
  const template = structuredClone(spec.template!);
  template.metadata = {
    ...template.metadata!,
    annotations: { ...template.metadata?.annotations, [configHashAnnotation]: contentHash(text) },
  };
  const annotations = { ...metadata.annotations, [observedAnnotation]: text };
  const object = { ...workload, metadata: { ...metadata, annotations }, spec: { ...spec, template } } as Workload;
  const message = `The pods are replaced, because the content changed of: ${changed.join(', ')}`;
  return [
    { type: 'update', object },
    { type: 'event', about: workload, eventType: 'Normal', reason: 'RestartedOnChange', message },
  ];
}
