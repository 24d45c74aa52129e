import type { Job } from '@gantry/model/gen/gantry.batch.v1.ts';
import type { Pod } from '@gantry/model/gen/gantry.core.v1.ts';
import { keyOf } from '../core/action.ts';
import { controllerOf } from '../core/owners.ts';
import { isActive, isTerminating } from '../core/pods.ts';
import { holds, isFinished } from '../job/conditions.ts';
import { includes, parseIntervals, sizeOf } from '../job/intervals.ts';
import { indexOf, isIndexed, isTracked } from '../job/pods.ts';
import type { Change, TruthStore } from './store.ts';
import { Violation } from './violation.ts';

const controller = 'job-controller';

/** Promises of Jobs that hold at every write: pods are counted once, never too many run, and the end is true. */
export class JobInvariants {
  readonly #store: TruthStore;
  readonly #decidedAt: (controller: string, key: string) => number;
  /** Uids of Jobs and of pods that a number of their status has: another Job that adopts such a pod counts it anew. */
  readonly #counted = new Set<string>();
  /** Indexes that succeeded while their pod's finalizer held it, by the Job's uid. */
  readonly #succeeded = new Map<string, Set<number>>();

  constructor(store: TruthStore, decidedAt: (controller: string, key: string) => number) {
    this.#store = store;
    this.#decidedAt = decidedAt;
    store.onChange((change) => {
      const { object, old, type } = change;
      if (object.kind === 'Job' && type === 'put') this.#statusWritten(object, old as Job | undefined);
      if (object.kind !== 'Pod') return;
      if (type === 'put' && old === undefined && change.by === controller) this.#created(object);
      if (type === 'put') this.#ended(object, old as Pod | undefined);
      if (old !== undefined && change.by === controller) this.#released(change, old as Pod);
    });
  }

