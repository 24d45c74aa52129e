/** Sources of the objects that xds-lb goes by, from the api or the event bus. */
import { busSource } from '@gantry/client/bus-source.ts';
import { type ChangeSource, watchSource } from '@gantry/client/change-source.ts';
import type { Client } from '@gantry/client/client.ts';
import { Informer } from '@gantry/client/informer.ts';
import type { EventBus } from '@gantry/events/events.ts';
import type { KindName, Kinds } from '@gantry/model/built-in.ts';
import type { Pod } from '@gantry/model/gen/gantry.core.v1.ts';
import type { KubeObject } from '@gantry/model/kind.ts';
import type { Logger } from '@gantry/runtime/log.ts';
import type { BuildDeps } from './build-loop.ts';
import type { OpenPods } from './pod-revisions.ts';

/** The sources; disposing of them ends their informers. */
export interface Sources
  extends Pick<BuildDeps, 'services' | 'endpointSlices' | 'nodes' | 'rollouts' | 'openPods'>,
    AsyncDisposable {}

/** Begins to follow the objects. */
export function openSources({
  client,
  bus,
  log,
}: {
  readonly client: Client;
  /** The event bus that changes are read from; if absent, the api's watches. */
  readonly bus?: EventBus | undefined;
  readonly log: Logger;
}): Sources {
  const stack = new AsyncDisposableStack();
  const follow = <T extends KubeObject>(kind: KindName, source: ChangeSource<T>): Informer<T> =>
    new Informer({ source, onError: (error) => log.warn({ kind, error }, 'objects are read anew') }).start();
  const informer = <K extends KindName>(kind: K): Informer<Kinds[K]> => {
    const source = bus === undefined ? watchSource(client, kind) : busSource(bus, client, kind);
    return stack.use(follow<Kinds[K]>(kind, source));
  };
  // The bus has whole pods: the api sends their metadata alone.
  const openPods: OpenPods = (namespace, label) =>
    follow(
      'Pod',
      labelsOnly(watchSource(client, 'Pod', { namespace, labelSelector: label, metadataOnly: true }), label),
    );
  return {
    services: informer('Service'),
    endpointSlices: informer('EndpointSlice'),
    nodes: informer('Node'),
    rollouts: informer('Rollout'),
    openPods,
    [Symbol.asyncDispose]: () => stack.disposeAsync(),
  };
}

/** The pods of a source with nothing but their identity and one label: a namespace may have ten thousand. */
function labelsOnly(source: ChangeSource<Pod>, label: string): ChangeSource<Pod> {
  const slim = ({ apiVersion, kind, metadata }: Pod): Pod => {
    const { namespace, name, uid, resourceVersion, labels } = metadata;
    const kept = { namespace, name, uid, resourceVersion, labels: { [label]: labels?.[label] ?? '' } };
    // Its type says more than there is: nobody reads more of it.
    return { apiVersion, kind, metadata: kept } as unknown as Pod;
  };
  return {
    async *read(after, signal) {
      for await (const event of source.read(after, signal)) {
        if (event.type === 'snapshot') yield { ...event, objects: event.objects.map(slim) };
        else if ('object' in event && event.object !== undefined) yield { ...event, object: slim(event.object) };
        else yield event;
      }
    },
  };
}
