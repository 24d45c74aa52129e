import type { KindName } from '@gantry/model/built-in.ts';
import type { Pod } from '@gantry/model/gen/gantry.core.v1.ts';
import { selectorText } from '@gantry/model/selector-text.ts';
import { type Context, refusal } from './context.ts';
import { listAll } from './listing.ts';
import { parseTarget } from './targets.ts';

/** The pod that an argument names: itself, or one of a workload's, running ones first. */
export async function podFor(context: Context, args: readonly string[]): Promise<string> {
  const { kind, name } = parseTarget(args, 'Pod');
  if (kind === 'Pod') return name;
  const labelSelector = await selectorOf(context, kind, name);
  const { items } = await listAll(context, 'Pod', { namespace: context.namespace, labelSelector });
  const [chosen] = items.toSorted((a, b) => rank(a) - rank(b));
  if (chosen === undefined) throw refusal(`no pods found for ${kind.toLowerCase()} "${name}"`);
  if (items.length > 1) context.output.note(`Found ${items.length} pods, using pod/${chosen.metadata.name}\n`);
  return chosen.metadata.name;
}

/** Pods that run go first, and those on their way out last. */
function rank({ metadata, status }: Pod): number {
  if (metadata.deletionTimestamp !== undefined) return 2;
  return status?.phase === 'Running' ? 0 : 1;
}

async function selectorOf({ client, namespace, signal }: Context, kind: KindName, name: string): Promise<string> {
  const target = { namespace, name };
  if (kind === 'Service') {
    const { selector = {} } = (await client.get('Service', target, { signal })).spec;
    if (Object.keys(selector).length === 0) {
      throw refusal(`invalid service '${name}': Service is defined without a selector`);
    }
    return selectorText({ matchLabels: selector });
  }
  if (kind !== 'Deployment' && kind !== 'ReplicaSet') throw refusal(`a ${kind} has no pods`);
  const { spec } = await client.get(kind, target, { signal });
  return selectorText(spec.selector);
}
