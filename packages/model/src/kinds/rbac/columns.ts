import type { Column, KubeObject } from '../../kind.ts';

/** Columns of roles, which show the time of their creation in place of their age. */
export const createdColumns: readonly Column<KubeObject>[] = [
  { name: 'NAME', cell: ({ metadata }) => metadata.name },
  { name: 'CREATED AT', cell: ({ metadata }) => metadata.creationTimestamp ?? '' },
];
