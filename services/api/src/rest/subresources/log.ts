import type { LogsRequest } from '@gantry/client/pod-messages.ts';
import { GantryError } from '@gantry/runtime/errors.ts';
import { type Outgoing, Stream } from '../answer.ts';
import { wholeNumber } from '../parameters.ts';
import type { ResourceDeps, ResourceRequest } from '../request.ts';

/** Streams the log of a container as plain text. */
export async function handleLog(deps: ResourceDeps, request: ResourceRequest, response: Outgoing): Promise<void> {
  const { route, context } = request;
  if (route.verb !== 'get') throw new GantryError('MethodNotAllowed', 'logs can only be read');
  const chunks = deps.pods.logs(context, logsRequest(request, deps.clock.now()));
  // The first chunk, or the log's end, shows whether the container has a log at all: until then a refusal can be sent.
  const first = await chunks.next();
  const stream = new Stream(response, 'text/plain; charset=utf-8', context.signal);
  if (!first.done) await stream.write(first.value.data);
  for await (const { data } of chunks) await stream.write(data);
  stream.end();
}

/** Reads the log that a request asks for. Throws BadRequest for parameters that make no sense. */
export function logsRequest({ route, query }: ResourceRequest, nowMs: number): LogsRequest {
  const flag = (name: string): boolean => query.get(name) === 'true';
  const number = (name: string): object => {
    const value = wholeNumber(query, name);
    return value === undefined ? {} : { [name]: value };
  };
  return {
    ref: { namespace: route.namespace, pod: route.name, container: query.get('container') ?? '' },
    follow: flag('follow'),
    previous: flag('previous'),
    timestamps: flag('timestamps'),
    ...number('tailLines'),
    ...sinceSeconds(query, nowMs),
    ...number('limitBytes'),
  };
}

/** Age of the oldest wanted line, from sinceSeconds or sinceTime. */
function sinceSeconds(query: URLSearchParams, nowMs: number): { readonly sinceSeconds?: number } {
  const seconds = wholeNumber(query, 'sinceSeconds');
  if (seconds !== undefined) return { sinceSeconds: seconds };
  const time = query.get('sinceTime');
  if (time === null || time === '') return {};
  const sinceMs = Date.parse(time);
  if (Number.isNaN(sinceMs)) {
    throw new GantryError(
      'BadRequest',
      `sinceTime: Invalid value: ${JSON.stringify(time)}: must be a time of RFC 3339`,
    );
  }
  return { sinceSeconds: Math.max(1, Math.ceil((nowMs - sinceMs) / 1_000)) };
}
