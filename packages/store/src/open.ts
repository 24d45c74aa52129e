import type { CertificateSource } from '@gantry/runtime/certificates.ts';
import type { Clock } from '@gantry/runtime/clock.ts';
import { GantryError } from '@gantry/runtime/errors.ts';
import type { Logger } from '@gantry/runtime/log.ts';
import { openRedis, type RedisOptions } from './redis.ts';
import type { RedisAddress } from './redis-connection.ts';
import { openSqlite } from './sqlite.ts';
import type { Synchronous } from './sqlite-schema.ts';
import type { Compactor, Ephemeral, Health, ListOptions, ListResult, OpenStore, Store } from './store.ts';

/** Dependencies of a store. */
export interface OpenStoreOptions {
  /** Takes warnings about durability and the store's health; they are dropped by default. */
  readonly log?: Logger;
  /** Time for leases and ephemeral values of SQLite; Redis has its own. */
  readonly clock?: Clock;
  /** Proof of the client's name, and the authority by which a Redis of `rediss://` is known, beside the public ones. */
  readonly certificates?: CertificateSource | undefined;
}

/**
 * Opens a store by its address:
 * - `sqlite:/path/file.db`, with `?synchronous=normal` for faster and less durable commits (see Synchronous),
 * - `sqlite::memory:` for tests,
 * - `redis://user:password@host:port/0` (`rediss://` with TLS, `redis+unix://:password@local/path/of.sock?db=0` for a Unix socket), with `?prefix=x` to share a server with other stores
 *   (`gantry` by default), and `&durability=always` or `everysec` to refuse a server that promises less.
 *
 * Rejects with BadRequest for an address that it does not know.
 */
export async function openStore(url: string, options: OpenStoreOptions = {}): Promise<OpenStore> {
  if (url.startsWith('sqlite:')) {
    const { path, synchronous } = parseSqlite(url);
    const store = await openSqlite(path, { synchronous, clock: options.clock, log: options.log });
    return join(store, store.ephemeral);
  }
  if (/^(rediss?|redis\+unix):/.test(url)) {
    const { address, ...settings } = parseRedis(url);
    const { log, certificates } = options;
    const store = await openRedis({ ...settings, address: { ...address, certificates }, log });
    return join(store, store.ephemeral);
  }
  throw badUrl(url, 'must start with sqlite:, redis:, rediss: or redis+unix:');
}

/** The settings that a Redis address holds. Throws BadRequest where it makes no sense. */
export function parseRedis(text: string): Pick<RedisOptions, 'address' | 'prefix' | 'durability'> {
  const url = URL.parse(text);
  const unix = url?.protocol === 'redis+unix:';
  if (url === null || (url.hostname === '' && !unix)) throw badUrl(text, 'must have the form redis://host:port/0');
  const database = unix ? Number(url.searchParams.get('db') ?? 0) : Number(url.pathname.slice(1));
  if (!Number.isSafeInteger(database) || database < 0) {
    throw badUrl(text, unix ? 'db must be the number of a database' : 'the path must be the number of a database');
  }
  const durability = url.searchParams.get('durability') ?? undefined;
  if (durability !== undefined && durability !== 'always' && durability !== 'everysec') {
    throw badUrl(text, 'durability must be always or everysec');
  }
  const prefix = url.searchParams.get('prefix') ?? undefined;
  if (prefix !== undefined && !/^[\w.:-]+$/.test(prefix)) {
    throw badUrl(text, 'prefix must consist of letters, digits, and the characters _ . : -');
  }
  refuseOthers(text, url.searchParams, ['prefix', 'durability', ...(unix ? ['db'] : [])]);
  return { address: addressOf(url, database), prefix, durability };
}

function addressOf(url: URL, database: number): RedisAddress {
  const unix = url.protocol === 'redis+unix:';
  return {
    ...(unix && { path: decodeURIComponent(url.pathname) }),
    host: url.hostname.replace(/^\[(.*)\]$/, '$1'),
    port: url.port === '' ? 6379 : Number(url.port),
    database,
    username: url.username === '' ? undefined : decodeURIComponent(url.username),
    password: url.password === '' ? undefined : decodeURIComponent(url.password),
    tls: url.protocol === 'rediss:',
  };
}

function parseSqlite(url: string): { path: string; synchronous: Synchronous } {
  const [path = '', query = ''] = url.slice('sqlite:'.length).split('?');
  const settings = new URLSearchParams(query);
  const synchronous = settings.get('synchronous') ?? 'full';
  if (path === '') throw badUrl(url, 'names no file');
  if (synchronous !== 'full' && synchronous !== 'normal') throw badUrl(url, 'synchronous must be full or normal');
  refuseOthers(url, settings, ['synchronous']);
  return { path, synchronous };
}

function refuseOthers(url: string, settings: URLSearchParams, known: readonly string[]): void {
  for (const name of settings.keys()) {
    if (!known.includes(name)) throw badUrl(url, `unknown setting ${name}, known are ${known.join(', ')}`);
  }
}

function badUrl(url: string, problem: string): GantryError {
  // A password must not end up in a log.
  return new GantryError('BadRequest', `store address ${JSON.stringify(url.replace(/:[^:@/]*@/, ':…@'))}: ${problem}`);
}

/** One object of the store and its ephemeral part. Their two lists differ by what they are asked: options, or a prefix. */
function join(store: Store & Compactor & Health & AsyncDisposable, ephemeral: Ephemeral): OpenStore {
  function list(options: ListOptions): Promise<ListResult>;
  function list(prefix: string): Promise<ReadonlyMap<string, string>>;
  function list(asked: ListOptions | string): Promise<ListResult | ReadonlyMap<string, string>> {
    return typeof asked === 'string' ? ephemeral.list(asked) : store.list(asked);
  }
  return {
    get problem() {
      return store.problem;
    },
    onLoss: (callback) => store.onLoss(callback),
    get: (key) => store.get(key),
    list,
    commit: (operations) => store.commit(operations),
    watch: (options) => store.watch(options),
    compact: (revision) => store.compact(revision),
    put: (key, value, ttlMs) => ephemeral.put(key, value, ttlMs),
    acquire: (key, holder, ttlMs) => ephemeral.acquire(key, holder, ttlMs),
    release: (key, holder) => ephemeral.release(key, holder),
    [Symbol.asyncDispose]: () => store[Symbol.asyncDispose](),
  };
}
