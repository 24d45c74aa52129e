import { watchSource } from '@gantry/client/change-source.ts';
import type { Client } from '@gantry/client/client.ts';
import { Informer } from '@gantry/client/informer.ts';
import type { Pod } from '@gantry/model/gen/gantry.core.v1.ts';

/** Milliseconds after which waiting fails: a broken cluster must not hold a benchmark up. */
const patienceMs = 60_000;

/** The pods of a cluster as they change. */
export interface PodFollower extends AsyncDisposable {
  /** Resolves as soon as `holds` is true of all pods; it is asked at every change. */
  until(holds: (pods: readonly Pod[]) => boolean): Promise<void>;
  all(): readonly Pod[];
}

/** Follows all pods over a watch. */
export function followPods(client: Client): PodFollower {
  const informer = new Informer<Pod>({
    source: watchSource(client, 'Pod'),
    onError: (error) => console.error(`pods are read anew: ${error}`),
  }).start();
  return {
    all: () => [...informer.values()],
    until: async (holds) => {
      const { promise, resolve, reject } = Promise.withResolvers<void>();
      const look = (): void => {
        if (holds([...informer.values()])) resolve();
      };
      const timer = setTimeout(() => reject(new Error(`waited ${patienceMs / 1_000} s in vain`)), patienceMs);
      const stop = informer.onChange(look);
      try {
        await informer.hasSynced;
        look();
        await promise;
      } finally {
        stop();
        clearTimeout(timer);
      }
    },
    [Symbol.asyncDispose]: () => informer[Symbol.asyncDispose](),
  };
}

export function isRunning(pod: Pod): boolean {
  return pod.status?.phase === 'Running';
}
