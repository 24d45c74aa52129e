import type { QueueState } from '@gantry/client/placement-messages.ts';
import type { QueuedPod } from '../queue/scheduling-queue.ts';
import type { Scheduler } from '../scheduler.ts';
import { podLabel } from './pod-label.ts';
import { remediesFor } from './words.ts';

/** Where a pod waits, and for what. */
export function queueStateOf(entry: QueuedPod, scheduler: Scheduler): QueueState {
  const { queue, cluster } = scheduler;
  const { pod, place, nomination, info, attempts } = entry;
  const waitsForPods = [...(nomination?.waitsFor ?? [])].flatMap((uid) => {
    const other = scheduler.pod(uid);
    return other === undefined ? [] : [podLabel(other)];
  });
  return {
    place: place === 'taken' || place === 'gone' ? 'placing' : place,
    attempts,
    readyAtMs: place === 'backoff' ? entry.readyMs : 0,
    sweepAtMs: place === 'parked' ? entry.sweepMs : 0,
    wakesOn: place === 'parked' ? remediesFor(queue.wakesOn(pod.class) ?? []) : [],
    gates: info.gates,
    nominatedNodeName: nomination === undefined ? '' : cluster.nodes.names[nomination.node]!,
    waitsForPods,
    ahead: place === 'active' ? queue.countBefore(entry) : 0,
    said: entry.reported.slice(entry.reported.indexOf(' ') + 1),
  };
}
