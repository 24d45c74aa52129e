import { hostname } from 'node:os';
import { GantryError } from '@gantry/runtime/errors.ts';
import { type ControllersConfig, defaultControllersConfig } from './service.ts';

/**
 * Settings from the environment: GANTRY_CONTROLLERS_HEARTBEAT_POLL_MS, GANTRY_CONTROLLERS_SILENCE_CONFIRM_MS,
 * GANTRY_CONTROLLERS_SILENCE_RECOVERY_MS and GANTRY_CONTROLLERS_IDENTITY (host name and process where absent).
 * @throws GantryError (Invalid) naming the variable and its value.
 */
export function configFromEnv(env: Readonly<Record<string, string | undefined>>): ControllersConfig {
  const { heartbeatPollMs, silenceConfirmMs, silenceRecoveryMs } = defaultControllersConfig;
  return {
    identity: env.GANTRY_CONTROLLERS_IDENTITY ?? `${hostname()}-${process.pid}`,
    heartbeatPollMs: milliseconds('GANTRY_CONTROLLERS_HEARTBEAT_POLL_MS', env, heartbeatPollMs),
    silenceConfirmMs: milliseconds('GANTRY_CONTROLLERS_SILENCE_CONFIRM_MS', env, silenceConfirmMs),
    silenceRecoveryMs: milliseconds('GANTRY_CONTROLLERS_SILENCE_RECOVERY_MS', env, silenceRecoveryMs),
  };
}

function milliseconds(name: string, env: Readonly<Record<string, string | undefined>>, fallback: number): number {
  const text = env[name];
  if (text === undefined) return fallback;
  const value = Number(text);
  if (Number.isInteger(value) && value >= 100 && value <= 3_600_000) return value;
  const message = `${name}: Invalid value: ${JSON.stringify(text)}: must be between 100 and 3600000, inclusive`;
  throw new GantryError('Invalid', message, { causes: [{ reason: 'FieldValueInvalid', field: name, message }] });
}
