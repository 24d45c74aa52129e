import type { EndpointSlice } from '../../gen/gantry.discovery.v1.ts';
import type { Column } from '../../kind.ts';
import { formatFirst } from '../cells.ts';

/** Columns of `get endpointslices`. */
export const endpointSliceColumns: readonly Column<EndpointSlice>[] = [
  { name: 'ADDRESSTYPE', cell: ({ addressType }) => addressType ?? '' },
  {
    name: 'PORTS',
    cell: ({ ports = [] }) => formatFirst(ports.map(({ port, name }) => String(port ?? name ?? '*'))),
  },
  {
    name: 'ENDPOINTS',
    cell: ({ endpoints = [] }) => formatFirst(endpoints.flatMap(({ addresses }) => addresses ?? [])),
  },
];
