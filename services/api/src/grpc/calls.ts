import { callerOf } from '@gantry/client/guard.ts';
import { ServerCalls } from '@gantry/client/server-calls.ts';
import type { Logger } from '@gantry/runtime/log.ts';
import type { Metadata } from '@grpc/grpc-js';
import type { Authenticate } from '../auth/authentication.ts';
import type { Authorize } from '../auth/authorization.ts';
import { type HeaderSource, impersonated } from '../auth/impersonation.ts';
import type { RequestContext } from '../core/context.ts';
import { managerOfAgent } from '../core/field-manager.ts';
import type { FlowControl, Place } from '../flow/flow-control.ts';
import type { ApiMetrics } from '../metrics.ts';
import type { Purpose } from './purposes.ts';

export interface CallDeps {
  readonly authenticate: Authenticate;
  /** Decides who may act as somebody else. */
  readonly authorize: Authorize;
  readonly metrics: ApiMetrics;
  readonly log: Logger;
  /** Decides when calls begin. */
  readonly flow: FlowControl;
}

/** Wraps the handlers of the api: a call's context names its user, and its purpose sorts it into a flow. */
export class Calls extends ServerCalls<RequestContext, Purpose> {
  readonly #flow: FlowControl;

  constructor({ authenticate, authorize, metrics, log, flow }: CallDeps) {
    super({
      contextOf: async (call, signal) => ({
        user: impersonated(await authenticate(callerOf(call)), metadataOf(call.metadata), authorize),
        signal,
        fieldManager: managerOf(call.metadata),
        fieldValidation: 'Strict',
        // The warnings of a call have no place in its answer.
        warn: () => undefined,
      }),
      log,
      onStart: (method) => metrics.started(method),
      enter: (context, purpose) => this.enter(context, purpose),
    });
    this.#flow = flow;
  }

  /** Takes seats for a call. Throws TooManyRequests where there are none, nor room to wait for them. */
  enter({ user, signal }: RequestContext, { attempt, listChars }: Purpose): Place | Promise<Place> {
    return this.#flow.enter(this.#flow.classify(user, attempt), { user, attempt, signal, listChars });
  }

  /** Counts a watch while it is open. */
  watching({ attempt }: Purpose): Disposable | undefined {
    return this.#flow.watching(attempt);
  }
}

/** Metadata key by which a client names the owner of the fields that it sets. */
const fieldManagerKey = 'gantry-field-manager';

/** The owner that a client names, or else its user agent up to the slash, as Kubernetes does it. */
function managerOf(metadata: Metadata): string {
  const [named] = metadata.get(fieldManagerKey);
  if (named !== undefined && named !== '') return String(named);
  const [agent = ''] = metadata.get('user-agent');
  return managerOfAgent(String(agent));
}

/** Metadata as the headers by which a caller acts as somebody else, in Kubernetes' names. */
function metadataOf(metadata: Metadata): HeaderSource {
  return {
    names: () => Object.keys(metadata.getMap()),
    values: (name) => metadata.get(name).map(String),
  };
}
