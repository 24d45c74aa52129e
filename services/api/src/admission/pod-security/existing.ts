import { builtIn } from '@gantry/model/built-in.ts';
import type { Clock } from '@gantry/runtime/clock.ts';
import type { Store } from '@gantry/store/store.ts';
import { keyPrefix } from '../../core/keys.ts';
import type { ObjectCache } from '../../core/stored-object.ts';
import type { PodLike } from './check.ts';
import { nameOf, type Standard, violationsOf } from './standards.ts';

/** Pods of a namespace that a change of its labels looks at, and the milliseconds that it takes for that; Kubernetes' own bounds. */
const maxPods = 3_000;
const maxMs = 1_000;
const maxPageChars = 1024 * 1024;
const podKind = builtIn.kindOf('', 'Pod')!;

/** Warnings of pods that break a standard which a namespace is to enforce from now on: the same faults in one line. */
export async function warningsOfPods(
  deps: { readonly store: Pick<Store, 'list'>; readonly cache: ObjectCache; readonly clock: Pick<Clock, 'monotonic'> },
  namespace: string,
  standard: Standard,
): Promise<string[]> {
  const { store, cache, clock } = deps;
  const untilMs = clock.monotonic() + maxMs;
  const faulty = new Map<string, string[]>();
  let [total, looked] = [0, 0];
  for (let after: string | undefined, more = true; more; ) {
    const page = await store.list({ prefix: keyPrefix(podKind, namespace), after, maxChars: maxPageChars });
    total += page.entries.length;
    for (const entry of page.entries) {
      if (looked >= maxPods || clock.monotonic() > untilMs) break;
      looked++;
      const stored = cache.glance(entry);
      if (stored.damage !== undefined) continue;
      const reasons = violationsOf(standard, stored.object as unknown as PodLike).map(({ reason }) => reason);
      if (reasons.length === 0) continue;
      const names = faulty.get(reasons.join(', ')) ?? [];
      faulty.set(reasons.join(', '), [...names, stored.object.metadata.name]);
    }
    after = page.entries.at(-1)?.key;
    ({ more } = page);
  }
  return told(namespace, nameOf(standard), { faulty, total, looked });
}

function told(
  namespace: string,
  standard: string,
  { faulty, total, looked }: { faulty: ReadonlyMap<string, readonly string[]>; total: number; looked: number },
): string[] {
  const some = `new PodSecurity enforce level only checked against the first ${looked} of ${total} existing pods`;
  const head = `existing pods in namespace ${JSON.stringify(namespace)} violate the new PodSecurity enforce level "${standard}"`;
  const lines = [...faulty].map(([reasons, names]) => {
    const others = names.length - 1;
    const more = others === 0 ? '' : ` (and ${others} other ${others === 1 ? 'pod' : 'pods'})`;
    return `${names.toSorted()[0]}${more}: ${reasons}`;
  });
  return [...(looked < total ? [some] : []), ...(lines.length > 0 ? [head, ...lines.sort()] : [])];
}
