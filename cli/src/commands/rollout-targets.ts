import type { KindName, Kinds } from '@gantry/model/built-in.ts';
import { type Context, Exit, ExitCode, refusal } from '../context.ts';
import { listEach } from '../listing.ts';
import { parseTargets } from '../targets.ts';

/** The kinds whose changes are rolled out. */
export type RolledKind = 'Deployment' | 'DaemonSet' | 'StatefulSet';

/** A workload of which a rollout command is about. */
export interface RolledTarget {
  readonly kind: RolledKind;
  readonly namespace: string;
  readonly name: string;
}

/** Any workload whose changes are rolled out. */
export type Rolled = Kinds[RolledKind];

const rolledKinds: readonly KindName[] = ['Deployment', 'DaemonSet', 'StatefulSet'];

/**
 * The workloads that a rollout command names: `web` (a deployment), `deploy/web ds/agent`, `deployment a b`, or all of a kind, those with
 * certain labels alone.
 *
 * @param action what is asked for, for the refusal of kinds that do not have it, such as `status viewer`.
 */
export async function rolledTargets(
  context: Context,
  args: readonly string[],
  action: string,
  labelSelector?: string,
): Promise<RolledTarget[]> {
  const { namespace } = context;
  const targets: RolledTarget[] = [];
  for (const { kind, names } of namedTargets(args, labelSelector)) {
    if (!rolledKinds.includes(kind as KindName)) throw refusal(`no ${action} has been implemented for "${kind}"`);
    const rolled = kind as RolledKind;
    const query = { namespace, ...(labelSelector === undefined ? {} : { labelSelector }) };
    const found =
      names.length > 0 ? names : (await listEach(context, rolled, query, ({ metadata }) => metadata.name)).items;
    targets.push(...found.map((name) => ({ kind: rolled, namespace, name })));
  }
  return targets;
}

function namedTargets(args: readonly string[], selector: string | undefined) {
  const isBareName = args.length === 1 && !args[0]!.includes('/') && selector === undefined;
  if (!isBareName || isKind(args[0]!)) return parseTargets(args);
  return [{ kind: 'Deployment', names: args }];
}

/** True for a word that means a kind. A deployment of such a name is named `deployment/NAME`. */
function isKind(word: string): boolean {
  try {
    return parseTargets([word]).length > 0;
  } catch {
    return false;
  }
}

/** Does something with each of the workloads, and fails in the end if one of them could not have it. */
export async function forEachTarget(
  context: Context,
  targets: readonly RolledTarget[],
  act: (target: RolledTarget) => Promise<void>,
): Promise<void> {
  const failures: unknown[] = [];
  for (const target of targets) {
    try {
      await act(target);
    } catch (error) {
      context.signal.throwIfAborted();
      failures.push(error);
    }
  }
  if (targets.length === 0) context.output.note(`No resources found in ${context.namespace} namespace.\n`);
  if (failures.length === 1) throw failures[0];
  if (failures.length === 0) return;
  const texts = failures.map(
    (error) => `error: ${error instanceof Error ? error.message.replace(/^error: /, '') : error}`,
  );
  throw new Exit(ExitCode.failed, texts.join('\n'));
}
