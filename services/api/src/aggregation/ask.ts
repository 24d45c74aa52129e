import type { IncomingMessage } from 'node:http';
import type { Clock } from '@gantry/runtime/clock.ts';
import type { User } from '../auth/user.ts';
import type { Callouts } from '../callout/client.ts';
import type { CalloutTarget } from '../callout/target.ts';
import { textIn } from '../callout/text.ts';
import { aggregator, headersFor } from './aggregator.ts';

/** An answer of another api server, as text. */
export interface RemoteAnswer {
  readonly status: number;
  readonly body: string;
}

export interface AskDeps {
  readonly callouts: Pick<Callouts, 'open'>;
  readonly clock: Clock;
}

/** Milliseconds that a server has for an answer. */
const timeoutMs = 5_000;
/** Bytes of an answer: the OpenAPI document of a large server. */
const maxBytes = 32 * 1024 * 1024;

/** Asks another api server. Rejects where there is no answer in time. @param user Asks; the aggregator if absent. */
export async function askRemote(
  { callouts, clock }: AskDeps,
  target: CalloutTarget,
  path: string,
  accept: string,
  signal: AbortSignal,
  user: User = aggregator,
): Promise<RemoteAnswer> {
  const over = new AbortController();
  const done = new AbortController();
  const either = AbortSignal.any([signal, over.signal]);
  const timer = clock.sleep(timeoutMs, done.signal).then(
    () => over.abort(new Error('context deadline exceeded')),
    () => undefined,
  );
  try {
    const headers = { ...headersFor(user), accept };
    const call = await callouts.open(target, { method: 'GET', path, headers, signal: either });
    const { promise, resolve, reject } = Promise.withResolvers<IncomingMessage>();
    call.once('response', resolve);
    call.on('error', reject);
    call.end();
    const answer = await promise;
    return { status: answer.statusCode ?? 0, body: await textIn(answer, maxBytes) };
  } catch (error) {
    throw either.aborted ? either.reason : error;
  } finally {
    done.abort();
    await timer;
  }
}
