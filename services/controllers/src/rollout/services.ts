import type { Rollout } from '@gantry/model/gen/gantry.rollout.v1.ts';
import type { View } from '../core/action.ts';
import type { Workload } from './workload.ts';

/** Services that one policy splits, where it names none. */
const maxServices = 32;

/** The Services of a policy: those whose requests are split, and those that show the canary. In order of name. */
export interface SplitServices {
  readonly split: readonly string[];
  readonly preview: readonly string[];
}

/** The Services that a policy names, or else those of its namespace that select the pods of its workload. */
export function servicesOf({ metadata, spec }: Rollout, workload: Workload, view: View): SplitServices {
  const preview = spec.strategy.blueGreen?.previewService;
  const named = spec.services ?? [];
  return {
    split: named.length > 0 ? [...named].sort() : selecting(metadata.namespace!, workload, preview, view),
    preview: preview === undefined ? [] : [preview],
  };
}

function selecting(namespace: string, workload: Workload, preview: string | undefined, view: View): string[] {
  const labels = workload.object.spec.template?.metadata?.labels ?? {};
  const names: string[] = [];
  for (const { metadata, spec } of view.list('Service', namespace)) {
    const wanted = Object.entries(spec?.selector ?? {});
    if (wanted.length === 0 || metadata.name === preview) continue;
    if (wanted.every(([name, value]) => labels[name] === value)) names.push(metadata.name);
  }
  return names.sort().slice(0, maxServices);
}
