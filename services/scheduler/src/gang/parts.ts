import type { QueuedPod } from '../queue/scheduling-queue.ts';
import type { Gang } from './gangs.ts';

/** Pods that are tried next: either those of a gang that begins, or others. */
export interface Part {
  readonly gang: Gang | undefined;
  readonly entries: readonly QueuedPod[];
}

/**
 * Splits the pods taken from the queue, in order, with each gang that lacks members in the place of its first. Members of a gang
 * that has what it needs are like any other pods. Lazy: what a gang still lacks is asked when its turn comes.
 */
export function* inParts(taken: readonly QueuedPod[], gangOf: (uid: string) => Gang | undefined): Generator<Part> {
  let open: QueuedPod[] = [];
  const complete = new Set<Gang>();
  for (const entry of taken) {
    const gang = gangOf(entry.pod.uid);
    if (gang === undefined || complete.has(gang) || isComplete(gang)) {
      if (gang !== undefined) complete.add(gang);
      open.push(entry);
      continue;
    }
    if (open.length > 0) yield { gang: undefined, entries: open };
    open = [];
    // Others of the gang may have brought it along already.
    if (entry.place === 'taken') yield { gang, entries: [entry] };
  }
  if (open.length > 0) yield { gang: undefined, entries: open };
}

/** A gang that has begun has what it needs, whatever of its other members is asked to be bound. */
function isComplete({ info, lacks }: Gang): boolean {
  return info !== undefined && lacks === 0;
}
