import type { Credentials } from '@gantry/client/credentials.ts';
import type {
  DefragmentProgress,
  DefragmentRequest,
  ExplainPodRequest,
  PodExplanation,
  SimulateRequest,
  SimulateResponse,
} from '@gantry/client/placement-messages.ts';
import { genericKindOf } from '@gantry/model/built-in.ts';
import type { Pod } from '@gantry/model/gen/gantry.core.v1.ts';
import { GantryError, isError } from '@gantry/runtime/errors.ts';
import { attemptOn } from '../auth/authorization.ts';
import type { CoreDeps, RequestContext } from '../core/context.ts';
import { readStored } from '../core/writer.ts';
import { connectToScheduler, schedulerAddresses } from './schedulers.ts';

const pods = genericKindOf('Pod');

/** Dependencies of the proxy: the core, and the proof that schedulers ask of the api. */
export type PlacementProxyDeps = CoreDeps & { readonly credentials: Credentials };

/** Passes questions about placement on to the schedulers. */
export class PlacementProxy {
  readonly #deps: PlacementProxyDeps;

  constructor(deps: PlacementProxyDeps) {
    this.#deps = deps;
  }

  /** Asks the scheduler that is responsible for the pod; if none is, any that knows it. */
  async explainPod(context: RequestContext, { namespace, name }: ExplainPodRequest): Promise<PodExplanation> {
    if (namespace === '') throw new GantryError('BadRequest', 'namespace: Required value');
    if (name === '') throw new GantryError('BadRequest', 'name: Required value');
    this.#deps.authorize(context.user, attemptOn('get', 'pods/explain', { namespace, name }));
    const pod = (await readStored(this.#deps, { kind: pods, namespace, name })).object as unknown as Pod;
    const phase = pod.status?.phase;
    if (phase === 'Succeeded' || phase === 'Failed') {
      throw new GantryError('FailedPrecondition', `pod "${name}" has ended (${phase}): it needs no node`);
    }
    const request = { namespace, name, uid: pod.metadata.uid!, schedulerName: pod.spec.schedulerName ?? '' };
    const addresses = await schedulerAddresses(this.#deps);
    const answers = await Promise.allSettled(
      addresses.map((address) => this.#explainAt(address, request, context.signal)),
    );
    const known = answers.filter((answer) => answer.status === 'fulfilled').map(({ value }) => value);
    const best = known.find(({ owned }) => owned) ?? known[0];
    if (best !== undefined) return best;
    throw mostTelling(answers.filter((answer) => answer.status === 'rejected').map(({ reason }) => reason));
  }

  /** Tells where pods would go with other nodes. Of several shards the first knows all nodes, and its own share of the pods that wait. */
  async simulate(context: RequestContext, request: SimulateRequest): Promise<SimulateResponse> {
    this.#deps.authorize(context.user, attemptOn('create', 'nodes/simulation'));
    const [address] = await schedulerAddresses(this.#deps);
    using scheduler = connectToScheduler(address!, this.#deps.credentials);
    try {
      return await scheduler.placement.simulate(request, { signal: context.signal });
    } catch (error) {
      throw named(error, address!);
    }
  }

  /** Frees nodes, or says how that would be done. */
  async *defragment(context: RequestContext, request: DefragmentRequest): AsyncGenerator<DefragmentProgress> {
    this.#deps.authorize(
      context.user,
      request.execute ? attemptOn('create', 'pods/eviction') : attemptOn('list', 'pods'),
    );
    const [address] = await schedulerAddresses(this.#deps);
    using scheduler = connectToScheduler(address!, this.#deps.credentials);
    try {
      yield* scheduler.placement.defragment(request, context.signal);
    } catch (error) {
      throw named(error, address!);
    }
  }

  async #explainAt(address: string, request: ExplainPodRequest, signal: AbortSignal): Promise<PodExplanation> {
    using scheduler = connectToScheduler(address, this.#deps.credentials);
    try {
      return await scheduler.placement.explainPod(request, { signal });
    } catch (error) {
      throw named(error, address);
    }
  }
}

/** Names the scheduler that does not answer. One that crashed leads by its Lease until another takes over. */
function named(error: unknown, address: string): unknown {
  if (!isError(error, 'ServiceUnavailable')) return error;
  return new GantryError('ServiceUnavailable', `the scheduler at ${address} does not answer`, { cause: error });
}

/** The answer of a scheduler that can be reached goes before the news that another cannot. */
function mostTelling(errors: readonly unknown[]): unknown {
  return errors.find((error) => !isError(error, 'NotFound', 'ServiceUnavailable', 'Timeout')) ?? errors[0];
}
