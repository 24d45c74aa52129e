import type { KubeObject } from '@gantry/model/kind.ts';
import type { Store } from '@gantry/store/store.ts';
import { Stored } from '../core/stored-object.ts';

/**
 * The name of the class that objects without one get: the newest, if several are marked as default; undefined if none is.
 * @param prefix Of the keys of all classes.
 */
export async function defaultClassName<T extends KubeObject>(
  store: Pick<Store, 'list'>,
  prefix: string,
  isDefault: (object: T) => boolean,
): Promise<string | undefined> {
  const { entries } = await store.list({ prefix });
  const classes = entries.map((entry) => new Stored(entry)).filter(({ damage }) => damage === undefined);
  return classes
    .map(({ object }) => object as unknown as T)
    .filter(isDefault)
    .toSorted(byAge)[0]?.metadata.name;
}

/** The newest first; by name where they are of one age. */
function byAge({ metadata: left }: KubeObject, { metadata: right }: KubeObject): number {
  const [leftMs, rightMs] = [left, right].map(({ creationTimestamp = '' }) => Date.parse(creationTimestamp) || 0);
  return rightMs! - leftMs! || (left.name < right.name ? -1 : 1);
}
