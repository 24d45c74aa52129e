import { builtIn } from '@gantry/model/built-in.ts';
import type { Secret } from '@gantry/model/gen/gantry.core.v1.ts';
import type { Clock } from '@gantry/runtime/clock.ts';
import type { Logger } from '@gantry/runtime/log.ts';
import type { Operation, Store } from '@gantry/store/store.ts';
import { bootstrapNamespace, bootstrapPrefix, bootstrapTokenType, isExpired } from '../auth/tokens/bootstrap.ts';
import { objectKey } from '../core/keys.ts';
import { Stored } from '../core/stored-object.ts';

const sweepEveryMs = 30_000;
/** Tokens that one sweep looks at, at most: a cluster has a few. */
const maxTokens = 500;
const prefix = objectKey(builtIn.kindOf('', 'Secret')!, bootstrapNamespace, bootstrapPrefix);

interface Deps {
  readonly store: Pick<Store, 'list' | 'commit'>;
  readonly clock: Clock;
  readonly log: Logger;
}

/** Removes the bootstrap tokens whose time is over; returns how many. One with a finalizer is left to those who need it. */
export async function sweepBootstrapTokens({ store }: Pick<Deps, 'store'>, nowMs: number): Promise<number> {
  const { entries } = await store.list({ prefix, limit: maxTokens });
  const over = entries.filter((entry) => {
    const stored = new Stored(entry);
    if (stored.damage !== undefined) return false;
    const secret = stored.object as unknown as Secret;
    const isFree = (secret.metadata.finalizers ?? []).length === 0;
    return secret.type === bootstrapTokenType && isFree && isExpired(secret, nowMs);
  });
  let removed = 0;
  for (const { key, revision } of over) {
    const operation: Operation = { type: 'delete', key, expected: revision };
    if ((await store.commit([operation])).ok) removed += 1;
  }
  return removed;
}

/** Removes old bootstrap tokens as time goes by, until the signal fires. Run by one leader. */
export async function expireBootstrapTokens(deps: Deps, signal: AbortSignal): Promise<void> {
  while (!signal.aborted) {
    try {
      await sweepBootstrapTokens(deps, deps.clock.now());
    } catch (error) {
      deps.log.warn({ error }, 'old bootstrap tokens could not be removed');
    }
    await deps.clock.sleep(sweepEveryMs, signal).catch(() => undefined);
  }
}
