import { availableParallelism, hostname } from 'node:os';
import { parseAddress } from '@gantry/runtime/address.ts';
import { GantryError } from '@gantry/runtime/errors.ts';
import { checkDefragConfig, type DefragConfig, defaultDefragConfig, defragConfigFromEnv } from './defrag/config.ts';
import type { PodInfo } from './requirement.ts';

/** How the scheduler runs. */
export interface SchedulerConfig {
  /** Name under which decisions are recorded, and of the lease. */
  readonly name: string;
  /** Identity of this replica in leader election; different in every process. */
  readonly identity: string;
  /** This one's share, where several schedulers work side by side: pods whose uid hashes to `index` of `count`. */
  readonly shard: { readonly index: number; readonly count: number };
  /** Weights that go before a profile's own, by profile and score, such as { binpack: { mostAllocated: 8 } }. */
  readonly weights: Readonly<Record<string, Readonly<Record<string, number>>>>;
  /** Decides between equally good nodes. */
  readonly seed: number;
  /** Pods that one cycle looks at. */
  readonly batchSize: number;
  /** Threads that decide, with the main one; the others start when a cycle has enough for them to do. */
  readonly threads: number;
  /** Batches of bindings under way at once. */
  readonly maxBindsInFlight: number;
  readonly defrag: DefragConfig;
  /** `host:port` of PlacementService, which explains decisions; port 0 for any free one, which the Lease tells. */
  readonly listen: string;
  /** `host:port` under which the api reaches it, where that is not what it listens on. */
  readonly advertise?: string | undefined;
  /** `host:port` of /metrics, /healthz and /readyz; none where absent. */
  readonly diagnostics?: string | undefined;
  /** Acts only while it holds a lease, so that of several processes with one configuration one works. */
  readonly leaderElection: boolean;
}

/** More threads than this would wait for the coordinator more than they help it. */
const defaultMostThreads = 4;

/** Default configuration. */
export const defaultSchedulerConfig: Omit<SchedulerConfig, 'identity'> = {
  name: 'gantry-scheduler',
  shard: { index: 0, count: 1 },
  weights: {},
  seed: 1,
  batchSize: 1_024,
  threads: Math.min(defaultMostThreads, availableParallelism()),
  maxBindsInFlight: 4,
  defrag: defaultDefragConfig,
  listen: '127.0.0.1:0',
  leaderElection: true,
};

/**
 * Settings from the environment: GANTRY_SCHEDULER_IDENTITY (host name and process where absent), GANTRY_SCHEDULER_SHARD
 * (such as 0/2: the first of two), GANTRY_SCHEDULER_WEIGHTS (JSON, such as {"binpack":{"mostAllocated":8}}),
 * GANTRY_SCHEDULER_SEED, GANTRY_SCHEDULER_BATCH_SIZE, GANTRY_SCHEDULER_THREADS (as many as the machine has cores, up to
 * 4, where absent), GANTRY_SCHEDULER_BINDS_IN_FLIGHT, GANTRY_SCHEDULER_LISTEN (such as 0.0.0.0:7444),
 * GANTRY_SCHEDULER_ADVERTISE, GANTRY_SCHEDULER_DIAGNOSTICS (such as 127.0.0.1:8082) and GANTRY_SCHEDULER_LEADER_ELECTION
 * (false turns it off). Those of the defragmenter are in defrag/config.ts.
 * @throws GantryError (BadRequest) naming what is wrong and its value.
 */
