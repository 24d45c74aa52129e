import type { ScaleReader } from '@gantry/client/api.ts';
import { isError, toGantryError } from '@gantry/runtime/errors.ts';
import type { ObjectRef } from './action.ts';

/** The outcome of reading the scale subresource of an object. */
export type ScaleReading =
  /** It asks for so many replicas. */
  | { readonly type: 'replicas'; readonly replicas: number }
  /** There is no such object. */
  | { readonly type: 'absent' }
  /** Its kind has no scale subresource. */
  | { readonly type: 'none' }
  /** It could not be read, for this reason. */
  | { readonly type: 'problem'; readonly message: string };

/** Reads how many replicas an object asks for. Rejects only where the signal fires. */
export async function readScale(
  api: ScaleReader,
  { kind, namespace, name, uid }: ObjectRef,
  signal: AbortSignal,
): Promise<ScaleReading> {
  try {
    const scale = await api.getScale(kind, namespace === undefined ? { name } : { namespace, name }, { signal });
    if (scale === undefined) return { type: 'none' };
    return uid === undefined || scale.uid === uid ? { type: 'replicas', replicas: scale.replicas } : { type: 'absent' };
  } catch (error) {
    signal.throwIfAborted();
    if (isError(error, 'NotFound')) return { type: 'absent' };
    return { type: 'problem', message: toGantryError(error).message };
  }
}
