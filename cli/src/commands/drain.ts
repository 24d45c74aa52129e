import type { Node, Pod } from '@gantry/model/gen/gantry.core.v1.ts';
import { isError } from '@gantry/runtime/errors.ts';
import { type Context, Exit, ExitCode, refusal } from '../context.ts';
import { listAll } from '../listing.ts';
import { observeObject } from '../observing.ts';

export interface DrainFlags {
  readonly ignoreDaemonsets: boolean;
  /** Evict pods whose local data is lost with them. */
  readonly deleteEmptydirData: boolean;
  /** Evict pods that nobody makes anew. */
  readonly force: boolean;
  /** Seconds that pods have to end; their own where absent. */
  readonly gracePeriod?: number;
  /** Seconds for everything; any time where 0. */
  readonly timeout: number;
  /** Only pods with these labels. */
  readonly podSelector?: string;
  readonly dryRun: boolean;
}

/** Milliseconds until an eviction that a budget forbids is tried again, as kubectl does. */
const retryMs = 5_000;
/** Evictions that are under way at once. */
const maxTogether = 16;

/** Keeps new pods away from nodes, or lets them come again. */
export async function cordon(
  context: Context,
  names: readonly string[],
  unschedulable: boolean,
  dryRun: boolean,
): Promise<void> {
  for (const name of names) {
    const node = await context.client.get('Node', { name }, { signal: context.signal });
    await mark(context, node, unschedulable, dryRun);
  }
}

async function mark({ client, output, signal }: Context, node: Node, wanted: boolean, dryRun: boolean): Promise<void> {
  const { name } = node.metadata;
  const is = node.spec?.unschedulable === true;
  const done = wanted ? 'cordoned' : 'uncordoned';
  if (is === wanted) return output.write(`node/${name} already ${done}\n`);
  const body = { spec: { unschedulable: wanted ? true : null } };
  await client.patch('Node', { name }, { type: 'merge', body }, { dryRun, signal });
  output.write(`node/${name} ${done}${dryRun ? ' (server dry run)' : ''}\n`);
}

/** Moves all pods away from nodes, within their disruption budgets, and waits until they are gone. */
export async function drain(context: Context, names: readonly string[], flags: DrainFlags): Promise<void> {
  const deadline = flags.timeout > 0 ? AbortSignal.timeout(flags.timeout * 1_000) : undefined;
  const signal = deadline === undefined ? context.signal : AbortSignal.any([context.signal, deadline]);
  const bounded: Context = { ...context, signal };
  try {
    const nodes = await Promise.all(names.map((name) => bounded.client.get('Node', { name }, { signal })));
    for (const node of nodes) await mark(bounded, node, true, flags.dryRun);
    for (const { metadata } of nodes) await empty(bounded, metadata.name, flags);
  } catch (error) {
    if (!deadline?.aborted || context.signal.aborted) throw error;
    throw refusal(`drain did not complete within ${flags.timeout}s`);
  }
}

async function empty(context: Context, nodeName: string, flags: DrainFlags): Promise<void> {
  const { items } = await listAll(context, 'Pod', {
    fieldSelector: `spec.nodeName=${nodeName}`,
    ...(flags.podSelector === undefined ? {} : { labelSelector: flags.podSelector }),
  });
  const { victims, warnings, faults } = choose(items, flags);
  if (faults.length > 0) {
    context.output.note(`node/${nodeName} is cordoned, and none of its pods were evicted\n`);
    throw refusal(`unable to drain node "${nodeName}": ${faults.join(', ')}`);
  }
  if (warnings.length > 0) context.output.note(`Warning: ${warnings.join('; ')}\n`);
  const waiting = [...victims];
  const worker = async (): Promise<void> => {
    for (let pod = waiting.shift(); pod !== undefined; pod = waiting.shift()) await evict(context, pod, flags);
  };
  await Promise.all(Array.from({ length: Math.min(maxTogether, victims.length) }, worker));
  context.output.write(`node/${nodeName} drained${flags.dryRun ? ' (server dry run)' : ''}\n`);
}

