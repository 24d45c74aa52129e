import type { Deployment } from '@gantry/model/gen/gantry.apps.v1.ts';
import { rfc3339 } from '@gantry/runtime/time.ts';
import { type Context, refusal } from '../context.ts';
import { observeObject } from '../observing.ts';
import { objectLabel } from '../output/objects.ts';
import { formatOutline } from '../output/outline.ts';
import { formatTable } from '../output/table.ts';
import { restore, revisionsOf } from './rollout-history.ts';
import { followPolicy, policiesIn } from './rollout-policy.ts';
import { rolloutProgress } from './rollout-progress.ts';
import { forEachTarget, type Rolled, type RolledTarget, rolledTargets } from './rollout-targets.ts';

/** Flags of all rollout commands. */
export interface RolloutFlags {
  /** Only workloads with these labels. */
  readonly selector?: string;
}

/** Waits until rollouts are done, telling how far they are, through restarts of the api; fails where one misses its progress deadline. */
export async function rolloutStatus(
  context: Context,
  args: readonly string[],
  flags: RolloutFlags & { readonly watch: boolean; readonly timeoutMs: number; readonly revision?: number },
): Promise<void> {
  const policies = policiesIn(args);
  for (const name of policies ?? []) await followPolicy(context, name, flags);
  if (policies !== undefined) return;
  const targets = await rolledTargets(context, args, 'status viewer', flags.selector);
  await forEachTarget(context, targets, (target) => followRollout(context, target, flags));
}

async function followRollout(
  context: Context,
  target: RolledTarget,
  flags: { readonly watch: boolean; readonly timeoutMs: number; readonly revision?: number },
): Promise<void> {
  await context.client.get(target.kind, target, { signal: context.signal });
  const timeout = flags.timeoutMs > 0 ? [AbortSignal.timeout(flags.timeoutMs)] : [];
  const signal = AbortSignal.any([context.signal, ...timeout]);
  let told = '';
  try {
    for await (const object of observeObject(context, target.kind, target, signal)) {
      if (object === undefined) throw refusal('object has been deleted');
      const progress = rolloutProgress(object as Rolled, flags.revision);
      if (progress.message !== told) context.output.write(`${progress.message}\n`);
      told = progress.message;
      if (progress.isDone || !flags.watch) return;
    }
  } catch (error) {
    if (timeout[0]?.aborted) throw refusal('timed out waiting for the condition');
    throw error;
  }
}

/** Lists the revisions of workloads, or tells of one of them. */
export async function rolloutHistory(
  context: Context,
  args: readonly string[],
  flags: RolloutFlags & { readonly revision?: number } = {},
): Promise<void> {
  const { revision = 0 } = flags;
  const targets = await rolledTargets(context, args, 'history viewer', flags.selector);
  await forEachTarget(context, targets, async (target) => {
    const workload: Rolled = await context.client.get(target.kind, target, { signal: context.signal });
    const revisions = await revisionsOf(context, workload);
    const label = objectLabel(workload);
    if (revisions.length === 0) return context.output.write(`${label}\nNo rollout history found.\n`);
    if (revision === 0) {
      const rows = revisions.map(({ number, cause }) => [String(number), cause ?? '<none>']);
      return context.output.write(`${label}\n${formatTable(['REVISION', 'CHANGE-CAUSE'], rows)}`);
    }
    const found = revisions.find(({ number }) => number === revision);
    if (found === undefined) throw refusal('unable to find the specified revision');
    const { metadata, spec } = found.template;
    const { labels, annotations } = metadata ?? {};
    const template = formatOutline({ labels, annotations, ...spec }, 1);
    context.output.write(`${label} with revision #${revision}\nPod Template:\n${template}`);
  });
}

/** Returns to the previous revision or to the given one: its template becomes the newest revision. */
export async function rolloutUndo(
  context: Context,
  args: readonly string[],
  toRevision: number,
  flags: RolloutFlags = {},
): Promise<void> {
  const targets = await rolledTargets(context, args, 'rollbacker', flags.selector);
  await forEachTarget(context, targets, async (target) => {
    const told = await restore(context, target, toRevision);
    context.output.write(`${labelOf(target)} ${told}\n`);
  });
}

/** Replaces all pods with new ones of the same template. */
export async function rolloutRestart(
  context: Context,
  args: readonly string[],
  flags: RolloutFlags = {},
): Promise<void> {
  const { client, clock, output, signal } = context;
  const restartedAt = rfc3339(clock.now());
  const body = {
    spec: { template: { metadata: { annotations: { 'kubectl.kubernetes.io/restartedAt': restartedAt } } } },
  };
  const targets = await rolledTargets(context, args, 'restarter', flags.selector);
  await forEachTarget(context, targets, async (target) => {
    const workload: Rolled = await client.get(target.kind, target, { signal });
    if ((workload as Deployment).spec.paused) {
      throw refusal(`${resourceOf(target)} can't restart paused deployment (run rollout resume first)`);
    }
    await client.patch(target.kind, target, { type: 'strategic', body }, { signal });
    output.write(`${labelOf(target)} restarted\n`);
  });
}

/** Pauses or resumes the rollouts of deployments. */
export async function rolloutPause(
  context: Context,
  args: readonly string[],
  paused: boolean,
  flags: RolloutFlags = {},
): Promise<void> {
  const { client, output, signal } = context;
  const targets = await rolledTargets(context, args, paused ? 'pauser' : 'resumer', flags.selector);
  await forEachTarget(context, targets, async (target) => {
    const { kind } = target;
    if (kind !== 'Deployment')
      throw refusal(`${resourceOf(target)} ${paused ? 'pausing' : 'resuming'} is not supported`);
    const { spec } = await client.get(kind, target, { signal });
    if ((spec.paused ?? false) === paused) {
      throw refusal(`${resourceOf(target)} ${paused ? 'is already paused' : 'is not paused'}`);
    }
    await client.patch(kind, target, { type: 'merge', body: { spec: { paused } } }, { signal });
    output.write(`${labelOf(target)} ${paused ? 'paused' : 'resumed'}\n`);
  });
}

function labelOf({ kind, name }: RolledTarget): string {
  return `${kind.toLowerCase()}.apps/${name}`;
}

/** The object as refusals name it. */
function resourceOf({ kind, name }: RolledTarget): string {
  return `${kind.toLowerCase()}s.apps "${name}"`;
}
