import type { Pod } from '@gantry/model/gen/gantry.core.v1.ts';
import { parseQuantity, toMilli, toUnits } from '@gantry/model/quantity.ts';

/** Annotation of a pod with the usage that each of its containers seems to have on a hollow node: `cpu=250m,memory=64Mi,sidecar/cpu=10m`. */
export const playedUsageAnnotation = 'gantry.dev/hollow-usage';

/** Usage of a container that does not exist. */
export interface PlayedUsage {
  /** Thousandths of a processor. */
  readonly cpuMilli: number;
  readonly memoryBytes: number;
}

/** Tells the usage of a container, as of now. */
export type Play = (pod: Pod, container: string) => PlayedUsage;

/** The usage that a pod's annotation names; nothing without it, and for what makes no sense in it. */
export const annotatedUsage: Play = ({ metadata }, container) => {
  const found = { cpu: '0', memory: '0' };
  // Entries of one container come last, so that they go before those of all.
  const entries = (metadata.annotations?.[playedUsageAnnotation] ?? '').split(',').map((entry) => entry.trim());
  for (const prefix of ['', `${container}/`]) {
    for (const resource of ['cpu', 'memory'] as const) {
      const start = `${prefix}${resource}=`;
      const value = entries.find((entry) => entry.startsWith(start))?.slice(start.length);
      if (value !== undefined) found[resource] = value;
    }
  }
  return { cpuMilli: amount(found.cpu, toMilli), memoryBytes: amount(found.memory, toUnits) };
};

function amount(text: string, measure: (quantity: ReturnType<typeof parseQuantity>) => number): number {
  try {
    return Math.max(0, measure(parseQuantity(text)));
  } catch {
    return 0;
  }
}
