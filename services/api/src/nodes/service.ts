import type { ItemResult } from '@gantry/client/api.ts';
import type { HeartbeatAnswer, HeartbeatList, PodReport } from '@gantry/client/object-messages.ts';
import { genericKindOf, kindOf } from '@gantry/model/built-in.ts';
import { GantryError } from '@gantry/runtime/errors.ts';
import type { Ephemeral } from '@gantry/store/store.ts';
import { attemptOn } from '../auth/authorization.ts';
import type { Restriction } from '../auth/restriction.ts';
import type { CoreDeps, RequestContext } from '../core/context.ts';
import { objectKey } from '../core/keys.ts';
import { checkBatchSize } from '../core/limits.ts';
import { runBatch } from '../scheduling/batch.ts';
import type { CapacityLedger } from '../scheduling/ledger.ts';
import { keyOfPod } from '../scheduling/service.ts';
import type { WatchHub } from '../watch/hub.ts';
import { planReport } from './report.ts';

export interface NodeDeps extends CoreDeps {
  readonly ephemeral: Pick<Ephemeral, 'put' | 'list'>;
  readonly ledger: Pick<CapacityLedger, 'account'>;
  readonly hub: Pick<WatchHub, 'revision'>;
  /** Keeps nodes to what is theirs. */
  readonly restrictNode: Restriction;
}

const heartbeatPrefix = 'heartbeats/';
const maxTtlMs = 600_000;
const maxNodeNameChars = 253;
const pods = genericKindOf('Pod');
const nodes = kindOf('Node');
const genericNode = genericKindOf('Node');

/** Heartbeats and pod statuses, as node agents send them. */
export class NodeApi {
  readonly #deps: NodeDeps;

  constructor(deps: NodeDeps) {
    this.#deps = deps;
  }

  /**
   * Keeps a node's heartbeat for the next `ttlMs` milliseconds. The answer asks for the node's status where nothing is known
   * of it: its Node object does not exist (a store that lost its data, a deleted node), or says that it was silent.
   */
  async heartbeat(context: RequestContext, nodeName: string, ttlMs: number): Promise<HeartbeatAnswer> {
    this.#deps.authorize(context.user, attemptOn('update', 'nodes/status', { name: nodeName }));
    this.#checkOwn(context, nodeName);
    checkNodeName(nodeName);
    if (!(ttlMs >= 1 && ttlMs <= maxTtlMs)) {
      const message = `Invalid value: ${ttlMs}: must be between 1 and ${maxTtlMs}, inclusive`;
      throw invalid('ttlMs', message);
    }
    await this.#deps.ephemeral.put(heartbeatPrefix + nodeName, String(this.#deps.clock.now()), ttlMs);
    const account = this.#deps.ledger.account(nodeName);
    // The ledger may be behind, or being loaded: the store itself says whether there is such a node.
    if (account === undefined) return { reportStatus: !(await this.#exists(nodeName)) };
    return { reportStatus: account.unknown };
  }

  /**
   * The heartbeats that have not timed out, and a revision that they are at least as new as: the list has the heartbeat of
   * every node that reported at or before this revision, unless that timed out since.
   */
  async heartbeats(context: RequestContext): Promise<HeartbeatList> {
    this.#deps.authorize(context.user, attemptOn('list', 'nodes'));
    // Read before the list: a node sends its heartbeat before it reports.
    const resourceVersion = this.#deps.hub.revision;
    const found = await this.#deps.ephemeral.list(heartbeatPrefix);
    const heartbeats = [...found].map(([key, value]) => ({
      nodeName: key.slice(heartbeatPrefix.length),
      receivedAtMs: Number(value),
    }));
    return { heartbeats, resourceVersion };
  }

  /** Writes the statuses of pods on one node, each on its own; one result each, in order. */
  async reportPods(context: RequestContext, nodeName: string, reports: readonly PodReport[]): Promise<ItemResult[]> {
    this.#deps.authorize(context.user, attemptOn('update', 'pods/status'));
    this.#checkOwn(context, nodeName);
    checkNodeName(nodeName);
    checkBatchSize('pods', reports.length, this.#deps.limits.maxBatchItems);
    const author = { manager: context.fieldManager, subresource: 'status', nowMs: this.#deps.clock.now() };
    return runBatch(this.#deps, {
      items: reports,
      keyOf: keyOfPod,
      planner: () => ({
        plan: (report, stored) => planReport(pods, { nodeName, author }, report, stored, this.#deps.limits),
        guards: () => [],
      }),
    });
  }

  /** A node speaks for itself alone. */
  #checkOwn({ user }: RequestContext, name: string): void {
    this.#deps.restrictNode(user, {
      kind: genericNode,
      verb: 'update',
      subresource: 'status',
      namespace: '',
      name,
      object: undefined,
      stored: undefined,
    });
  }

  async #exists(nodeName: string): Promise<boolean> {
    return (await this.#deps.store.get(objectKey(nodes, undefined, nodeName))) !== undefined;
  }
}

function checkNodeName(name: string): void {
  if (name === '') throw invalid('nodeName', 'Required value');
  if (name.length > maxNodeNameChars || !/^[a-z0-9]([-a-z0-9.]*[a-z0-9])?$/.test(name)) {
    throw invalid(
      'nodeName',
      `Invalid value: ${JSON.stringify(name.slice(0, maxNodeNameChars))}: must be a lowercase RFC 1123 subdomain`,
    );
  }
}

function invalid(field: string, message: string): GantryError {
  return new GantryError('BadRequest', `${field}: ${message}`, {
    causes: [{ reason: 'FieldValueInvalid', field, message }],
  });
}
