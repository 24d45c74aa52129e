import type { Pod } from '@gantry/model/gen/gantry.core.v1.ts';
import type { KindName } from '@gantry/model/registry.ts';
import { GantryError } from '@gantry/runtime/errors.ts';
import type { Context } from '../context.ts';
import { parseTarget } from '../targets.ts';

export interface LogsFlags {
  readonly container?: string;
  readonly follow: boolean;
  readonly previous: boolean;
  readonly timestamps: boolean;
  readonly tail?: number;
  readonly sinceSeconds?: number;
}

/** Prints what a container writes. A workload stands for one of its pods. */
export async function logs(context: Context, args: readonly string[], flags: LogsFlags): Promise<void> {
  const pod = await podFor(context, args);
  const chunks = context.client.pods.logs(
    {
      ref: { namespace: context.namespace, pod, container: flags.container ?? '' },
      follow: flags.follow,
      previous: flags.previous,
      timestamps: flags.timestamps,
      ...(flags.tail === undefined ? {} : { tailLines: flags.tail }),
      ...(flags.sinceSeconds === undefined ? {} : { sinceSeconds: flags.sinceSeconds }),
    },
    context.signal,
  );
  for await (const chunk of chunks) process.stdout.write(chunk);
}

/** The pod that an argument names: itself, or one of a workload's, running ones first. */
export async function podFor(context: Context, args: readonly string[]): Promise<string> {
  const { kind, name } = parseTarget(args, 'Pod');
  if (kind === 'Pod') return name;
  const labelSelector = await selectorOf(context, kind, name);
  const { items } = await context.client.list(
    'Pod',
    { namespace: context.namespace, labelSelector },
    { signal: context.signal },
  );
  const pods = items.toSorted((a, b) => rank(a) - rank(b));
  const running = pods[0];
  if (running === undefined) throw new GantryError('NotFound', `no pods found for ${kind.toLowerCase()} "${name}"`);
  if (items.length > 1) context.output.note(`Found ${items.length} pods, using pod/${running.metadata.name}\n`);
  return running.metadata.name;
}

/** Pods that run go first, and those on their way out last. */
function rank({ metadata, status }: Pod): number {
  if (metadata.deletionTimestamp !== undefined) return 2;
  return status?.phase === 'Running' ? 0 : 1;
}

async function selectorOf(context: Context, kind: KindName, name: string): Promise<string> {
  const target = { namespace: context.namespace, name };
  if (kind === 'Service') {
    const { spec } = await context.client.get('Service', target);
    return Object.entries(spec.selector ?? {})
      .map(([key, value]) => `${key}=${value}`)
      .join(',');
  }
  if (kind !== 'Deployment' && kind !== 'ReplicaSet') throw new GantryError('BadRequest', `a ${kind} has no pods`);
  const { spec } = await context.client.get(kind, target);
  return Object.entries(spec.selector.matchLabels ?? {})
    .map(([key, value]) => `${key}=${value}`)
    .join(',');
}
