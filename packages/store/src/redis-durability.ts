import { GantryError } from '@gantry/runtime/errors.ts';
import type { RedisConnection } from './redis-connection.ts';

/**
 * Durability of an acknowledged commit, by Redis' own settings:
 * - `always`: appendfsync always. A kill of redis-server, and a power cut.
 * - `everysec`: appendfsync everysec. Restarts; a kill or a power cut may lose the last second or two.
 * - `none`: no append-only file, or one that is never flushed. A restart may lose minutes, or everything.
 * - `unknown`: the server does not tell (managed services often forbid CONFIG).
 */
export type DurabilityLevel = 'always' | 'everysec' | 'none' | 'unknown';

/** Findings about a server. */
export interface RedisDurability {
  readonly level: DurabilityLevel;
  /** Problems of the settings and their cure, a sentence each. */
  readonly problems: readonly string[];
}

/** Settings of Redis that durability depends on, by their names in redis.conf. */
const settingNames = ['appendonly', 'appendfsync'] as const;

type Settings = Readonly<Partial<Record<string, string>>>;

/** Oldest Redis whose scripts are refused as a whole when a write of theirs could not be made. */
const oldestMajorVersion = 7;

/**
 * Asks a server for its settings and judges them. Rejects with FailedPrecondition for a Redis that is too old, and for one
 * that evicts keys.
 */
export async function checkDurability(connection: RedisConnection): Promise<RedisDurability> {
  refuseOldServer(String(await connection.command('INFO', 'server')));
  const problem = await evictionProblem(connection);
  if (problem !== undefined) throw new GantryError('FailedPrecondition', problem);
  try {
    const pairs = (await connection.command('CONFIG', 'GET', ...settingNames)) as string[];
    return judgeSettings(pairsToSettings(pairs));
  } catch (error) {
    if (!(error instanceof GantryError)) throw error;
    return judgeSettings(undefined);
  }
}

/**
 * Why a server's memory settings rule it out, in a sentence; undefined where they do not. Every policy but noeviction throws
 * away something that the store relies on: all its parts, or the leases and the outcomes of commits, which expire.
 */
export async function evictionProblem(connection: Pick<RedisConnection, 'command'>): Promise<string | undefined> {
  const info = String(await connection.command('INFO', 'memory'));
  const policy = /^maxmemory_policy:(\S+)/m.exec(info)?.[1];
  if (policy === undefined || policy === 'noeviction') return undefined;
  return `the Redis server throws state away when its memory runs out: maxmemory-policy is ${policy}, set noeviction`;
}

/** Judges settings; undefined are those of a server that does not tell them. */
export function judgeSettings(settings: Settings | undefined): RedisDurability {
  if (settings === undefined) {
    const problem = 'the server does not tell its settings: make sure of appendonly yes';
    return { level: 'unknown', problems: [problem] };
  }
  const problems: string[] = [];
  const level = levelOf(settings);
  if (level === 'none') {
    problems.push(
      `appendonly is ${settings.appendonly} and appendfsync is ${settings.appendfsync}: a restart of Redis can lose ` +
        'acknowledged changes; set appendonly yes and appendfsync always (or everysec)',
    );
  }
  if (level === 'everysec') {
    problems.push(
      'appendfsync is everysec: a killed redis-server or a power cut can lose the last second or two of acknowledged ' +
        'changes; set appendfsync always where that matters more than the speed of writes',
    );
  }
  return { level, problems };
}

/** Throws FailedPrecondition where a server offers less than what is required. */
export function requireDurability(found: RedisDurability, required: 'always' | 'everysec'): void {
  const enough = found.level === 'always' || (found.level === 'everysec' && required === 'everysec');
  if (enough) return;
  throw new GantryError(
    'FailedPrecondition',
    `the Redis server's durability is ${found.level}, and ${required} is required: ${found.problems.join('; ')}`,
  );
}

function levelOf(settings: Settings): DurabilityLevel {
  if (settings.appendonly !== 'yes') return 'none';
  if (settings.appendfsync === 'always') return 'always';
  return settings.appendfsync === 'everysec' ? 'everysec' : 'none';
}

function refuseOldServer(info: string): void {
  const version = /^redis_version:(\S+)/m.exec(info)?.[1] ?? 'unknown';
  if (Number.parseInt(version, 10) >= oldestMajorVersion) return;
  throw new GantryError(
    'FailedPrecondition',
    `the Redis server has version ${version}, and ${oldestMajorVersion}.0 is needed`,
  );
}

function pairsToSettings(pairs: readonly string[]): Settings {
  const settings: Record<string, string> = {};
  for (let index = 0; index + 1 < pairs.length; index += 2) settings[pairs[index]!] = pairs[index + 1]!;
  return settings;
}
