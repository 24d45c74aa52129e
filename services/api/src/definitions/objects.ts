/** Deletion of all objects of a definition that ends. */
import { bareKind } from '@gantry/model/bare-kind.ts';
import type { Kind } from '@gantry/model/kind.ts';
import { isError } from '@gantry/runtime/errors.ts';
import type { CoreDeps } from '../core/context.ts';
import { keyPrefix, parseKey } from '../core/keys.ts';
import { Stored } from '../core/stored-object.ts';
import { remove } from '../core/writer.ts';
import type { Outline } from './outline.ts';

const pageEntries = 500;
/** Deletions at the same time. */
const maxParallel = 16;

/** State of a deletion of all objects. */
export interface Remaining {
  /** Objects that are still there: their own finalizers hold them. */
  readonly count: number;
  /** The revision at which they were counted. */
  readonly revision: number;
}

/** The kind of a definition's objects as far as deleting them needs it: it may be served no more, or not yet. */
export function kindToDelete({ group, names, isNamespaced: namespaced }: Outline): Kind {
  const { kind, plural, singular = '' } = names;
  return bareKind({ group, version: '', kind, plural, singular, shortNames: [], namespaced });
}

/**
 * Asks for the end of all objects of a definition, each as a client would who deletes it; no admission can refuse. Objects whose end was asked
 * for already are left to their finalizers. Rejects with the first failure after all were tried.
 */
export async function deleteObjects(deps: CoreDeps, outline: Outline, signal: AbortSignal): Promise<void> {
  const kind = kindToDelete(outline);
  let failure: unknown;
  let after: string | undefined;
  for (let more = true; more; ) {
    signal.throwIfAborted();
    const page = await deps.store.list({ prefix: keyPrefix(kind, ''), limit: pageEntries, after });
    const waiting = page.entries.map((entry) => new Stored(entry)).values();
    const work = async (): Promise<void> => {
      for (const stored of waiting) {
        signal.throwIfAborted();
        await deleteOne(deps, kind, stored).catch((error: unknown) => {
          failure ??= error;
        });
      }
    };
    await Promise.all(Array.from({ length: maxParallel }, work));
    after = page.entries.at(-1)?.key;
    ({ more } = page);
  }
  if (failure !== undefined) throw failure;
}

/** Counts what is left of the objects of a definition; one is enough to know that not all are gone. */
export async function remainingObjects({ store }: Pick<CoreDeps, 'store'>, outline: Outline): Promise<Remaining> {
  const { entries, revision } = await store.list({ prefix: keyPrefix(kindToDelete(outline), ''), limit: 1 });
  return { count: entries.length, revision };
}

async function deleteOne(deps: CoreDeps, kind: Kind, stored: Stored): Promise<void> {
  if (stored.damage === undefined && stored.object.metadata.deletionTimestamp !== undefined) return;
  const { namespace, name } = parseKey(stored.key)!;
  const target = { kind, namespace: kind.namespaced ? namespace : '', name };
  try {
    await remove(deps, target, {}, false);
  } catch (error) {
    if (!isError(error, 'NotFound')) throw error;
  }
}
