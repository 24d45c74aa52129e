import { builtIn } from '@gantry/model/built-in.ts';
import { afterAnnotation, afterField, cycleOf, prerequisitesOf } from '@gantry/model/kinds/job/after.ts';
import { invalid, invalidValue } from '@gantry/model/validation/causes.ts';
import type { Operation, Store } from '@gantry/store/store.ts';
import { objectKey } from '../core/keys.ts';
import { type AnyObject, decodeEntry } from '../core/stored-object.ts';
import type { Accompaniment, AdmissionStep } from './chain.ts';

const jobKind = builtIn.kindOf('batch', 'Job')!;
/** Jobs of one namespace that may be before another, and before those, and so on: each costs a read, and a check in the commit. */
const mostBefore = 500;

type Annotations = Readonly<Record<string, string>> | undefined;

/**
 * Refuses Jobs that would wait for one another in a circle by their annotations `gantry.dev/after`, of which none could ever start. The commit
 * checks that the Jobs that come before are as they were read: of two that close a circle at the same time one is refused.
 */
export function jobOrderStep(store: Pick<Store, 'get'>): AdmissionStep {
  return {
    name: 'JobOrder',
    // All of it is decided in the commit.
    handles: () => false,
    commit: ({ kind, object, stored }) => {
      const after = object?.metadata.annotations?.[afterAnnotation];
      if (kind !== jobKind || after === undefined) return undefined;
      const before = stored?.object.metadata.annotations?.[afterAnnotation];
      return after === before ? undefined : checkedOrder(object!, store);
    },
  };
}

/** Checks of all Jobs that come before one. Throws Invalid that names the circle, or says that there are too many Jobs to find one. */
async function checkedOrder({ metadata }: AnyObject, store: Pick<Store, 'get'>): Promise<Accompaniment> {
  const { annotations, name, namespace } = metadata;
  const operations: Operation[] = [];
  const before = await annotationsBefore(annotations, async (job) => {
    const key = objectKey(jobKind, namespace, job);
    const entry = await store.get(key);
    // The Job itself is written in this commit.
    if (job !== name) operations.push({ type: 'check', key, expected: entry?.revision ?? 0 });
    return entry && decodeEntry(entry).metadata.annotations;
  });
  const problem =
    before === undefined
      ? `more than ${mostBefore} Jobs come before this one`
      : problemOf(cycleOf(name, annotations, (job) => before.get(job)));
  if (problem === undefined) return { operations };
  throw invalid(jobKind, name, [invalidValue(afterField, annotations![afterAnnotation], problem)]);
}

function problemOf(cycle: readonly string[] | undefined): string | undefined {
  return cycle && `Jobs must not wait for one another in a cycle: ${cycle.join(' → ')}`;
}

/** Annotations of all Jobs that come before one, by their names; undefined where they are too many. */
async function annotationsBefore(
  annotations: Annotations,
  read: (job: string) => Promise<Annotations>,
): Promise<ReadonlyMap<string, Annotations> | undefined> {
  const found = new Map<string, Annotations>();
  for (let front: Annotations[] = [annotations]; front.length > 0; ) {
    const named = new Set(front.flatMap(jobsNamedBy).filter((job) => !found.has(job)));
    if (found.size + named.size > mostBefore) return undefined;
    const next = await Promise.all([...named].map(async (job) => [job, await read(job)] as const));
    for (const [job, theirs] of next) found.set(job, theirs);
    front = next.map(([, theirs]) => theirs);
  }
  return found;
}

function jobsNamedBy(annotations: Annotations): string[] {
  return prerequisitesOf(annotations).prerequisites.flatMap(({ kind, name }) => (kind === 'Job' ? [name] : []));
}
