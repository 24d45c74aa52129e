import { watchSource } from '@gantry/client/change-source.ts';
import type { Client } from '@gantry/client/client.ts';
import { Informer } from '@gantry/client/informer.ts';
import type { Pod } from '@gantry/model/gen/gantry.core.v1.ts';
import type { Logger } from '@gantry/runtime/log.ts';

/** Receiver of changes to the pods of one node. */
export interface PodListener {
  /** The pod is bound to the node, or changed. */
  put(pod: Pod): void;
  /** The pod's object is gone. */
  delete(pod: Pod): void;
  /** Every pod of the node was put by now: any other pod in the runtime is an orphan. */
  synced(): void;
}

/** Source of an agent's pods. Many agents in one process may share one. */
export interface PodSource {
  /** Delivers the node's pods until disposed of. */
  subscribe(nodeName: string, listener: PodListener): Disposable;
}

/** Pods of one node, by a watch of its own. */
export function ownPodSource(client: Pick<Client, 'list' | 'watch'>, log: Logger): PodSource & AsyncDisposable {
  const informers = new Set<Informer<Pod>>();
  return {
    subscribe(nodeName, listener) {
      const source = watchSource(client, 'Pod', { fieldSelector: `spec.nodeName=${nodeName}` });
      const informer = new Informer<Pod>({
        source,
        onError: (error) => log.warn({ error }, 'pods cannot be watched'),
      });
      informers.add(informer);
      informer.onChange(({ type, object }) => (type === 'DELETED' ? listener.delete(object) : listener.put(object)));
      informer.hasSynced.then(
        () => listener.synced(),
        () => {},
      );
      informer.start();
      return { [Symbol.dispose]: () => void informer[Symbol.asyncDispose]() };
    },
    async [Symbol.asyncDispose]() {
      await Promise.all([...informers].map((informer) => informer[Symbol.asyncDispose]()));
    },
  };
}

/** Pods of all nodes by one watch, delivered to their nodes' listeners: for thousands of hollow nodes in one process. */
export function sharedPodSource(informer: Informer<Pod>): PodSource {
  const listeners = new Map<string, PodListener>();
  informer.onChange(({ type, object }) => {
    const listener = listeners.get(object.spec?.nodeName ?? '');
    if (type === 'DELETED') listener?.delete(object);
    else listener?.put(object);
  });
  return {
    subscribe(nodeName, listener) {
      listeners.set(nodeName, listener);
      informer.hasSynced.then(
        () => {
          for (const pod of informer.byIndex(nodeIndex, nodeName)) listener.put(pod);
          listener.synced();
        },
        () => {},
      );
      return { [Symbol.dispose]: () => listeners.delete(nodeName) };
    },
  };
}

/** Name of the index that the informer of a shared source needs: pods by spec.nodeName. */
export const nodeIndex = 'node';

/** An informer of all bound pods, for sharedPodSource. */
export function boundPods(client: Pick<Client, 'list' | 'watch'>, log: Logger): Informer<Pod> {
  return new Informer<Pod>({
    source: watchSource(client, 'Pod', { fieldSelector: 'spec.nodeName!=' }),
    indexers: { [nodeIndex]: (pod) => (pod.spec?.nodeName ? [pod.spec.nodeName] : []) },
    onError: (error) => log.warn({ error }, 'pods cannot be watched'),
  });
}
