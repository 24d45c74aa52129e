/** Has a cloud route the pod ranges of nodes to them, as Kubernetes' route controller does. */
import type { Route } from '@gantry/cloud-provider/cloud.ts';
import type { Node } from '@gantry/model/gen/gantry.core.v1.ts';
import { backoffMs } from '@gantry/runtime/backoff.ts';
import type { Clock } from '@gantry/runtime/clock.ts';
import type { Action, Controller, View } from '../core/action.ts';
import type { Call, CallAnswer, Consulted } from '../core/consult.ts';
import { type MissingRoute, type RouteChanges, type RouteSettings, routeChanges, withRoutes } from './route-plan.ts';

const routesKey = 'routes';
/** Longest wait after failures. */
const longestMs = 300_000;
/** Milliseconds until a cloud is asked again that has no routes. */
const lackingMs = 3_600_000;
/** Milliseconds until the key is looked at again whose question was asked. */
const heardMs = 1;
/** Routes made and removed by one plan, and nodes told by one: others wait for the next. A consultation makes 32 calls at a time. */
const mostOperations = 128;
const mostTold = 100;

type Operation = Extract<Call, { readonly type: 'createRoute' | 'deleteRoute' }>;

export function routeController(clock: Pick<Clock, 'monotonic'>, settings: RouteSettings): Controller {
  const round = new Round(settings);
  return {
    name: 'node-route-controller',
    watches: ['Node'],
    keysFor: () => [routesKey],
    reconcile: (_key: string, view: View, wallMs: number) =>
      round.next([...view.list('Node')], clock.monotonic(), wallMs),
    consulted: (_key: string, consulted: Consulted) => round.hear(consulted, clock.monotonic()),
  };
}

/** Times a call failed, and when it did last. */
interface Failed {
  readonly failures: number;
  readonly atMs: number;
}

/** The cloud's routes as they were listed last, and the calls that were asked for. */
class Round {
  readonly #settings: RouteSettings;
  /** Undefined where they are not known: nothing is done then. */
  #routes: readonly Route[] | undefined;
  #listAtMs = Number.NEGATIVE_INFINITY;
  #listFailures = 0;
  #asked: readonly Operation[] = [];
  readonly #failed = new Map<string, Failed>();
  readonly #events: Action[] = [];
  /** Nodes are told before more is asked: both get on where the other one fails. */
  #tellsFirst = false;

  constructor(settings: RouteSettings) {
    this.#settings = settings;
  }

