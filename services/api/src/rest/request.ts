import type { Kind } from '@gantry/model/kind.ts';
import type { Clock } from '@gantry/runtime/clock.ts';
import type { ResourceApi } from '../core/api.ts';
import type { RequestContext } from '../core/context.ts';
import type { PodProxy } from '../pods/proxy.ts';
import type { SchedulingApi } from '../scheduling/service.ts';
import type { Incoming } from './body.ts';
import type { ResourceRoute } from './route.ts';

/** Dependencies of the routes of resources. */
export interface ResourceDeps {
  readonly api: ResourceApi;
  readonly scheduling: Pick<SchedulingApi, 'bind' | 'evict'>;
  readonly pods: Pick<PodProxy, 'logs' | 'exec' | 'portForward'>;
  readonly clock: Clock;
  /** Largest body of a request, in bytes. */
  readonly maxBodyBytes: number;
}

/** One request for a resource. */
export interface ResourceRequest {
  readonly route: ResourceRoute;
  readonly kind: Kind;
  readonly query: URLSearchParams;
  readonly incoming: Incoming;
  readonly context: RequestContext;
}
