import type { ListPage, Reader, Writer } from '@gantry/client/api.ts';
import type { KubeObject } from '@gantry/model/kind.ts';
import { toGantryError } from '@gantry/runtime/errors.ts';
import type { Action, Remains } from './action.ts';

/** Objects of a page. */
const pageSize = 500;

/** Asks for the end of all objects of a kind in a namespace, and counts those that are left. Rejects only where the signal fires. */
export async function emptied(
  api: Pick<Writer, 'deleteCollection'> & Pick<Reader, 'list'>,
  { kind, namespace }: Extract<Action, { readonly type: 'empty' }>,
  signal: AbortSignal,
): Promise<Remains> {
  const finalizers = new Map<string, number>();
  let count = 0;
  try {
    await api.deleteCollection(kind, { namespace }, { propagationPolicy: 'Background', signal });
    let token: string | undefined;
    do {
      const query = { namespace, metadataOnly: true, limit: pageSize, ...(token ? { continue: token } : {}) };
      const page: ListPage<KubeObject> = await api.list(kind, query, { signal });
      // Objects that cannot be decoded are there as well.
      count += page.items.length + (page.damaged?.length ?? 0);
      for (const { metadata } of page.items) {
        for (const name of metadata.finalizers ?? []) finalizers.set(name, (finalizers.get(name) ?? 0) + 1);
      }
      token = page.continue;
    } while (token !== undefined);
    return { kind, namespace, count, finalizers, problem: undefined };
  } catch (error) {
    signal.throwIfAborted();
    return { kind, namespace, count, finalizers, problem: toGantryError(error).message };
  }
}
