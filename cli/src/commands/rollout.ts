import type { Deployment, ReplicaSet } from '@gantry/model/gen/gantry.apps.v1.ts';
import { rfc3339 } from '@gantry/runtime/time.ts';
import { type Context, Exit, ExitCode, refusal } from '../context.ts';
import { listAll } from '../listing.ts';
import { observeObject } from '../observing.ts';
import { formatTable } from '../output/table.ts';
import { parseTarget } from '../targets.ts';
import { rolloutProgress } from './rollout-progress.ts';

const revisionAnnotation = 'deployment.kubernetes.io/revision';
const causeAnnotation = 'kubernetes.io/change-cause';
const hashLabel = 'pod-template-hash';

function deploymentName(args: readonly string[]): string {
  const { kind, name } = parseTarget(args, 'Deployment');
  if (kind !== 'Deployment') throw refusal(`a ${kind} has no rollouts: name a deployment`);
  return name;
}

/**
 * Waits until a rollout is done, telling how far it is, through restarts of the api; fails when it misses its progress
 * deadline.
 */
export async function rolloutStatus(
  context: Context,
  args: readonly string[],
  flags: { readonly watch: boolean; readonly timeoutMs: number },
): Promise<void> {
  const target = { namespace: context.namespace, name: deploymentName(args) };
  await context.client.get('Deployment', target, { signal: context.signal });
  const timeout = flags.timeoutMs > 0 ? [AbortSignal.timeout(flags.timeoutMs)] : [];
  const signal = AbortSignal.any([context.signal, ...timeout]);
  let told = '';
  try {
    for await (const deployment of observeObject(context, 'Deployment', target, signal)) {
      if (deployment === undefined) throw refusal('object has been deleted');
      const progress = rolloutProgress(deployment);
      if (progress.message !== told) context.output.write(`${progress.message}\n`);
      told = progress.message;
      if (progress.state === 'failed') throw new Exit(ExitCode.failed);
      if (progress.state === 'done' || !flags.watch) return;
    }
  } catch (error) {
    if (timeout[0]?.aborted) throw refusal('timed out waiting for the condition');
    throw error;
  }
}

/** Lists a deployment's revisions. */
export async function rolloutHistory(context: Context, args: readonly string[]): Promise<void> {
  const deployment = await context.client.get('Deployment', {
    namespace: context.namespace,
    name: deploymentName(args),
  });
  const sets = await revisions(context, deployment);
  const rows = sets.map((set) => [
    set.metadata.annotations![revisionAnnotation]!,
    set.metadata.annotations?.[causeAnnotation] ?? '<none>',
  ]);
  context.output.write(
    `deployment.apps/${deployment.metadata.name}\n${formatTable(['REVISION', 'CHANGE-CAUSE'], rows)}`,
  );
}

/** Returns to the previous revision or to the given one: its template becomes the newest revision. */
export async function rolloutUndo(context: Context, args: readonly string[], toRevision: number): Promise<void> {
  const name = deploymentName(args);
  const { client, namespace, output } = context;
  const deployment = await client.get('Deployment', { namespace, name });
  if (deployment.spec.paused) {
    const problem = `you cannot rollback a paused deployment; resume it first with 'gantry rollout resume deployment/${name}' and try again`;
    throw refusal(problem);
  }
  const sets = await revisions(context, deployment);
  const target = toRevision > 0 ? sets.find((set) => revisionOf(set) === toRevision) : sets.at(-2);
  if (target === undefined) {
    const problem =
      toRevision > 0 ? `unable to find specified revision ${toRevision} in history` : 'no rollout history found';
    throw refusal(`${problem} for deployment "${name}"`);
  }
  const template = structuredClone(target.spec.template!);
  delete template.metadata?.labels?.[hashLabel];
  const body = [{ op: 'replace', path: '/spec/template', value: template }];
  await client.patch('Deployment', { namespace, name }, { type: 'json', body });
  output.write(`deployment.apps/${name} rolled back\n`);
}

/** Replaces all pods with new ones of the same template. */
export async function rolloutRestart(context: Context, args: readonly string[]): Promise<void> {
  const name = deploymentName(args);
  const restartedAt = rfc3339(context.clock.now());
  const body = {
    spec: { template: { metadata: { annotations: { 'kubectl.kubernetes.io/restartedAt': restartedAt } } } },
  };
  await context.client.patch('Deployment', { namespace: context.namespace, name }, { type: 'strategic', body });
  context.output.write(`deployment.apps/${name} restarted\n`);
}

/** Pauses or resumes a rollout. */
export async function rolloutPause(context: Context, args: readonly string[], paused: boolean): Promise<void> {
  const name = deploymentName(args);
  await context.client.patch(
    'Deployment',
    { namespace: context.namespace, name },
    { type: 'merge', body: { spec: { paused } } },
  );
  context.output.write(`deployment.apps/${name} ${paused ? 'paused' : 'resumed'}\n`);
}

function revisionOf(set: ReplicaSet): number {
  return Number(set.metadata.annotations?.[revisionAnnotation] ?? 0);
}

/** A deployment's ReplicaSets, oldest revision first. */
async function revisions(context: Context, deployment: Deployment): Promise<ReplicaSet[]> {
  const { items } = await listAll(context, 'ReplicaSet', { namespace: context.namespace });
  const owned = items.filter((set) => set.metadata.ownerReferences?.some(({ uid }) => uid === deployment.metadata.uid));
  return owned.filter((set) => revisionOf(set) > 0).sort((a, b) => revisionOf(a) - revisionOf(b));
}
