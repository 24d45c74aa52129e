import { availableParallelism, hostname } from 'node:os';
import { parseAddress } from '@gantry/runtime/address.ts';
import { GantryError } from '@gantry/runtime/errors.ts';
import { type Env, type NumberRange, readOptions, withPrefix } from '@gantry/runtime/options.ts';
import {
  checkDefragConfig,
  type DefragConfig,
  defaultDefragConfig,
  defragOptions,
  readDefragConfig,
} from './defrag/config.ts';
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

/** Bounds of the whole numbers. */
const bounds = {
  batchSize: { min: 1, max: 100_000, whole: true },
  threads: { min: 1, max: 64, whole: true },
  maxBindsInFlight: { min: 1, max: 64, whole: true },
  seed: { min: 0, max: 2 ** 31 - 1, whole: true },
} satisfies Partial<Record<keyof SchedulerConfig, NumberRange>>;
const mostShards = 64;

/** The settings by their flags, with the variables that stand for them. */
export const options = withPrefix(
  'GANTRY_SCHEDULER_',
  [
    'identity',
    'shard',
    'weights',
    'seed',
    'batch-size',
    'threads',
    'binds-in-flight',
    'listen',
    'advertise',
    'diagnostics',
    'leader-election',
    ...defragOptions,
  ],
  { 'leader-election': 'switch' },
);

/**
 * Settings from flags (--batch-size 64) and the environment: GANTRY_SCHEDULER_IDENTITY (host name and process where absent),
 * GANTRY_SCHEDULER_SHARD (such as 0/2: the first of two), GANTRY_SCHEDULER_WEIGHTS (JSON, such as
 * {"binpack":{"mostAllocated":8}}), GANTRY_SCHEDULER_SEED, GANTRY_SCHEDULER_BATCH_SIZE, GANTRY_SCHEDULER_THREADS (as many
 * as the machine has cores, up to 4, where absent), GANTRY_SCHEDULER_BINDS_IN_FLIGHT, GANTRY_SCHEDULER_LISTEN (such as
 * 0.0.0.0:7444), GANTRY_SCHEDULER_ADVERTISE, GANTRY_SCHEDULER_DIAGNOSTICS (such as 127.0.0.1:8082) and
 * GANTRY_SCHEDULER_LEADER_ELECTION (false turns it off). Those of the defragmenter are in defrag/config.ts.
 * @throws GantryError (Invalid) naming the flag or variable and its value.
 */
export function readConfig(args: readonly string[], env: Env): SchedulerConfig {
  const given = readOptions(options, args, env);
  const { name, shard, seed, batchSize, threads, maxBindsInFlight, listen, leaderElection } = defaultSchedulerConfig;
  const address = (option: 'listen' | 'diagnostics'): string | undefined =>
    given.parsed(option, (text) => parseAddress(text) && text, 'must be host:port');
  return checkConfig({
    name,
    identity: given.text('identity') ?? `${hostname()}-${process.pid}`,
    shard: given.parsed('shard', shardOf, `must look like 0/2, with at most ${mostShards} shards`) ?? shard,
    weights: given.parsed('weights', weightsOf, 'must be JSON such as {"binpack":{"mostAllocated":8}}') ?? {},
    seed: given.number('seed', bounds.seed, seed),
    batchSize: given.number('batch-size', bounds.batchSize, batchSize),
    threads: given.number('threads', bounds.threads, threads),
    maxBindsInFlight: given.number('binds-in-flight', bounds.maxBindsInFlight, maxBindsInFlight),
    defrag: readDefragConfig(given),
    listen: address('listen') ?? listen,
    advertise: given.text('advertise'),
    diagnostics: address('diagnostics'),
    leaderElection: given.switch('leader-election', leaderElection),
  });
}

function shardOf(text: string): SchedulerConfig['shard'] | undefined {
  const match = /^(\d+)\/(\d+)$/.exec(text);
  if (match === null) return undefined;
  const [index, count] = [Number(match[1]), Number(match[2])];
  return index < count && count <= mostShards ? { index, count } : undefined;
}

/** The profiles' own weights; which profiles and scores there are is checked by those who know them. */
function weightsOf(text: string): SchedulerConfig['weights'] | undefined {
  const given: unknown = JSON.parse(text);
  const isWhole = isMap(given) && Object.values(given).every(isMap);
  return isWhole ? (given as SchedulerConfig['weights']) : undefined;
}

function isMap(value: unknown): value is object {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** Checks a configuration. Throws BadRequest that names the field and value. */
export function checkConfig(config: SchedulerConfig): SchedulerConfig {
  const { shard } = config;
  checkWhole('shard.count', shard.count, 1, mostShards);
  checkWhole('shard.index', shard.index, 0, shard.count - 1);
  for (const [field, { min, max }] of Object.entries(bounds)) {
    checkWhole(field, config[field as keyof typeof bounds], min, max);
  }
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
