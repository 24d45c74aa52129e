import { GantryError } from '@gantry/runtime/errors.ts';

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

type Env = Readonly<Record<string, string | undefined>>;

/**
 * Settings from the environment: GANTRY_SCHEDULER_DEFRAG (the interval, such as 30m; off where absent),
 * GANTRY_SCHEDULER_DEFRAG_MAX_MOVES, GANTRY_SCHEDULER_DEFRAG_MAX_MOVES_PER_HOUR and GANTRY_SCHEDULER_DEFRAG_MIN_GAIN.
 * @throws GantryError (BadRequest) naming what is wrong and its value.
 */
export function defragConfigFromEnv(env: Env): DefragConfig {
  const { maxMoves, maxMovesPerHour, minGain } = defaultDefragConfig;
  return checkDefragConfig({
    intervalMs: intervalOf(env.GANTRY_SCHEDULER_DEFRAG || 'off'),
    maxMoves: Number(env.GANTRY_SCHEDULER_DEFRAG_MAX_MOVES ?? maxMoves),
    maxMovesPerHour: Number(env.GANTRY_SCHEDULER_DEFRAG_MAX_MOVES_PER_HOUR ?? maxMovesPerHour),
    minGain: Number(env.GANTRY_SCHEDULER_DEFRAG_MIN_GAIN ?? minGain),
  });
}

/** Checks a configuration. Throws BadRequest that names the field and value. */
export function checkDefragConfig(config: DefragConfig): DefragConfig {
  const { intervalMs, maxMoves, maxMovesPerHour, minGain } = config;
  if (intervalMs !== undefined) within('defrag.intervalMs', intervalMs, 1_000, 30 * 24 * 3_600_000);
  within('defrag.maxMoves', maxMoves, 1, 1_000);
  within('defrag.maxMovesPerHour', maxMovesPerHour, 1, 10_000);
  within('defrag.minGain', minGain, 0.001, 1);
  return config;
}

const unitMs: Readonly<Record<string, number>> = { s: 1_000, m: 60_000, h: 3_600_000 };

function intervalOf(text: string): number | undefined {
  if (text === 'off') return undefined;
  const [, number, unit] = /^(\d+)([smh])$/.exec(text) ?? [];
  if (unit !== undefined) return Number(number) * unitMs[unit]!;
  const problem = 'must be off, or a time such as 30s, 10m or 1h';
  throw new GantryError('BadRequest', `defrag: Invalid value: ${JSON.stringify(text)}: ${problem}`);
}

function within(field: string, value: number, least: number, most: number): void {
  if (value >= least && value <= most) return;
  throw new GantryError('BadRequest', `${field}: Invalid value: ${value}: must be from ${least} to ${most}`);
}
