import { builtIn } from '@gantry/model/built-in.ts';
import type { Registry as Metrics } from 'prom-client';
import type { Authorizer } from '../auth/authorization.ts';
import { wellKnown } from '../auth/user.ts';
import { Callouts } from '../callout/client.ts';
import { Routes } from '../callout/routes.ts';
import { type CoreDeps, ownContext } from '../core/context.ts';
import type { AnyObject } from '../core/stored-object.ts';
import { readStored } from '../core/writer.ts';
import { ownManager } from '../ownership/track.ts';
import type { PodProxy } from '../pods/proxy.ts';
import { socketTo } from '../pods/socket.ts';
import type { ChangeObserver } from '../watch/observers.ts';
import type { AdmissionStep } from './chain.ts';
import { expressionAuthorizer } from './expressions/authorizer.ts';
import { expressionsStep } from './expressions/validation.ts';
import { FollowedObjects } from './following.ts';
import { createPolicyMetrics } from './policies/metrics.ts';
import { mutatingPolicies } from './policies/mutating.ts';
import { mutatingPolicyOf } from './policies/mutating-policy.ts';
import { Policies } from './policies/policies.ts';
import { validatingPolicies } from './policies/validating.ts';
import { validatingPolicyOf } from './policies/validating-policy.ts';
import { HookConfigurations } from './webhooks/configurations.ts';
import { matchConditions } from './webhooks/matching-conditions.ts';
import { createHookMetrics } from './webhooks/metrics.ts';
import { mutatingWebhooks } from './webhooks/mutating.ts';
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
  /** Decides for expressions that ask what a user may do. */
  readonly decide: Authorizer;
  /** The way to pods behind services. */
  readonly pods: () => Pick<PodProxy, 'dial'>;
};

const namespaces = builtIn.kindOf('', 'Namespace')!;
const group = 'admissionregistration.k8s.io';
const policyKinds = {
  validating: builtIn.kindOf(group, 'ValidatingAdmissionPolicy')!,
  validatingBinding: builtIn.kindOf(group, 'ValidatingAdmissionPolicyBinding')!,
  mutating: builtIn.kindOf(group, 'MutatingAdmissionPolicy')!,
  mutatingBinding: builtIn.kindOf(group, 'MutatingAdmissionPolicyBinding')!,
};
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
  const metrics = createHookMetrics(deps.metrics);
  const readNamespace = async (name: string): Promise<AnyObject> =>
    (await readStored(deps, { kind: namespaces, namespace: '', name })).object;
  const authorizer = expressionAuthorizer(deps.decide);
  const hooks = {
    ...{ ...deps, callouts, configurations, metrics, readNamespace },
    meetsConditions: matchConditions(metrics, authorizer),
  };
  const policyObjects = new FollowedObjects(Object.values(policyKinds));
  const types = { policy: policyKinds.validating, binding: policyKinds.validatingBinding };
  const validating = new Policies(deps.kinds, policyObjects, types, validatingPolicyOf);
  const mutatingTypes = { policy: policyKinds.mutating, binding: policyKinds.mutatingBinding };
  const mutating = new Policies(deps.kinds, policyObjects, mutatingTypes, mutatingPolicyOf);
  const policies = { ...deps, readNamespace, authorizer };
  return {
    steps: [
      expressionsStep,
      mutatingPolicies({ ...policies, observe: createPolicyMetrics(deps.metrics, 'mutating') }, mutating),
      mutatingWebhooks(hooks),
      validatingPolicies({ ...policies, observe: createPolicyMetrics(deps.metrics, 'validating') }, validating),
      validatingWebhooks(hooks),
    ],
    observers: [routes, configurations.observer, policyObjects],
    callouts,
    [Symbol.dispose]: () => {
      stop.abort();
      callouts[Symbol.dispose]();
    },
  };
}