  next(nodes: readonly Node[], nowMs: number, wallMs: number): readonly Action[] {
    const events = this.#events.splice(0);
    const { clusterName } = this.#settings;
    if (nowMs >= this.#listAtMs) return [...events, ...asking('list', [{ type: 'listRoutes', clusterName }])];
    if (this.#routes === undefined) return [...events, { type: 'requeue', afterMs: this.#listAtMs - nowMs }];
    const changes = routeChanges(nodes, this.#routes, this.#settings);
    const operations = this.#operations(changes);
    const due = operations.filter((each) => this.#waitMs(each, nowMs) <= 0).slice(0, mostOperations);
    const told = this.#told(nodes, changes, wallMs);
    if (due.length > 0 && !(this.#tellsFirst && told.length > 0)) {
      this.#asked = due;
      return [...events, ...asking('change', due)];
    }
    this.#tellsFirst = false;
    const waits = operations.map((each) => this.#waitMs(each, nowMs));
    const afterMs = Math.max(heardMs, Math.min(this.#listAtMs - nowMs, ...waits));
    return [...events, ...told, { type: 'requeue', afterMs }];
  }

  hear({ id, answers }: Consulted, nowMs: number): void {
    if (id === 'list') {
      this.#hearList(answers[0]!, nowMs);
      return;
    }
    for (const [index, operation] of this.#asked.entries()) this.#hearOf(operation, answers[index]!, nowMs);
    this.#asked = [];
    this.#tellsFirst = true;
  }

  #hearList(answer: CallAnswer, nowMs: number): void {
    const { periodMs } = this.#settings;
    this.#routes = answer.type === 'routes' ? answer.routes : undefined;
    this.#listFailures = answer.type === 'failed' ? this.#listFailures + 1 : 0;
    const isLacking = answer.type === 'failed' && answer.reason === 'MethodNotAllowed';
    const failedMs = isLacking ? lackingMs : this.#backoffMs(this.#listFailures);
    this.#listAtMs = nowMs + (answer.type === 'routes' ? periodMs : failedMs);
  }

  #hearOf(operation: Operation, answer: CallAnswer, nowMs: number): void {
    const id = idOf(operation);
    if (answer.type !== 'failed') {
      this.#failed.delete(id);
      const { route } = operation;
      const others = (this.#routes ?? []).filter(({ name }) => name !== route.name);
      this.#routes = operation.type === 'createRoute' ? [...others, route] : others;
      return;
    }
    this.#failed.set(id, { failures: (this.#failed.get(id)?.failures ?? 0) + 1, atMs: nowMs });
    if (operation.type === 'createRoute') this.#events.push(failure(operation, answer.message));
  }

  /** Removals first. Failures of what nobody needs any more are forgotten. */
  #operations({ remove, missing }: RouteChanges): Operation[] {
    const { clusterName } = this.#settings;
    const possible = missing.filter(({ isOutside, after }) => !isOutside && after === undefined);
    const operations = [
      ...remove.map((route) => ({ type: 'deleteRoute', clusterName, route }) as const),
      ...possible.map(({ route, node }) => ({ type: 'createRoute', clusterName, route, node }) as const),
    ];
    const ids = new Set(operations.map(idOf));
    for (const id of this.#failed.keys()) if (!ids.has(id)) this.#failed.delete(id);
    return operations;
  }

  #waitMs(operation: Operation, nowMs: number): number {
    const failed = this.#failed.get(idOf(operation));
    return failed === undefined ? 0 : failed.atMs + this.#backoffMs(failed.failures) - nowMs;
  }

  #backoffMs(failures: number): number {
    const { periodMs } = this.#settings;
    const policy = { initialMs: periodMs, maxMs: Math.max(periodMs, longestMs), factor: 2, jitter: 0 };
    return backoffMs(policy, failures);
  }

  /** Writes of the nodes whose routes are all there, or could not be made. Nodes without a range have none. */
  #told(nodes: readonly Node[], { missing }: RouteChanges, wallMs: number): Action[] {
    const missingOf = Map.groupBy(missing, ({ node }) => node);
    const told: Action[] = [];
    for (const node of nodes) {
      if (told.length >= mostTold) break;
      const lacks = missingOf.get(node) ?? [];
      const isKnown = lacks.length === 0 || lacks.some((each) => this.#hasFailed(each));
      const changed = isKnown && node.spec?.podCIDRs?.length ? withRoutes(node, lacks.length === 0, wallMs) : undefined;
      if (changed === undefined) continue;
      told.push({ type: 'updateStatus', object: changed });
      told.push(...lacks.filter(({ isOutside }) => isOutside).map((each) => this.#outside(each)));
    }
    return told;
  }

  #hasFailed({ route, isOutside, after }: MissingRoute): boolean {
    return (
      isOutside || this.#failed.has(`create ${route.name}`) || (!!after && this.#failed.has(`delete ${after.name}`))
    );
  }

  #outside({ route, node }: MissingRoute): Action {
    return failure({ route, node }, `it is outside of the cluster's range, ${this.#settings.clusterCidrs.join()}`);
  }
}

function asking(id: string, calls: readonly Call[]): readonly Action[] {
  return [
    { type: 'consult', consultation: { id, calls } },
    { type: 'requeue', afterMs: heardMs },
  ];
}

function idOf({ type, route }: Operation): string {
  return `${type === 'createRoute' ? 'create' : 'delete'} ${route.name}`;
}

/** Kubernetes' words without the time that the call took: an event that comes again counts as one. */
function failure({ route, node }: { readonly route: Route; readonly node: Node }, why: string): Action {
  const { name, destinationCIDR } = route;
  const message = `Could not create route ${name} ${destinationCIDR} for node ${node.metadata.name}: ${why}`;
  return { type: 'event', about: node, eventType: 'Warning', reason: 'FailedToCreateRoute', message };
}
