import { type Context, refusal } from '../context.ts';
import { objectLabel } from '../output/objects.ts';
import { onlyTarget, targetsOf } from '../targets.ts';

export interface ScaleFlags {
  readonly replicas: number;
  /** Scale only if the workload has this many now. */
  readonly currentReplicas?: number;
}

/** Sets how many replicas a workload has. */
export async function scale(context: Context, args: readonly string[], flags: ScaleFlags): Promise<void> {
  const { kind, type, name } = onlyTarget(await targetsOf(context, args), args);
  const path = type.subresources?.scale?.scale?.specReplicas.split('.');
  if (path === undefined) throw refusal(`cannot scale a ${type.kind}: it has no replicas`);
  const target = { name, ...(type.namespaced ? { namespace: context.namespace } : {}) };
  if (flags.currentReplicas !== undefined) {
    const stored = await context.client.get(kind, target, { signal: context.signal });
    const present = path.reduce<unknown>(
      (value, step) => (value as Record<string, unknown> | undefined)?.[step],
      stored,
    );
    if (present !== flags.currentReplicas) {
      throw refusal(`Expected replicas to be ${flags.currentReplicas}, was ${present}`);
    }
  }
  const body = path.reduceRight<unknown>((inner, step) => ({ [step]: inner }), flags.replicas);
  const patch = { type: 'merge', body } as const;
  const scaled = await context.client.patch(kind, target, patch, { signal: context.signal });
  context.output.write(`${objectLabel(scaled)} scaled\n`);
}
