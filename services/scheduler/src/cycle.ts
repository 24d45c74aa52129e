import type { CycleResult, Decisions, Waiting } from './decisions.ts';
import type { Relocations } from './defrag/relocations.ts';
import { type GangParts, tryGang } from './gang/attempt.ts';
import type { Gang } from './gang/gangs.ts';
import { inParts } from './gang/parts.ts';
import type { ClusterChange } from './plugin.ts';
import { mayPreempt, PreemptionPlan, withoutVictims } from './preempt/preemption.ts';
import { anyNode, type ChangeLog } from './queue/change-log.ts';
import type { QueuedPod, Verdict } from './queue/scheduling-queue.ts';
import { batchesOf } from './solve/batches.ts';
import { diagnose } from './solve/diagnosis.ts';
import type { Batch } from './solve/solver.ts';
import type { PodClass } from './state/pod-class.ts';

/** Dependencies of a cycle. */
export interface CycleParts extends GangParts {
  readonly relocations: Relocations;
  readonly changes: ChangeLog;
}

/** One cycle: decides about pods that were taken from the queue. Those that get a node count as being there at once. */
export class Cycle {
  readonly #parts: CycleParts;
  readonly #nowMs: number;
  readonly #result: Decisions;

  /** @param waiting What is to be told of others. */
  constructor(parts: CycleParts, nowMs: number, waiting: Waiting[]) {
    this.#parts = parts;
    this.#nowMs = nowMs;
    this.#result = { placements: [], evictions: [], waiting, tried: 0, failures: [] };
  }

