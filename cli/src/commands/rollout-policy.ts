/** Commands about Rollouts: policies by whose steps workloads go from one revision to the next. */
import { randomBytes } from 'node:crypto';
import type { Rollout } from '@gantry/model/gen/gantry.rollout.v1.ts';
import { type Context, refusal } from '../context.ts';
import { observeObject } from '../observing.ts';
import { parseTargets } from '../targets.ts';
import type { Progress } from './rollout-progress.ts';

/** Something that a person may ask of a Rollout. */
type Action = 'Promote' | 'PromoteFull' | 'Abort' | 'Retry';

const told: Readonly<Record<Action, string>> = {
  Promote: 'goes on to its next step',
  PromoteFull: 'is promoted without its other steps',
  Abort: 'is aborted',
  Retry: 'begins anew',
};

/**
 * Asks Rollouts for something, once. The request names the canary that is on its way now: it does nothing to another one that takes its
 * place meanwhile.
 *
 * @param args `web`, `rollout/web`, or several names.
 * @throws Exit where a Rollout has no canary, or its state has no use for the request.
 */
export async function askRollouts(context: Context, args: readonly string[], action: Action): Promise<void> {
  const { client, signal, output, namespace } = context;
  for (const name of policyNames(args)) {
    const { status } = await client.get('Rollout', { namespace, name }, { signal });
    const problem = problemWith(action, status?.canaryRevision, status?.phase);
    if (problem !== undefined) throw refusal(`rollout "${name}" ${problem}`);
    const request = { action, id: randomBytes(8).toString('hex'), revision: status!.canaryRevision! };
    await client.patch('Rollout', { namespace, name }, { type: 'merge', body: { spec: { request } } }, { signal });
    output.write(`rollout.gantry.dev/${name} ${told[action]}\n`);
  }
}

function problemWith(action: Action, canary: string | undefined, phase: string | undefined): string | undefined {
  if (!canary) return 'has no revision on its way';
  if (action === 'Retry') return phase === 'Degraded' ? undefined : 'was not aborted';
  return phase === 'Degraded' ? 'was aborted already' : undefined;
}

/** The names, where the arguments are about Rollouts: `rollout/web`, or `rollout web`. */
export function policiesIn(args: readonly string[]): string[] | undefined {
  if (!/^(?:ro|rollouts?)(?:\.gantry\.dev)?(?:\/|$)/.test(args[0] ?? '')) return undefined;
  return policyNames(args);
}

function policyNames(args: readonly string[]): string[] {
  if (args.every((arg) => !arg.includes('/')) && !/^(?:ro|rollouts?)(?:\.gantry\.dev)?$/.test(args[0] ?? '')) {
    return [...args];
  }
  const targets = parseTargets(args);
  const other = targets.find(({ kind }) => kind !== 'Rollout');
  if (other !== undefined) throw refusal(`a ${other.kind} is no rollout`);
  return targets.flatMap(({ names }) => names);
}

/** Waits until a Rollout rests, telling how far it is; fails where the revision was aborted. */
export async function followPolicy(
  context: Context,
  name: string,
  flags: { readonly watch: boolean; readonly timeoutMs: number },
): Promise<void> {
  const { namespace } = context;
  await context.client.get('Rollout', { namespace, name }, { signal: context.signal });
  const timeout = flags.timeoutMs > 0 ? [AbortSignal.timeout(flags.timeoutMs)] : [];
  const signal = AbortSignal.any([context.signal, ...timeout]);
  let last = '';
  try {
    for await (const object of observeObject(context, 'Rollout', { namespace, name }, signal)) {
      if (object === undefined) throw refusal('object has been deleted');
      const progress = policyProgress(object);
      if (progress.message !== last) context.output.write(`${progress.message}\n`);
      last = progress.message;
      if (progress.isDone || !flags.watch) return;
    }
  } catch (error) {
    if (timeout[0]?.aborted) throw refusal('timed out waiting for the condition');
    throw error;
  }
}

/**
 * Reads a Rollout's status. A pause that only a person can end is an end of the wait as well.
 *
 * @throws Exit where the revision was aborted.
 */
export function policyProgress({ metadata, spec, status = {} }: Rollout): Progress {
  const { phase, message = '', canaryWeight = 0, currentStep = 0, stableRevision, canaryRevision } = status;
  const name = `rollout "${metadata.name}"`;
  if (phase === undefined || (status.observedGeneration ?? 0) < (metadata.generation ?? 0)) {
    return { isDone: false, message: 'Waiting for rollout spec update to be observed...' };
  }
  switch (phase) {
    case 'Healthy':
      return { isDone: true, message: `${name} is complete: revision ${stableRevision} has all requests` };
    case 'Degraded':
    case 'Ignored':
      throw refusal(`${name}: ${message}`);
    default: {
      const steps = spec.strategy.canary?.steps?.length;
      const step = steps === undefined ? '' : ` at step ${Math.min(currentStep + 1, steps)} of ${steps}`;
      const where = canaryRevision ? `revision ${canaryRevision}${step} with ${canaryWeight} % of the requests: ` : '';
      const pause = spec.strategy.canary?.steps?.[currentStep]?.pause;
      const waitsForPeople = phase === 'Paused' && pause !== undefined && pause.durationSeconds === undefined;
      return { isDone: waitsForPeople, message: `${name}: ${where}${message}` };
    }
  }
}
