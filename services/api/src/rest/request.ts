import type { Duplex } from 'node:stream';
import type { Kind } from '@gantry/model/kind.ts';
import type { Form, Registry } from '@gantry/model/registry.ts';
import type { Clock } from '@gantry/runtime/clock.ts';
import type { Authorize } from '../auth/authorization.ts';
import type { TokenRequests } from '../auth/tokens/request.ts';
import type { ResourceApi } from '../core/api.ts';
import type { RequestContext } from '../core/context.ts';
import type { PodProxy } from '../pods/proxy.ts';
import type { SchedulingApi } from '../scheduling/service.ts';
import type { Wanted } from './accept.ts';
import type { Incoming } from './body.ts';
import type { ByteBudget } from './list-writer.ts';
import type { ResourceRoute } from './route.ts';

/** Dependencies of the routes of resources. */
export interface ResourceDeps {
  /** The kinds whose objects are stored. */
  readonly kinds: Registry;
  readonly authorize: Authorize;
  readonly api: ResourceApi;
  readonly scheduling: Pick<SchedulingApi, 'admitBinding' | 'tryBinding' | 'bind' | 'evict'>;
  readonly pods: Pick<
    PodProxy,
    'admitProxy' | 'nodeBackend' | 'check' | 'logs' | 'exec' | 'portForward' | 'target' | 'dial'
  >;
  readonly tokens: Pick<TokenRequests, 'create'>;
  readonly clock: Clock;
  /** From 0 to 1. */
  readonly random: () => number;
  /** Largest body of a request, in bytes. */
  readonly maxBodyBytes: number;
  /** Room of the lists that are kept until they are whole. */
  readonly largeLists: ByteBudget;
  /** Fires when the server stops: what would go on for long ends. */
  readonly stopping: AbortSignal;
}

/** A connection that a client asks to speak another protocol on. */
export interface Upgrade {
  readonly socket: Duplex;
  /** Bytes that came behind the request already. */
  readonly head: Buffer;
}

/** One request for a resource. */
export interface ResourceRequest {
  readonly route: ResourceRoute;
  /** The form of the objects that its path names. */
  readonly form: Form;
  readonly kind: Kind;
  readonly query: URLSearchParams;
  readonly incoming: Incoming;
  readonly context: RequestContext;
  /** The form of the answer. */
  readonly wanted: Wanted;
  /** The seats that it has, which a watch gives back once it has begun; absent for what has none. */
  readonly place?: Disposable;
}