  /** Decides about pods, in this order. */
  decide(taken: readonly QueuedPod[]): CycleResult {
    const { gangs } = this.#parts.cluster;
    this.#result.tried = taken.length;
    const uids = taken.map(({ pod }) => pod.uid);
    this.#contained(uids, () => {
      for (const { gang, entries } of inParts(taken, (uid) => gangs.of(uid))) {
        if (gang === undefined) this.#decideAll(batchesOf(entries));
        else this.#contained(gang.members.keys(), () => this.#decideGang(gang));
      }
    });
    return this.#result;
  }

  #decideAll(batches: readonly QueuedPod[][]): void {
    const { solver } = this.#parts;
    this.#contained([], () => solver.announce(batches.map((batch) => this.#toSolve(batch))));
    for (const batch of batches) {
      this.#contained(
        batch.map(({ pod }) => pod.uid),
        () => this.#decideBatch(batch),
      );
    }
    solver.finish();
  }

  /** Contains an exception to the pods that it concerns: others are decided about, and those without a node are retried. */
  #contained(uids: Iterable<string>, decide: () => void): void {
    try {
      decide();
    } catch (error) {
      this.#result.failures.push(error);
      for (const uid of uids) {
        try {
          this.#giveBack(this.#parts.queue.get(uid));
        } catch (failure) {
          this.#result.failures.push(failure);
        }
      }
    }
  }

  #giveBack(entry: QueuedPod | undefined): void {
    const { cluster, nominations, queue } = this.#parts;
    if (entry?.place !== 'taken' || entry.pod.state === 'assumed') return;
    if (entry.pod.node >= 0) cluster.displace(entry.pod);
    entry.pod.state = 'pending';
    nominations.clear(entry);
    queue.retry(entry, this.#nowMs);
  }

  #toSolve(batch: readonly QueuedPod[]): Batch {
    const [{ pod, info }] = batch as readonly [QueuedPod];
    return { podClass: pod.class, profile: this.#parts.profiles[info.schedulerName]!, pods: batch.length };
  }

  /** Places pods of one class, as many as fit; makes room for the others where it can. */
  #decideBatch(batch: readonly QueuedPod[]): void {
    const { nominations, relocations, solver, changes } = this.#parts;
    const { podClass, profile } = this.#toSolve(batch);
    for (const entry of batch) nominations.lift(entry);
    const pods = batch.map(({ pod }) => pod);
    let verdict = this.#verdictOn(batch);
    let placed = relocations.place(podClass, pods);
    const solve = (): void => {
      placed += solver.solve(podClass, pods.slice(placed), profile);
      verdict = undefined;
    };
    if (placed < pods.length && verdict === undefined) solve();
    if (placed < pods.length && relocations.reopenFor(podClass)) solve();
    for (const entry of batch.slice(0, placed)) {
      nominations.clear(entry);
      relocations.placed(entry.pod);
      entry.pod.state = 'assumed';
      this.#result.placements.push({ entry, nodeName: this.#nameOf(entry.pod.node) });
    }
    if (placed > 0) changes.add('podPlaced', anyNode);
    if (placed === batch.length) return;
    if (verdict === undefined) this.#park(batch.slice(placed));
    else this.#parkAs(batch.slice(placed), verdict);
  }

  /** The verdict on parked pods of the same class applies to new ones too, until a change can help. */
  #verdictOn(batch: readonly QueuedPod[]): Verdict | undefined {
    return batch.every(({ attempts }) => attempts === 0) ? this.#parts.queue.verdictOn(batch[0]!.pod.class) : undefined;
  }

  /** Pods of one class that no node takes as it is: why is said once, for all of them. */
  #park(entries: readonly QueuedPod[]): void {
    const { cluster, nominations, queue } = this.#parts;
    const podClass = entries[0]!.pod.class;
    const { message, unblockedBy, preemptable } = diagnose(podClass, cluster);
    const waiting = entries.filter((entry) => !nominations.renew(entry));
    const plan = preemptable > 0 && waiting.length > 0 ? this.#planFor(podClass) : undefined;
    for (const entry of waiting) {
      const candidate = plan?.next();
      if (candidate === undefined) break;
      this.#result.evictions.push(...nominations.nominate(entry, candidate));
      plan?.taken(candidate.node);
    }
    const explained = message + (plan?.message ?? withoutVictims(podClass, cluster.nodes.count, preemptable));
    const wakers: ReadonlySet<ClusterChange> = new Set([...unblockedBy, 'podBound', 'budgetGrown']);
    for (const entry of entries) {
      queue.park(entry, wakers, this.#nowMs);
      this.#tell(entry, entry.nomination === undefined ? explained : message);
    }
    // If preemption makes room for all of them it may make room for more: no verdict is kept.
    if (entries.some(({ nomination }) => nomination === undefined)) queue.conclude(podClass, explained);
  }

  #planFor(podClass: PodClass): PreemptionPlan | undefined {
    const { cluster, budgets } = this.#parts;
    return mayPreempt(podClass, cluster) ? new PreemptionPlan(podClass, cluster, budgets.account()) : undefined;
  }

  /** Pods that wait for the same as others of their class: however many come, they cost next to nothing. */
  #parkAs(entries: readonly QueuedPod[], { unblockedBy, message }: Verdict): void {
    for (const entry of entries) {
      this.#parts.queue.park(entry, unblockedBy, this.#nowMs);
      this.#tell(entry, message);
    }
  }

  /** Places what a gang lacks, all or none. */
  #decideGang(gang: Gang): void {
    const { placed, evictions, waiting, brought } = tryGang(gang, this.#parts, this.#nowMs);
    this.#result.tried += brought;
    for (const entry of placed) {
      this.#result.placements.push({ entry, nodeName: this.#nameOf(entry.pod.node), gang: gang.key });
    }
    if (placed.length > 0) this.#parts.changes.add('podPlaced', anyNode);
    this.#result.evictions.push(...evictions);
    for (const { entry, message } of waiting) this.#tell(entry, message);
  }

  /** Says why a pod waits, where that is news. */
  #tell(entry: QueuedPod, message: string): void {
    const { nomination } = entry;
    const nominatedNodeName = nomination === undefined ? '' : this.#nameOf(nomination.node);
    const reported = `${nominatedNodeName} ${message}`;
    if (entry.reported === reported) return;
    entry.reported = reported;
    this.#result.waiting.push({ entry, reason: 'Unschedulable', message, nominatedNodeName });
  }

  #nameOf(node: number): string {
    return this.#parts.cluster.nodes.names[node]!;
  }
}
