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
const unitsMs = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000 };
const longestMs = 24 * unitsMs.h;

/** Reads the settings of autoscaling: durations such as 15s and 5m0s, and a part such as 0.1. Throws Invalid for a value that is none. */
export function readAutoscalerSettings(given: Options<Flag>): AutoscalerSettings {
  const { syncPeriodMs, downscaleStabilizationMs, tolerance, cpuInitializationPeriodMs, initialReadinessDelayMs } =
    defaultAutoscalerSettings;
  const duration = (name: Flag, shortestMs: number, otherwise: number): number => {
    const isLong = (ms: number | undefined): boolean => ms !== undefined && ms >= shortestMs && ms <= longestMs;
    const parse = (text: string): number | undefined => (isLong(durationMs(text)) ? durationMs(text) : undefined);
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

/** Milliseconds of a duration as Go writes it; undefined for any other text. */
function durationMs(text: string): number | undefined {
  if (!/^(\d+(\.\d+)?(ms|s|m|h))+$/.test(text)) return undefined;
  const parts = text.matchAll(/(\d+(?:\.\d+)?)(ms|s|m|h)/g);
  return parts.reduce((sum, [, number, unit]) => sum + Number(number) * unitsMs[unit as keyof typeof unitsMs], 0);
}
