import type { ResourceAdvice } from '@gantry/model/gen/gantry.advice.v1.ts';
import type { Container, Pod } from '@gantry/model/gen/gantry.core.v1.ts';
import { toGantryError } from '@gantry/runtime/errors.ts';
import { type Context, Exit, ExitCode, refusal } from '../context.ts';
import { adviceRows, formatAdvice } from '../output/advice.ts';
import { advisedContainers, type ContainerPatch } from './advice-patch.ts';

export interface AdviceFlags {
  readonly allNamespaces: boolean;
  readonly output: 'table' | 'json';
  /** Follows the advice: in place, in the pods that run, or in the template of the workload, which rolls it out. */
  readonly apply?: 'pods' | 'template';
  /** Resources that an autoscaler goes by, too. */
  readonly autoscaled: boolean;
  readonly dryRun: boolean;
}

/** Kinds whose pods have a template that may change. */
const templated = ['Deployment', 'StatefulSet', 'DaemonSet', 'ReplicaSet', 'ReplicationController'] as const;

/** Prints the advice on workloads, or follows it. @param names Such as deployment/web; all of the namespace where empty. */
export async function topAdvice(context: Context, names: readonly string[], flags: AdviceFlags): Promise<void> {
  const { output } = context;
  const advices = await advicesOn(context, names, flags);
  if (flags.apply !== undefined) {
    if (names.length === 0) throw refusal('name the workloads whose advice is to be followed, such as deployment/web');
    const results = await Promise.all(advices.map((advice) => follow(context, advice, flags)));
    if (results.includes(false)) throw new Exit(ExitCode.failed);
    return;
  }
  const rows = adviceRows(advices);
  if (flags.output === 'json') return output.write(`${JSON.stringify({ advice: rows }, null, 4)}\n`);
  if (rows.length > 0) return output.write(formatAdvice(rows, flags.allNamespaces));
  output.note('there is no advice yet: it comes once the usage of pods was measured\n');
}

async function advicesOn(context: Context, names: readonly string[], flags: AdviceFlags): Promise<ResourceAdvice[]> {
  const { client, namespace, signal } = context;
  if (names.length > 0 && flags.allNamespaces)
    throw refusal('workloads cannot be named where all namespaces are asked for');
  const query = flags.allNamespaces ? {} : { namespace };
  const { items } = await client.list('ResourceAdvice', query, { signal });
  if (names.length === 0) return [...items];
  return names.map((name) => {
    const found = items.find(
      ({ workload }) => `${workload.kind}/${workload.name}`.toLowerCase() === name.toLowerCase(),
    );
    if (found === undefined) throw refusal(`there is no advice on ${name} in namespace ${namespace}`);
    return found;
  });
}

/** Follows the advice on one workload. False where something of it was refused. */
async function follow(context: Context, advice: ResourceAdvice, flags: AdviceFlags): Promise<boolean> {
  return flags.apply === 'template' ? changeTemplate(context, advice, flags) : resizePods(context, advice, flags);
}

async function changeTemplate(context: Context, advice: ResourceAdvice, flags: AdviceFlags): Promise<boolean> {
  const { client, output, signal } = context;
  const kind = templated.find((each) => each === advice.workload.kind);
  const shown = `${advice.workload.kind.toLowerCase()}/${advice.workload.name}`;
  if (kind === undefined) throw refusal(`the template of ${shown} cannot be changed`);
  const name = { namespace: advice.metadata.namespace ?? '', name: advice.workload.name };
  const workload = await client.get(kind, name, { signal });
  const containers = advisedContainers(advice, workload.spec.template?.spec?.containers ?? [], flags);
  if (containers.length === 0) return tell(context, `${shown} is as advised\n`);
  const body = { spec: { template: { spec: { containers } } } };
  await client.patch(kind, name, { type: 'strategic', body }, { signal, dryRun: flags.dryRun });
  output.write(`${shown} changed${flags.dryRun ? ' (dry run)' : ''}: ${textOf(containers)}\n`);
  return true;
}

async function resizePods(context: Context, advice: ResourceAdvice, flags: AdviceFlags): Promise<boolean> {
  const { client, output, signal } = context;
  const pods = await podsOf(context, advice);
  if (pods.length === 0) return tell(context, `no pod of ${advice.workload.name} runs\n`);
  let isDone = true;
  for (const { metadata, spec } of pods) {
    const name = { namespace: metadata.namespace ?? '', name: metadata.name };
    const isSidecar = ({ restartPolicy }: Container): boolean => restartPolicy === 'Always';
    const containers = advisedContainers(advice, spec.containers, flags);
    const initContainers = advisedContainers(advice, (spec.initContainers ?? []).filter(isSidecar), flags);
    const all = [...containers, ...initContainers];
    if (all.length === 0) {
      output.write(`pod/${metadata.name} is as advised\n`);
      continue;
    }
    const body = {
      spec: { ...(containers.length > 0 && { containers }), ...(initContainers.length > 0 && { initContainers }) },
    };
    try {
      const patch = { type: 'strategic', body, subresource: 'resize' } as const;
      await client.patch('Pod', name, patch, { signal, dryRun: flags.dryRun });
      output.write(`pod/${metadata.name} resized${flags.dryRun ? ' (dry run)' : ''}: ${textOf(all)}\n`);
    } catch (error) {
      if (signal.aborted) throw error;
      isDone = false;
      output.note(`pod/${metadata.name} was not resized: ${toGantryError(error).message}\n`);
    }
  }
  output.note('pods that are made from now on have the requests of the template\n');
  return isDone;
}

/** The pods that run and that a workload made, itself or by its sets and jobs. */
async function podsOf({ client, signal }: Context, { metadata }: ResourceAdvice): Promise<Pod[]> {
  const query = { namespace: metadata.namespace ?? '' };
  const [pods, sets, jobs] = await Promise.all([
    client.list('Pod', query, { signal }),
    client.list('ReplicaSet', query, { signal }),
    client.list('Job', query, { signal }),
  ]);
  const owners = new Set(metadata.ownerReferences?.map(({ uid }) => uid));
  const isOwned = ({ metadata: { ownerReferences = [] } }: { readonly metadata: Pod['metadata'] }): boolean =>
    ownerReferences.some(({ uid, controller }) => controller === true && owners.has(uid));
  for (const made of [...sets.items, ...jobs.items].filter(isOwned)) owners.add(made.metadata.uid!);
  return pods.items.filter((pod) => isOwned(pod) && pod.status?.phase === 'Running');
}

function tell({ output }: Context, text: string): true {
  output.write(text);
  return true;
}

function textOf(patches: readonly ContainerPatch[]): string {
  const amounts = (list: Readonly<Record<string, string>> = {}): string =>
    Object.entries(list)
      .map(([name, text]) => `${name}=${text}`)
      .join(' ');
  return patches
    .map(({ name, resources: { requests, limits } }) => {
      return `${name} ${amounts(requests)}${limits === undefined ? '' : `, limits ${amounts(limits)}`}`;
    })
    .join('; ');
}
