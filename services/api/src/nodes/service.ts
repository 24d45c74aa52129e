import type { ItemResult } from '@gantry/client/api.ts';
import type { HeartbeatAnswer, NodeHeartbeat, PodReport } from '@gantry/client/object-messages.ts';
import type { Kind } from '@gantry/model/kind.ts';
import { kindOf } from '@gantry/model/registry.ts';
import { GantryError } from '@gantry/runtime/errors.ts';
import type { Ephemeral } from '@gantry/store/store.ts';
import type { CoreDeps, RequestContext } from '../core/context.ts';
import { checkBatchSize } from '../core/limits.ts';
import { runBatch } from '../scheduling/batch.ts';
import type { CapacityLedger } from '../scheduling/ledger.ts';
import { keyOfPod } from '../scheduling/service.ts';
import { planReport } from './report.ts';

export interface NodeDeps extends CoreDeps {
  readonly ephemeral: Pick<Ephemeral, 'put' | 'list'>;
  readonly ledger: Pick<CapacityLedger, 'account'>;
}

const heartbeatPrefix = 'heartbeats/';
const maxTtlMs = 600_000;
const maxNodeNameChars = 253;
const pods = kindOf('Pod') as unknown as Kind;

/** What node agents tell the api. */
export class NodeApi {
  readonly #deps: NodeDeps;

  constructor(deps: NodeDeps) {
    this.#deps = deps;
  }

  /** Says that a node lives, for the next `ttlMs` milliseconds, and learns whether its status is to be reported anew. */
  async heartbeat(context: RequestContext, nodeName: string, ttlMs: number): Promise<HeartbeatAnswer> {
    this.#deps.authorize(context.user, { verb: 'report', resource: 'nodes', name: nodeName });
    checkNodeName(nodeName);
    if (!(ttlMs >= 1 && ttlMs <= maxTtlMs)) {
      const message = `Invalid value: ${ttlMs}: must be between 1 and ${maxTtlMs}, inclusive`;
      throw invalid('ttlMs', message);
    }
    await this.#deps.ephemeral.put(heartbeatPrefix + nodeName, String(this.#deps.clock.now()), ttlMs);
    return { reportStatus: this.#deps.ledger.account(nodeName)?.unknown ?? false };
  }

  /** When each node was heard last, of those that were heard lately. */
  async heartbeats(context: RequestContext): Promise<NodeHeartbeat[]> {
    this.#deps.authorize(context.user, { verb: 'list', resource: 'nodes' });
    const found = await this.#deps.ephemeral.list(heartbeatPrefix);
    return [...found].map(([key, value]) => ({
      nodeName: key.slice(heartbeatPrefix.length),
      receivedAtMs: Number(value),
    }));
  }

  /** Writes the statuses of pods on one node, each on its own; one result each, in order. */
  async reportPods(context: RequestContext, nodeName: string, reports: readonly PodReport[]): Promise<ItemResult[]> {
    this.#deps.authorize(context.user, { verb: 'report', resource: 'pods' });
    checkNodeName(nodeName);
    checkBatchSize('pods', reports.length, this.#deps.limits.maxBatchItems);
    return runBatch(this.#deps, {
      items: reports,
      keyOf: keyOfPod,
      planner: () => ({
        plan: (report, stored) => planReport(pods, nodeName, report, stored, this.#deps.limits),
        guards: () => [],
      }),
    });
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
