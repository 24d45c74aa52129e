import type { KindName } from '@gantry/model/built-in.ts';
import { type Context, refusal } from '../context.ts';
import { objectLabel } from '../output/objects.ts';
import { parseTarget } from '../targets.ts';

const scalable: readonly KindName[] = ['Deployment', 'ReplicaSet'];

export interface ScaleFlags {
  readonly replicas: number;
  /** Scale only if the workload has this many now. */
  readonly currentReplicas?: number;
}

/** Sets how many replicas a workload has. */
export async function scale(context: Context, args: readonly string[], flags: ScaleFlags): Promise<void> {
  const { kind, name } = parseTarget(args);
  if (!scalable.includes(kind)) throw refusal(`cannot scale a ${kind}: only ${scalable.join(' and ')} have replicas`);
  const target = { namespace: context.namespace, name };
  if (flags.currentReplicas !== undefined) {
    const stored = await context.client.get(kind as 'Deployment', target, { signal: context.signal });
    if (stored.spec.replicas !== flags.currentReplicas) {
      const problem = `Expected replicas to be ${flags.currentReplicas}, was ${stored.spec.replicas}`;
      throw refusal(problem);
    }
  }
  const patch = { type: 'merge', body: { spec: { replicas: flags.replicas } } } as const;
  const scaled = await context.client.patch(kind, target, patch, { signal: context.signal });
  context.output.write(`${objectLabel(scaled)} scaled\n`);
}