export function configFromEnv(env: Readonly<Record<string, string | undefined>>): SchedulerConfig {
  const whole = (name: string, fallback: number): number => Number(env[name] ?? fallback);
  const { name, seed, batchSize, threads, maxBindsInFlight } = defaultSchedulerConfig;
  return checkConfig({
    name,
    identity: env.GANTRY_SCHEDULER_IDENTITY ?? `${hostname()}-${process.pid}`,
    shard: shardOf(env.GANTRY_SCHEDULER_SHARD),
    weights: weightsOf(env.GANTRY_SCHEDULER_WEIGHTS),
    seed: whole('GANTRY_SCHEDULER_SEED', seed),
    batchSize: whole('GANTRY_SCHEDULER_BATCH_SIZE', batchSize),
    threads: whole('GANTRY_SCHEDULER_THREADS', threads),
    maxBindsInFlight: whole('GANTRY_SCHEDULER_BINDS_IN_FLIGHT', maxBindsInFlight),
    defrag: defragConfigFromEnv(env),
    listen: env.GANTRY_SCHEDULER_LISTEN ?? defaultSchedulerConfig.listen,
    advertise: env.GANTRY_SCHEDULER_ADVERTISE,
    diagnostics: env.GANTRY_SCHEDULER_DIAGNOSTICS || undefined,
    leaderElection: env.GANTRY_SCHEDULER_LEADER_ELECTION !== 'false',
  });
}

function shardOf(text: string | undefined): SchedulerConfig['shard'] {
  if (text === undefined) return defaultSchedulerConfig.shard;
  const match = /^(\d+)\/(\d+)$/.exec(text);
  if (match !== null) return { index: Number(match[1]), count: Number(match[2]) };
  throw new GantryError('BadRequest', `shard: Invalid value: ${JSON.stringify(text)}: must look like 0/2`);
}

/** The profiles' own weights; which profiles and scores there are is checked by those who know them. */
function weightsOf(text: string | undefined): SchedulerConfig['weights'] {
  if (text === undefined) return {};
  const refuse = (): never => {
    const problem = 'must be JSON such as {"binpack":{"mostAllocated":8}}';
    throw new GantryError('BadRequest', `weights: Invalid value: ${JSON.stringify(text)}: ${problem}`);
  };
  let given: unknown;
  try {
    given = JSON.parse(text);
  } catch {
    return refuse();
  }
  if (!isMap(given) || !Object.values(given).every(isMap)) return refuse();
  return given as SchedulerConfig['weights'];
}

function isMap(value: unknown): value is object {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** Checks a configuration. Throws BadRequest that names the field and value. */
export function checkConfig(config: SchedulerConfig): SchedulerConfig {
  const { shard, batchSize, threads, maxBindsInFlight, seed } = config;
  checkWhole('shard.count', shard.count, 1, 64);
  checkWhole('shard.index', shard.index, 0, shard.count - 1);
  checkWhole('batchSize', batchSize, 1, 100_000);
  checkWhole('threads', threads, 1, 64);
  checkWhole('maxBindsInFlight', maxBindsInFlight, 1, 64);
  checkWhole('seed', seed, 0, 2 ** 31 - 1);
  checkDefragConfig(config.defrag);
  parseAddress(config.listen);
  if (config.diagnostics !== undefined) parseAddress(config.diagnostics);
  return config;
}

function checkWhole(field: string, value: number, least: number, most: number): void {
  if (Number.isInteger(value) && value >= least && value <= most) return;
  throw new GantryError(
    'BadRequest',
    `${field}: Invalid value: ${value}: must be a whole number from ${least} to ${most}`,
  );
}

/** The part of a pod that determines its shard. */
type ShardedPod = Pick<PodInfo, 'uid' | 'namespace' | 'group'>;

/**
 * Whether a pod falls to a shard. The pods of a group fall to one together. All schedulers of one cluster must be given the
 * same count.
 */
export function isInShard({ uid, namespace, group }: ShardedPod, { index, count }: SchedulerConfig['shard']): boolean {
  if (count === 1) return true;
  const text = group === '' ? uid : `${namespace}/${group}`;
  // FNV-1a: spreads uids evenly, and is the same everywhere.
  let hash = 0x811c9dc5;
  for (let at = 0; at < text.length; at++) hash = Math.imul(hash ^ text.charCodeAt(at), 0x01000193);
  return (hash >>> 0) % count === index;
}
