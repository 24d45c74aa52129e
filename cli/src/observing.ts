import type { AnyKind, ObjectName, ObjectOf, Reader } from '@gantry/client/api.ts';
import { type BackoffPolicy, backoffMs } from '@gantry/runtime/backoff.ts';
import { isError, type Reason } from '@gantry/runtime/errors.ts';
import type { Context } from './context.ts';

/** Ends of a watch after which the next one may go on: the api is restarted, busy, or has forgotten the revision. */
const passing: readonly Reason[] = [
  'ServiceUnavailable',
  'Expired',
  'TooManyRequests',
  'Timeout',
  'Cancelled',
  'InternalError',
];

const reconnectBackoff: BackoffPolicy = { initialMs: 100, maxMs: 2_000, factor: 2, jitter: 0.3 };

type ObserveContext = Pick<Context, 'signal' | 'clock' | 'output'> & { readonly client: Pick<Reader, 'watch'> };

/**
 * The states of one object, beginning with the present one; undefined is an object that does not exist. Goes on when the
 * connection is lost, as a restart of the api does to it, until the signal fires or the loop is left.
 */
export async function* observeObject<K extends AnyKind>(
  context: ObserveContext,
  kind: K,
  { namespace, name }: ObjectName,
  signal: AbortSignal = context.signal,
): AsyncGenerator<ObjectOf<K> | undefined> {
  const query = { ...(namespace ? { namespace } : {}), fieldSelector: `metadata.name=${name}`, resourceVersion: 0 };
  for (let failures = 0; ; ) {
    let listed = false;
    let exists = false;
    try {
      for await (const event of context.client.watch(kind, query, signal)) {
        failures = 0;
        if (event.type === 'BOOKMARK') {
          // The first one ends the list of what there is.
          if (!listed && !exists) yield undefined;
          listed = true;
        } else {
          exists = event.type !== 'DELETED';
          yield exists ? event.object : undefined;
        }
      }
    } catch (error) {
      if (signal.aborted || !passing.some((reason) => isError(error, reason))) throw error;
    }
    failures++;
    if (failures === 2) context.output.note('The server does not answer; waiting until it is back.\n');
    await context.clock.sleep(backoffMs(reconnectBackoff, failures), signal);
  }
}
