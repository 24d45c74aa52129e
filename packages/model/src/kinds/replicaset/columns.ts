import type { ReplicaSet } from '../../gen/gantry.apps.v1.ts';
import type { PodTemplateSpec } from '../../gen/gantry.core.v1.ts';
import type { LabelSelector } from '../../gen/gantry.meta.v1.ts';
import type { Column, KubeObject } from '../../kind.ts';
import { selectorText } from '../../selector-text.ts';

/** Anything that makes pods from a template. */
interface Templated extends KubeObject {
  readonly spec: { readonly selector: LabelSelector; readonly template: PodTemplateSpec };
}

/** Columns of `get replicasets`. */
export const replicaSetColumns: readonly Column<ReplicaSet>[] = [
  { name: 'DESIRED', cell: ({ spec }) => String(spec.replicas ?? 0) },
  { name: 'CURRENT', cell: ({ status }) => String(status?.replicas ?? 0) },
  { name: 'READY', cell: ({ status }) => String(status?.readyReplicas ?? 0) },
  ...templateColumns(),
];

/** The wide columns that tell of a template. */
export function templateColumns<T extends Templated>(): Column<T>[] {
  const listed = (pick: (container: { name: string; image?: string }) => string) => (object: T) =>
    object.spec.template.spec.containers.map(pick).join(',');
  return [
    { name: 'CONTAINERS', wide: true, cell: listed(({ name }) => name) },
    { name: 'IMAGES', wide: true, cell: listed(({ image }) => image ?? '') },
    { name: 'SELECTOR', wide: true, cell: ({ spec }) => selectorText(spec.selector) || '<none>' },
  ];
}
