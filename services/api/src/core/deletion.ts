import type { Kind } from '@gantry/model/kind.ts';
import { apiVersionOf } from '@gantry/model/registry.ts';
import { conflict, GantryError } from '@gantry/runtime/errors.ts';
import { rfc3339 } from '@gantry/runtime/time.ts';
import { cloneJson } from './clone.ts';
import { infoOf } from './keys.ts';
import type { AnyObject } from './stored-object.ts';

/** Options of a deletion. */
export interface DeletionRequest {
  /** Seconds a pod gets to end; its own if absent. */
  readonly gracePeriodSeconds?: number | undefined;
  readonly propagationPolicy?: string | undefined;
  readonly uid?: string | undefined;
  readonly resourceVersion?: string | undefined;
}

/** Names an object of a kind. */
interface Addressee {
  readonly kind: Kind;
  readonly namespace: string;
  readonly name: string;
}

/** The effect of a deletion on an object. */
export type Deletion =
  | { readonly type: 'remove' }
  /** It stays until its finalizers are gone or its node agent reports it terminated; `object` is its new state. */
  | { readonly type: 'mark'; readonly object: AnyObject }
  /** Its end was asked for already, and this request adds nothing. */
  | { readonly type: 'unchanged' };

/** The finalizers by which the garbage collector is told how to treat dependents. */
export const foregroundFinalizer = 'foregroundDeletion';
export const orphanFinalizer = 'orphan';

const defaultPodGraceSeconds = 30;

/**
 * Decides what a delete does, in Kubernetes' semantics: pods bound to a node get a grace period that their node agent
 * ends, finalizers hold every kind, the propagation policy becomes a finalizer.
 * @param object The stored object; not changed.
 */
export function decideDeletion(kind: Kind, object: AnyObject, request: DeletionRequest, nowMs: number): Deletion {
  if (kind.prepareForDelete !== undefined && object.metadata.deletionTimestamp === undefined) {
    checkFirstPreconditions(kind, object, request);
    const prepared = cloneJson(object);
    prepared.metadata.deletionTimestamp = rfc3339(nowMs);
    kind.prepareForDelete(prepared, nowMs);
    return { type: 'mark', object: prepared };
  }
  checkPreconditions(kind, object, request);
  const finalizers = finalizersAfter(kind, object, request.propagationPolicy);
  const graceSeconds = graceOf(kind, object, request.gracePeriodSeconds);
  const held = finalizers.length > 0 || namespaceFinalizers(kind, object).length > 0;
  if (!held && graceSeconds === 0) return { type: 'remove' };
  const before = object.metadata;
  const sameFinalizers = finalizers.join() === (before.finalizers ?? []).join();
  if (before.deletionTimestamp !== undefined) {
    const shorter = graceSeconds < Number(before.deletionGracePeriodSeconds ?? 0);
    if (!shorter && sameFinalizers) return { type: 'unchanged' };
    return { type: 'mark', object: marked(kind, object, finalizers, shorter ? graceSeconds : undefined, nowMs) };
  }
  return { type: 'mark', object: marked(kind, object, finalizers, graceSeconds, nowMs) };
}

/**
 * Decides on the end of an object whose text is damaged: it goes at once, because nobody can tell its finalizers and its
 * grace period. A request that names a uid is refused, because nobody can tell that either. Returns its identity in the
 * object's place.
 */
export function decideDamagedDeletion(
  { kind, namespace, name }: Addressee,
  request: DeletionRequest,
  { revision }: { readonly revision: number },
): AnyObject {
  const home = kind.namespaced ? { namespace } : {};
  const metadata = { name, ...home, resourceVersion: String(revision) };
  const identity: AnyObject = { apiVersion: apiVersionOf(kind), kind: kind.kind, metadata };
  checkPreconditions(kind, identity, request);
  return identity;
}

/** True for an object whose end was asked for and that nothing holds any more: the write that makes it so removes it. */
export function isReleased(kind: Kind, object: AnyObject): boolean {
  const { deletionTimestamp, deletionGracePeriodSeconds, finalizers } = object.metadata;
  return (
    deletionTimestamp !== undefined &&
    Number(deletionGracePeriodSeconds ?? 0) === 0 &&
    (finalizers ?? []).length === 0 &&
    namespaceFinalizers(kind, object).length === 0
  );
}

