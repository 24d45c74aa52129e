import { apiVersionOf } from '@gantry/model/registry.ts';
import { GantryError, toGantryError } from '@gantry/runtime/errors.ts';
import type { ObjectQuery } from '../core/api.ts';
import type { WatchEvent } from '../watch/change.ts';
import type { Wanted } from './accept.ts';
import { type Outgoing, Stream } from './answer.ts';
import { revisionParameter, wholeNumber } from './parameters.ts';
import type { ResourceDeps, ResourceRequest } from './request.ts';
import { statusOf } from './status.ts';
import { metadataOf, tableOf } from './table.ts';

/** Watches end after this time, in seconds, unless the client says another; clients watch again. Kubernetes: 30 to 60 minutes. */
const defaultTimeoutSeconds = 3_000;
/** Annotation of the bookmark behind the initial events (KEP-3157). */
const initialEventsEnd = 'k8s.io/initial-events-end';

/** Streams the changes of a selection as JSON documents, one a line, until the client is gone or the time is over. */
export async function watchResource(
  deps: ResourceDeps,
  request: ResourceRequest,
  selection: ObjectQuery,
  response: Outgoing,
  wanted: Wanted,
): Promise<void> {
  const { query, context } = request;
  const timeoutMs = (wholeNumber(query, 'timeoutSeconds') || defaultTimeoutSeconds) * 1_000;
  const sendsInitialEvents = query.get('sendInitialEvents') === 'true';
  const takesBookmarks = query.get('allowWatchBookmarks') === 'true';
  checkInitialEvents(query, sendsInitialEvents, takesBookmarks);
  const after = sendsInitialEvents ? 0 : revisionParameter(query);
  const over = new AbortController();
  const signal = AbortSignal.any([context.signal, over.signal]);
  const timer = setTimeout(() => over.abort(), Math.min(timeoutMs, 2 ** 31 - 1));
  // A request that makes no sense is refused here, before anything is sent.
  const events = deps.api.watch({ ...context, signal }, selection, after);
  const stream = new Stream(response, 'application/json', context.signal);
  const lines = new Lines(deps, request, wanted, { initial: after === 0, sendsInitialEvents, takesBookmarks });
  try {
    for await (const event of events) await stream.write(lines.of(event));
  } catch (error) {
    if (!context.signal.aborted) await stream.write(errorLine(error)).catch(() => undefined);
  } finally {
    clearTimeout(timer);
    over.abort();
    stream.end();
  }
}

function checkInitialEvents(query: URLSearchParams, sends: boolean, takesBookmarks: boolean): void {
  if (!sends || (takesBookmarks && query.get('resourceVersionMatch') === 'NotOlderThan')) return;
  throw new GantryError(
    'Invalid',
    'sendInitialEvents: Forbidden: sendInitialEvents requires setting resourceVersionMatch to NotOlderThan and allowWatchBookmarks to true',
  );
}

function errorLine(error: unknown): string {
  return `${JSON.stringify({ type: 'ERROR', object: statusOf(toGantryError(error)) })}\n`;
}

/** Events as lines. A table's first line alone has its columns. */
class Lines {
  readonly #deps: ResourceDeps;
  readonly #request: ResourceRequest;
  readonly #wanted: Wanted;
  readonly #options: { readonly sendsInitialEvents: boolean; readonly takesBookmarks: boolean };
  #isInitial: boolean;
  #hasColumns = false;

  constructor(
    deps: ResourceDeps,
    request: ResourceRequest,
    wanted: Wanted,
    options: { readonly initial: boolean; readonly sendsInitialEvents: boolean; readonly takesBookmarks: boolean },
  ) {
    this.#deps = deps;
    this.#request = request;
    this.#wanted = wanted;
    this.#options = options;
    this.#isInitial = options.initial;
  }

  of(event: WatchEvent): string {
    if (event.type === 'BOOKMARK') return this.#bookmark(event.resourceVersion);
    return `${JSON.stringify({ type: event.type, object: this.#form(event) })}\n`;
  }

  #bookmark(revision: number): string {
    const endsInitial = this.#isInitial && this.#options.sendsInitialEvents;
    this.#isInitial = false;
    if (!this.#options.takesBookmarks) return '';
    const { kind } = this.#request;
    const metadata = {
      resourceVersion: String(revision),
      creationTimestamp: null,
      ...(endsInitial ? { annotations: { [initialEventsEnd]: 'true' } } : {}),
    };
    const object = { kind: kind.kind, apiVersion: apiVersionOf(kind), metadata };
    return `${JSON.stringify({ type: 'BOOKMARK', object })}\n`;
  }

  #form({ object }: Exclude<WatchEvent, { type: 'BOOKMARK' }>): object {
    const { form } = this.#wanted;
    if (form === 'metadata') return metadataOf(object);
    if (form !== 'table') return object;
    const metadata = { resourceVersion: object.metadata.resourceVersion };
    const { kind } = this.#request;
    const table = tableOf(kind, [object], { metadata, rowObject: 'Metadata', nowMs: this.#deps.clock.now() });
    const columnDefinitions = this.#hasColumns ? [] : table.columnDefinitions;
    this.#hasColumns = true;
    return { ...table, columnDefinitions };
  }
}
