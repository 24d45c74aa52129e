import { type Duplex, duplexPair } from 'node:stream';
import { toGantryError } from '@gantry/runtime/errors.ts';
import type { RequestContext } from '../core/context.ts';
import { drained } from '../rest/drained.ts';
import { piecesOf } from '../rest/streams/pieces.ts';
import type { PodProxy } from './proxy.ts';
import type { ProxyTarget } from './targets.ts';

/** Opens a connection to a port of a pod through the agent of its node. The caller has authorized it; the context's signal ends it. */
export function socketTo(
  pods: Pick<PodProxy, 'dial'>,
  context: RequestContext,
  target: Pick<ProxyTarget, 'namespace' | 'pod' | 'port'>,
): Duplex {
  const [own, far] = duplexPair();
  const carried = carry(far, pods.dial(context, target, chunksOf(far)));
  carried.catch((error: unknown) => own.destroy(toGantryError(error)));
  context.signal.addEventListener('abort', () => own.destroy(), { once: true });
  own.on('error', () => undefined);
  return own;
}

async function carry(far: Duplex, output: AsyncIterable<{ readonly data?: Uint8Array }>): Promise<void> {
  for await (const { data } of output) {
    if (far.destroyed) return;
    if (data?.length && !far.write(data)) await drained(far);
  }
  far.end();
}

async function* chunksOf(stream: Duplex): AsyncGenerator<{ readonly data: Uint8Array }> {
  for await (const bytes of stream.iterator({ destroyOnReturn: false })) {
    for (const data of piecesOf(bytes as Buffer)) yield { data };
  }
}