function marked(
  kind: Kind,
  object: AnyObject,
  finalizers: readonly string[],
  graceSeconds: number | undefined,
  nowMs: number,
): AnyObject {
  const metadata = { ...object.metadata, finalizers: [...finalizers] };
  if (finalizers.length === 0) delete (metadata as Partial<typeof metadata>).finalizers;
  if (graceSeconds !== undefined) {
    metadata.deletionTimestamp = rfc3339(nowMs + graceSeconds * 1_000);
    // A namespace ends when it is empty, however long that takes.
    if (kind.kind !== 'Namespace') metadata.deletionGracePeriodSeconds = graceSeconds;
    // The first request alone changes what is wanted; later ones change the time.
    const before = object.metadata;
    if (before.deletionTimestamp === undefined && before.generation)
      metadata.generation = Number(before.generation) + 1;
  }
  const next: AnyObject = { ...object, metadata };
  if (kind.kind === 'Namespace') next.status = { ...object.status, phase: 'Terminating' };
  return next;
}

/** Refuses with Conflict what was asked for another object of the same name. @param wanted Any object if absent or empty. */
function checkUidPrecondition(kind: Kind, { metadata }: AnyObject, wanted: string | undefined): void {
  if (!wanted || wanted === metadata.uid) return;
  throw conflict(
    { ...infoOf(kind, metadata.name), resource: kind.kind },
    `the UID in the precondition (${wanted}) does not match the UID in record (${metadata.uid}). The object might have been deleted and then recreated`,
  );
}

/** The same in the words that Kubernetes has for a kind whose end it prepares. */
function checkFirstPreconditions(kind: Kind, { metadata }: AnyObject, request: DeletionRequest): void {
  for (const [word, wanted, found] of [
    ['UID', request.uid, metadata.uid],
    ['ResourceVersion', request.resourceVersion, metadata.resourceVersion],
  ] as const) {
    if (!wanted || wanted === found) continue;
    const why = `precondition failed: ${word} in precondition: ${wanted}, ${word} in object meta: ${found}`;
    throw conflict(infoOf(kind, metadata.name), why);
  }
}

/** Refuses with Conflict what was asked for another object or another state of it than the stored one. */
export function checkPreconditions(
  kind: Kind,
  object: AnyObject,
  request: Pick<DeletionRequest, 'uid' | 'resourceVersion'>,
): void {
  const { name = '', resourceVersion } = object.metadata;
  checkUidPrecondition(kind, object, request.uid);
  if (request.resourceVersion && request.resourceVersion !== resourceVersion) {
    throw conflict(
      { ...infoOf(kind, name), resource: kind.kind },
      `the ResourceVersion in the precondition (${request.resourceVersion}) does not match the ResourceVersion in record (${resourceVersion}). The object might have been modified`,
    );
  }
}

function graceOf(kind: Kind, object: AnyObject, asked: number | undefined): number {
  if (kind.kind !== 'Pod') return 0;
  const finished = object.status?.phase === 'Succeeded' || object.status?.phase === 'Failed';
  if (finished || !object.spec?.nodeName) return 0;
  const seconds = asked ?? Number(object.spec.terminationGracePeriodSeconds ?? defaultPodGraceSeconds);
  return seconds < 0 ? 1 : Math.floor(seconds);
}

function finalizersAfter(kind: Kind, object: AnyObject, policy: string | undefined): string[] {
  const present = object.metadata.finalizers ?? [];
  const others = present.filter((name) => name !== foregroundFinalizer && name !== orphanFinalizer);
  switch (policy || implicitPolicy(kind, present)) {
    case 'Foreground':
      return [...others, foregroundFinalizer];
    case 'Orphan':
      return [...others, orphanFinalizer];
    case 'Background':
      return others;
    default:
      throw unknownPolicy(policy);
  }
}

/** The finalizers that are there say how an earlier request wanted it; else the kind says. */
function implicitPolicy(kind: Kind, present: readonly string[]): string {
  if (present.includes(foregroundFinalizer)) return 'Foreground';
  if (present.includes(orphanFinalizer)) return 'Orphan';
  return kind.defaultPropagation ?? 'Background';
}

function unknownPolicy(policy: string | undefined): GantryError {
  const message = `Unsupported value: "${policy}": supported values: "Foreground", "Background", "Orphan", "nil"`;
  return new GantryError('Invalid', `DeleteOptions.meta.k8s.io "" is invalid: propagationPolicy: ${message}`, {
    causes: [{ reason: 'FieldValueNotSupported', field: 'propagationPolicy', message }],
  });
}

/** A namespace is also held by spec.finalizers, which the namespace controller empties when nothing is left inside. */
function namespaceFinalizers(kind: Kind, object: AnyObject): readonly unknown[] {
  const held = kind.kind === 'Namespace' ? object.spec?.finalizers : undefined;
  return Array.isArray(held) ? held : [];
}
