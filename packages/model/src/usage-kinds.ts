/** Kinds of metrics.k8s.io, whose objects are made when they are read. */
import { bareKind } from './bare-kind.ts';
import type { NodeMetrics, PodMetrics } from './gen/gantry.metrics.v1beta1.ts';
import type { Column, Kind } from './kind.ts';
import { addQuantities, formatQuantity, parseQuantity } from './quantity.ts';

/** Usage by resource, as quantities. */
type Usage = Readonly<Record<string, string | number>>;

/** The kinds, with the names that metrics-server gives them. */
export const usageKinds: readonly Kind[] = [
  usageKind('NodeMetrics', 'nodes', false, (object) => (object as NodeMetrics).usage),
  usageKind('PodMetrics', 'pods', true, (object) => {
    const { containers } = object as PodMetrics;
    return { cpu: total(containers, 'cpu'), memory: total(containers, 'memory') };
  }),
];

function usageKind(kind: string, plural: string, namespaced: boolean, usageOf: (object: unknown) => Usage): Kind {
  const names = { group: 'metrics.k8s.io', version: 'v1beta1', kind, plural, singular: '', shortNames: [], namespaced };
  const column = (name: string, format: string, cell: Column<never>['cell']): Column<never> => {
    return { name, cell, definition: { type: 'string', format, description: '' } };
  };
  return {
    ...bareKind(names),
    message: `gantry.metrics.v1beta1.${kind}`,
    verbs: ['get', 'list'],
    listsAllColumns: true,
    columns: [
      column('Name', 'name', ({ metadata }: { metadata: { name: string } }) => metadata.name),
      ...['cpu', 'memory'].map((resource) => {
        return column(resource, 'quantity', (object) => String(usageOf(object)[resource] ?? '0'));
      }),
      column('Window', 'duration', (object) => String((object as NodeMetrics).window)),
    ] as unknown as Kind['columns'],
  };
}

function total(containers: PodMetrics['containers'], resource: string): string {
  const amounts = containers.map(({ usage }) => parseQuantity(usage[resource] ?? '0'));
  return formatQuantity(amounts.reduce(addQuantities, parseQuantity('0')));
}