  #jobOf(pod: Pod): Job | undefined {
    const owner = controllerOf(pod);
    const job = owner === undefined ? undefined : this.#store.byUid(owner.uid);
    return job?.kind === 'Job' ? job : undefined;
  }

  #podsOf({ metadata: { uid } }: Job): Pod[] {
    return this.#store.all('Pod').filter((pod) => controllerOf(pod)?.uid === uid);
  }

  #created(pod: Pod): void {
    const job = this.#jobOf(pod);
    if (job === undefined) return;
    const { name } = job.metadata;
    if (isFinished(job)) throw new Violation(`Job ${name} is finished, and makes pod ${pod.metadata.name}`);
    const waits = job.spec.podReplacementPolicy === 'Failed';
    const alive = this.#podsOf(job).filter((other) => isActive(other) || (waits && isTerminating(other)));
    const versions = this.#versions(job, this.#decidedAt(controller, keyOf(job)));
    const most = Math.max(...versions.map(({ spec }) => (spec.suspend ? 0 : spec.parallelism!)));
    if (alive.length > most) throw new Violation(`${alive.length} pods of Job ${name} run, and ${most} may`);
    if (!isIndexed(job)) return;
    const twins = alive.filter((other) => indexOf(other) === indexOf(pod));
    if (twins.length > 1) throw new Violation(`${twins.length} pods of index ${indexOf(pod)} of Job ${name} run`);
  }

  #ended(pod: Pod, old: Pod | undefined): void {
    const job = this.#jobOf(pod);
    const index = indexOf(pod);
    if (job === undefined || index === undefined || !isTracked(pod)) return;
    if (pod.status?.phase !== 'Succeeded' || old?.status?.phase === 'Succeeded') return;
    const indexes = this.#succeeded.get(job.metadata.uid!) ?? new Set();
    this.#succeeded.set(job.metadata.uid!, indexes);
    if (indexes.has(index) && job.spec.podReplacementPolicy === 'Failed' && index < job.spec.completions!) {
      throw new Violation(`index ${index} of Job ${job.metadata.name} succeeds twice`);
    }
    indexes.add(index);
  }

  /** A finalizer goes only where the pod is written down, or is nothing to be counted. */
  #released({ object, type }: Change, old: Pod): void {
    const pod = object as Pod;
    if (!isTracked(old) || (type === 'put' && isTracked(pod))) return;
    const job = this.#jobOf(old);
    if (job === undefined || job.metadata.deletionTimestamp !== undefined) return;
    const { name } = pod.metadata;
    const { succeeded = [], failed = [] } = job.status?.uncountedTerminatedPods ?? {};
    if ([...succeeded, ...failed].includes(pod.metadata.uid!)) return;
    // Pods that are too many, or that a success leaves behind, count for nothing.
    if (isActive(old) || holds(job.status?.conditions, 'SuccessCriteriaMet')) return;
    const index = indexOf(old);
    if (isIndexed(job)) {
      // Indexes that there were not when the plan was made are nothing to be counted, even if users want them again meanwhile.
      const versions = this.#versions(job, this.#decidedAt(controller, keyOf(job)));
      const isPlaceless = index === undefined || versions.some(({ spec }) => index >= spec.completions!);
      const { completedIndexes = '' } = job.status ?? {};
      const isDone = index !== undefined && includes(parseIntervals(completedIndexes, job.spec.completions!), index);
      if (isPlaceless || (old.status?.phase === 'Succeeded' && isDone)) return;
    }
    throw new Violation(`pod ${name} of Job ${job.metadata.name} is let go and not counted: ${old.status?.phase}`);
  }

  #statusWritten(job: Job, old: Job | undefined): void {
    // Somebody else runs it.
    if (job.spec.managedBy !== undefined) return;
    const [before, after] = [old?.status ?? {}, job.status ?? {}];
    for (const list of ['succeeded', 'failed'] as const) {
      const [listed, still] = [before, after].map((status) => status.uncountedTerminatedPods?.[list] ?? []);
      const leaving = listed!.filter((uid) => !still!.includes(uid));
      for (const uid of leaving) {
        const pod = this.#store.byUid(uid);
        // One that was orphaned with its finalizer is not the Job's any more.
        const isOwn = pod !== undefined && controllerOf(pod)?.uid === job.metadata.uid;
        if (isOwn && isTracked(pod as Pod)) throw new Violation(`pod ${uid} is counted before it is let go`);
        if (this.#counted.has(`${job.metadata.uid} ${uid}`)) throw new Violation(`pod ${uid} is counted twice`);
        this.#counted.add(`${job.metadata.uid} ${uid}`);
      }
      const again = still!.find((uid) => this.#counted.has(`${job.metadata.uid} ${uid}`));
      if (again !== undefined) throw new Violation(`pod ${again} is about to be counted a second time`);
      if (list === 'succeeded' && isIndexed(job)) continue;
      const [had, has] = [before[list] ?? 0, after[list] ?? 0];
      if (has - had !== leaving.length) {
        throw new Violation(`Job ${job.metadata.name} counts ${has} ${list} after ${had} and ${leaving.length} more`);
      }
    }
    const isMet = holds(after.conditions, 'SuccessCriteriaMet');
    if (isMet && !holds(before.conditions, 'SuccessCriteriaMet')) this.#succeeds(job);
    if (holds(after.conditions, 'Complete') && !isMet)
      throw new Violation(`Job ${job.metadata.name} has not succeeded`);
    if (isFinished(job) && old !== undefined && !isFinished(old)) this.#finished(job);
  }

  #succeeds(job: Job): void {
    const { completions, successPolicy } = job.spec;
    const { succeeded = 0, completedIndexes = '', uncountedTerminatedPods: uncounted } = job.status ?? {};
    const byPolicy = (successPolicy?.rules ?? []).map(
      ({ succeededCount }) => succeededCount ?? Number.POSITIVE_INFINITY,
    );
    const wanted = Math.min(completions ?? 1, ...byPolicy);
    const done = isIndexed(job)
      ? sizeOf(parseIntervals(completedIndexes, completions!))
      : succeeded + (uncounted?.succeeded ?? []).length;
    // Elastic Jobs may have been scaled since the verdict.
    if (done < wanted && !this.#versions(job, 0).some(({ spec }) => done >= (spec.completions ?? 1))) {
      throw new Violation(`Job ${job.metadata.name} succeeds with ${done} of ${wanted}`);
    }
  }

  #finished(job: Job): void {
    const held = this.#podsOf(job).find(isTracked);
    if (held !== undefined)
      throw new Violation(`Job ${job.metadata.name} is finished, and holds ${held.metadata.name}`);
  }

  /** The states of a Job since a revision, the one that it had then among them. */
  #versions(job: Job, since: number): Job[] {
    const own = this.#store.changesOf('Job').filter(({ object }) => object.metadata.uid === job.metadata.uid);
    const first = own.findLastIndex(({ revision }) => revision <= since);
    return own.slice(Math.max(0, first)).map(({ object }) => object as Job);
  }
}
