import { rangeOf } from '@gantry/model/validation/cidrs.ts';
import type { Options } from '@gantry/runtime/options.ts';
import { durationMs } from '../clusterautoscaler/pending.ts';
import type { RouteSettings } from './route-plan.ts';

/** Flags of Kubernetes' cloud controller manager. */
export const routeOptions = [
  'configure-cloud-routes',
  'cluster-cidr',
  'cluster-name',
  'route-reconciliation-period',
] as const;

const shortestMs = 1_000;
const longestMs = 24 * 3_600_000;
const rangesProblem = 'must be a range of addresses, or two with a comma, such as 10.244.0.0/16,fd00:10:244::/56';

/**
 * Reads the settings of a cloud's routes; undefined where nobody asks for them: Gantry's node agents set routes themselves. Throws Invalid for a
 * value that is none, and where the range of the cluster's pods is missing.
 */
export function readRouteSettings(given: Options<(typeof routeOptions)[number]>): RouteSettings | undefined {
  const clusterCidrs = given.parsed('cluster-cidr', ranges, rangesProblem);
  const clusterName = given.parsed('cluster-name', wordOf, 'must be lower case letters, digits and -, 40 at most');
  const problem = `must be a duration from ${shortestMs}ms to 24h, such as 10s or 1m0s`;
  const periodMs = given.parsed('route-reconciliation-period', periodOf, problem);
  if (!given.switch('configure-cloud-routes', false)) return undefined;
  if (clusterCidrs === undefined) throw given.refuse('configure-cloud-routes', 'true', 'cluster-cidr is missing');
  return { clusterCidrs, clusterName: clusterName ?? 'kubernetes', periodMs: periodMs ?? 10_000 };
}

function ranges(text: string): readonly string[] | undefined {
  const each = text.split(',').map((range) => range.trim());
  return each.length <= 2 && each.every((range) => rangeOf(range) !== undefined) ? each : undefined;
}

function wordOf(text: string): string | undefined {
  return /^[a-z]([-a-z0-9]{0,38}[a-z0-9])?$/.test(text) ? text : undefined;
}

function periodOf(text: string): number | undefined {
  const ms = durationMs(text);
  return ms !== undefined && ms >= shortestMs && ms <= longestMs ? ms : undefined;
}
