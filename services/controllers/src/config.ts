import { hostname } from 'node:os';
import { parseAddress } from '@gantry/runtime/address.ts';
import { GantryError } from '@gantry/runtime/errors.ts';
import { type ControllersConfig, defaultControllersConfig } from './service.ts';

type Env = Readonly<Record<string, string | undefined>>;

/** Bounds of a setting, both inclusive. */
interface Range {
  readonly min: number;
  readonly max: number;
  readonly isWhole: boolean;
}

const milliseconds: Range = { min: 100, max: 3_600_000, isWhole: true };
const nodesPerSecond: Range = { min: 0, max: 1_000, isWhole: false };
const share: Range = { min: 0, max: 1, isWhole: false };
const nodes: Range = { min: 0, max: 1_000_000, isWhole: true };

/**
 * Settings from the environment, all beginning with GANTRY_CONTROLLERS_: IDENTITY (host name and process where absent),
 * DIAGNOSTICS (address of /metrics, such as 127.0.0.1:8084), HEARTBEAT_POLL_MS, SILENCE_CONFIRM_MS, SILENCE_RECOVERY_MS, and as kube-controller-manager's flags NODE_EVICTION_RATE,
 * SECONDARY_NODE_EVICTION_RATE, UNHEALTHY_ZONE_THRESHOLD and LARGE_CLUSTER_SIZE_THRESHOLD.
 * @throws GantryError (Invalid) naming the variable and its value.
 */
export function configFromEnv(env: Env): ControllersConfig {
  const { heartbeatPollMs, silenceConfirmMs, silenceRecoveryMs, evictions } = defaultControllersConfig;
  const read = (name: string, range: Range, fallback: number): number =>
    numberFrom(env, `GANTRY_CONTROLLERS_${name}`, range, fallback);
  const diagnostics = env.GANTRY_CONTROLLERS_DIAGNOSTICS || undefined;
  if (diagnostics !== undefined) parseAddress(diagnostics);
  return {
    ...(diagnostics === undefined ? {} : { diagnostics }),
    identity: env.GANTRY_CONTROLLERS_IDENTITY ?? `${hostname()}-${process.pid}`,
    heartbeatPollMs: read('HEARTBEAT_POLL_MS', milliseconds, heartbeatPollMs),
    silenceConfirmMs: read('SILENCE_CONFIRM_MS', milliseconds, silenceConfirmMs),
    silenceRecoveryMs: read('SILENCE_RECOVERY_MS', milliseconds, silenceRecoveryMs),
    evictions: {
      nodeEvictionRate: read('NODE_EVICTION_RATE', nodesPerSecond, evictions.nodeEvictionRate),
      secondaryNodeEvictionRate: read(
        'SECONDARY_NODE_EVICTION_RATE',
        nodesPerSecond,
        evictions.secondaryNodeEvictionRate,
      ),
      unhealthyZoneThreshold: read('UNHEALTHY_ZONE_THRESHOLD', share, evictions.unhealthyZoneThreshold),
      largeClusterSizeThreshold: read('LARGE_CLUSTER_SIZE_THRESHOLD', nodes, evictions.largeClusterSizeThreshold),
    },
  };
}

function numberFrom(env: Env, name: string, { min, max, isWhole }: Range, fallback: number): number {
  const text = env[name];
  if (text === undefined) return fallback;
  const value = text.trim() === '' ? Number.NaN : Number(text);
  if (value >= min && value <= max && (!isWhole || Number.isInteger(value))) return value;
  const message = `${name}: Invalid value: ${JSON.stringify(text)}: must be between ${min} and ${max}, inclusive`;
  throw new GantryError('Invalid', message, { causes: [{ reason: 'FieldValueInvalid', field: name, message }] });
}
