import type { Registry as Metrics } from 'prom-client';
import { Callouts } from '../callout/client.ts';
import { Routes } from '../callout/routes.ts';
import type { ResourceApi } from '../core/api.ts';
import { type CoreDeps, ownContext } from '../core/context.ts';
import type { PodProxy } from '../pods/proxy.ts';
import { socketTo } from '../pods/socket.ts';
import type { ChangeObserver } from '../watch/observers.ts';
import { aggregator, manager } from './aggregator.ts';
import { RemoteDocuments } from './documents.ts';
import { FrontProxy, type FrontProxyAuthority } from './identity.ts';
import { keepApiServices, registerVersions, ServiceBell } from './keeping.ts';
import { registerAvailability } from './metrics.ts';
import type { VersionPlace } from './priorities.ts';
import { ApiServicesView, type RemoteVersion } from './view.ts';

/** Versions that other api servers serve, as the REST edge needs them. */
export interface Aggregation {
  /** A version that another server serves; undefined for one that it does not. */
  remote(group: string, version: string): RemoteVersion | undefined;
  readonly served: {
    placeOf(group: string, version: string, isBuiltIn: boolean): VersionPlace;
    readonly remotes: RemoteDocuments['all'];
  };
  readonly callouts: Pick<Callouts, 'open'>;
  /** Calls a listener after each change of discovery, until the result is disposed of. */
  onUpdate(listener: () => void): Disposable;
}

/** Aggregation of an api process. */
export interface Aggregator extends Aggregation, Disposable {
  readonly observers: readonly ChangeObserver[];
  readonly frontProxy: FrontProxyAuthority;
  /** Makes the API services of all versions that the api itself serves, and the certificate for other servers. */
  prepare(api: ResourceApi): Promise<void>;
  /** Goes on for as long as the process serves, until the signal fires. */
  run(api: ResourceApi, signal: AbortSignal): Promise<void>;
  /** Keeps API services and their conditions as they should be, until the signal fires. Run by one leader. */
  keep(api: ResourceApi, signal: AbortSignal): Promise<void>;
}

/** Connections to one server: watches of many clients are as many requests at a time. */
const maxSockets = 10_000;

/** Puts the parts of aggregation together. @param pods The way to pods behind services. */
export function aggregatorOf(core: CoreDeps, pods: Pick<PodProxy, 'dial'>, metrics: Metrics): Aggregator {
  const stop = new AbortController();
  const view = new ApiServicesView();
  const routes = new Routes(core);
  const bell = new ServiceBell(view);
  const proxy = new FrontProxy(core);
  const callouts = new Callouts({
    ...core,
    routes,
    maxSockets,
    dialPod: (target) => socketTo(pods, ownContext(aggregator, stop.signal, manager), target),
    identity: () => proxy.identity,
  });
  const deps = { ...core, core, view, callouts };
  const documents = new RemoteDocuments(deps);
  registerAvailability(metrics, view);
  return {
    remote: (group, version) => view.remote(group, version),
    served: {
      placeOf: (group, version, isBuiltIn) => view.placeOf(group, version, isBuiltIn),
      get remotes() {
        return documents.all;
      },
    },
    callouts,
    observers: [view, routes, bell],
    frontProxy: proxy,
    onUpdate: (listener) => {
      const both = new DisposableStack();
      both.use(view.onUpdate(listener));
      both.use(documents.onUpdate(listener));
      return both;
    },
    prepare: async (api) => {
      await registerVersions({ api, view }, true, stop.signal);
      await proxy.prepare(api, stop.signal);
    },
    run: async (api, signal) => {
      await Promise.all([proxy.run(api, signal), documents.run(signal)]);
    },
    keep: (api, signal) => keepApiServices({ ...deps, api }, bell, signal),
    [Symbol.dispose]: () => {
      stop.abort();
      callouts[Symbol.dispose]();
    },
  };
}
