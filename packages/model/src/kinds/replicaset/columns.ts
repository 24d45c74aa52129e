import type { ReplicaSet } from '../../gen/gantry.apps.v1.ts';
import type { PodTemplateSpec } from '../../gen/gantry.core.v1.ts';
import type { LabelSelector } from '../../gen/gantry.meta.v1.ts';
import type { Column, KubeObject } from '../../kind.ts';
import { type Requirement, requirementsOf } from '../../selectors.ts';

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
    { name: 'SELECTOR', wide: true, cell: ({ spec }) => formatSelector(spec.selector) },
  ];
}

/** A selector as it is typed: `app=web,tier in (a,b),!old`, in order of keys; `<none>` where it is empty. */
function formatSelector(selector: LabelSelector): string {
  const matchLabels = Object.keys(selector.matchLabels ?? {}).length;
  const parts = requirementsOf(selector).map((requirement, index): [key: string, text: string] => [
    requirement.key,
    // The conditions of matchLabels come first.
    formatRequirement(requirement, index < matchLabels),
  ]);
  const sorted = parts.sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0));
  return sorted.map(([, text]) => text).join(',') || '<none>';
}

function formatRequirement(requirement: Requirement, isMatchLabel: boolean): string {
  const { key, operator } = requirement;
  switch (operator) {
    case 'In':
    case 'NotIn': {
      if (isMatchLabel) return `${key}=${requirement.values[0]}`;
      const values = [...requirement.values].sort().join(',');
      return `${key} ${operator === 'In' ? 'in' : 'notin'} (${values})`;
    }
    case 'Exists':
      return key;
    case 'DoesNotExist':
      return `!${key}`;
    case 'Gt':
      return `${key}>${requirement.value}`;
    case 'Lt':
      return `${key}<${requirement.value}`;
  }
}
