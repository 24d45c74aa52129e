/** Has a cloud make the load balancers of Services of its class, as Kubernetes' service controller does. */
import type { LoadBalancerIngress, Node, Service } from '@gantry/model/gen/gantry.core.v1.ts';
import { backoffMs } from '@gantry/runtime/backoff.ts';
import type { Clock } from '@gantry/runtime/clock.ts';
import { type Action, type AnyObject, type Controller, keyOf, splitKey, type View } from '../core/action.ts';
import type { Call, CallAnswer, Consulted } from '../core/consult.ts';

/** Keeps a Service until its load balancer is gone: Kubernetes' name. */
const finalizer = 'service.kubernetes.io/load-balancer-cleanup';
/** Label of nodes that get no traffic of load balancers, and the taint of those that the autoscaler removes. */
const excludeLabel = 'node.kubernetes.io/exclude-from-external-load-balancers';
const leavingKey = 'ToBeDeletedByClusterAutoscaler';
/** Waits after failures: those of Kubernetes' service controller. */
const retryBackoff = { initialMs: 5_000, maxMs: 300_000, factor: 2, jitter: 0 };
/** Milliseconds until a key is looked at again whose question was asked. */
const heardMs = 1;

/** The last call about a Service. */
interface Known {
  /** The Service and the nodes that it was made for; `gone` for the end of the load balancer. */
  readonly of: string;
  readonly answer: CallAnswer;
  readonly failures: number;
  readonly atMs: number;
  /** Users were told of the failure. */
  told: boolean;
}

/** @param loadBalancerClass spec.loadBalancerClass of the Services that are the cloud's. */
export function cloudServiceController(clock: Pick<Clock, 'monotonic'>, loadBalancerClass: string): Controller {
  const calls = new Map<string, Known>();
  const isOurs = ({ spec }: Service): boolean =>
    spec.type === 'LoadBalancer' && spec.loadBalancerClass === loadBalancerClass;
  return {
    name: 'service-controller',
    watches: ['Service', 'Node'],
    keysFor: (object: AnyObject, view: View) =>
      object.kind === 'Node' ? [...view.list('Service')].filter(isOurs).map(keyOf) : [keyOf(object)],

    reconcile(key: string, view: View): readonly Action[] {
      const { namespace, name } = splitKey(key);
      const service = view.get('Service', namespace, name);
      if (service === undefined) {
        calls.delete(key);
        return [];
      }
      const known = calls.get(key);
      if (isOurs(service) && service.metadata.deletionTimestamp === undefined) {
        return wanted(service, nodesOf(view), known, clock.monotonic());
      }
      // A Service of another type has no class any more: its finalizer says that there was a load balancer.
      const wasOurs = isOurs(service) || service.spec.loadBalancerClass === undefined;
      if (wasOurs && service.metadata.finalizers?.includes(finalizer)) {
        return unwanted(service, known, clock.monotonic());
      }
      calls.delete(key);
      return [];
    },

    consulted(key: string, { id, answers: [answer] }: Consulted): void {
      const before = calls.get(key);
      const failures = answer!.type === 'failed' ? (before?.failures ?? 0) + 1 : 0;
      calls.set(key, { of: id, answer: answer!, failures, atMs: clock.monotonic(), told: false });
    },
  };
}

/** Nodes that may get traffic, in order of their names. */
function nodesOf(view: View): readonly Node[] {
  const takes = ({ metadata, spec }: Node): boolean =>
    metadata.labels?.[excludeLabel] === undefined && !(spec?.taints ?? []).some(({ key }) => key === leavingKey);
  return [...view.list('Node')].filter(takes).sort((a, b) => (a.metadata.name < b.metadata.name ? -1 : 1));
}

