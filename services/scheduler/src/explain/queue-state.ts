import type { QueueState } from '@gantry/client/placement-messages.ts';
import type { QueuedPod } from '../queue/scheduling-queue.ts';
import type { Scheduler } from '../scheduler.ts';
import { podLabel } from './pod-label.ts';
import { remediesFor } from './words.ts';

/**
 * Describes the place where a pod waits, and the changes that it waits for.
 * @param wallOffsetMs Milliseconds by which the wall clock is ahead of the queue's monotonic clock.
 */
export function queueStateOf(entry: QueuedPod, scheduler: Scheduler, wallOffsetMs: number): QueueState {
  const { queue, cluster } = scheduler;
  const { pod, place, nomination, info, attempts } = entry;
  const waitsForPods = [...(nomination?.waitsFor ?? [])].flatMap((uid) => {
    const other = scheduler.pod(uid);
    return other === undefined ? [] : [podLabel(other)];
  });
  return {
    place: place === 'taken' || place === 'gone' ? 'placing' : place,
    attempts,
    readyAtMs: place === 'backoff' ? Math.round(entry.readyMs + wallOffsetMs) : 0,
    sweepAtMs: place === 'parked' ? Math.round(entry.sweepMs + wallOffsetMs) : 0,
    wakesOn: place === 'parked' ? remediesFor(queue.wakesOn(pod.class) ?? []) : [],
    gates: info.gates,
    nominatedNodeName: nomination === undefined ? '' : cluster.nodes.names[nomination.node]!,
    waitsForPods,
    ahead: place === 'active' ? queue.countBefore(entry) : 0,
    said: entry.reported.slice(entry.reported.indexOf(' ') + 1),
  };
}
