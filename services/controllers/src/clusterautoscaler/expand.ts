import type { NodeTemplate, SimulateRequest, SimulateResponse } from '@gantry/client/placement-messages.ts';
import { amountsOf } from '@gantry/model/amounts.ts';
import type { Expander } from './settings.ts';

/** A simulation in which one group may grow. */
export interface Option {
  readonly request: SimulateRequest;
  readonly response: SimulateResponse;
}

/**
 * The simulation that counts, by a rule of Kubernetes' Cluster Autoscaler: it grows one group a decision. That of all groups at once is
 * the only one there is.
 * @param requested Requests of pods by uid, as amounts.
 */
export function chosen(
  options: readonly Option[],
  expander: Expander,
  requested: (uid: string) => ReadonlyMap<string, number>,
  random: () => number,
): Option | undefined {
  const helping = options.filter(({ response }) => (response.added ?? []).length > 0);
  if (helping.length === 0) return options[0];
  if (expander === 'random') return helping[Math.floor(random() * helping.length)];
  const scoreOf = (option: Option): number => {
    if (expander === 'most-pods') return -podsOf(option);
    return expander === 'least-waste' ? wasteOf(option, requested) : costOf(option);
  };
  return helping.reduce((best, other) => (scoreOf(other) < scoreOf(best) ? other : best));
}

function podsOf({ response }: Option): number {
  return (response.added ?? []).reduce((sum, { podUids = [] }) => sum + podUids.length, 0);
}

function grownIn({ request }: Option): NodeTemplate | undefined {
  return request.templates?.find(({ most = 0 }) => most > 0);
}

/** Cost of a pod that is served. */
function costOf(option: Option): number {
  const nodes = option.response.added?.length ?? 0;
  return (nodes * (grownIn(option)?.cost ?? 1)) / Math.max(1, podsOf(option));
}

/** Share of cpu and memory that is left over, together. */
function wasteOf(option: Option, requested: (uid: string) => ReadonlyMap<string, number>): number {
  const { added = [] } = option.response;
  const has = amountsOf(grownIn(option)?.node.status?.allocatable);
  const uids = added.flatMap(({ podUids = [] }) => podUids);
  return ['cpu', 'memory'].reduce((waste, resource) => {
    const total = added.length * (has.get(resource) ?? 0);
    const used = uids.reduce((sum, uid) => sum + (requested(uid).get(resource) ?? 0), 0);
    return waste + (total > 0 ? (total - used) / total : 0);
  }, 0);
}
