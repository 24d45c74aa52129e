import { Lane, ServerCalls } from '@gantry/client/server-calls.ts';
import type { Logger } from '@gantry/runtime/log.ts';
import type { Authenticate } from '../core/access.ts';
import type { RequestContext } from '../core/context.ts';
import type { ApiMetrics } from '../metrics.ts';

export interface CallDeps {
  readonly authenticate: Authenticate;
  readonly metrics: ApiMetrics;
  readonly log: Logger;
  /** Unary calls of each lane in work at one time; one more is refused. */
  readonly maxInFlight: number;
}

/** Wraps the handlers of the api: a call's context names its user, and its purpose decides on its lane. */
export class Calls extends ServerCalls<RequestContext> {
  /** Heartbeats, reports of nodes, and leases, by which nodes and leaders live. */
  readonly vital: Lane;
  /** Lists, which wait for one another. All other requests share the lane that is the default. */
  readonly lists: Lane;

  constructor({ authenticate, metrics, log, maxInFlight }: CallDeps) {
    super({
      contextOf: (call, signal) => ({ user: authenticate({ peer: call.getPeer(), metadata: call.metadata }), signal }),
      log,
      onStart: (method) => metrics.started(method),
      defaultLane: new Lane(maxInFlight),
    });
    this.vital = new Lane(maxInFlight);
    this.lists = new Lane(maxInFlight);
  }
}
