import type { Deployment, ReplicaSet } from '@gantry/model/gen/gantry.apps.v1.ts';
import { observedAnnotation } from '../restarts/annotations.ts';

/** Number of a rollout; `rollout history` and `undo` go by it. */
export const revisionAnnotation = 'deployment.kubernetes.io/revision';
/** Numbers that a set had in earlier rollouts, separated by commas. */
const historyAnnotation = 'deployment.kubernetes.io/revision-history';
/** Replicas of the Deployment when the set was sized. */
const desiredAnnotation = 'deployment.kubernetes.io/desired-replicas';
/** Most pods of the Deployment when the set was sized. */
const maxAnnotation = 'deployment.kubernetes.io/max-replicas';
/** Asks for a rollback to a revision, 0 for the last one; older clients set it. */
export const rollbackAnnotation = 'deprecated.deployment.rollback.to';
/** Marks a set all of whose pods were available once, of Deployments that go back by themselves. */
export const completedAnnotation = 'gantry.dev/completed';
/** Annotations that stay where they are: they say nothing about a revision's template. */
const ownAnnotations = new Set([
  revisionAnnotation,
  historyAnnotation,
  desiredAnnotation,
  maxAnnotation,
  rollbackAnnotation,
  completedAnnotation,
  // Says which content of ConfigMaps the Deployment has seen, and not which its template is for.
  observedAnnotation,
  'kubectl.kubernetes.io/last-applied-configuration',
]);
/** Most characters of a set's earlier numbers (Kubernetes' limit). */
const maxHistory = 2000;

type Annotations = Readonly<Record<string, string>>;

interface Annotated {
  readonly metadata: { readonly annotations?: Annotations };
}

/** Orders by rollout numbers, the lowest first. */
export function byRevision(left: Annotated, right: Annotated): number {
  const [a, b] = [revisionOf(left), revisionOf(right)];
  if (a === b) return 0;
  return a < b ? -1 : 1;
}

/** The rollout number in an object's annotation, 0 where there is none. */
export function revisionOf({ metadata }: Annotated): bigint {
  return numberIn(metadata.annotations?.[revisionAnnotation]) ?? 0n;
}

/** The revision that a rollback is asked for to, 0 for the last one; undefined where none is asked for. */
export function rollbackRevisionOf({ metadata }: Annotated): bigint | undefined {
  return numberIn(metadata.annotations?.[rollbackAnnotation]);
}

/**
 * The annotations of the set of a Deployment's present template: it takes over the Deployment's, and a number above those of all other sets. A set that
 * had a number before, to which the Deployment goes back, remembers it.
 */
export function currentAnnotations(deployment: Deployment, { metadata }: Annotated, revision: bigint): Annotations {
  return withRevision({ ...metadata.annotations, ...takenOver(deployment) }, revision);
}

/** The annotations of a Deployment that goes back to a set's template. */
export function rolledBackAnnotations(deployment: Deployment, set: ReplicaSet): Record<string, string> {
  const own = Object.entries(deployment.metadata.annotations ?? {}).filter(([name]) => ownAnnotations.has(name));
  const { [rollbackAnnotation]: _asked, ...kept } = { ...Object.fromEntries(own), ...takenOver(set) };
  return kept;
}

/** The counts by which a set's share of a scaled Deployment is known. */
export function sizeAnnotations(deployment: Deployment, maxReplicas: number): Annotations {
  return { [desiredAnnotation]: String(deployment.spec.replicas ?? 1), [maxAnnotation]: String(maxReplicas) };
}

/** The replicas that the Deployment asked for when this set was sized; undefined where that is not known. */
export function desiredWhenSized({ metadata }: Annotated): number | undefined {
  return countIn(metadata.annotations?.[desiredAnnotation]);
}

/** The most pods that the Deployment could have when this set was sized; undefined where that is not known. */
export function maxWhenSized({ metadata }: Annotated): number | undefined {
  return countIn(metadata.annotations?.[maxAnnotation]);
}

function takenOver({ metadata }: Annotated): Annotations {
  return Object.fromEntries(Object.entries(metadata.annotations ?? {}).filter(([name]) => !ownAnnotations.has(name)));
}

function withRevision(annotations: Annotations, revision: bigint): Annotations {
  const before = annotations[revisionAnnotation];
  const number = numberIn(before);
  if (number !== undefined && number >= revision) return annotations;
  const next = { ...annotations, [revisionAnnotation]: String(revision) };
  return number === undefined
    ? next
    : { ...next, [historyAnnotation]: appended(annotations[historyAnnotation], before!) };
}

/** Appends a number to those of a history; the oldest go where there are too many. */
function appended(history: string | undefined, number: string): string {
  const numbers = history ? [...history.split(','), number] : [number];
  while (numbers.length > 1 && numbers.join().length > maxHistory) numbers.shift();
  return numbers.join();
}

/** A number of 64 bits, as Kubernetes has them; undefined for anything else. */
function numberIn(value: string | undefined): bigint | undefined {
  if (value === undefined || !/^-?\d{1,19}$/.test(value)) return undefined;
  const number = BigInt(value);
  return BigInt.asIntN(64, number) === number ? number : undefined;
}

function countIn(value: string | undefined): number | undefined {
  const count = value !== undefined && /^\d+$/.test(value) ? Number(value) : undefined;
  return count === undefined || count >= 2 ** 31 ? undefined : count;
}