function wanted(service: Service, nodes: readonly Node[], known: Known | undefined, nowMs: number): readonly Action[] {
  const { finalizers = [] } = service.metadata;
  // First of all: whatever is made then is also removed.
  if (!finalizers.includes(finalizer)) {
    return [{ type: 'patchMetadata', object: service, metadata: { finalizers: [...finalizers, finalizer] } }];
  }
  const of = fingerprint(service, nodes);
  if (known?.of !== of) {
    const ask = asking(of, { type: 'ensureLoadBalancer', service, nodes });
    return [event(service, 'EnsuringLoadBalancer', 'Ensuring load balancer'), ...ask];
  }
  if (known.answer.type !== 'loadBalancer') {
    const doing = 'ensure load balancer';
    return later(service, known, nowMs, doing, asking(of, { type: 'ensureLoadBalancer', service, nodes }));
  }
  const { ingress } = known.answer;
  if (isSame(service.status?.loadBalancer?.ingress ?? [], ingress)) return [];
  return [
    { type: 'updateStatus', object: withIngress(service, ingress) },
    event(service, 'EnsuredLoadBalancer', 'Ensured load balancer'),
  ];
}

function unwanted(service: Service, known: Known | undefined, nowMs: number): readonly Action[] {
  const of = 'gone';
  const ask = asking(of, { type: 'deleteLoadBalancer', service });
  if (known?.of !== of) return [event(service, 'DeletingLoadBalancer', 'Deleting load balancer'), ...ask];
  if (known.answer.type !== 'done') return later(service, known, nowMs, 'delete load balancer', ask);
  // Addresses of another's load balancer are that one's.
  const isAnothers = service.spec.type === 'LoadBalancer' && service.spec.loadBalancerClass === undefined;
  if (!isAnothers && (service.status?.loadBalancer?.ingress ?? []).length > 0) {
    return [{ type: 'updateStatus', object: withIngress(service, []) }];
  }
  return [
    { type: 'removeFinalizer', object: service, finalizer, ifUnchanged: true },
    event(service, 'DeletedLoadBalancer', 'Deleted load balancer'),
  ];
}

/** Tells of a failure once, and calls again when its wait is over. */
function later(
  service: Service,
  known: Known,
  nowMs: number,
  doing: string,
  ask: readonly Action[],
): readonly Action[] {
  const afterMs = known.atMs + backoffMs(retryBackoff, known.failures) - nowMs;
  if (afterMs <= 0) return ask;
  if (known.told) return [{ type: 'requeue', afterMs }];
  known.told = true;
  const why = known.answer.type === 'failed' ? known.answer.message : `an answer of the type ${known.answer.type}`;
  const message = `Error syncing load balancer: failed to ${doing}: ${why}`;
  return [
    { type: 'event', about: service, eventType: 'Warning', reason: 'SyncLoadBalancerFailed', message },
    { type: 'requeue', afterMs },
  ];
}

function asking(id: string, call: Call): readonly Action[] {
  return [
    { type: 'consult', consultation: { id, calls: [call] } },
    { type: 'requeue', afterMs: heardMs },
  ];
}

/** All that a load balancer goes by. */
function fingerprint({ metadata, spec }: Service, nodes: readonly Node[]): string {
  const { uid, annotations } = metadata;
  const targets = nodes.map(({ metadata: { name, uid: node }, spec: its }) => [name, node, its?.providerID]);
  return JSON.stringify([uid, annotations, spec, targets]);
}

function withIngress(service: Service, ingress: readonly LoadBalancerIngress[]): Service {
  return { ...service, status: { ...service.status, loadBalancer: { ingress: [...ingress] } } };
}

function isSame(left: readonly LoadBalancerIngress[], right: readonly LoadBalancerIngress[]): boolean {
  // The api names the mode of an address where nobody else does.
  const text = ({ ip = '', hostname = '', ipMode = 'VIP' }: LoadBalancerIngress): string =>
    ip === '' ? hostname : `${ip} ${ipMode}`;
  return left.map(text).join() === right.map(text).join();
}

function event(about: Service, reason: string, message: string): Action {
  return { type: 'event', about, eventType: 'Normal', reason, message };
}
