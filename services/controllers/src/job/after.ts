import type { Job } from '@gantry/model/gen/gantry.batch.v1.ts';
import { cycleOf, type Prerequisite, prerequisitesOf } from '@gantry/model/kinds/job/after.ts';
import { keyOf, type View } from '../core/action.ts';
import { conditionOf, holds, type Why } from './conditions.ts';

/** Prerequisites that a message names, at most. */
const mostNamed = 5;

/** Reason of a Job that waits for something that cannot come true any more. */
export const impossible = 'PrerequisitesImpossible';

/** State of one thing that a Job waits for: true, not yet, or never as things are, with the reason where there is more to say. */
type Standing = { readonly is: 'met' } | { readonly is: 'pending' | 'never'; readonly why?: string };

/**
 * Why a Job does not start yet; undefined where it may. What was true once is not looked at again: a Job that has started, or whose
 * wait is over, goes on whatever becomes of what it came after.
 */
export function waitOf(job: Job, view: View): Why | undefined {
  const { name, namespace, annotations } = job.metadata;
  const { prerequisites } = prerequisitesOf(annotations);
  if (prerequisites.length === 0 || isOver(job)) return undefined;
  const open = prerequisites
    .map((prerequisite) => ({ prerequisite, standing: standingOf(prerequisite, namespace, view) }))
    .filter(({ standing }) => standing.is !== 'met');
  if (open.length === 0) return undefined;
  const cycle = cycleOf(name, annotations, (other) => view.get('Job', namespace, other)?.metadata.annotations);
  if (cycle !== undefined) {
    return { reason: impossible, message: `Job waits for itself: ${cycle.join(' → ')}` };
  }
  const reason = open.some(({ standing }) => standing.is === 'never') ? impossible : 'PrerequisitesPending';
  const named = open.slice(0, mostNamed).map(({ prerequisite, standing }) => describe(prerequisite, standing));
  const more = open.length > mostNamed ? `, and for ${open.length - mostNamed} more` : '';
  return { reason, message: `Job waits for ${named.join(', for ')}${more}` };
}

/** True for a Job whose wait is over, or that never had to. */
function isOver({ status }: Job): boolean {
  return conditionOf(status?.conditions, 'Waiting')?.status === 'False' || status?.startTime !== undefined;
}

/** The keys of the objects that a Job comes after, each with its kind. */
export function prerequisiteKeys({ metadata }: Job): string[] {
  const { namespace, annotations } = metadata;
  return prerequisitesOf(annotations).prerequisites.map(
    ({ kind, name }) => `${kind} ${keyOf({ metadata: { namespace: namespace!, name } })}`,
  );
}

function describe({ kind, name, state }: Prerequisite, standing: Standing): string {
  const why = standing.is === 'met' || standing.why === undefined ? '' : ` (${standing.why})`;
  return `${kind} "${name}" to be ${state}${why}`;
}

function standingOf({ kind, name, state }: Prerequisite, namespace: string | undefined, view: View): Standing {
  if (kind === 'Deployment') return standingOfDeployment(name, state, namespace, view);
  const job = view.get('Job', namespace, name);
  if (job === undefined) return { is: 'pending', why: 'it does not exist' };
  const { conditions } = job.status ?? {};
  const [isComplete, isFailed] = [holds(conditions, 'Complete'), holds(conditions, 'Failed')];
  const isMet = { Complete: isComplete, Failed: isFailed, Finished: isComplete || isFailed }[state];
  if (isMet) return { is: 'met' };
  if (isComplete || isFailed) return { is: 'never', why: `it is ${isFailed ? 'Failed' : 'Complete'}` };
  if (conditionOf(conditions, 'Waiting')?.reason === impossible) {
    return { is: 'never', why: 'it waits for what cannot come true' };
  }
  return { is: 'pending' };
}

function standingOfDeployment(
  name: string,
  state: 'Available' | 'RolledOut',
  namespace: string | undefined,
  view: View,
): Standing {
  const deployment = view.get('Deployment', namespace, name);
  if (deployment === undefined) return { is: 'pending', why: 'it does not exist' };
  const { metadata, spec, status = {} } = deployment;
  if (state === 'Available') {
    const isAvailable = status.conditions?.some((each) => each.type === 'Available' && each.status === 'True');
    return { is: isAvailable ? 'met' : 'pending' };
  }
  const isObserved = Number(status.observedGeneration ?? 0) >= Number(metadata.generation ?? 0);
  const replicas = spec.replicas ?? 1;
  const counts = [status.updatedReplicas, status.replicas, status.availableReplicas];
  return { is: isObserved && counts.every((count = 0) => count === replicas) ? 'met' : 'pending' };
}
