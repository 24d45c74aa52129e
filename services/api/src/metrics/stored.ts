import type { Kind, KubeObject } from '@gantry/model/kind.ts';
import { compileLabelSelector } from '@gantry/model/selectors.ts';
import { GantryError } from '@gantry/runtime/errors.ts';
import type { CoreDeps } from '../core/context.ts';
import { keyPrefix, objectKey } from '../core/keys.ts';
import type { AnyObject } from '../core/stored-object.ts';

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

/** Parts that a reader needs. */
export type ReaderDeps = Pick<CoreDeps, 'store' | 'cache' | 'limits' | 'clock'>;

/** Characters of objects that a question reads from the store at one time. */
const maxPageChars = 1024 * 1024;
/** Milliseconds for which all objects of a namespace are kept: hundreds of autoscalers ask about its pods at one time. */
const keptMs = 1_000;
/** Lists that are kept at a time. */
const maxKept = 64;

/**
 * Reads one object, or those that a selector takes, as of the last second; damaged ones are left out. Throws BadRequest for a selector that
 * makes no sense.
 */
export function objectReader(deps: ReaderDeps): ReadObjects {
  const { store, cache, limits } = deps;
  const all = keptLists(deps);
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
    const objects = await all(keyPrefix(kind, namespace));
    signal.throwIfAborted();
    return objects.filter(({ metadata }) => matches(metadata.labels ?? {})) as unknown as T[];
  };
}

/** All objects below a prefix, each list read once however many want it. */
function keptLists(deps: ReaderDeps): (prefix: string) => Promise<readonly AnyObject[]> {
  const kept = new Map<string, { readonly atMs: number; readonly objects: Promise<readonly AnyObject[]> }>();
  return (prefix) => {
    const nowMs = deps.clock.monotonic();
    for (const [old, { atMs }] of kept) if (nowMs - atMs >= keptMs) kept.delete(old);
    const known = kept.get(prefix);
    if (known !== undefined) return known.objects;
    const objects = readAll(deps, prefix);
    if (kept.size < maxKept) kept.set(prefix, { atMs: nowMs, objects });
    return objects;
  };
}

async function readAll({ store, cache }: ReaderDeps, prefix: string): Promise<readonly AnyObject[]> {
  const found: AnyObject[] = [];
  let after: string | undefined;
  let revision: number | undefined;
  for (;;) {
    const page = await store.list({ prefix, maxChars: maxPageChars, after, revision });
    for (const { object, damage } of page.entries.map((entry) => cache.decode(entry))) {
      if (damage === undefined) found.push(object);
    }
    if (!page.more) return found;
    after = page.entries.at(-1)!.key;
    revision = page.revision;
  }
}
