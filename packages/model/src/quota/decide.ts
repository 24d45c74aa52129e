import type { ResourceQuota } from '../gen/gantry.core.v1.ts';
import type { KubeObject } from '../kind.ts';
import { compareQuantities, type Quantity, subtractQuantities } from '../quantity.ts';
import { type Amounts, addTo, only, readAmounts, sameAmounts, showAmounts, writeAmounts, zero } from './amounts.ts';
import type { CountedWrite, Counter } from './counter.ts';
import { scopesOf } from './scopes.ts';

/** Outcome of asking the quotas of a namespace for a write. */
export type QuotaDecision =
  | {
      readonly type: 'granted';
      /** The quotas to write: those whose use grows, with their new status, and those that are still to be counted for the first time. */
      readonly changed: readonly ResourceQuota[];
    }
  /** `problem` is the refusal in Kubernetes' words. */
  | { readonly type: 'refused'; readonly problem: string };

/** Asks quotas for a write that their counter handles. Pure. */
export function askQuotas(
  quotas: readonly ResourceQuota[],
  counter: Counter<KubeObject>,
  write: CountedWrite<KubeObject>,
  nowMs: number,
): QuotaDecision {
  const concerned = quotas.filter((quota) => concerns(quota, counter, write.object));
  const changed: ResourceQuota[] = quotas.filter((quota) => isUnsettled(quota, counter, write.object));
  if (concerned.length === 0) return { type: 'granted', changed };
  const usage = counter.usage(write.object, nowMs);
  for (const quota of concerned) {
    const before = problemOf(quota, counter, write.object);
    if (before !== undefined) return { type: 'refused', problem: before };
  }
  for (const quota of concerned) {
    const more = moreOf(quota, counter, write, usage, nowMs);
    if (more.size === 0) continue;
    const { hard, used } = statusOf(quota);
    const requested = only(more, hard.keys());
    const sum = new Map(used);
    addTo(sum, requested);
    const exceeded = requested
      .keys()
      .filter((name) => compareQuantities(sum.get(name)!, hard.get(name)!) > 0)
      .toArray();
    // The status of a claim tells how its volume grows: it is counted, and never refused.
    if (exceeded.length > 0 && write.subresource !== 'status') {
      const [asked, has, may] = [requested, used, hard].map((amounts) => showAmounts(only(amounts, exceeded)));
      const problem = `exceeded quota: ${quota.metadata.name}, requested: ${asked}, used: ${has}, limited: ${may}`;
      return { type: 'refused', problem };
    }
    if (sameAmounts(sum, used)) continue;
    const unsettled = changed.indexOf(quota);
    if (unsettled >= 0) changed.splice(unsettled, 1);
    changed.push({ ...quota, status: { ...quota.status, used: writeAmounts(sum) } });
  }
  return { type: 'granted', changed };
}

/** Whether an object counts in a quota, by what the quota bounds and demands. */
export function concerns(quota: ResourceQuota, counter: Counter<KubeObject>, object: KubeObject): boolean {
  for (const name in quota.status?.hard) {
    if (counter.counts(name)) return scopesOf(quota).every((scope) => counter.matches(scope, object));
  }
  return false;
}

/** Whether a quota bounds something of an object that its controller has not counted yet: the count must not miss the object. */
function isUnsettled(quota: ResourceQuota, counter: Counter<KubeObject>, object: KubeObject): boolean {
  for (const name in quota.spec?.hard) {
    if (quota.status?.hard?.[name] === undefined && counter.counts(name)) {
      return scopesOf(quota).every((scope) => counter.matches(scope, object));
    }
  }
  return false;
}

function problemOf(quota: ResourceQuota, counter: Counter<KubeObject>, object: KubeObject): string | undefined {
  const { hard = {}, used = {} } = quota.status ?? {};
  const names = Object.keys(hard).filter((name) => counter.counts(name));
  const problem = counter.problem?.(names, object);
  if (problem !== undefined) return `failed quota: ${quota.metadata.name}: ${problem}`;
  // Nobody has counted yet.
  if (names.every((name) => used[name] !== undefined)) return undefined;
  return `status unknown for quota: ${quota.metadata.name}, resources: ${names.sort().join(',')}`;
}

/** Amounts by which a write adds to a quota: those of an object that counted already are no more than its growth. */
function moreOf(
  quota: ResourceQuota,
  counter: Counter<KubeObject>,
  { stored }: CountedWrite<KubeObject>,
  usage: Amounts,
  nowMs: number,
): Map<string, Quantity> {
  const counted = stored !== undefined && scopesOf(quota).every((scope) => counter.matches(scope, stored));
  const had = counted ? counter.usage(stored, nowMs) : new Map<string, Quantity>();
  const more = new Map<string, Quantity>();
  for (const [name, quantity] of usage) {
    const before = had.get(name);
    const difference = before === undefined ? quantity : subtractQuantities(quantity, before);
    if (compareQuantities(difference, zero) > 0) more.set(name, difference);
  }
  return more;
}

function statusOf({ status }: ResourceQuota): { hard: Map<string, Quantity>; used: Map<string, Quantity> } {
  return { hard: readAmounts(status?.hard), used: readAmounts(status?.used) };
}
