/** Services, EndpointSlices and sources in memory, for tests. */
import type { Node, Service, ServicePort, ServiceSpec } from '@gantry/model/gen/gantry.core.v1.ts';
import type { Endpoint, EndpointSlice } from '@gantry/model/gen/gantry.discovery.v1.ts';
import type { ObjectSource } from '../build-loop.ts';
import { serviceNameLabel } from '../names.ts';
import type { OpenPods, PodLabels } from '../pod-revisions.ts';
import type { RolloutState } from '../splits.ts';

/** A Service of type LoadBalancer in the namespace default. */
export function service(name: string, ports: readonly ServicePort[], spec: Partial<ServiceSpec> = {}): Service {
  return {
    apiVersion: 'v1',
    kind: 'Service',
    metadata: { name, namespace: 'default', uid: `uid-${name}`, creationTimestamp: '2026-01-01T00:00:00Z' },
    spec: { type: 'LoadBalancer', ports: [...ports], ...spec },
  };
}

/** A slice of a Service whose endpoints all have one port. */
export function slice(
  serviceName: string,
  port: { readonly name?: string; readonly port: number },
  endpoints: readonly Endpoint[],
  name = `${serviceName}-${port.port}`,
): EndpointSlice {
  return {
    apiVersion: 'discovery.k8s.io/v1',
    kind: 'EndpointSlice',
    metadata: { name, namespace: 'default', labels: { [serviceNameLabel]: serviceName } },
    addressType: 'IPv4',
    ports: [{ name: port.name ?? '', protocol: 'TCP', port: port.port }],
    endpoints: [...endpoints],
  };
}

/** An endpoint that is ready. */
export function endpoint(address: string, more: Partial<Endpoint> = {}): Endpoint {
  return { addresses: [address], conditions: { ready: true, serving: true, terminating: false }, ...more };
}

/** A node, ready or not, with an internal address. */
export function node(name: string, address: string, ready = true): Node {
  return {
    apiVersion: 'v1',
    kind: 'Node',
    metadata: { name },
    spec: {},
    status: {
      addresses: [{ type: 'InternalIP', address }],
      conditions: [{ type: 'Ready', status: ready ? 'True' : 'False' }],
    },
  };
}

/** An endpoint of a pod that is ready. */
export function podEndpoint(address: string, uid: string, more: Partial<Endpoint> = {}): Endpoint {
  return endpoint(address, { targetRef: { kind: 'Pod', namespace: 'default', name: uid, uid }, ...more });
}

/** A Rollout of a Deployment in the namespace default that splits the Service `web`. */
export function rollout(status: NonNullable<RolloutState['status']>, name = 'web'): RolloutState {
  return {
    metadata: { namespace: 'default', name, creationTimestamp: '2026-01-01T00:00:00Z' },
    spec: { workloadRef: { kind: 'Deployment' } },
    status: { phase: 'Progressing', services: ['web'], ...status },
  };
}

/** Pods of the namespace default whose revisions a test sets by hand. */
export class PodList {
  readonly #opened = new Set<(uid: string, revision: string) => void>();
  readonly #revisions = new Map<string, string>();

  /** Sets the revision of a pod. */
  set(uid: string, revision: string): void {
    this.#revisions.set(uid, revision);
    for (const tell of this.#opened) tell(uid, revision);
  }

  readonly open: OpenPods = (_namespace, label) => {
    const podOf = (uid: string, revision: string): PodLabels => ({ metadata: { uid, labels: { [label]: revision } } });
    let close = (): void => {};
    return {
      hasSynced: Promise.resolve(),
      onChange: (handler) => {
        const tell = (uid: string, revision: string): void => handler({ type: 'ADDED', object: podOf(uid, revision) });
        for (const [uid, revision] of this.#revisions) tell(uid, revision);
        this.#opened.add(tell);
        close = () => this.#opened.delete(tell);
      },
      [Symbol.asyncDispose]: async () => close(),
    };
  };
}

/** Objects that a test changes by hand. */
export class ListSource<T> implements ObjectSource<T> {
  readonly hasSynced: Promise<void>;
  readonly #synced = Promise.withResolvers<void>();
  readonly #handlers = new Set<() => void>();
  #items: readonly T[] = [];

  constructor() {
    this.hasSynced = this.#synced.promise;
  }

  /** Replaces all objects; the first time says that the source has synced. */
  set(items: readonly T[]): void {
    this.#items = items;
    this.#synced.resolve();
    for (const handler of this.#handlers) handler();
  }

  values(): Iterable<T> {
    return this.#items;
  }

  onChange(handler: () => void): () => void {
    this.#handlers.add(handler);
    return () => this.#handlers.delete(handler);
  }
}
