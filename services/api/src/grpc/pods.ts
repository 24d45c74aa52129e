import type { ExecInput, LogsRequest, PortForwardChunk, StatsRequest } from '@gantry/client/pod-messages.ts';
import { GantryError } from '@gantry/runtime/errors.ts';
import type { UntypedServiceImplementation } from '@grpc/grpc-js';
import type { RequestContext } from '../core/context.ts';
import type { PodProxy } from '../pods/proxy.ts';
import type { Calls } from './calls.ts';
import { on } from './purposes.ts';

/** PodService over the proxy to node agents. */
export function podHandlers(proxy: PodProxy, calls: Calls): UntypedServiceImplementation {
  return {
    Logs: calls.serverStream((context, request: LogsRequest) => proxy.logs(context, request)),
    Exec: calls.duplex((context, input: AsyncIterator<ExecInput>) => exec(proxy, context, 'exec', input)),
    Attach: calls.duplex((context, input: AsyncIterator<ExecInput>) => exec(proxy, context, 'attach', input)),
    PortForward: calls.duplex(async function* (context, input: AsyncIterator<PortForwardChunk>) {
      const first = await firstOf(input);
      if (!first?.start) throw new GantryError('BadRequest', 'start: Required value: the first message names the port');
      yield* proxy.portForward(context, first.start, rest(input));
    }),
    Stats: calls.unary(
      async (context, request: StatsRequest) => ({ containers: await proxy.stats(context, request) }),
      () => on('get', 'pods/stats'),
    ),
  };
}

async function* exec(
  proxy: PodProxy,
  context: RequestContext,
  method: 'exec' | 'attach',
  input: AsyncIterator<ExecInput>,
): ReturnType<PodProxy['exec']> {
  const first = await firstOf(input);
  if (!first?.start) throw new GantryError('BadRequest', 'start: Required value: the first message says what to run');
  if (method === 'exec' && (first.start.command ?? []).length === 0) {
    throw new GantryError('BadRequest', 'you must specify at least 1 command for the container');
  }
  yield* proxy.exec(context, method, first.start, rest(input));
}

async function firstOf<T>(input: AsyncIterator<T>): Promise<T | undefined> {
  const { value, done } = await input.next();
  return done ? undefined : value;
}

function rest<T>(input: AsyncIterator<T>): AsyncIterable<T> {
  return { [Symbol.asyncIterator]: () => input };
}
