import type { ServerResponse } from 'node:http';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type { LogsRequest } from '@gantry/client/pod-messages.ts';
import type { Clock } from '@gantry/runtime/clock.ts';
import { isError } from '@gantry/runtime/errors.ts';
import type { Pods } from '../pods/pods.ts';
import { plannedContainers } from '../pods/spec.ts';
import { containerLogs } from '../server/logs.ts';
import { notFound, partsOf, plain, send } from './answer.ts';

/** Dependencies of answers with logs of containers. */
export interface ContainerLogDeps {
  readonly pods: Pods;
  readonly clock: Clock;
}

/**
 * Sends the log of a container at /containerLogs/NAMESPACE/POD/CONTAINER as kubelets do, by the fields of Kubernetes' PodLogOptions in the
 * query. A log that is followed ends with its pod, or when the caller is gone.
 */
export async function sendContainerLog(deps: ContainerLogDeps, url: URL, response: ServerResponse): Promise<void> {
  const [, namespace, pod, container, ...rest] = partsOf(url.pathname) ?? [];
  if (namespace === undefined || pod === undefined || container === undefined || rest.length > 0) {
    return send(response, notFound);
  }
  const refuse = (code: number, text: string): void => send(response, { code, type: plain, text });
  const options = optionsOf(url.searchParams, deps.clock.now());
  if (options === undefined) return refuse(400, '{"message": "Unable to decode query."}');
  const worker = deps.pods.find(namespace, pod);
  if (worker === undefined) return refuse(404, `pod "${pod}" does not exist`);
  if (!plannedContainers(worker.pod).some(({ name }) => name === container)) {
    return refuse(404, `container "${container}" not found in pod "${pod}"`);
  }
  const gone = new AbortController();
  response.once('close', () => gone.abort());
  const request = { ref: { namespace, pod, container }, ...options };
  const chunks = containerLogs(deps.pods, request, deps.clock, gone.signal);
  try {
    // Until there is a first chunk, or the log's end, a refusal can be sent.
    const first = await chunks.next();
    response.writeHead(200, { 'content-type': plain, 'x-content-type-options': 'nosniff' });
    if (first.done || response.req.method === 'HEAD') return void response.end();
    response.write(first.value);
    await pipeline(Readable.from(chunks), response).catch(() => response.destroy());
  } catch (error) {
    if (isError(error, 'Invalid')) return refuse(422, '{"message": "Invalid request."}');
    if (isError(error, 'BadRequest')) return refuse(400, error.message);
    throw error;
  } finally {
    await chunks.return(undefined);
  }
}

/** Options of a query; undefined where one makes no sense. */
function optionsOf(query: URLSearchParams, nowMs: number): Omit<LogsRequest, 'ref'> | undefined {
  // Lines of one stream alone are not told apart.
  if (![null, '', 'All'].includes(query.get('stream'))) return undefined;
  const flag = (name: string): boolean => !['false', '0', null].includes(query.get(name)?.toLowerCase() ?? null);
  // The word of older kubelets.
  const tail = query.get('tail') || undefined;
  const numbers = Object.entries({
    tailLines: tail === 'all' ? undefined : (tail ?? query.get('tailLines')),
    limitBytes: query.get('limitBytes'),
    sinceSeconds: query.get('sinceSeconds') ?? secondsSince(query.get('sinceTime'), nowMs),
  }).filter(([, text]) => text);
  if (!numbers.every(([, text]) => /^-?\d{1,15}$/.test(text!))) return undefined;
  return {
    follow: flag('follow'),
    previous: flag('previous'),
    timestamps: flag('timestamps'),
    ...Object.fromEntries(numbers.map(([name, text]) => [name, Number(text)])),
  };
}

/** The age of a time in seconds, as text; NaN for what is no time. */
function secondsSince(time: string | null, nowMs: number): string | undefined {
  return time ? String(Math.max(1, Math.ceil((nowMs - Date.parse(time)) / 1_000))) : undefined;
}
