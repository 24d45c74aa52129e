import { parseFlagDurationMs } from '@gantry/model/duration.ts';
import type { NumberRange, Options } from '@gantry/runtime/options.ts';
import { type AutoscalerSettings, defaultAutoscalerSettings } from './settings.ts';

const prefix = 'horizontal-pod-autoscaler-';

/** Flags of kube-controller-manager that say how autoscaling goes. */
export const autoscalerOptions = [
  `${prefix}sync-period`,
  `${prefix}downscale-stabilization`,
  `${prefix}tolerance`,
  `${prefix}cpu-initialization-period`,
  `${prefix}initial-readiness-delay`,
] as const;

type Flag = (typeof autoscalerOptions)[number];

const tolerances: NumberRange = { min: 0, max: 100 };
const longestMs = 24 * 3_600_000;

/** Reads the settings of autoscaling: durations such as 15s and 5m0s, and a part such as 0.1. Throws Invalid for a value that is none. */
export function readAutoscalerSettings(given: Options<Flag>): AutoscalerSettings {
  const { syncPeriodMs, downscaleStabilizationMs, tolerance, cpuInitializationPeriodMs, initialReadinessDelayMs } =
    defaultAutoscalerSettings;
  const duration = (name: Flag, shortestMs: number, otherwise: number): number => {
    const isLong = (ms: number | undefined): boolean => ms !== undefined && ms >= shortestMs && ms <= longestMs;
    const parse = (text: string): number | undefined =>
      isLong(parseFlagDurationMs(text)) ? parseFlagDurationMs(text) : undefined;
    return (
      given.parsed(name, parse, `must be a duration from ${shortestMs}ms to 24h, such as 15s or 5m0s`) ?? otherwise
    );
  };
  return {
    syncPeriodMs: duration(`${prefix}sync-period`, 100, syncPeriodMs),
    downscaleStabilizationMs: duration(`${prefix}downscale-stabilization`, 0, downscaleStabilizationMs),
    tolerance: given.number(`${prefix}tolerance`, tolerances, tolerance),
    cpuInitializationPeriodMs: duration(`${prefix}cpu-initialization-period`, 0, cpuInitializationPeriodMs),
    initialReadinessDelayMs: duration(`${prefix}initial-readiness-delay`, 0, initialReadinessDelayMs),
  };
}
