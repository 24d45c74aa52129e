import type { Kind, KubeObject } from '@gantry/model/kind.ts';
import { compileLabelSelector } from '@gantry/model/selectors.ts';
import { GantryError } from '@gantry/runtime/errors.ts';
import type { CoreDeps } from '../core/context.ts';
import { keyPrefix, objectKey } from '../core/keys.ts';

/** Objects that metrics are about. */
export interface ObjectSelection {
  /** Empty for all namespaces, and for objects that are in none. */
  readonly namespace: string;
  /** One object; all that the selector takes where it is empty. */
  readonly name: string;
  /** All objects where it is empty. */
  readonly labelSelector: string;
}

/** Reads stored objects. */
export type ReadObjects = <T extends KubeObject>(
  kind: Kind,
  selection: ObjectSelection,
  signal: AbortSignal,
) => Promise<T[]>;

/** Characters of objects that a question reads from the store at one time. */
const maxPageChars = 1024 * 1024;

/** Reads one object, or those that a selector takes; damaged ones are left out. Throws BadRequest for a selector that makes no sense. */
export function objectReader({ store, cache, limits }: Pick<CoreDeps, 'store' | 'cache' | 'limits'>): ReadObjects {
  return async <T extends KubeObject>(
    kind: Kind,
    { namespace, name, labelSelector }: ObjectSelection,
    signal: AbortSignal,
  ): Promise<T[]> => {
    if (labelSelector.length > limits.maxSelectorChars) {
      throw new GantryError(
        'BadRequest',
        `a selector of ${labelSelector.length} characters, at most ${limits.maxSelectorChars}`,
      );
    }
    const matches = compileLabelSelector(labelSelector);
    if (name !== '') {
      const entry = await store.get(objectKey(kind, namespace, name));
      const stored = entry && cache.decode(entry);
      return stored === undefined || stored.damage !== undefined ? [] : [stored.object as unknown as T];
    }
    const found: T[] = [];
    const prefix = keyPrefix(kind, namespace);
    let after: string | undefined;
    let revision: number | undefined;
    for (;;) {
      signal.throwIfAborted();
      const page = await store.list({ prefix, maxChars: maxPageChars, after, revision });
      for (const stored of page.entries.map((entry) => cache.decode(entry))) {
        if (stored.damage === undefined && matches(stored.object.metadata.labels ?? {}))
          found.push(stored.object as unknown as T);
      }
      if (!page.more) return found;
      after = page.entries.at(-1)!.key;
      revision = page.revision;
    }
  };
}
