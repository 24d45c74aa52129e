/** Schemas of definitions as all their rules see them. */
import type { JSONSchemaProps } from '../../gen/gantry.apiextensions.v1.ts';

/** The schema of a list's entries; undefined where there is none, or one for each index. */
export function itemsOf({ items }: JSONSchemaProps): JSONSchemaProps | undefined {
  return Array.isArray(items) ? undefined : items;
}

/** Entries in the order of their names, so that messages always come in one order. */
export function sortedEntries<T>(entries: Readonly<Record<string, T>> | undefined): [string, T][] {
  return Object.entries(entries ?? {}).sort(([a], [b]) => (a < b ? -1 : 1));
}
