import { builtIn } from '@gantry/model/built-in.ts';
import { GantryError } from '@gantry/runtime/errors.ts';
import type { Registry as Metrics } from 'prom-client';
import { wellKnown } from '../auth/user.ts';
import { Callouts } from '../callout/client.ts';
import { Routes } from '../callout/routes.ts';
import { type CoreDeps, ownContext } from '../core/context.ts';
import { readStored } from '../core/writer.ts';
import { ownManager } from '../ownership/track.ts';
import type { PodProxy } from '../pods/proxy.ts';
import { socketTo } from '../pods/socket.ts';
import type { ChangeObserver } from '../watch/observers.ts';
import type { AdmissionStep } from './chain.ts';
import { HookConfigurations } from './webhooks/configurations.ts';
import { createHookMetrics } from './webhooks/metrics.ts';
import { mutatingWebhooks } from './webhooks/mutating.ts';
import type { MeetsConditions } from './webhooks/selection.ts';
import { validatingWebhooks } from './webhooks/validating.ts';

/** Admission that users bring. */
export interface OutsideAdmission extends Disposable {
  /** In Kubernetes' order. */
  readonly steps: readonly AdmissionStep[];
  /** Keep its state up to date. */
  readonly observers: readonly ChangeObserver[];
  /** Calls to webhooks of every kind. */
  readonly callouts: Callouts;
}

type Deps = Pick<CoreDeps, 'kinds' | 'store' | 'cache' | 'clock' | 'entropy' | 'log'> & {
  readonly metrics: Metrics;
  /** The way to pods behind services. */
  readonly pods: () => Pick<PodProxy, 'dial'>;
};

const namespaces = builtIn.kindOf('', 'Namespace')!;
/** The user as whom the api reaches pods. */
const self = { name: 'system:apiserver', groups: [wellKnown.masters] };

/** Puts together the admission that users bring, and the calls that it makes. */
export function outsideAdmission(deps: Deps): OutsideAdmission {
  const stop = new AbortController();
  const routes = new Routes(deps);
  const callouts = new Callouts({
    ...deps,
    routes,
    dialPod: (target) => socketTo(deps.pods(), ownContext(self, stop.signal, ownManager), target),
  });
  const configurations = new HookConfigurations(deps.kinds);
  const hooks = {
    ...deps,
    callouts,
    configurations,
    metrics: createHookMetrics(deps.metrics),
    readNamespace: async (name: string) => (await readStored(deps, { kind: namespaces, namespace: '', name })).object,
    meetsConditions,
  };
  return {
    steps: [mutatingWebhooks(hooks), validatingWebhooks(hooks)],
    observers: [routes, configurations.observer],
    callouts,
    [Symbol.dispose]: () => {
      stop.abort();
      callouts[Symbol.dispose]();
    },
  };
}

/** Conditions are not evaluated: a webhook that has any is not asked, and its failure policy decides on the request. */
const meetsConditions: MeetsConditions = ({ conditions, isIgnoredOnFailure, name }) => {
  if (conditions.length === 0) return true;
  if (isIgnoredOnFailure) return false;
  throw new GantryError('Forbidden', `the match conditions of webhook ${JSON.stringify(name)} cannot be evaluated`);
};
