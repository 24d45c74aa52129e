import { claim, type ListJobs, makeList, Place } from './list-jobs.ts';

/** How long a thread waits for the coordinator to come along before it looks again. */
const waitMs = 1;
/** A coordinator that has not moved for so long will not come any more. */
const maxWaits = 1_000;

let scores = new Float64Array(0);

/**
 * Makes lists beside the coordinator until all are claimed. Runs in a worker thread.
 * @public The pool calls it by its name.
 */
export function makeLists(jobs: ListJobs): void {
  const { control, count, end } = jobs;
  if (scores.length < end) scores = new Float64Array(end);
  let waits = 0;
  while (Atomics.load(control, Place.next) < count && waits < maxWaits) {
    const current = Atomics.load(control, Place.current);
    const index = claim(jobs);
    if (index >= 0) {
      makeList(jobs, index, scores);
      waits = 0;
    } else {
      Atomics.wait(control, Place.current, current, waitMs);
      waits++;
    }
  }
}
