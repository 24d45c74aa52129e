import type { ScaleReader } from '@gantry/client/api.ts';
import { isError, toGantryError } from '@gantry/runtime/errors.ts';
import type { ObjectRef, ScaleReading } from './action.ts';

/** Reads how many replicas an object asks for. Rejects only where the signal fires. */
export async function readScale(
  api: ScaleReader,
  { kind, namespace, name, uid }: ObjectRef,
  signal: AbortSignal,
): Promise<ScaleReading> {
  try {
    const scale = await api.getScale(kind, namespace === undefined ? { name } : { namespace, name }, { signal });
    if (scale === undefined) return { type: 'none' };
    if (uid === undefined || scale.uid === uid) return { type: 'replicas', ...scale };
    return { type: 'absent', message: `the object with the name "${name}" is another one` };
  } catch (error) {
    signal.throwIfAborted();
    if (isError(error, 'NotFound')) return { type: 'absent', message: error.message };
    return { type: 'problem', message: toGantryError(error).message };
  }
}
