import { GantryError } from '@gantry/runtime/errors.ts';
import type { NumberRange, Options } from '@gantry/runtime/options.ts';

/** How a scheduler defragments its cluster. */
export interface DefragConfig {
  /** Milliseconds between runs of its own accord; it moves pods on request only where absent. */
  readonly intervalMs?: number | undefined;
  /** Pods that move in one run, at most. */
  readonly maxMoves: number;
  /** Pods that move in an hour, at most, in all runs together. */
  readonly maxMovesPerHour: number;
  /** Nodes that must become free for each pod that moves: 0.1 is one node for ten pods or fewer. */
  readonly minGain: number;
}

export const defaultDefragConfig: DefragConfig = { maxMoves: 20, maxMovesPerHour: 100, minGain: 0.1 };

/** Names of the settings, as flags of the scheduler. */
export const defragOptions = ['defrag', 'defrag-max-moves', 'defrag-max-moves-per-hour', 'defrag-min-gain'] as const;

/** Bounds of the numbers. */
const bounds = {
  intervalMs: { min: 1_000, max: 30 * 24 * 3_600_000 },
  maxMoves: { min: 1, max: 1_000 },
  maxMovesPerHour: { min: 1, max: 10_000 },
  minGain: { min: 0.001, max: 1 },
} satisfies Record<keyof DefragConfig, NumberRange>;

/**
 * Settings of the defragmenter: GANTRY_SCHEDULER_DEFRAG (the interval, such as 30m; off where absent),
 * GANTRY_SCHEDULER_DEFRAG_MAX_MOVES, GANTRY_SCHEDULER_DEFRAG_MAX_MOVES_PER_HOUR and GANTRY_SCHEDULER_DEFRAG_MIN_GAIN.
 * @throws GantryError (Invalid) naming the flag or variable and its value.
 */
export function readDefragConfig(given: Options<(typeof defragOptions)[number]>): DefragConfig {
  const { maxMoves, maxMovesPerHour, minGain } = defaultDefragConfig;
  const interval = given.parsed('defrag', intervalOf, 'must be off, or a time from 1s to 720h such as 30s, 10m or 1h');
  return {
    intervalMs: interval === 'off' ? undefined : interval,
    maxMoves: given.number('defrag-max-moves', bounds.maxMoves, maxMoves),
    maxMovesPerHour: given.number('defrag-max-moves-per-hour', bounds.maxMovesPerHour, maxMovesPerHour),
    minGain: given.number('defrag-min-gain', bounds.minGain, minGain),
  };
}

/** Checks a configuration. Throws BadRequest that names the field and value. */
export function checkDefragConfig(config: DefragConfig): DefragConfig {
  for (const [name, { min, max }] of Object.entries(bounds)) {
    const value = config[name as keyof DefragConfig];
    if (value === undefined || (value >= min && value <= max)) continue;
    const problem = `Invalid value: ${value}: must be from ${min} to ${max}`;
    throw new GantryError('BadRequest', `defrag.${name}: ${problem}`);
  }
  return config;
}

const unitMs: Readonly<Record<string, number>> = { s: 1_000, m: 60_000, h: 3_600_000 };

function intervalOf(text: string): number | 'off' | undefined {
  if (text === 'off') return 'off';
  const [, number, unit] = /^(\d+)([smh])$/.exec(text) ?? [];
  const ms = unit === undefined ? Number.NaN : Number(number) * unitMs[unit]!;
  return ms >= bounds.intervalMs.min && ms <= bounds.intervalMs.max ? ms : undefined;
}
