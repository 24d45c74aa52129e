import type { DeleteOptions } from '@gantry/client/api.ts';
import { rfc3339 } from '@gantry/runtime/time.ts';
import type { AnyObject } from '../core/action.ts';
import { idOf, traitsOf } from './foreign.ts';

export const foregroundFinalizer = 'foregroundDeletion';
export const orphanFinalizer = 'orphan';

const defaultGraceSeconds = 30;

/** The next state of an object whose end is asked for, by the api's rules. */
export function deletionOf(object: AnyObject, options: DeleteOptions, nowMs: number): AnyObject | 'gone' | 'unchanged' {
  const finalizers = finalizersAfter(object, options.propagationPolicy);
  const graceSeconds = graceOf(object, options.gracePeriodSeconds);
  if (finalizers.length + namespaceFinalizers(object).length === 0 && graceSeconds === 0) return 'gone';
  const { deletionTimestamp, deletionGracePeriodSeconds = 0 } = object.metadata;
  const shorter = deletionTimestamp === undefined || graceSeconds < Number(deletionGracePeriodSeconds);
  const same = finalizers.join() === (object.metadata.finalizers ?? []).join();
  if (!shorter && same) return 'unchanged';
  const metadata = { ...object.metadata, finalizers };
  if (shorter) {
    metadata.deletionTimestamp = rfc3339(nowMs + graceSeconds * 1000);
    metadata.deletionGracePeriodSeconds = graceSeconds;
    if (metadata.generation !== undefined) metadata.generation++;
  }
  const phase = object.kind === 'Namespace' ? { status: { ...object.status, phase: 'Terminating' } } : {};
  return { ...object, metadata, ...phase } as AnyObject;
}

/** True for an object on its way out that nothing holds any more. */
export function isReleased(object: AnyObject): boolean {
  const { finalizers = [], deletionGracePeriodSeconds = 0 } = object.metadata;
  return finalizers.length + namespaceFinalizers(object).length + Number(deletionGracePeriodSeconds) === 0;
}

function graceOf(object: AnyObject, asked: number | undefined): number {
  if (object.kind !== 'Pod') return 0;
  const ended = object.status?.phase === 'Succeeded' || object.status?.phase === 'Failed';
  if (ended || !object.spec.nodeName) return 0;
  return asked ?? Number(object.spec.terminationGracePeriodSeconds ?? defaultGraceSeconds);
}

function finalizersAfter(object: AnyObject, policy: string | undefined): string[] {
  const present = object.metadata.finalizers ?? [];
  const others = present.filter((name) => name !== foregroundFinalizer && name !== orphanFinalizer);
  switch (policy ?? implicitPolicy(object, present)) {
    case 'Foreground':
      return [...others, foregroundFinalizer];
    case 'Orphan':
      return [...others, orphanFinalizer];
    default:
      return others;
  }
}

function implicitPolicy(object: AnyObject, present: readonly string[]): string {
  if (present.includes(foregroundFinalizer)) return 'Foreground';
  if (present.includes(orphanFinalizer)) return 'Orphan';
  return traitsOf(idOf(object))?.defaultPropagation ?? 'Background';
}

function namespaceFinalizers(object: AnyObject): readonly string[] {
  return object.kind === 'Namespace' ? (object.spec?.finalizers ?? []) : [];
}
