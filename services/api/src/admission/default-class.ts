import type { KubeObject } from '@gantry/model/kind.ts';
import type { KindView } from './kind-view.ts';

/**
 * The name of the class that objects without one get: the newest, if several are marked as default; undefined if none is.
 * @param classes All of them.
 */
export function defaultClassName<T extends KubeObject>(
  classes: Pick<KindView, 'in'>,
  isDefault: (object: T) => boolean,
): string | undefined {
  return [...classes.in()]
    .map(({ object }) => object as unknown as T)
    .filter(isDefault)
    .toSorted(byAge)[0]?.metadata.name;
}

/** The newest first; by name where they are of one age. */
function byAge({ metadata: left }: KubeObject, { metadata: right }: KubeObject): number {
  const [leftMs, rightMs] = [left, right].map(({ creationTimestamp = '' }) => Date.parse(creationTimestamp) || 0);
  return rightMs! - leftMs! || (left.name < right.name ? -1 : 1);
}
