/** The columns that `get` prints of a kind. */
import { formatAge } from './age.ts';
import type { Column, Kind, KubeObject } from './kind.ts';

const nameColumn: Column<KubeObject> = { name: 'NAME', cell: ({ metadata }) => metadata.name };
const ageColumn: Column<KubeObject> = {
  name: 'AGE',
  cell: ({ metadata }, nowMs) => formatAge(metadata.creationTimestamp, nowMs),
};

/** The columns that `get` prints, in kubectl's order: narrow ones between NAME and AGE, then wide ones, unless the kind has an order of its own. */
export function printedColumns<T extends KubeObject>(kind: Kind<T>, wide: boolean): readonly Column<T>[] {
  if (kind.listsAllColumns) return kind.columns.filter((column) => wide || !column.wide);
  const narrow = kind.columns.filter((column) => !column.wide);
  return [nameColumn, ...narrow, ageColumn, ...(wide ? kind.columns.filter((column) => column.wide) : [])];
}