/** The pods of a node that are to go, and why none may. */
export interface Choice {
  readonly victims: readonly Pod[];
  readonly warnings: readonly string[];
  readonly faults: readonly string[];
}

/** Decides which pods of a node are to go, by kubectl's rules. Pods that have ended go in any case, mirror pods in none. */
export function choose(pods: readonly Pod[], flags: Omit<DrainFlags, 'timeout' | 'dryRun'>): Choice {
  const movable = pods.filter(({ metadata }) => metadata.annotations?.['kubernetes.io/config.mirror'] === undefined);
  const live = movable.filter(({ status }) => status?.phase !== 'Succeeded' && status?.phase !== 'Failed');
  const daemons = live.filter((pod) => controllerOf(pod)?.kind === 'DaemonSet');
  const local = live.filter((pod) => !daemons.includes(pod) && pod.spec.volumes?.some(({ emptyDir }) => emptyDir));
  const bare = live.filter((pod) => controllerOf(pod) === undefined);
  const fault = (what: string, flag: string, found: readonly Pod[], isAllowed: boolean): string[] =>
    found.length === 0 || isAllowed ? [] : [`cannot delete ${what} (use ${flag} to ${verbOf(flag)}): ${named(found)}`];
  return {
    victims: movable.filter((pod) => !daemons.includes(pod)),
    faults: [
      ...fault('DaemonSet-managed Pods', '--ignore-daemonsets', daemons, flags.ignoreDaemonsets),
      ...fault('Pods with local storage', '--delete-emptydir-data', local, flags.deleteEmptydirData),
      ...fault('Pods that declare no controller', '--force', bare, flags.force),
    ],
    warnings: [
      ...(daemons.length === 0 ? [] : [`ignoring DaemonSet-managed Pods: ${named(daemons)}`]),
      ...(bare.length === 0 ? [] : [`deleting Pods that declare no controller: ${named(bare)}`]),
    ],
  };
}

const verbOf = (flag: string): string => (flag === '--ignore-daemonsets' ? 'ignore' : 'override');

function controllerOf({ metadata }: Pod) {
  return metadata.ownerReferences?.find(({ controller }) => controller === true);
}

function named(pods: readonly Pod[]): string {
  return pods.map(({ metadata }) => `${metadata.namespace}/${metadata.name}`).join(', ');
}

/** Evicts a pod as soon as its disruption budgets let it go, and waits until it is gone. */
async function evict(context: Context, pod: Pod, { gracePeriod, dryRun }: DrainFlags): Promise<void> {
  const { client, output, clock, signal } = context;
  const { name, uid } = pod.metadata;
  const namespace = pod.metadata.namespace!;
  output.note(`evicting pod ${namespace}/${name}\n`);
  const request = {
    namespace,
    name,
    uid: uid!,
    ...(gracePeriod === undefined ? {} : { gracePeriodSeconds: gracePeriod }),
  };
  for (;;) {
    try {
      await client.evict(request, { dryRun, signal });
      break;
    } catch (error) {
      // Another pod has its name by now, or none.
      if (isError(error, 'NotFound') || (isError(error, 'Conflict') && error.message.includes('UID'))) return;
      if (!isError(error, 'TooManyRequests')) throw failure(pod, error);
      output.note(`error when evicting pods/"${name}" -n "${namespace}" (will retry after 5s): ${error.message}\n`);
      await clock.sleep(retryMs, signal);
    }
  }
  if (!dryRun)
    for await (const now of observeObject(context, 'Pod', { namespace, name }, signal))
      if (now?.metadata.uid !== uid) break;
  output.write(`pod/${name} evicted${dryRun ? ' (server dry run)' : ''}\n`);
}

function failure({ metadata }: Pod, error: unknown): unknown {
  if (!isError(error) || ['ServiceUnavailable', 'Cancelled'].includes(error.reason)) return error;
  const text = `error when evicting pods/"${metadata.name}" -n "${metadata.namespace}": ${error.message}`;
  return new Exit(ExitCode.failed, `error: ${text}`);
}
